"""A State's own years, else its peers: outliers, what appears or vanishes once, what was copied.

The statistics work on logarithms; amounts themselves stay decimals. Changes from and to zero are
methods of their own, because no logarithm tells them.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import TOTALS, WAYS, Facts, Figure, National
from sextant_declarations.analysis.anomalies.model import OTHERS, Card, Shown, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import NONE, declared, placed, threshold

_NORMAL = 0.6745  # median absolute deviation of a normal distribution in standard deviations
_NEAR = (-2, -1, 1)  # the years around one that something vanishes in
_DIGITS = 3  # fewer agree by chance
Peers = Mapping[tuple[str, str], Sequence[float]]


def peer_groups(states: Sequence[Facts]) -> Peers:
    """Return, by chemical and total, the logarithm of each State's median."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for facts in states:
        for at, series in _series(facts).items():
            logs = [_log(figure.low) for _, figure in series.values() if figure.low > NONE]
            if logs:
                found[at].append(statistics.median(logs))
    return found


def tests_of(record: National) -> int:
    """Return how many statistical tests a record is put to: each total, each way, one of drift."""
    return len(record.totals) + sum(bool(rows) for rows in record.rows.values()) + 1


def history_cards(facts: Facts, peers: Peers, policy: Policy) -> Iterator[Card]:
    """Yield the totals of one State that stand out from its other years."""
    at_sites = {
        (row.year, row.chemical, name)
        for row in facts.past
        for name, figure in row.amounts.items()
        if figure.low > NONE
    }
    for (chemical, name), series in _series(facts).items():
        yield from _outliers(facts, peers, policy, (chemical, name), series)
        yield from _once(facts, policy, (chemical, name), series, at_sites)
    yield from _copied(facts, policy)


def _series(facts: Facts) -> dict[tuple[str, str], dict[int, tuple[National, Figure]]]:
    found: dict[tuple[str, str], dict[int, tuple[National, Figure]]] = defaultdict(dict)
    for record in facts.national.values():
        for name in TOTALS:
            if name in record.totals and facts.is_whole(record.year, record.chemical):
                found[record.chemical, name][record.year] = record, record.totals[name]
    return found


def _log(kg: Decimal) -> float:
    return math.log1p(float(kg))


def _outliers(
    facts: Facts,
    peers: Peers,
    policy: Policy,
    at: tuple[str, str],
    series: Mapping[int, tuple[National, Figure]],
) -> Iterator[Card]:
    known = {year: (r, f) for year, (r, f) in series.items() if f.low > NONE}
    for year, (record, figure) in known.items():
        others = [_log(f.low) for y, (_, f) in known.items() if y != year]
        has_history = len(others) >= policy["least_years"]
        method = "HISTORY" if has_history else "PEERS"
        logs = others if has_history else peers.get(at, ())
        if not has_history and len(logs) < policy["peer_states"]:
            continue
        is_trade = at[1] in {"imported", "exported"}
        apart = policy["least_ratio_trade" if is_trade else "least_ratio"]
        least = policy["thresholds_apart"] * threshold(record.schedule)
        middle = statistics.median(logs)
        spread = statistics.median(abs(log - middle) for log in logs)
        spread = max(spread, float(policy["least_spread"]))
        z = _NORMAL * (_log(figure.low) - middle) / spread
        usual = Decimal(math.expm1(middle))
        ratio = max(figure.low / max(usual, Decimal(1)), usual / figure.low)
        if abs(z) < policy["modified_z"] or ratio < apart:
            continue
        if max(figure.low, usual) <= least:
            continue
        yield policy.card(
            method, state=facts.state, year=year, subject=at[0], field=at[1],
            figures=(
                declared(at[1], facts.state, figure),
                Shown("median", facts.state if has_history else OTHERS, f"{usual / 1000:.4g} t"),
                Shown("years or States compared", "", f"{len(logs)}"),
            ),
            tolerance=f"modified z of {policy['modified_z']} on logarithms; here {z:.1f}",
            tried=_powers(figure.low, usual, spread),
            clears=f"an amount within {apart} times of {usual / 1000:.4g} t",
            places=tuple(r.place for r, _ in known.values()) if has_history else (),
            probability=_tail(z),
            scale=min(1.0, 0.5 + abs(z) / 20),
        )  # fmt: skip


