"""Explanations by national rules: mixtures, their limits, and thresholds of companies."""

import re
from collections.abc import Iterator
from decimal import Decimal

from sextant_declarations.analysis.transfers.model import (
    Figure,
    Hypothesis,
    HypothesisKind,
    Pair,
    Side,
)
from sextant_declarations.analysis.transfers.trial import Trial, figures_of, of_both

_ZERO = Decimal(0)
_PER_CENT = re.compile(r"([0-9]{1,2}(?:[.,][0-9]{1,3})?)\s*(?:%|per cent|percent)")
_HUNDRED = Decimal(100)


def _fraction_of(side: Side) -> Decimal | None:
    """Return the mass fraction that the note of a side's row gives."""
    for row in side.rows:
        found = _PER_CENT.search(row.mixture_note or "")
        if found:
            return Decimal(found[1].replace(",", ".")) / _HUNDRED
    return None


def concentration(trial: Trial) -> Iterator[Hypothesis]:
    """One side gives the mass of the mixture, the other that of the chemical in it."""
    if not trial.low:
        return
    ratio = trial.low / trial.high
    if not trial.policy.fraction_least <= ratio <= trial.policy.fraction_most:
        return
    fraction = _fraction_of(trial.larger) or _fraction_of(trial.smaller)
    if fraction is not None and trial.is_same(ratio, fraction):
        residual = trial.high * fraction - trial.low
        figures = (*figures_of(trial.pair), of_both("ratio", ratio), of_both("noted", fraction))
        yield Hypothesis(HypothesisKind.CONCENTRATION, trial.closes(residual), residual, figures)
        return
    alike = [
        other
        for other in trial.near.of_flow(trial.pair)
        if (known := _ratio(other, export_is_larger=trial.difference > 0)) is not None
        and trial.is_same(known, ratio)
    ]
    if len(alike) >= trial.policy.stable_years:
        ratios = sorted(
            _ratio(other, export_is_larger=trial.difference > 0) or ratio for other in alike
        )
        usual = ratios[len(ratios) // 2]
        residual = trial.high * usual - trial.low
        figures = (
            *figures_of(trial.pair),
            of_both("ratio", ratio),
            of_both("usual", usual),
            Figure("years", Decimal(len(alike))),
        )
        related = tuple(other.key for other in alike if other.key != trial.pair.key)
        yield Hypothesis(
            HypothesisKind.CONCENTRATION, trial.closes(residual), residual, figures, related
        )


def _ratio(pair: Pair, *, export_is_larger: bool) -> Decimal | None:
    """Return the smaller over the larger figure, where the larger is on the side asked for."""
    sent, received = pair.export.kg, pair.import_.kg
    if not sent or not received or (sent > received) is not export_is_larger:
        return None
    return min(sent, received) / max(sent, received)


def threshold_basis(trial: Trial) -> Iterator[Hypothesis]:
    """Companies or partners below a threshold are left out by the side that has less."""
    side = trial.smaller
    profile = trial.profiles.get(side.state)
    note = (side.basis_note or "").casefold()
    noted = any(word in note for word in trial.policy.basis_words)
    if not noted and not (profile and profile.is_by_company):
        return
    most = trial.policy.assumed_companies * trial.pair.threshold
    if (trial.pair.gap or _ZERO) < most:
        figures = (
            *figures_of(trial.pair),
            Figure("companies assumed", Decimal(trial.policy.assumed_companies)),
            Figure("they may leave out", most),
        )
        yield Hypothesis(HypothesisKind.THRESHOLD_BASIS, trial.closes(_ZERO), _ZERO, figures)


def low_concentration(trial: Trial) -> Iterator[Hypothesis]:
    """A mixture counts for one side and, by the other's limit, not for it."""
    strict, lenient = (trial.profiles.get(side.state) for side in (trial.larger, trial.smaller))
    counted = strict.limit(trial.pair.schedule) if strict else None
    left_out = lenient.limit(trial.pair.schedule) if lenient else None
    if counted is None or left_out is None or counted >= left_out:
        return
    limits = (Figure("counts above %", counted), Figure("leaves out up to %", left_out))
    fraction = _fraction_of(trial.larger)
    if fraction is None:
        # How much of it was a mixture is not said: possible, and not shown to close.
        figures = (*figures_of(trial.pair), *limits)
        yield Hypothesis(
            HypothesisKind.LOW_CONCENTRATION, closes=False, residual=None, figures=figures
        )
    elif counted < fraction * _HUNDRED <= left_out:
        figures = (*figures_of(trial.pair), *limits)
        noted = Figure("noted %", fraction * _HUNDRED, trial.larger.state)
        yield Hypothesis(
            HypothesisKind.LOW_CONCENTRATION,
            trial.closes(trial.low),
            trial.low,
            (*figures, noted),
        )
