"""All code lists together: read once, checked whole, refused with every problem at once."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.resources.abc import Traversable
from typing import TypeVar

from sextant_shared.codelists.chemicals import (
    FACTS_FILE,
    ChemicalFact,
    ExemptChemical,
    ScheduledChemical,
    read_chemicals,
    read_exempt,
    read_facts,
    strangers,
)
from sextant_shared.codelists.loading import PACKAGE
from sextant_shared.codelists.states import StateTable, read_states
from sextant_shared.codelists.tables import (
    TABLES,
    CodeLine,
    ProductionRange,
    read_ranges,
    read_table,
)
from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lists:
    """Every code list, as it lies in one folder."""

    chemicals: tuple[ScheduledChemical, ...]
    exempt: tuple[ExemptChemical, ...]
    facts: tuple[ChemicalFact, ...]
    states: StateTable
    ranges: tuple[ProductionRange, ...]
    tables: Mapping[str, tuple[CodeLine, ...]]


def read_lists(folder: Traversable = PACKAGE) -> Lists:
    """Return all lists of a folder.

    Raises:
        PlatformError: INTERNAL, naming every problem of every file.
    """
    refused: list[PlatformError] = []

    def attempt(read: Callable[[], T], nothing: T) -> T:
        try:
            return read()
        except PlatformError as error:
            refused.append(error)
            return nothing

    lists = Lists(
        chemicals=attempt(partial(read_chemicals, folder), ()),
        exempt=attempt(partial(read_exempt, folder), ()),
        facts=attempt(partial(read_facts, folder), ()),
        states=attempt(partial(read_states, folder), StateTable({}, ())),
        ranges=attempt(partial(read_ranges, folder), ()),
        tables={name: attempt(partial(read_table, name, folder), ()) for name in TABLES},
    )
    if not refused:
        unknown = strangers(lists.facts, lists.chemicals, lists.exempt)
        refused += [_stranger(unknown)] if unknown else []
    if refused:
        raise _together(refused)
    return lists


@lru_cache
def lists() -> Lists:
    """Return the lists that come with the package; a process that serves calls this at its start.

    Raises:
        PlatformError: INTERNAL, naming every problem of every file.
    """
    return read_lists()


def states() -> StateTable:
    """Return the States by code."""
    return lists().states


def state_party_on(code: str, day: dt.date) -> bool:
    """Return whether `code` named a State Party on `day`; False for a code that nobody has."""
    state = states().get(code)
    return state is not None and state.is_state_party_on(day)


def _stranger(numbers: list[str]) -> PlatformError:
    return PlatformError(
        Code.INTERNAL,
        f"code list {FACTS_FILE.name} does not fit: it speaks of chemicals that stand in no list",
        expected="CAS numbers of chemicals.csv or exempt.csv",
        received=", ".join(numbers),
        fix=f"Mend these lines of {FACTS_FILE.name}, or install the release again.",
    )


def _together(refused: list[PlatformError]) -> PlatformError:
    if len(refused) == 1:
        return refused[0]
    return PlatformError(
        Code.INTERNAL,
        f"{len(refused)} code lists do not fit:\n" + "\n".join(e.detail for e in refused),
        expected="no problem in any list",
        received=f"{len(refused)} lists that do not fit",
        fix="Mend the lines named, or install the release again.",
    )
