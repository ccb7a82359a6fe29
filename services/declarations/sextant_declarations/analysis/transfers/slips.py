"""Explanations by a slip of the pen on one side: unit, digits, counted twice."""

from collections.abc import Iterator
from decimal import Decimal

from sextant_declarations.analysis.transfers.model import Figure, Hypothesis, HypothesisKind
from sextant_declarations.analysis.transfers.trial import Trial, figures_of, of_both, step

_ZERO = Decimal(0)
_THOUSAND = Decimal(1000)
_SHIFTS = (1, 2, 4, 5, 6)  # decimal places; three are UNIT_1000


def unit(trial: Trial) -> Iterator[Hypothesis]:
    """One side gives kilograms as tonnes, or the reverse."""
    if not trial.low:
        return
    ratio = trial.high / trial.low
    if abs(ratio - _THOUSAND) <= trial.policy.unit_share * _THOUSAND:
        residual = abs(trial.high / _THOUSAND - trial.low)
        figures = (*figures_of(trial.pair), of_both("ratio", ratio))
        yield Hypothesis(HypothesisKind.UNIT_1000, trial.closes(residual), residual, figures)


def typo(trial: Trial) -> Iterator[Hypothesis]:
    """One side has a decimal shift, or two neighbouring digits exchanged."""
    if not trial.low:
        return
    for places in _SHIFTS:
        residual = trial.high.scaleb(-places) - trial.low
        if abs(residual) <= step(trial.larger).scaleb(-places) + step(trial.smaller):
            figures = (*figures_of(trial.pair), Figure("decimal places", Decimal(places)))
            closes = trial.closes(residual)
            yield Hypothesis(HypothesisKind.TYPO, closes, abs(residual), figures)
            return
    for side, other in ((trial.larger, trial.low), (trial.smaller, trial.high)):
        for swapped in _swaps(side.kg or _ZERO):
            if abs(swapped - other) <= trial.rounding:
                figures = (*figures_of(trial.pair), Figure("digits swapped", swapped, side.state))
                residual = abs(swapped - other)
                yield Hypothesis(HypothesisKind.TYPO, trial.closes(residual), residual, figures)
                return


def _swaps(number: Decimal) -> Iterator[Decimal]:
    """Yield what a number becomes when two neighbouring digits change places."""
    shape = number.normalize().as_tuple()
    digits, exponent = shape.digits, shape.exponent
    if not isinstance(exponent, int):
        return
    digits = (0, *digits)  # a zero that came to stand in front is no longer written
    if exponent >= 0:  # a digit may change places with the first zero behind it
        digits, exponent = (*digits, 0), exponent - 1
    for at in range(len(digits) - 1):
        if digits[at] != digits[at + 1]:
            moved = (*digits[:at], digits[at + 1], digits[at], *digits[at + 2 :])
            yield Decimal((shape.sign, moved, exponent))


def double_count(trial: Trial) -> Iterator[Hypothesis]:
    """The importer counts twice, such as by trader and by plant site."""
    if trial.sent and trial.is_same(trial.received, 2 * trial.sent):
        residual = trial.high - 2 * trial.low
        figures = (*figures_of(trial.pair), of_both("ratio", trial.high / trial.low))
        yield Hypothesis(HypothesisKind.DOUBLE_COUNT, trial.closes(residual), residual, figures)
