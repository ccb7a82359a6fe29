"""Differences between two States that nobody planted: both were honest, by rules that differ.

For each year, chemical and ordered pair the two declared figures are compared as intervals
(transfers.md 3.2); where even the smallest possible difference is above the threshold, the true
shipments tell why.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sextant_client.world.faults import EXPORTS, IMPORTS
from sextant_client.world.relations import Shipment
from sextant_client.world.substances import Substance, substances
from sextant_client.world.trade import Row, Trade
from sextant_client.world.truth import World

Pair = tuple[str, str, int]
"""Exporter, importer, chemical."""


@dataclass(frozen=True, slots=True)
class HonestDifference:
    """One pair that differs by more than the threshold, without a fault on either side."""

    year: int
    exporter: str
    importer: str
    substance: Substance
    exported: Row | None
    imported: Row | None
    causes: tuple[str, ...]


def honest_differences(world: World, year: int) -> Iterator[HonestDifference]:
    """Yield the honest differences of a year, in order."""
    bound = [code for code, profile in world.profiles.items() if profile.reports_on(year)]
    trade = {code: world.honest_trade(code, year) for code in bound}
    faulty = {code for code in bound if world.trade(code, year) != trade[code]}
    for pair in sorted(_pairs(trade)):
        exporter, importer, index = pair
        if exporter not in trade or importer not in trade:
            continue  # nobody to compare with
        if {exporter, importer} & faulty and _is_struck(world, year, pair):
            continue
        sides = (
            _row(trade[exporter], EXPORTS, index, importer),
            _row(trade[importer], IMPORTS, index, exporter),
        )
        substance = substances()[index]
        if _gap(sides, substance.threshold) > substance.threshold:
            causes = tuple(_causes(world, year, pair, substance))
            yield HonestDifference(year, exporter, importer, substance, *sides, causes)


def _is_struck(world: World, year: int, pair: Pair) -> bool:
    exporter, importer, index = pair
    return any(
        index in {fault.substance, fault.other_substance} and year in fault.years
        for fault in world.faults.faults
        if fault.declarant in {exporter, importer}
    )


def _pairs(trade: Mapping[str, Trade]) -> set[Pair]:
    return {
        (state, partner, index) if way == EXPORTS else (partner, state, index)
        for state, flows in trade.items()
        for (way, index), flow in flows.items()
        for partner in flow.rows
    }


def _row(trade: Trade, way: str, index: int, partner: str) -> Row | None:
    flow = trade.get((way, index))
    return flow.rows.get(partner) if flow else None


def _gap(sides: tuple[Row | None, Row | None], threshold: int) -> int:
    """Return the smallest possible difference of two declared figures, in grams."""
    (low, high), (other_low, other_high) = (_interval(row, threshold) for row in sides)
    return max(0, low - other_high, other_low - high)


def _interval(row: Row | None, threshold: int) -> tuple[int, int]:
    if row is None or row.is_less_than:
        return 0, threshold
    step = 1
    while row.grams % (step * 10) == 0 and step < row.grams:
        step *= 10
    return row.grams - step // 2, row.grams + step // 2


def _causes(world: World, year: int, pair: Pair, substance: Substance) -> Iterator[str]:
    exporter, importer, _ = pair
    sent = [s for s in _between(world, pair, year, IMPORTS) if s.year_out == year]
    came = _between(world, pair, year, EXPORTS)
    if {s.number for s in sent} != {s.number for s in came}:
        yield "YEAR_SHIFT"
    limits = [
        world.profiles[code].limits.of(substance.limit_group) for code in (exporter, importer)
    ]
    if any(min(limits) < s.percent <= max(limits) for s in (*sent, *came)):
        yield "LOW_CONCENTRATION"
    rules = {world.profiles[code].company_rule for code in (exporter, importer)}
    if rules != {"sum"}:
        yield "THRESHOLD_BASIS"


def _between(world: World, pair: Pair, year: int, side: str) -> Sequence[Shipment]:
    """Return the true shipments of a pair: as dispatched in a year, or (EXPORTS) as arrived."""
    exporter, importer, index = pair
    books = (
        world.ledger.received.get((importer, year), ())
        if side == EXPORTS
        else world.ledger.sent.get((exporter, year), ())
    )
    return [
        s
        for s in books
        if s.substance == index and s.exporter == exporter and s.importer == importer
    ]
