"""Tries the explanations of transfers.md 3.4 on one pair. Shown to people, never applied.

Each test is a function from a pair and its neighbours to the hypotheses that fit. Which pairs a
test may look at is what `Neighbours` offers, and nothing else: the index matches again exactly
those pairs whose tests can have read what changed.

«Difference» is the exporter's figure less the importer's; a State that has filed and has no row
has declared nothing, zero. Where a side gives no figure there is no difference to explain.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from sextant_declarations.analysis.transfers.model import (
    BOTH,
    Figure,
    Hypothesis,
    HypothesisKind,
    Pair,
    Side,
)
from sextant_declarations.analysis.transfers.policy import MatchingPolicy, Profiles

_ZERO = Decimal(0)
_THOUSAND = Decimal(1000)
_SHIFTS = (1, 2, 4, 5, 6)  # decimal places; three are UNIT_1000
_PER_CENT = re.compile(r"([0-9]{1,2}(?:[.,][0-9]{1,3})?)\s*(?:%|per cent|percent)")
_HUNDRED = Decimal(100)


class Neighbours(Protocol):
    """The pairs that tests of a pair may read beside it."""

    def of_exporter(self, pair: Pair, state: str) -> Iterable[Pair]:
        """Return the pairs of the same year and chemical that `state` exports in.

        `state` is one of the two States of the pair.
        """
        ...

    def of_importer(self, pair: Pair, state: str) -> Iterable[Pair]:
        """Return the pairs of the same year and chemical that `state` imports in."""
        ...

    def of_year(self, pair: Pair, year: int) -> Pair | None:
        """Return the same chemical and States in another year."""
        ...

    def of_flow(self, pair: Pair) -> Iterable[Pair]:
        """Return the same chemical and States in all years, in order."""
        ...

    def of_partners(self, pair: Pair) -> Iterable[Pair]:
        """Return the other chemicals of the same year and States."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test is given."""

    pair: Pair
    difference: Decimal
    near: Neighbours
    policy: MatchingPolicy
    profiles: Profiles

    @property
    def sent(self) -> Decimal:
        """The exporter's figure."""
        return self.pair.export.kg or _ZERO

    @property
    def received(self) -> Decimal:
        """The importer's figure."""
        return self.pair.import_.kg or _ZERO

    @property
    def low(self) -> Decimal:
        """The smaller figure."""
        return min(self.sent, self.received)

    @property
    def high(self) -> Decimal:
        """The larger figure."""
        return max(self.sent, self.received)

    @property
    def smaller(self) -> Side:
        """The side with the smaller figure."""
        return self.pair.import_ if self.difference > 0 else self.pair.export

    @property
    def larger(self) -> Side:
        """The side with the larger figure."""
        return self.pair.export if self.difference > 0 else self.pair.import_

    @property
    def rounding(self) -> Decimal:
        """What rounding of both figures may hide."""
        return _rounding(self.pair)

    def closes(self, residual: Decimal) -> bool:
        """Return whether what is left of the difference is not above the threshold."""
        return abs(residual) <= self.pair.threshold

    def is_same(self, one: Decimal, other: Decimal, *, roughly: bool = False) -> bool:
        """Return whether two amounts are about the same.

        `roughly` is for goods that are known to have a reason to be on two States' books in
        different ways: honest differences of rounding, mixtures and years come on top of it.
        """
        most = max(abs(one), abs(other))
        share = self.policy.about_share if roughly else self.policy.same_share
        return most > 0 and abs(one - other) <= share * most

    def is_open(self, pair: Pair) -> bool:
        """Return whether a neighbour has a difference above its threshold, too."""
        found = difference(pair)
        return found is not None and abs(found) > pair.threshold


Test = Callable[[Trial], Iterator[Hypothesis]]


def difference(pair: Pair) -> Decimal | None:
    """Return the exporter's figure less the importer's; None where a side gives none."""
    if pair.export.kg is None or pair.import_.kg is None:
        return None
    return pair.export.kg - pair.import_.kg


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


def _figures(pair: Pair, prefix: str = "") -> tuple[Figure, ...]:
    """Return the declared figures of both sides."""
    return tuple(
        Figure(f"{prefix}{name}", side.kg, side.state, side.rows[0].place if side.rows else None)
        for name, side in (("exported", pair.export), ("imported", pair.import_))
        if side.kg is not None
    )


def _step(side: Side) -> Decimal:
    return sum((row.half_step for row in side.rows), _ZERO)


