"""What a State believes its imports and exports of a year were: the books, seen through its rules.

The true shipments become rows in the order in which an authority works: what happened in the year;
which of it counts (concentration); which companies had to report; how much by partner; whether the
national total is above the threshold at all. Faults strike at the step where they happen.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sextant_client.world import faults as kinds
from sextant_client.world.amounts import rounded
from sextant_client.world.faults import EXPORTS, IMPORTS, Fault
from sextant_client.world.ledger import Ledger
from sextant_client.world.profiles import Profile
from sextant_client.world.relations import PURE
from sextant_client.world.substances import substances

STRICT_LIMIT = 80  # per cent, as one national law reads it
_TEN = 10


class Item(NamedTuple):
    """One shipment as one side books it; grams of the pure chemical."""

    direction: str
    substance: int
    partner: str
    grams: int
    percent: int
    company: int
    number: int


class Row(NamedTuple):
    """One partner's line: rounded grams, and whether only «less than the threshold» is said.

    `percent` is the strength of the mixture as which all of it moved; 0 for anything else.
    """

    grams: int
    is_less_than: bool
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """One chemical in one direction: unrounded total in grams, and rows by partner in order."""

    total: int
    rows: Mapping[str, Row]


Trade = Mapping[tuple[str, int], Flow]
"""By direction and chemical; what is not declared is not there."""


def book(ledger: Ledger, state: str, year: int) -> list[Item]:
    """Return what truly crossed the border of a State in a year."""
    sent = [
        Item(EXPORTS, s.substance, s.importer, s.grams, s.percent, s.sender, s.number)
        for s in ledger.sent.get((state, year), ())
    ]
    received = [
        Item(IMPORTS, s.substance, s.exporter, s.grams, s.percent, s.receiver, s.number)
        for s in ledger.received.get((state, year), ())
    ]
    return sent + received


def declare_trade(
    ledger: Ledger, profile: Profile, year: int, faults: Sequence[Fault] = ()
) -> Trade:
    """Return the rows that a State declares for a year, with these faults."""
    items = book(ledger, profile.code, year)
    for fault in faults:
        distort = _AMONG_SHIPMENTS.get(fault.kind)
        if distort is not None:
            items = distort(items, fault, year, ledger)
    by_flow: dict[tuple[str, int], list[Item]] = {}
    for item in items:
        by_flow.setdefault((item.direction, item.substance), []).append(item)
    trade: dict[tuple[str, int], Flow] = {}
    for key in sorted(by_flow):
        struck = [f for f in faults if key == (f.direction, f.substance)]
        flow = _flow(by_flow[key], key[1], profile, struck)
        if flow is not None:
            trade[key] = flow
    for fault in faults:
        if fault.kind == kinds.SWAPPED_COLUMNS:
            _swap(trade, fault.substance)
        elif fault.kind == kinds.COPIED_LAST_YEAR:
            _copy(trade, declare_trade(ledger, profile, year - 1), fault.substance)
    return trade


def _flow(
    items: Sequence[Item], substance: int, profile: Profile, faults: Sequence[Fault]
) -> Flow | None:
    """Return one flow, or None where the national total need not be declared."""
    chemical = substances()[substance]
    struck = {fault.kind for fault in faults}
    limit = profile.limits.of(chemical.limit_group)
    if kinds.LOW_CONCENTRATION in struck:
        limit = STRICT_LIMIT
    rule = "company-country" if kinds.THRESHOLD_BASIS in struck else profile.company_rule
    counted = [item for item in items if item.percent > limit]
    by_partner: dict[str, int] = {}
    strengths: dict[str, set[int]] = {}
    for item in _reported(counted, rule, chemical.threshold):
        by_partner[item.partner] = by_partner.get(item.partner, 0) + item.grams
        strengths.setdefault(item.partner, set()).add(item.percent)
    if sum(by_partner.values()) <= chemical.threshold:
        return None
    rows: dict[str, Row] = {}
    total = 0
    for partner in sorted(by_partner):
        grams = by_partner[partner]
        for fault in faults:
            if fault.partner == partner and fault.kind in _AMONG_ROWS:
                grams = _AMONG_ROWS[fault.kind](grams, fault, profile.significant_digits)
        total += grams
        vague = profile.rest_as_less_than and grams <= chemical.threshold
        mixture = min(strengths[partner]) if len(strengths[partner]) == 1 else PURE
        figure = rounded(grams, profile.significant_digits)
        rows[partner] = Row(figure, vague, mixture if mixture < PURE else 0)
    return Flow(total, rows)


def _reported(items: Sequence[Item], rule: str, threshold: int) -> Iterable[Item]:
    """Return what companies report: all, or only those above the threshold."""
    if rule == "sum":
        return items

    def seller(item: Item) -> tuple[int, str]:
        return item.company, item.partner if rule == "company-country" else ""

    sums: dict[tuple[int, str], int] = {}
    for item in items:
        sums[seller(item)] = sums.get(seller(item), 0) + item.grams
    return [item for item in items if sums[seller(item)] > threshold]


Distort = Callable[[list[Item], Fault, int, Ledger], list[Item]]


def _about(item: Item, fault: Fault) -> bool:
    return fault.is_about(item.direction, item.substance, item.partner)


def _shift(items: list[Item], fault: Fault, year: int, ledger: Ledger) -> list[Item]:
    """Book late shipments of the first year with the second."""
    first, second = fault.years
    if year == first:
        return [item for item in items if item.number not in fault.shipments]
    if year == second:
        late = [i for i in book(ledger, fault.declarant, first) if i.number in fault.shipments]
        return items + [item for item in late if item.direction == fault.direction]
    return items


def _name_transit_state(items: list[Item], fault: Fault, _year: int, _ledger: Ledger) -> list[Item]:
    return [
        item._replace(partner=fault.other)
        if item.direction == fault.direction and item.number in fault.shipments
        else item
        for item in items
    ]


def _name_other_chemical(
    items: list[Item], fault: Fault, _year: int, _ledger: Ledger
) -> list[Item]:
    return [
        item._replace(substance=fault.other_substance) if _about(item, fault) else item
        for item in items
    ]


def _weigh_gross(items: list[Item], fault: Fault, _year: int, _ledger: Ledger) -> list[Item]:
    return [
        item._replace(grams=item.grams * PURE // item.percent) if _about(item, fault) else item
        for item in items
    ]


def _leave_out(items: list[Item], fault: Fault, _year: int, _ledger: Ledger) -> list[Item]:
    return [item for item in items if item.number not in fault.shipments]


_AMONG_SHIPMENTS: Mapping[str, Distort] = {
    kinds.YEAR_SHIFT: _shift,
    kinds.TRANSIT: _name_transit_state,
    kinds.WRONG_CHEMICAL: _name_other_chemical,
    kinds.CONCENTRATION: _weigh_gross,
    kinds.RE_EXPORT_FREE_ZONE: _leave_out,
}


def _mistype(grams: int, fault: Fault, digits: int) -> int:
    """Swap two neighbouring digits of the figure."""
    text = str(rounded(grams, digits))
    at = fault.factor
    if at >= len(text):
        return grams
    return int(text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :])


_AMONG_ROWS: Mapping[str, Callable[[int, Fault, int], int]] = {
    kinds.UNIT_10: lambda grams, fault, _: grams * _TEN if fault.factor else grams // _TEN,
    kinds.UNIT_1000: lambda grams, fault, _: grams * 1000 if fault.factor else grams // 1000,
    kinds.DOUBLE_COUNT: lambda grams, _, __: grams * 2,
    kinds.TYPO: _mistype,
}


def _swap(trade: dict[tuple[str, int], Flow], substance: int) -> None:
    imports, exports = (trade.pop((way, substance), None) for way in (IMPORTS, EXPORTS))
    if imports is not None:
        trade[EXPORTS, substance] = imports
    if exports is not None:
        trade[IMPORTS, substance] = exports


def _copy(trade: dict[tuple[str, int], Flow], earlier: Trade, substance: int) -> None:
    for way in (IMPORTS, EXPORTS):
        trade.pop((way, substance), None)
        if (way, substance) in earlier:
            trade[way, substance] = earlier[way, substance]
