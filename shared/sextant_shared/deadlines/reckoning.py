"""The deadline function: from a kind, a State and a year to the last acceptable day.

A year's boundary is the instant 00:00 on 1 January. «Not later than N days after the end of the
year» ends N x 24 hours after it, «not less than N days before the year» N x 24 hours before it;
the last acceptable day is the day that ends then. Days reckoned from an event are added or
subtracted plainly. No day moves for a weekend or a holiday: no rule of the treaty says so.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sextant_shared.codelists import states
from sextant_shared.codelists.loading import is_valid_on
from sextant_shared.codelists.states import State
from sextant_shared.deadlines.policy import DEFAULT_POLICY, DeadlinePolicy
from sextant_shared.deadlines.table import (
    AHEAD,
    ANNUAL,
    BY_EVENT,
    DeadlineRule,
    Reckoning,
    rules_by_kind,
)
from sextant_shared.errors import Code, PlatformError

_DAY = dt.timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1997, 2200  # entry into force of the Convention; what models take


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the lists: the day of entry into force, and events by kind."""

    eif: dt.date | None = None
    """Instead of the day that the list of States gives."""
    events: Mapping[str, Sequence[dt.date]] = field(default_factory=dict)


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Due:
    """Something that a State owes on a day.

    `year` is the year that an annual kind reports on; `event` the day that others are reckoned
    from: of the event, or of entry into force.
    """

    state: str
    rule: DeadlineRule
    day: dt.date
    year: int | None = None
    event: dt.date | None = None

    @property
    def kind(self) -> str:
        """The kind of declaration."""
        return self.rule.kind

    @property
    def period(self) -> str:
        """What it is about, as people write it: a year, or the day it is reckoned from."""
        if self.year is not None:
            return str(self.year)
        what = "EIF " if self.rule.reckoning is Reckoning.AFTER_EIF else ""
        return f"{what}{self.event}"


def due(
    kind: str,
    state: str,
    year: int,
    policy: DeadlinePolicy = DEFAULT_POLICY,
    facts: Facts = NO_FACTS,
) -> tuple[Due, ...]:
    """Return when `kind` is due from `state` for `year`, in order; nothing where no day is set.

    `year` is the calendar year that the declaration reports on (or in which its destruction period
    begins), the year of the event, or of entry into force; of a duty that returns, the year of the
    due day. Whether the State has what is declared is not asked: see `agenda`.

    Raises:
        PlatformError: NOT_FOUND for a kind or State that nobody knows, `E_STATE` for a State that
            is no State Party, `E_MALFORMED` for a year out of bounds.
    """
    rules = rules_by_kind().get(kind)
    if rules is None:
        raise _no_kind(kind)
    _check_year(year)
    member = _membership(state, facts)
    found = (one for rule in rules for one in _by_rule(rule, member, year, policy, facts))
    return tuple(sorted(found, key=_order))


def agenda(
    state: str,
    year: int,
    policy: DeadlinePolicy = DEFAULT_POLICY,
    facts: Facts = NO_FACTS,
    kinds: Collection[str] = (),
) -> tuple[Due, ...]:
    """Return everything that is due from `state` in the calendar year `year`, in order.

    What recurs or follows from entry into force is left out where the State's profile has no such
    duty, unless `kinds` names it; events are asked for by naming them.

    Raises:
        PlatformError: as `due`; `E_MALFORMED` for an event of a kind that follows from none.
    """
    for kind in (*kinds, *facts.events):
        if kind not in rules_by_kind():
            raise _no_kind(kind)
    for kind in facts.events:
        _check_follows_from_event(kind)
    _check_year(year)
    member = _membership(state, facts)
    duties = policy.duties_of(state)
    found = [
        one
        for kind, rules in rules_by_kind().items()
        if not kinds or kind in kinds
        for rule in rules
        if kinds or rule.reckoning in BY_EVENT or rule.duty in duties
        # A day lies at most 180 days from its event, and less than a year from its period.
        for about in range(year - 2, year + 3)
        for one in _by_rule(rule, member, about, policy, facts)
        if one.day.year == year
    ]
    return tuple(sorted(found, key=_order))


