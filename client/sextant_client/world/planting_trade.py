"""Where faults in the books of trade can strike: candidates of each kind for a State and year."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

from sextant_client.world import faults as kinds
from sextant_client.world.amounts import rounded
from sextant_client.world.chance import Chance
from sextant_client.world.faults import EXPORTS, IMPORTS, Fault
from sextant_client.world.relations import PURE, Shipment
from sextant_client.world.substances import substances
from sextant_client.world.trade import STRICT_LIMIT, Row, Trade
from sextant_client.world.truth import World

_CLEAR = 3  # times the threshold: what is larger stands out
_TURN_OF_YEAR_DAYS = 70
_TEN = 10


def _rows(
    world: World, state: str, year: int, chance: Chance
) -> Iterator[tuple[str, int, str, Row]]:
    """Yield the large, exact rows of an honest State in a random order: with a bound partner."""
    trade = world.honest_trade(state, year)
    found = [
        (way, index, partner, row)
        for (way, index), flow in trade.items()
        for partner, row in flow.rows.items()
        if not row.is_less_than
        and row.grams > _CLEAR * substances()[index].threshold
        and world.profiles[partner].is_bound(year)
    ]
    yield from chance.shuffled(found)


def _shipments(world: World, state: str, year: int, way: str) -> Sequence[Shipment]:
    books = world.ledger.sent if way == EXPORTS else world.ledger.received
    return books.get((state, year), ())


def _of_row(
    world: World, state: str, year: int, way: str, index: int, partner: str
) -> list[Shipment]:
    return [
        shipment
        for shipment in _shipments(world, state, year, way)
        if shipment.substance == index
        and partner == (shipment.importer if way == EXPORTS else shipment.exporter)
    ]


def _unit(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    yield from _factor(kinds.UNIT_1000, world, state, year, chance)


def _decimal(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    yield from _factor(kinds.UNIT_10, world, state, year, chance)


def _factor(kind: str, world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield rows that can be too large (1) or too small (0) by the factor of the kind."""
    for way, index, partner, _ in _rows(world, state, year, chance):
        factor = chance.below(2)
        yield Fault(kind, state, (year,), "", way, index, partner, factor=factor)


