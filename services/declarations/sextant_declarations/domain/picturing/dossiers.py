"""The events of a plant site over the years, and the names it has borne.

Two ports: what the register knows of its filings, which holds no declared figure, and the
declarations themselves, for the names. Inspections come by a third, from whoever keeps them.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_declarations.analysis.pictures.dossier import Event, Lane, Name
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.selecting import Choice, Selecting
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE, DeclarationBase

_AMENDMENTS = frozenset({"AMENDMENT", "WITHDRAWAL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFiling:
    """A filing about a site as the register knows it; `rules` are those of its findings."""

    kind: str
    year: int
    version: int
    received: dt.date
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A dossier as it is drawn."""

    events: Sequence[Event]
    names: Sequence[Name]


class SiteRows(Protocol):
    """What the register knows of the filings about a site."""

    async def site(self, state: str, site: str) -> list[SiteFiling]:
        """Return them, oldest first."""
        ...


@dataclass(frozen=True)
class DossiersByReading:
    """Puts a dossier together; `inspections` gives those of a site."""

    rows: SiteRows
    selecting: Selecting
    inspections: Callable[[str, str], Sequence[Event]] = lambda _state, _site: ()

    async def __call__(self, state: str, site: str, reader: Reader) -> Told:
        """Return the dossier, once the access to the declarations of the site is stored.

        Raises:
            PlatformError: `E_NOT_FOUND` for a site of which nothing was filed.
        """
        filings = await self.rows.site(state, site)
        if not filings:
            raise PlatformError(
                Code.NOT_FOUND,
                "nothing was filed of this site",
                received=f"{state} {site}"[:120],
                fix="Name the State and the code that its declarations give the site.",
            )
        held = await self.selecting.read(Choice(state=state, site=site), reader, Gives.PICTURE)
        events = [*events_of(filings), *self.inspections(state, site)]
        return Told(events, names_of(state, site, held))


def events_of(filings: Iterable[SiteFiling]) -> list[Event]:
    """Return what was filed and found; a filing is true on the last day of its year, at most."""
    events = []
    for one in filings:
        end = dt.date(one.year, 12, 31)
        yearly = one.kind in CATALOGUE and CATALOGUE[one.kind].about.period not in {"event", "once"}
        on = end if yearly else min(end, one.received)
        lane = Lane.AMENDMENT if one.kind in _AMENDMENTS else Lane.DECLARATION
        events.append(
            Event(lane, on, f"{one.kind} {one.year}, version {one.version}", one.received)
        )
        if one.rules:
            said = f"{', '.join(one.rules)} in {one.kind} {one.year}"
            events.append(Event(Lane.FINDING, on, said, one.received))
    return events


def names_of(state: str, site: str, declared: Iterable[DeclarationBase]) -> list[Name]:
    """Return the names of a site, each from the first year that gives it."""
    names: list[Name] = []
    seen = (one for one in take_facts(state, declared).sites if one.code == site)
    for one in sorted(seen, key=lambda each: (each.year, each.kind)):
        if not names or names[-1].name != one.name:
            names.append(Name(one.name, dt.date(one.year, 1, 1)))
    return names