def _powers(kg: Decimal, usual: Decimal, spread: float) -> tuple[Tried, ...]:
    """Try powers of ten: a unit slip would bring the figure back among the other years."""
    power = min((-3, -1, 1, 3), key=lambda k: abs(_log(kg) - k * math.log(10) - _log(usual)))
    left = abs(_log(kg) - power * math.log(10) - _log(usual)) / spread * _NORMAL
    text = f"a modified z of {left:.1f} is left"
    return (Tried(f"a slip of 10^{power}", closes=False, left=text),)


def _tail(z: float) -> float:
    """Return how often honest figures are so far out; an exponential tail, heavier than normal."""
    return min(1.0, math.exp(-abs(z) * 1.5))


def _once(
    facts: Facts,
    policy: Policy,
    at: tuple[str, str],
    series: Mapping[int, tuple[National, Figure]],
    at_sites: set[tuple[int, str, str]],
) -> Iterator[Card]:
    chemical, name = at
    if name != "produced":
        return  # trade and use come and go
    for year, (record, figure) in series.items():
        if figure.low > NONE or not facts.reported_years:
            continue
        around = [series[y][1] for y in (year + n for n in _NEAR) if y in series]
        least = policy["thresholds_apart"] * threshold(record.schedule)
        if len(around) == len(_NEAR) and min(f.low for f in around) > least:
            yield policy.card(
                "VANISHED", state=facts.state, year=year, subject=chemical, field=name,
                figures=(
                    declared(f"{year}", facts.state, figure),
                    *(declared("near year", facts.state, one) for one in around),
                ),
                tolerance=f"{policy['thresholds_apart']} thresholds in each year around",
                tried=(
                    Tried("a stop of production", closes=(year, chemical, name) not in at_sites,
                          left="sites still declare it" if (year, chemical, name) in at_sites
                          else "no site declares it either"),
                ),
                clears="the amount, or a note that production stopped",
            )  # fmt: skip
    made = {year: f for year, (_, f) in series.items() if f.low > NONE}
    for year, figure in made.items():
        record = series[year][0]
        near = {y for y in made if y != year}
        is_alone = not near and not any(at[1:] == (chemical, name) for at in at_sites)
        if is_alone and figure.low > policy["thresholds_apart"] * threshold(record.schedule):
            yield policy.card(
                "APPEARED", state=facts.state, year=year, subject=chemical, field=name,
                figures=(declared(f"{year}", facts.state, figure),
                         Shown("other years", facts.state, "none")),
                tolerance=f"{policy['thresholds_apart']} thresholds",
                tried=(Tried("a plant site that makes it", closes=False, left="none declares it"),),
                clears="a plant site that made it, or no amount",
            )  # fmt: skip


def _copied(facts: Facts, policy: Policy) -> Iterator[Card]:
    for (year, chemical), record in facts.national.items():
        last = facts.national.get((year - 1, chemical))
        if last is None:
            continue
        for way in WAYS:
            rows = {row.partner: row.kg for row in record.rows[way]}
            before = {row.partner: row.kg for row in last.rows[way]}
            digits = sum(_digits(kg) for kg in rows.values() if kg)
            if rows != before or digits < _DIGITS:
                continue
            yield policy.card(
                "COPIED", state=facts.state, year=year, subject=chemical, field=way,
                figures=tuple(
                    placed(f"{year} {row.partner}", facts.state, row.text, row.place)
                    for row in record.rows[way]
                ),
                tolerance="every row, to the digit",
                tried=(Tried("chance", closes=False, left=f"{digits} digits agree"),),
                clears=f"the {way} of {year}",
                places=(last.place,),
                probability=10.0 ** -min(digits, 12),
            )  # fmt: skip


def _digits(kg: Decimal) -> int:
    """Return how many digits a figure has without the zeros at its ends."""
    return len(kg.normalize().as_tuple().digits)