def _double(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for way, index, partner, _ in _rows(world, state, year, chance):
        if way == IMPORTS:
            yield Fault(kinds.DOUBLE_COUNT, state, (year,), "", way, index, partner)


def _typo(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    digits = world.profiles[state].significant_digits
    for way, index, partner, row in _rows(world, state, year, chance):
        text = str(rounded(row.grams, digits))
        swaps = [
            at
            for at in range(1, len(text.rstrip("0")))
            if abs(int(text[at]) - int(text[at - 1])) * _TEN ** (len(text) - at - 1)
            > substances()[index].threshold
        ]
        if swaps:
            factor = chance.choose(swaps)
            yield Fault(kinds.TYPO, state, (year,), "", way, index, partner, factor=factor)


def _shift(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for way, index, partner, _ in _rows(world, state, year, chance):
        late = [
            s
            for s in _of_row(world, state, year, way, index, partner)
            if _day_of(s, way) > _day_of_turn(year)
        ]
        if sum(s.grams for s in late) > _CLEAR * substances()[index].threshold // 2:
            numbers = frozenset(s.number for s in late)
            yield Fault(
                kinds.YEAR_SHIFT,
                state,
                (year, year + 1),
                "",
                way,
                index,
                partner,
                shipments=numbers,
            )


def _transit(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for way, index, partner, _ in _rows(world, state, year, chance):
        through = [s for s in _of_row(world, state, year, way, index, partner) if s.via]
        numbers = frozenset(s.number for s in through)
        if through and world.profiles[through[0].via].is_bound(year):
            yield Fault(
                kinds.TRANSIT, state, (year,), "", way, index, partner, through[0].via,
                shipments=numbers,
            )  # fmt: skip


def _wrong_chemical(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for way, index, partner, _ in _rows(world, state, year, chance):
        schedule = substances()[index].schedule
        family = [s.index for s in substances() if s.schedule == schedule and s.index != index]
        near = [other for other in family if abs(other - index) <= 2] or family
        if near:
            yield Fault(
                kinds.WRONG_CHEMICAL, state, (year,), "", way, index, partner,
                other_substance=chance.choose(near),
            )  # fmt: skip


def _concentration(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield flows that move as one mixture, wrong for as long as the State keeps weighing so."""
    for way, index, partner, row in _rows(world, state, year, chance):
        threshold = substances()[index].threshold
        if row.percent and row.grams * (PURE - row.percent) // row.percent > threshold:
            lasting = [
                y for y in range(year, year + 3) if _of_row(world, state, y, way, index, partner)
            ]
            years = (year,) if len(lasting) < 3 else tuple(lasting)
            yield Fault(kinds.CONCENTRATION, state, years, "", way, index, partner)


def _flows(world: World, state: str, year: int, chance: Chance) -> Iterator[tuple[str, int, Trade]]:
    trade = world.honest_trade(state, year)
    for way, index in chance.shuffled(list(trade)):
        yield way, index, trade


def _threshold_basis(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield flows of a State that adds up, of which companies below the threshold are a part."""
    if world.profiles[state].company_rule != "sum":
        return
    for way, index, _ in _flows(world, state, year, chance):
        threshold = substances()[index].threshold
        sums: dict[tuple[int, str], int] = {}
        for s in _shipments(world, state, year, way):
            if s.substance == index:
                company = s.sender if way == EXPORTS else s.receiver
                key = (company, s.importer if way == EXPORTS else s.exporter)
                sums[key] = sums.get(key, 0) + s.grams
        if sum(grams for grams in sums.values() if grams <= threshold) > threshold:
            yield Fault(kinds.THRESHOLD_BASIS, state, (year,), "", way, index)


def _low_concentration(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    profile = world.profiles[state]
    for way, index, _ in _flows(world, state, year, chance):
        limit = profile.limits.of(substances()[index].limit_group)
        dropped = sum(
            s.grams
            for s in _shipments(world, state, year, way)
            if s.substance == index and limit < s.percent <= STRICT_LIMIT
        )
        if dropped > substances()[index].threshold:
            yield Fault(kinds.LOW_CONCENTRATION, state, (year,), "", way, index)


def _free_zone(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield goods that a State with a free zone took in and sent on in the same year."""
    if not world.profiles[state].free_zone:
        return
    for way, index, partner, _ in _rows(world, state, year, chance):
        if way != IMPORTS:
            continue
        came = {s.number for s in _of_row(world, state, year, way, index, partner)}
        onward = [s for s in _shipments(world, state, year, EXPORTS) if s.onward_of in came]
        if sum(s.grams for s in onward) > substances()[index].threshold:
            numbers = {s.number for s in onward} | {s.onward_of for s in onward}
            yield Fault(
                kinds.RE_EXPORT_FREE_ZONE, state, (year,), "", way, index, partner,
                onward[0].importer, shipments=frozenset(numbers),
            )  # fmt: skip


def _swapped(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for way, index, trade in _flows(world, state, year, chance):
        if trade[way, index].total > _CLEAR * substances()[index].threshold:
            yield Fault(kinds.SWAPPED_COLUMNS, state, (year,), "", way, index)


def _copied(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    if year - 1 not in world.plan.reporting_years:
        return
    for way, index, _ in _flows(world, state, year, chance):
        if (way, index) in world.honest_trade(state, year - 1):
            yield Fault(kinds.COPIED_LAST_YEAR, state, (year,), "", way, index)


def _day_of(shipment: Shipment, way: str) -> int:
    return shipment.dispatched if way == EXPORTS else shipment.arrived


def _day_of_turn(year: int) -> int:
    return dt.date(year, 12, 31).toordinal() - _TURN_OF_YEAR_DAYS


TRADE_PROPOSALS: Mapping[str, Callable[[World, str, int, Chance], Iterator[Fault]]] = {
    kinds.UNIT_10: _decimal,
    kinds.UNIT_1000: _unit,
    kinds.YEAR_SHIFT: _shift,
    kinds.TRANSIT: _transit,
    kinds.WRONG_CHEMICAL: _wrong_chemical,
    kinds.CONCENTRATION: _concentration,
    kinds.THRESHOLD_BASIS: _threshold_basis,
    kinds.LOW_CONCENTRATION: _low_concentration,
    kinds.TYPO: _typo,
    kinds.DOUBLE_COUNT: _double,
    kinds.RE_EXPORT_FREE_ZONE: _free_zone,
    kinds.SWAPPED_COLUMNS: _swapped,
    kinds.COPIED_LAST_YEAR: _copied,
}
