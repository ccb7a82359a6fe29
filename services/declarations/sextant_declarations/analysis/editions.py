"""The editions of a declaration: every version that held, who said it, what it changed and why.

Made from what the State filed, in the order of registration: whole versions, amendments and
withdrawals. What holds at last is the fold that all rules use (`sextant_shared.rules.filings`), one
filing at a time, so that each field can be traced to the version that said it.

Two questions about time are kept apart. What was **known on** a day are the filings that were
registered by then. What is **true on** a day is what a declaration about that day says, however
late it was said.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sextant_declarations.analysis.differences import Difference, above, differences, find
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.filing import Amendment, Withdrawal
from sextant_shared.models.declaration.heading import YearlyBase
from sextant_shared.models.declaration.natural import StablePlaces
from sextant_shared.rules.filings import document_of, effective

WHOLE = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A filing of the State: its number there, its version, and when it became known.

    `registration` is its number in the register; `known` is the time of its registration, RFC 3339
    in UTC with milliseconds, so that texts compare as times do.
    """

    declaration_id: str
    version: int
    registration: str
    known: str


@dataclass(frozen=True, slots=True)
class Filing:
    """What the State filed, and where that stands."""

    source: Source
    declaration: DeclarationBase


@dataclass(frozen=True, slots=True)
class Edition:
    """What held from one filing to the next; None for nothing, after a withdrawal.

    `reasons` are those that the filing gives, by the place that each is about.
    """

    version: int
    source: Source
    declaration: DeclarationBase | None
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference, the filing that made it last, and the reason that it gives, if any."""

    difference: Difference
    source: Source
    reason: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Since which edition a place says what it says; of two that contain a place, the longer."""

    pointer: str
    place: str
    version: int
    source: Source


def known_by(filings: Iterable[Filing], until: str) -> list[Filing]:
    """Return what was known at a time; the same order."""
    return [one for one in filings if one.source.known <= until]


def editions(declaration_id: str, filings: Iterable[Filing]) -> list[Edition]:
    """Return the editions of a declaration, oldest first, from filings in order of registration.

    An amendment that does not fit what holds changes nothing, as in the fold of the rules. One of
    a withdrawn version makes the declaration hold again.
    """
    made: list[Edition] = []
    newest: DeclarationBase | None = None
    for one in filings:
        if one.declaration.declaration_id == declaration_id:
            made.append(Edition(one.declaration.version, one.source, one.declaration))
        elif newest is not None:
            made.extend(_revised(made[-1], newest, one))
        newest = (made[-1].declaration if made else None) or newest
    return made


def explained(made: Sequence[Edition], older: int, newer: int) -> list[Explained]:
    """Return how two editions differ, by their positions, with who said so and why."""
    steps = [(made[n], _Step.of(made, n)) for n in range(newer, older, -1)]
    found = []
    for difference in differences(_document(made[older]), _document(made[newer])):
        touching = ((edition, step) for edition, step in steps if step.touches(difference.place))
        edition, step = next(touching, (made[newer], _Step()))
        found.append(Explained(difference, edition.source, step.reason(difference.place)))
    return found


def origins(made: Sequence[Edition]) -> list[Origin]:
    """Return which edition said what holds now: the first for the whole, later ones for places."""
    if not made or made[-1].declaration is None:
        return []
    said: dict[str, Edition] = {}
    for n in range(1, len(made)):
        for one in differences(_document(made[n - 1]), _document(made[n])):
            inside = f"{one.place}/"
            said = {place: who for place, who in said.items() if not place.startswith(inside)}
            said[one.place] = made[n]
    document = _document(made[-1])
    found = [Origin(WHOLE, WHOLE, made[0].version, made[0].source)]
    for place, edition in said.items():
        pointer = find(document, place)
        if pointer is not None:
            found.append(Origin(pointer, place, edition.version, edition.source))
    return found


def origin_of(found: Iterable[Origin], pointer: str) -> Origin | None:
    """Return since which edition a place of what holds says what it says."""
    by_pointer = {one.pointer: one for one in found}
    return next((by_pointer[at] for at in above(pointer) if at in by_pointer), None)


def speaks_of(declaration: DeclarationBase, day: dt.date) -> bool:
    """Return whether a declaration says something about a day.

    A yearly one is about every day of its year; one of an event, about that day and all after it.
    """
    if isinstance(declaration, YearlyBase) or declaration.event_date is None:
        return declaration.year == day.year
    return declaration.event_date <= day


def _revised(last: Edition, held: DeclarationBase, one: Filing) -> list[Edition]:
    filed = one.declaration
    if not isinstance(filed, Amendment | Withdrawal):
        return []
    named = filed.amends if isinstance(filed, Amendment) else filed.withdraws
    if named.declaration_id != held.declaration_id:
        return []
    after = effective([held, filed]).get((held.state_code, held.declaration_id))
    if after in (held, last.declaration):
        return []
    version = last.version if after is None else after.version
    return [Edition(version, one.source, after, _reasons(held, after, filed))]


def _reasons(
    held: DeclarationBase, after: DeclarationBase | None, filed: Amendment | Withdrawal
) -> dict[str, str]:
    """Return the reasons by place: as the place is called before the change, and after it."""
    if isinstance(filed, Withdrawal):
        return {WHOLE: filed.reason}
    named: dict[str, str] = {}
    documents = (document_of(held), document_of(after) if after else {})
    for places in map(StablePlaces, documents):
        named |= {places(change.pointer): change.reason for change in filed.changes}
    return named


def _document(edition: Edition) -> dict[str, Any]:
    return document_of(edition.declaration) if edition.declaration else {}


@dataclass(frozen=True, slots=True)
class _Step:
    """What one edition changed: the places, everything that they lie in, and their reasons."""

    places: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    reasons: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, made: Sequence[Edition], n: int) -> "_Step":
        """Return what the edition at position `n` changed in the one before."""
        found = differences(_document(made[n - 1]), _document(made[n]))
        places = frozenset(one.place for one in found)
        around = frozenset(outer for place in places for outer in above(place))
        reasons: dict[str, str] = {}
        for place, reason in made[n].reasons.items():
            for outer in above(place):
                reasons.setdefault(outer, reason)
        return cls(places, around, {**reasons, **made[n].reasons})

    def touches(self, place: str) -> bool:
        return place in self.around or any(outer in self.places for outer in above(place))

    def reason(self, place: str) -> str | None:
        """Return the reason given for a place: the nearest around it, or one given inside it."""
        return next((self.reasons[at] for at in above(place) if at in self.reasons), None)
