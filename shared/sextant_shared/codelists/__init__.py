"""Code lists as data: chemicals, States, ranges, activities, product groups, purposes, reasons.

Each is a file with an evidence mark per line; `opcw_code` columns stay empty until the originals
are at hand. Loaded and checked together, once: at the start of a service, at the first use in the
client. Lists that do not fit stop the process with one error that names every problem.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from sextant_shared.codelists.chemicals import (
    ChemicalFact,
    ExemptChemical,
    Limits,
    ScheduledChemical,
)
from sextant_shared.codelists.lists import Lists, lists, read_lists, state_party_on, states
from sextant_shared.codelists.loading import PACKAGE, data_of
from sextant_shared.codelists.states import State, StateTable
from sextant_shared.codelists.tables import RANGES, TABLES, CodeLine, ProductionRange

__all__ = (
    "FILES",
    "RANGES",
    "TABLES",
    "ChemicalFact",
    "CodeLine",
    "ExemptChemical",
    "Limits",
    "Lists",
    "ProductionRange",
    "ScheduledChemical",
    "State",
    "StateTable",
    "chemicals",
    "chemicals_by_cas",
    "codes",
    "exempt",
    "file_bytes",
    "lists",
    "ranges",
    "read_lists",
    "state_party_on",
    "states",
    "table",
    "thresholds",
)

FILES = (
    "activities.csv",
    "amendment_reasons.csv",
    "chemical_facts.csv",
    "chemicals.csv",
    "exempt.csv",
    "product_groups.csv",
    "purposes.csv",
    "ranges.csv",
    "states.csv",
    "synthetic_ranges.csv",
    "transfer_causes.csv",
)
"""What rules may read: synonyms say whether a name fits a CAS number; formulas decide nothing."""


def chemicals() -> tuple[ScheduledChemical, ...]:
    """Return the Annex on Chemicals, in its order."""
    return lists().chemicals


@lru_cache
def chemicals_by_cas() -> Mapping[str, ScheduledChemical]:
    """Return the chemicals that have a CAS number, by it."""
    return {chemical.cas: chemical for chemical in chemicals() if chemical.cas}


@lru_cache
def thresholds() -> Mapping[str, tuple[Decimal, Decimal]]:
    """Return (declaration, verification) thresholds in kilograms by schedule part."""
    return {c.schedule: (c.declaration_kg, c.verification_kg) for c in chemicals()}


@lru_cache
def exempt() -> Mapping[str, str]:
    """Return chemicals that fit a family of Schedule 2 and are exempt, by CAS number."""
    return {line.cas: line.name for line in lists().exempt}


def table(name: str) -> tuple[CodeLine, ...]:
    """Return one of `TABLES`, in its order."""
    return lists().tables[name]


def ranges() -> tuple[ProductionRange, ...]:
    """Return the production ranges, regime by regime, from the smallest."""
    return lists().ranges


@lru_cache
def codes(name: str, regime: str = "") -> frozenset[str]:
    """Return the codes of `ranges` or one of `TABLES`; with `regime`, those that it may use."""
    lines: tuple[CodeLine | ProductionRange, ...] = ranges() if name == RANGES else table(name)
    return frozenset(line.code for line in lines if not regime or line.regime in {"", regime})


def file_bytes(name: str) -> bytes:
    """Return a code list as it lies in the package, for the rule pack's digest."""
    return data_of(name, PACKAGE)
