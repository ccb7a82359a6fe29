"""The dossier of a plant site: all that became known of it over the years, on one line of time.

Codes that a person confirmed to be one site are read together. What is not notified of an
inspection yet stands in it for planners alone. Events name a declaration by its number here; its
figures are read from the declaration itself. A difference to explain is named by its card.
"""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sextant_declarations.analysis.classification import aggregated
from sextant_declarations.analysis.identity.records import SiteRecord, records_of
from sextant_declarations.analysis.inspection.life import inspection_life
from sextant_declarations.analysis.pictures.dossier import Event, Lane, Name, dossier
from sextant_declarations.analysis.pictures.drawing import Picture
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.history import known_until
from sextant_declarations.domain.identities import Identities
from sextant_declarations.domain.inspecting import InspectionRows
from sextant_declarations.domain.inspections import PLANNER
from sextant_declarations.domain.sited import Sited, SitedFiling, SiteFinding
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE, DeclarationBase
from sextant_shared.models.strict import Strict
from sextant_shared.rules.filings import effective

_DAY_CHARS = 10
_ONCE = frozenset({"event", "once"})
Read = Sequence[tuple[SitedFiling, DeclarationBase]]


class CodeLine(Strict):
    """A code of the site: its names by the year since when, and the years it is declared for."""

    code: str
    names: dict[str, int]
    first: int
    last: int


class EventView(Strict):
    """One event: of which kind, of which day it is true, and on which day it became known here.

    `declaration` is the register's id, `inspection` a number, `card` a difference to explain.
    """

    lane: Lane
    on: dt.date
    known: dt.date
    what: str
    declaration: str | None
    version: int | None
    inspection: str | None
    card: str | None = None


class DossierView(Strict):
    """The dossier as known on a day; `marking` is that of a compilation of so many sources."""

    state: str
    code: str
    known_on: dt.date
    marking: str
    sources: int
    codes: list[CodeLine]
    events: list[EventView]


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A card about a site: its method, its year, and the day on which a run first found it."""

    card: str
    method: str
    year: int
    known: str


class SiteCards(Protocol):
    """The differences to explain that are about sites."""

    async def of_sites(
        self, state: str, codes: Collection[str], numbers: Collection[str], until: str
    ) -> list[SiteCard]:
        """Return the cards that were in the list then, of these sites of a State.

        They are about one of its codes, or stand on these declarations of the State alone.
        """
        ...


@dataclass(frozen=True)
class Dossiers:
    """The use cases of dossiers."""

    identities: Identities
    inspections: InspectionRows
    cards: SiteCards
    sited: Sited
    clock: Clock

    async def read(
        self,
        state: str,
        code: str,
        reader: Reader,
        *,
        known_on: dt.date | None,
        gives: Gives = Gives.DOSSIER,
    ) -> DossierView:
        """Return the dossier of a site, once the access to all it stands on is stored.

        Raises:
            PlatformError: `E_NOT_FOUND` for a site that nothing was registered about by then;
                `E_TOO_LARGE`.
        """
        today = dt.date.fromisoformat(timestamp_ms(self.clock())[:_DAY_CHARS])
        day = known_on or today
        until = known_until(day.isoformat())
        codes = await self.identities.codes(state, code)
        filings = await self.sited.rows.of_sites(state, codes, until)
        if not filings:
            raise PlatformError(
                Code.NOT_FOUND,
                f"nothing was registered about a site {code[:64]} of {state} by {day}",
                fix="Take State and code from a declaration, or ask about a later day.",
            )
        access = await self.sited.admit(filings, reader, gives)
        found = await self.sited.rows.findings([one.inbox for one in filings], access)
        read = await self.sited.read(filings, access)
        records = await asyncio.to_thread(_records, read)
        events = [*_filed(read), *_found(read, found)]
        events += await self._inspected(state, codes, reader, until)
        cards = await self.cards.of_sites(state, codes, _alone(records, codes), until)
        events += map(_flagged, cards)
        marks = [said.confidentiality for _, said in read]
        return DossierView(
            state=state,
            code=code,
            known_on=day,
            marking=aggregated(marks),
            sources=len(marks),
            codes=[
                CodeLine(code=one.code, names=one.names, first=one.first, last=one.last)
                for name, one in sorted(records.items(), key=lambda item: item[1].first)
                if name in codes
            ],
            events=sorted(events, key=lambda one: (one.on, one.lane, one.known, one.what)),
        )

    async def picture(
        self,
        state: str,
        code: str,
        reader: Reader,
        *,
        known_on: dt.date | None = None,
        gives: Gives = Gives.DOSSIER,
    ) -> Picture:
        """Return the dossier as a picture.

        Raises:
            PlatformError: as `read`.
        """
        return drawn(await self.read(state, code, reader, known_on=known_on, gives=gives))

    async def _inspected(
        self, state: str, codes: list[str], reader: Reader, until: str
    ) -> list[EventView]:
        hidden = [] if reader.role == PLANNER else inspection_life().hidden
        events = []
        for one in await self.inspections.of_sites(state, codes):
            if one.status in hidden:
                continue
            for step in await self.inspections.steps(one.id):
                if step.target in hidden or step.t > until:
                    continue
                known = dt.date.fromisoformat(step.t[:_DAY_CHARS])
                said = step.facts.get("ended", step.t) if step.step == "find" else step.t
                events.append(
                    EventView(
                        lane=Lane.INSPECTION,
                        on=dt.date.fromisoformat(said[:_DAY_CHARS]),
                        known=known,
                        what=f"{one.number} {one.regime}: {step.step}",
                        declaration=None,
                        version=None,
                        inspection=one.number,
                    )
                )
        return events


def drawn(view: DossierView) -> Picture:
    """Return the picture of a dossier."""
    events = [Event(one.lane, one.on, one.what, one.known) for one in view.events]
    names = [
        Name(name, dt.date(since, 1, 1))
        for line in view.codes
        for name, since in line.names.items()
    ]
    site = f"{view.state} {view.code}"
    return dossier(events, names, site=site, known_on=view.known_on)


def _records(read: Read) -> dict[str, SiteRecord]:
    return records_of(effective(said for _, said in read).values())


def _alone(records: Mapping[str, SiteRecord], codes: Collection[str]) -> set[str]:
    """Return the State's numbers of declarations that are about this site and no other."""
    of = {code: record.of for code, record in records.items()}
    own = (of[code] for code in of.keys() & set(codes))
    others = (of[code] for code in of.keys() - set(codes))
    return set().union(*own).difference(*others)