@dataclass(frozen=True, slots=True)
class _Member:
    state: State
    eif: dt.date | None

    def owes(self, rule: DeadlineRule, due_day: dt.date, last: dt.date) -> bool:
        """Return whether the State was a party in time: past years need one day of membership."""
        since = self.eif or dt.date.min
        begun = since <= (due_day if rule.reckoning in AHEAD else last)
        return begun and is_valid_on(self.state, due_day)


def _by_rule(
    rule: DeadlineRule, member: _Member, year: int, policy: DeadlinePolicy, facts: Facts
) -> Iterator[Due]:
    state = member.state.code
    if rule.reckoning in ANNUAL:
        begin, end = _period(rule, state, year, policy)
        day = _annual_day(rule, begin, end, policy)
        if member.owes(rule, day, end - _DAY):
            yield Due(state, rule, day, year=year)
    elif rule.reckoning is Reckoning.AFTER_EIF:
        if member.eif is not None and member.eif.year == year:
            yield Due(state, rule, member.eif + rule.days * _DAY, event=member.eif)
    elif rule.reckoning in BY_EVENT:
        for event in facts.events.get(rule.kind, ()):
            for day in _event_days(rule, event, year):
                yield Due(state, rule, day, event=event)


def _period(
    rule: DeadlineRule, state: str, year: int, policy: DeadlinePolicy
) -> tuple[dt.date, dt.date]:
    """Return the first day of what is reported on, and the first day after it."""
    is_destruction = rule.reckoning in {Reckoning.AFTER_PERIOD, Reckoning.BEFORE_PERIOD}
    month, day = policy.period_begins(state) if is_destruction else (1, 1)
    return dt.date(year, month, day), dt.date(year + 1, month, day)


def _annual_day(
    rule: DeadlineRule, begin: dt.date, end: dt.date, policy: DeadlinePolicy
) -> dt.date:
    """Return the day that ends N x 24 hours from the boundary; by calendar, the boundary's N-th.

    Counted by the calendar, the day that the text names is day zero: the last day of a year that
    ends gives the same as the instant, the first day of a year that begins gives one day more.
    """
    is_calendar = policy.reading == "calendar"
    if rule.reckoning in AHEAD:
        return begin - rule.days * _DAY - (0 if is_calendar else 1) * _DAY
    counts_from_next = is_calendar and rule.reckoning is Reckoning.INTO_NEXT_YEAR
    return end + rule.days * _DAY - (0 if counts_from_next else 1) * _DAY


def _event_days(rule: DeadlineRule, event: dt.date, year: int) -> Iterator[dt.date]:
    step = rule.days * _DAY
    if rule.reckoning is Reckoning.EVERY_AFTER_EVENT:
        day = event + step
        while day.year <= year:
            if day.year == year:
                yield day
            day += step
    elif event.year == year:
        yield event - step if rule.reckoning is Reckoning.BEFORE_EVENT else event + step


def _membership(code: str, facts: Facts) -> _Member:
    state = states().get(code)
    if state is None:
        raise PlatformError(
            Code.NOT_FOUND,
            "there is no such State",
            expected="a code of the list of States",
            received=code[:80],
            fix="Look the code up: sextant codes search NAME --in states",
        )
    if facts.eif is None and not state.is_state_party:
        raise PlatformError(
            Code.STATE,
            f"{state.name} is no State Party, so nothing is due",
            expected="a State Party, or the day of entry into force",
            received=code,
            fix="Give the day of entry into force, if there is one.",
        )
    return _Member(state, facts.eif or state.eif_date)


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise PlatformError(
            Code.MALFORMED,
            "no deadlines are reckoned for this year",
            expected=f"{FIRST_YEAR} to {LAST_YEAR}",
            received=str(year),
        )


def _check_follows_from_event(kind: str) -> None:
    if not any(rule.reckoning in BY_EVENT for rule in rules_by_kind()[kind]):
        takes = [k for k, rules in rules_by_kind().items() if any(r.event for r in rules)]
        raise PlatformError(
            Code.MALFORMED,
            f"{kind} follows from no event",
            expected=", ".join(takes),
            received=kind,
            fix="Leave the event out, or name the kind that follows from it.",
        )


def _no_kind(kind: str) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        "there is no such kind of declaration",
        expected=", ".join(rules_by_kind()),
        received=kind[:80],
        fix="Choose one of these kinds.",
    )


def _order(one: Due) -> tuple[dt.date, str, str, str]:
    return one.day, one.kind, one.rule.case, one.period