def _rounding(pair: Pair) -> Decimal:
    return _step(pair.export) + _step(pair.import_)


def _both(name: str, value: Decimal) -> Figure:
    return Figure(name, value, BOTH)


def _unit(trial: Trial) -> Iterator[Hypothesis]:
    if not trial.low:
        return
    ratio = trial.high / trial.low
    if abs(ratio - _THOUSAND) <= trial.policy.unit_share * _THOUSAND:
        residual = abs(trial.high / _THOUSAND - trial.low)
        figures = (*_figures(trial.pair), _both("ratio", ratio))
        yield Hypothesis(HypothesisKind.UNIT_1000, trial.closes(residual), residual, figures)


def _year_shift(trial: Trial) -> Iterator[Hypothesis]:
    pair = trial.pair
    for year in (pair.key.year - 1, pair.key.year + 1):
        other = trial.near.of_year(pair, year)
        shift = difference(other) if other is not None and other.klass.is_difference else None
        if other is None or shift is None or (shift > 0) == (trial.difference > 0):
            continue
        residual = max(_ZERO, abs(trial.difference + shift) - trial.rounding - _rounding(other))
        if residual <= pair.threshold:
            figures = (*_figures(pair), *_figures(other, f"{year} "), _both("left", residual))
            yield Hypothesis(
                HypothesisKind.YEAR_SHIFT, trial.closes(residual), residual, figures, (other.key,)
            )


def _transit(trial: Trial) -> Iterator[Hypothesis]:
    """Goods went from A through B to C; one of A and C names B instead of the other."""
    key = trial.pair.key
    destination = trial.near.of_exporter(trial.pair, key.exporter)
    origin = trial.near.of_importer(trial.pair, key.importer)
    for other in (*destination, *origin):
        shift = difference(other)
        if other.key == key or shift is None or (shift > 0) == (trial.difference > 0):
            continue
        if not trial.is_open(other):
            continue
        residual = trial.difference + shift
        # Same exporter: one that names a port of transit exports more than arrives there. Same
        # importer: one that names it receives more than was sent from there.
        excess, lack = (trial.pair, other) if trial.difference > 0 else (other, trial.pair)
        via = excess.key.importer if key.exporter == other.key.exporter else lack.key.exporter
        profile = trial.profiles.get(via)
        has_port = bool(profile and profile.transit_port)
        if not has_port and not _is_silent_or_sends_on(trial, via, excess, lack):
            continue
        if not trial.is_same(shift, -trial.difference, roughly=has_port):
            continue
        figures = (*_figures(trial.pair), *_figures(other, "other "), _both("left", residual))
        yield Hypothesis(
            HypothesisKind.TRANSIT, trial.closes(residual), residual, figures, (other.key,), via
        )


def _is_silent_or_sends_on(trial: Trial, via: str, excess: Pair, lack: Pair) -> bool:
    """Return whether `via` says nothing of the goods, or says that it sends such on."""
    if excess.key.exporter == lack.key.exporter:
        end = lack.key.importer
        known = (
            *trial.near.of_exporter(trial.pair, trial.pair.key.importer),
            *trial.near.of_importer(trial.pair, trial.pair.key.importer),
        )
        sends_on = any(
            (one.key.exporter, one.key.importer) == (via, end) and one.export.is_present
            for one in known
        )
        return sends_on or not excess.import_.is_present
    return not lack.export.is_present


def _wrong_chemical(trial: Trial) -> Iterator[Hypothesis]:
    for other in trial.near.of_partners(trial.pair):
        shift = difference(other)
        if other.schedule[0] != trial.pair.schedule[0] or shift is None:
            continue
        if (shift > 0) == (trial.difference > 0) or not trial.is_open(other):
            continue
        if trial.is_same(shift, -trial.difference):
            residual = trial.difference + shift
            figures = (*_figures(trial.pair), *_figures(other, f"{other.key.chemical} "))
            yield Hypothesis(
                HypothesisKind.WRONG_CHEMICAL,
                trial.closes(residual),
                residual,
                (*figures, _both("left", residual)),
                (other.key,),
            )


def _fraction_of(side: Side) -> Decimal | None:
    """Return the mass fraction that the note of a side's row gives."""
    for row in side.rows:
        found = _PER_CENT.search(row.mixture_note or "")
        if found:
            return Decimal(found[1].replace(",", ".")) / _HUNDRED
    return None


