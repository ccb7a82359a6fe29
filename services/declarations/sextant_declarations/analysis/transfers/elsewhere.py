"""Explanations by what stands elsewhere: in another year, chemical, or with a third State."""

from collections.abc import Iterator
from decimal import Decimal

from sextant_declarations.analysis.transfers.model import Hypothesis, HypothesisKind, Pair
from sextant_declarations.analysis.transfers.trial import (
    Trial,
    difference,
    figures_of,
    of_both,
    rounding_of,
)

_ZERO = Decimal(0)


def year_shift(trial: Trial) -> Iterator[Hypothesis]:
    """What one State books with this year the other books with the next, or the one before."""
    pair = trial.pair
    for year in (pair.key.year - 1, pair.key.year + 1):
        other = trial.near.of_year(pair, year)
        shift = difference(other) if other is not None and other.klass.is_difference else None
        if other is None or shift is None or (shift > 0) == (trial.difference > 0):
            continue
        residual = max(_ZERO, abs(trial.difference + shift) - trial.rounding - rounding_of(other))
        if residual <= pair.threshold:
            figures = (*figures_of(pair), *figures_of(other, f"{year} "), of_both("left", residual))
            yield Hypothesis(
                HypothesisKind.YEAR_SHIFT, trial.closes(residual), residual, figures, (other.key,)
            )


def transit(trial: Trial) -> Iterator[Hypothesis]:
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
        figures = (*figures_of(trial.pair), *figures_of(other, "other "), of_both("left", residual))
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


def wrong_chemical(trial: Trial) -> Iterator[Hypothesis]:
    """The same goods stand under another chemical on one side."""
    for other in trial.near.of_partners(trial.pair):
        shift = difference(other)
        if other.schedule[0] != trial.pair.schedule[0] or shift is None:
            continue
        if (shift > 0) == (trial.difference > 0) or not trial.is_open(other):
            continue
        if trial.is_same(shift, -trial.difference):
            residual = trial.difference + shift
            figures = (*figures_of(trial.pair), *figures_of(other, f"{other.key.chemical} "))
            yield Hypothesis(
                HypothesisKind.WRONG_CHEMICAL,
                trial.closes(residual),
                residual,
                (*figures, of_both("left", residual)),
                (other.key,),
            )


def free_zone(trial: Trial) -> Iterator[Hypothesis]:
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
            figures = (*figures_of(trial.pair), *figures_of(other, "other "))
            yield Hypothesis(
                HypothesisKind.RE_EXPORT_FREE_ZONE,
                trial.closes(wanted - best),
                wanted - best,
                figures,
                (other.key,),
                zone,
            )
