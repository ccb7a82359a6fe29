"""Rule F5: whether years and days lie within what is reported on."""

import datetime as dt
from collections.abc import Iterator

from sextant_shared.errors import Severity
from sextant_shared.models.declaration.article3 import WeaponTransfer
from sextant_shared.models.declaration.article5 import EquipmentTransfer
from sextant_shared.models.declaration.filing import LateNotice
from sextant_shared.models.declaration.schedule1 import S1Plan, Transfer
from sextant_shared.models.declaration.schedule2 import (
    PastProduction,
    S2Additional,
    S2Chemical,
    S2Plan,
)
from sextant_shared.models.declaration.schedule3 import S3Additional
from sextant_shared.models.declaration.site import Span
from sextant_shared.models.declaration.weapons import DestructionBase
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place
from sextant_shared.rules.subject import Subject

_CW_FROM = dt.date(1946, 1, 1)  # VII.9, VIII.9


def days(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    """F5: years and days that cannot be what they are said to be."""
    yield from _heading(subject, policy)
    yield from _look_back(subject)
    for pointer, span in subject.every(Span):
        if span.end < span.start:
            yield Place(pointer=pointer, way="reversed", received=_shown(span))
    year = subject.declaration.year
    if year:
        yield from _within(subject, year)
    yield from _begun(subject)
    yield from _past_cw(subject)


def _heading(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    declaration = subject.declaration
    event, year = declaration.event_date, declaration.reporting_year
    first = policy.convention_from
    early = Severity.EXPLAIN_OR_FIX
    is_once = declaration.about.period == "once"
    if event is not None and event < first:
        yield Place(
            pointer="/event_date",
            way="before-convention",
            args={"first": first.isoformat()},
            received=event.isoformat(),
            severity=early,
        )
    elif not is_once and event is None and year is not None and year < first.year:
        yield Place(
            pointer="/reporting_year",
            way="before-convention",
            args={"first": str(first.year)},
            received=str(year),
            severity=early,
        )
    if is_once and event is not None and year is not None and year != event.year - 1:
        yield Place(
            pointer="/reporting_year",
            way="previous-year",
            args={"year": str(event.year - 1)},
            received=str(year),
            severity=early,
        )
    for pointer, notice in subject.every(LateNotice):
        if notice.expected_date < notice.event_date:
            yield Place(
                pointer=f"{pointer}/expected_date",
                way="not-late",
                args={"due": notice.event_date.isoformat()},
                received=notice.expected_date.isoformat(),
                severity=early,
            )


def _look_back(subject: Subject) -> Iterator[Place]:
    year = subject.declaration.reporting_year
    for pointer, chemical in subject.every(S2Chemical):
        seen: set[int] = set()
        for k, earlier in enumerate(chemical.earlier):
            place = f"{pointer}/earlier/{k}/year"
            args = {"name": chemical.chemical.name, "year": str(earlier.year)}
            if year is not None and earlier.year not in {year - 1, year - 2}:
                args = {"first": str(year - 2), "last": str(year - 1)}
                yield Place(pointer=place, way="look-back", args=args, received=str(earlier.year))
            elif earlier.year in seen:
                yield Place(pointer=place, way="twice", args=args, received=str(earlier.year))
            seen.add(earlier.year)


def _within(subject: Subject, year: int) -> Iterator[Place]:
    """Yield plans and transfers outside the year that they belong to."""
    planned = [
        *((f"{p}/period", one.period) for p, one in subject.every(S3Additional)),
        *(
            (f"{p}/periods/{k}/period", one.period)
            for p, plan in subject.every(S2Plan)
            for k, one in enumerate(plan.periods)
        ),
        *(
            (f"{p}/periods/{k}", one)
            for p, made in subject.every(S1Plan)
            for k, one in enumerate(made.periods)
        ),
    ]
    for pointer, span in planned:
        if span.start <= span.end and not span.start.year == span.end.year == year:
            args = {"year": str(year)}
            yield Place(pointer=pointer, way="outside-year", args=args, received=_shown(span))
    for pointer, one in subject.every(DestructionBase):
        if one.period.start.year != year:
            args = {"year": str(year)}
            received = _shown(one.period)
            yield Place(pointer=f"{pointer}/period", way="period", args=args, received=received)
    for pointer, transfer in subject.every(Transfer):
        if transfer.day.year != year:
            yield Place(
                pointer=f"{pointer}/day",
                way="transfer-day",
                args={"year": str(year)},
                received=transfer.day.isoformat(),
            )


def _begun(subject: Subject) -> Iterator[Place]:
    """Yield additional activities that begin before the day that is given as their begin."""
    starts = [(f"{p}/period/start", one.period.start) for p, one in subject.every(S3Additional)]
    if subject.every(S2Additional):
        starts += [
            (f"{p}/periods/{k}/period/start", one.period.start)
            for p, plan in subject.every(S2Plan)
            for k, one in enumerate(plan.periods)
        ]
    begin = subject.declaration.event_date
    for pointer, start in starts:
        if begin is not None and start < begin:
            yield Place(
                pointer=pointer,
                way="before-begin",
                args={"begin": begin.isoformat()},
                received=start.isoformat(),
            )


def _past_cw(subject: Subject) -> Iterator[Place]:
    """Yield what is said to have happened outside 1946 until entry into force."""
    last = subject.declaration.event_date or dt.date.max
    spans: list[tuple[str, dt.date, dt.date]] = [
        *(
            (f"{p}/produced", one.produced.start, one.produced.end)
            for p, one in subject.every(PastProduction)
        ),
        *(
            (f"{p}/day", moved.day, moved.day)
            for p, moved in subject.every(EquipmentTransfer)
            if moved.day is not None
        ),
        *(
            (f"{p}/year", dt.date(sent.year, 1, 1), dt.date(sent.year, 1, 1))
            for p, sent in subject.every(WeaponTransfer)
        ),
    ]
    for pointer, start, end in spans:
        if start < _CW_FROM or end > last:
            yield Place(
                pointer=pointer,
                way="past-cw",
                args={"first": _CW_FROM.isoformat(), "last": last.isoformat()},
                received=_days(start, end),
            )


def _shown(span: Span) -> str:
    return _days(span.start, span.end)


def _days(start: dt.date, end: dt.date) -> str:
    return start.isoformat() if start == end else f"{start.isoformat()} to {end.isoformat()}"
