"""Tries the explanations of transfers.md 3.4 on one pair. Shown to people, never applied.

Each test is a function from a pair and its neighbours to the hypotheses that fit. Which pairs a
test may look at is what `Neighbours` offers, and nothing else: the index matches again exactly
those pairs whose tests can have read what changed.
"""

from decimal import Decimal

from sextant_declarations.analysis.transfers import elsewhere, habits, slips
from sextant_declarations.analysis.transfers.model import Hypothesis, HypothesisKind, Pair
from sextant_declarations.analysis.transfers.policy import MatchingPolicy, Profiles
from sextant_declarations.analysis.transfers.trial import Neighbours, Test, Trial, difference

_ZERO = Decimal(0)


def hypotheses(
    pair: Pair, near: Neighbours, policy: MatchingPolicy, profiles: Profiles
) -> tuple[Hypothesis, ...]:
    """Return every explanation that fits a difference, those that close it first."""
    if not pair.klass.is_difference:
        return ()
    found = difference(pair)
    if not found:
        return ()
    trial = Trial(pair, found, near, policy, profiles)
    fitting = [one for test in TESTS for one in test(trial)]
    fitting.sort(key=_order)
    return tuple(fitting)


def _order(one: Hypothesis) -> tuple[bool, int, Decimal, str]:
    size = _ZERO if one.residual is None else abs(one.residual)
    return not one.closes, _RANK[one.kind], size, one.third or ""


TESTS: tuple[Test, ...] = (
    slips.unit,
    elsewhere.year_shift,
    elsewhere.transit,
    elsewhere.wrong_chemical,
    habits.concentration,
    habits.threshold_basis,
    habits.low_concentration,
    slips.typo,
    slips.double_count,
    elsewhere.free_zone,
)
_RANK = {
    kind: rank
    for rank, kind in enumerate(
        (
            HypothesisKind.UNIT_1000,
            HypothesisKind.TYPO,
            HypothesisKind.DOUBLE_COUNT,
            HypothesisKind.YEAR_SHIFT,
            HypothesisKind.TRANSIT,
            HypothesisKind.WRONG_CHEMICAL,
            HypothesisKind.RE_EXPORT_FREE_ZONE,
            HypothesisKind.CONCENTRATION,
            HypothesisKind.LOW_CONCENTRATION,
            HypothesisKind.THRESHOLD_BASIS,
        )
    )
}
