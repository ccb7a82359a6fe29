"""Code lists as data: chemicals, States, ranges, activities, product groups, purposes.

Each is a file with an evidence mark per line; `opcw_code` columns stay empty until the originals
are at hand. Loaded and checked once; a file that does not fit stops the process with a clear error.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files

from sextant_shared.codelists.states import State, state_party_on, states
from sextant_shared.errors import Code, PlatformError

__all__ = (
    "FILES",
    "ScheduledChemical",
    "State",
    "chemicals",
    "chemicals_by_cas",
    "codes",
    "exempt",
    "file_bytes",
    "state_party_on",
    "states",
    "thresholds",
)

FILES = (
    "activities.csv",
    "chemicals.csv",
    "exempt.csv",
    "product_groups.csv",
    "purposes.csv",
    "ranges.csv",
    "states.csv",
    "synthetic_ranges.csv",
)


@dataclass(frozen=True, slots=True)
class ScheduledChemical:
    """One line of the Annex on Chemicals; thresholds in kilograms, strictly greater applies."""

    schedule: str
    entry: str
    name: str
    cas: str
    declaration_kg: Decimal
    verification_kg: Decimal


@lru_cache
def chemicals() -> tuple[ScheduledChemical, ...]:
    """Return the Annex on Chemicals, in its order."""
    return tuple(
        ScheduledChemical(
            row["schedule"],
            row["entry"],
            row["name"],
            row["cas"],
            _decimal(row["declaration_threshold_kg"]),
            _decimal(row["verification_threshold_kg"]),
        )
        for row in _rows("chemicals.csv")
    )


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
    return {row["cas"]: row["name"] for row in _rows("exempt.csv")}


@lru_cache
def codes(name: str) -> frozenset[str]:
    """Return the codes of `activities`, `product_groups`, `purposes` or `ranges`."""
    return frozenset(row["code"] for row in _rows(f"{name}.csv"))


def file_bytes(name: str) -> bytes:
    """Return a code list as it lies in the package, for the rule pack's digest."""
    return (files("sextant_shared.codelists") / "data" / name).read_bytes()


def _rows(name: str) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(file_bytes(name).decode("utf-8").splitlines())
    for number, row in enumerate(reader, start=2):
        if None in row or None in row.values():
            raise PlatformError(Code.INTERNAL, f"code list {name}, line {number}: wrong columns")
        yield row


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise PlatformError(Code.INTERNAL, f"code list: {text!r} is no number") from error