def _concentration(trial: Trial) -> Iterator[Hypothesis]:
    """One side gives the mass of the mixture, the other that of the chemical in it."""
    if not trial.low:
        return
    ratio = trial.low / trial.high
    if not trial.policy.fraction_least <= ratio <= trial.policy.fraction_most:
        return
    fraction = _fraction_of(trial.larger) or _fraction_of(trial.smaller)
    if fraction is not None and trial.is_same(ratio, fraction):
        residual = trial.high * fraction - trial.low
        figures = (*_figures(trial.pair), _both("ratio", ratio), _both("noted", fraction))
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
            *_figures(trial.pair),
            _both("ratio", ratio),
            _both("usual", usual),
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


def _threshold_basis(trial: Trial) -> Iterator[Hypothesis]:
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
            *_figures(trial.pair),
            Figure("companies assumed", Decimal(trial.policy.assumed_companies)),
            Figure("they may leave out", most),
        )
        yield Hypothesis(HypothesisKind.THRESHOLD_BASIS, trial.closes(_ZERO), _ZERO, figures)


def _low_concentration(trial: Trial) -> Iterator[Hypothesis]:
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
        figures = (*_figures(trial.pair), *limits)
        yield Hypothesis(
            HypothesisKind.LOW_CONCENTRATION, closes=False, residual=None, figures=figures
        )
    elif counted < fraction * _HUNDRED <= left_out:
        figures = (*_figures(trial.pair), *limits)
        noted = Figure("noted %", fraction * _HUNDRED, trial.larger.state)
        yield Hypothesis(
            HypothesisKind.LOW_CONCENTRATION,
            trial.closes(trial.low),
            trial.low,
            (*figures, noted),
        )


def _typo(trial: Trial) -> Iterator[Hypothesis]:
    if not trial.low:
        return
    for places in _SHIFTS:
        residual = trial.high.scaleb(-places) - trial.low
        if abs(residual) <= _step(trial.larger).scaleb(-places) + _step(trial.smaller):
            figures = (*_figures(trial.pair), Figure("decimal places", Decimal(places)))
            closes = trial.closes(residual)
            yield Hypothesis(HypothesisKind.TYPO, closes, abs(residual), figures)
            return
    for side, other in ((trial.larger, trial.low), (trial.smaller, trial.high)):
        for swapped in _swaps(side.kg or _ZERO):
            if abs(swapped - other) <= trial.rounding:
                figures = (*_figures(trial.pair), Figure("digits swapped", swapped, side.state))
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


def _double_count(trial: Trial) -> Iterator[Hypothesis]:
    """The importer counts twice, such as by trader and by plant site."""
    if trial.sent and trial.is_same(trial.received, 2 * trial.sent):
        residual = trial.high - 2 * trial.low
        figures = (*_figures(trial.pair), _both("ratio", trial.high / trial.low))
        yield Hypothesis(HypothesisKind.DOUBLE_COUNT, trial.closes(residual), residual, figures)


def _free_zone(trial: Trial) -> Iterator[Hypothesis]:
    """Goods came into a free zone and went on; its State counts neither, or one of both."""
    key = trial.pair.key
    sides = ((key.importer, 1), (key.exporter, -1))
    for zone, sign in sides:
        profile = trial.profiles.get(zone)
        if not (profile and profile.free_zone) or trial.difference * sign <= 0:
            continue
        onward = (
            trial.near.of_exporter(trial.pair, zone)
            if sign > 0
            else trial.near.of_importer(trial.pair, zone)
        )
        wanted = abs(trial.difference)
        for other in onward:
            gap = difference(other) or _ZERO
            moved = [kg for kg in (other.export.kg, other.import_.kg) if kg]
            similar = [kg for kg in moved if trial.is_same(kg, wanted)]
            if gap * sign < 0 and trial.is_open(other):
                # Missing on both sides of the zone: what came in and what went on.
                similar += [-gap * sign] if trial.is_same(gap, -sign * wanted, roughly=True) else []
            if other.key == key or not similar:
                continue
            best = min(similar, key=lambda kg: abs(kg - wanted))
            figures = (*_figures(trial.pair), *_figures(other, "other "))
            yield Hypothesis(
                HypothesisKind.RE_EXPORT_FREE_ZONE,
                trial.closes(wanted - best),
                wanted - best,
                figures,
                (other.key,),
                zone,
            )


TESTS: tuple[Test, ...] = (
    _unit,
    _year_shift,
    _transit,
    _wrong_chemical,
    _concentration,
    _threshold_basis,
    _low_concentration,
    _typo,
    _double_count,
    _free_zone,
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
