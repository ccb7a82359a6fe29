"""Which pairs become cases and when, how urgent a case is, and which cases may be about one thing.

Nothing is merged by itself: `together` proposes, an officer decides.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.cases.policy import CasePolicy
from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.analysis.transfers.model import HypothesisKind, Pair
from sextant_shared.errors import Code, PlatformError

_TOP = Priority.HIGH
_KINDS = frozenset(
    {
        HypothesisKind.TRANSIT,
        HypothesisKind.RE_EXPORT_FREE_ZONE,
        HypothesisKind.YEAR_SHIFT,
        HypothesisKind.WRONG_CHEMICAL,
    }
)
"""Explanations that tie several pairs together."""


def open_years(today: dt.date, policy: CasePolicy) -> int:
    """Return the last year whose differences are cases on a day."""
    return today.year - 1 if today >= policy.opens(today.year - 1) else today.year - 2


def becomes_case(pair: Pair, today: dt.date, policy: CasePolicy) -> bool:
    """Return whether a pair is to have a case on a day.

    A difference waits for the cut-off of its year: until then the partner may still file. Trade
    with a partner that is no State Party waits for nobody.
    """
    if pair.klass.is_restricted:
        return True
    return pair.klass.is_difference and pair.key.year <= open_years(today, policy)


def priority(pairs: Sequence[Pair], earlier_years: int, policy: CasePolicy) -> Priority:
    """Return how urgent a case is: size in thresholds, schedule, repetition, partner outside."""
    if any(pair.klass.is_restricted for pair in pairs):
        return _TOP
    points = max((_points(pair, policy) for pair in pairs), default=0)
    points += min(earlier_years, policy.repetition_most)
    if points >= policy.high_from:
        return Priority.HIGH
    return Priority.MEDIUM if points >= policy.medium_from else Priority.LOW


def _points(pair: Pair, policy: CasePolicy) -> int:
    gap = pair.gap or Decimal(0)
    # No division: Schedule 1 has no threshold, and any difference is above all steps of nothing.
    steps = sum(gap > step * pair.threshold for step in policy.size_steps)
    return policy.points(pair.schedule) + steps


@dataclass(frozen=True, slots=True)
class Link:
    """Two pairs, by id, that one explanation ties together, and the third State it speaks of."""

    kind: HypothesisKind
    pair: str
    other: str
    third: str | None


def together(pairs: Iterable[Pair]) -> list[Link]:
    """Return which other pairs explain these: a triangle of transit is one thing in three States.

    Only explanations that close the difference count.
    """
    found = {
        Link(one.kind, pair.id, other.id, one.third)
        for pair in pairs
        for one in pair.hypotheses
        if one.closes and one.kind in _KINDS
        for other in one.related
    }
    return sorted(found, key=lambda link: (link.kind, link.pair, link.other))


def require_mergeable(
    taken: tuple[CaseState, Sequence[Pair], bool], kept: tuple[CaseState, Sequence[Pair], bool]
) -> None:
    """Return when one case may go on as part of another.

    Raises:
        PlatformError: `E_POLICY` for cases that share no State, or of which one alone is
            restricted: merged, the other would be handled in the wrong way; `E_STATE` where the
            other one is closed.
    """
    if kept[0] not in {CaseState.OPENED, CaseState.TRIAGED, CaseState.RE_MATCHED}:
        raise PlatformError(
            Code.STATE,
            "the other case does not take another one over any more",
            expected="OPENED, TRIAGED or RE_MATCHED",
            received=str(kept[0]),
        )
    if taken[2] != kept[2]:
        raise PlatformError(
            Code.POLICY,
            "one case is restricted and the other is not",
            expected="two that are handled alike",
            received="one for people alone",
        )
    states = [
        {state for pair in pairs for state in (pair.key.exporter, pair.key.importer)}
        for pairs in (taken[1], kept[1])
    ]
    if not states[0] & states[1]:
        raise PlatformError(
            Code.POLICY,
            "the cases have no State in common",
            expected="a State that stands in both",
            received="none",
        )
