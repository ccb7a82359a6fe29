"""Mass balance with an implied stock: what is used and leaves must once have come.

Closing stocks are not declared for Schedules 2 and 3; what remains of a year is therefore taken
into an implied stock, whose cumulated sum never goes below zero. What was there before the first
year is not known; it is taken for a share of yearly use (policy). Each figure is an interval.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import Facts, National, mass
from sextant_declarations.analysis.anomalies.model import Card, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import NONE, computed, declared, threshold

_IN, _OUT = ("produced", "imported"), ("consumed", "processed", "exported")


def balance_cards(facts: Facts, policy: Policy) -> Iterator[Card]:
    """Yield chemicals of which more left than can have been there, or whose balance drifts."""
    chemicals: dict[str, dict[int, National]] = defaultdict(dict)
    for (year, chemical), record in facts.national.items():
        if facts.is_whole(year, chemical):
            chemicals[chemical][year] = record
    for records in chemicals.values():
        yield from _below_zero(facts, records, policy)


def _flows(record: National, policy: Policy) -> tuple[Decimal, Decimal]:
    """Return between which amounts the stock changed in a year.

    A total that is not declared may be up to the threshold.
    """
    low = high = NONE
    least = threshold(record.schedule)
    for name in (*_IN, *_OUT):
        if name in {"consumed", "processed"} and record.regime == "S3":
            continue
        figure = record.totals.get(name)
        kg = figure.low if figure else NONE
        slack = policy["rounding"] * kg + least
        sign = 1 if name in _IN else -1
        low += sign * kg - slack
        high += sign * kg + slack
    return low, high


def _below_zero(facts: Facts, records: Mapping[int, National], policy: Policy) -> Iterator[Card]:
    use = sorted(_out(record) for record in records.values())
    usual = use[len(use) // 2] if use else NONE
    opening = policy["stock_years"] * usual
    stock, drift = opening, 0.0
    for year in sorted(records):
        record = records[year]
        seen = [records[y] for y in sorted(records) if y <= year]
        _, high = _flows(record, policy)
        before = stock
        stock += high
        if stock >= NONE:
            scale = float(max(usual, threshold(record.schedule)))
            drift = max(0.0, drift - float(high) / scale - float(policy["cusum_slack"]))
            if drift > policy["cusum_alarm"]:
                chance = math.exp(-drift)
                yield _card("BALANCE_DRIFT", facts, seen, policy, before, -high, chance)
                drift = 0.0
            continue
        yield _card("BALANCE", facts, seen, policy, before, -stock, None)
        stock, drift = NONE, 0.0  # the years after are looked at by themselves


def _out(record: National) -> Decimal:
    return sum((record.totals[n].low for n in _OUT if n in record.totals), NONE)


def _card(  # noqa: PLR0917 - the parts of one comparison
    method: str,
    facts: Facts,
    seen: Sequence[National],
    policy: Policy,
    before: Decimal,
    gap: Decimal,
    probability: float | None,
) -> Card:
    record = seen[-1]
    names = [name for name in (*_IN, *_OUT) if name in record.totals]
    return policy.card(
        method, state=facts.state, year=record.year, subject=record.chemical,
        figures=(
            *(declared(name, facts.state, record.totals[name]) for name in names),
            computed("implied stock before, at most", facts.state, before),
        ),
        tolerance=f"rounding of {policy['rounding']} and a threshold for each total",
        tried=(
            Tried("an opening stock", closes=False, left=mass(gap)),
            Tried("totals below the threshold", closes=False, left=mass(gap)),
        ),
        clears=f"{mass(gap)} more made or imported, or as much less used or exported",
        places=tuple(one.place for one in seen),
        probability=probability,
    )  # fmt: skip