def _filed(read: Read) -> list[EventView]:
    """Return one event for each filing; what revises another is true when that one is."""
    days = {one.declaration: _true_on(one, said) for one, said in read if one.revises is None}
    events = []
    for one, said in read:
        first = one.revises is None and one.filed.version == 1
        day = days.get(one.revises or one.declaration) or _true_on(one, said)
        what = f"{one.filed.kind} {one.filed.declaration_id} version {one.filed.version}"
        events.append(_event(Lane.DECLARATION if first else Lane.AMENDMENT, day, one, what))
    return events


def _found(read: Read, found: Iterable[SiteFinding]) -> list[EventView]:
    """Return one event for each filing with findings: which rules, and how many."""
    by_inbox: dict[int, list[str]] = defaultdict(list)
    for each in found:
        by_inbox[each.inbox].append(each.rule)
    return [
        _event(
            Lane.FINDING, _true_on(one, said), one,
            f"{len(rules)} of {', '.join(sorted(set(rules)))} in {one.filed.declaration_id}"
            f" version {one.filed.version}",
        )
        for one, said in read
        if (rules := by_inbox.get(one.inbox))
    ]  # fmt: skip


def _event(lane: Lane, day: dt.date, one: SitedFiling, what: str) -> EventView:
    return EventView(
        lane=lane,
        on=day,
        known=dt.date.fromisoformat(one.known[:_DAY_CHARS]),
        what=what,
        declaration=one.declaration,
        version=one.filed.version,
        inspection=None,
    )


def _flagged(one: SiteCard) -> EventView:
    """Return the event of a card, true at the end of its year, or on the day that it was found."""
    known = dt.date.fromisoformat(one.known[:_DAY_CHARS])
    return EventView(
        lane=Lane.FINDING,
        on=min(dt.date(one.year, 12, 31), known),
        known=known,
        what=f"{one.card} {one.method}: a difference to explain",
        declaration=None,
        version=None,
        inspection=None,
        card=one.card,
    )


def _true_on(one: SitedFiling, said: DeclarationBase) -> dt.date:
    """Return the day that a filing is about: of its event, or where its year begins or ends.

    One that is filed once, and names no day, is about no later day than the one it came on.
    """
    if said.event_date is not None:
        return said.event_date
    period = CATALOGUE[said.kind].about.period if said.kind in CATALOGUE else ""
    if period.endswith("ahead"):
        return dt.date(said.year, 1, 1)
    end = dt.date(said.year, 12, 31)
    return min(end, dt.date.fromisoformat(one.known[:_DAY_CHARS])) if period in _ONCE else end
