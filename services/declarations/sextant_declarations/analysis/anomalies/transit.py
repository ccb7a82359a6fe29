"""Which third State explains differences: minimum-cost flow over what is left of transfers.

If goods go from i by way of k to j and one side names k where the other names j, then what the
exporter sent to one and what the importer received from the other are both one-sided. For each
year and chemical, unmatched exports are sources and unmatched imports sinks; an arc joins an
export i→a with an import b→j when i = b or a = j (the same true exporter, or the same true
importer). Its cost is how badly the quantities balance, so that the cheapest flow pairs them best.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import mass
from sextant_declarations.analysis.anomalies.model import Card, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.residuals import Key, Residual
from sextant_declarations.analysis.anomalies.showing import NONE, placed, threshold

_SCALE = 10_000  # costs of the flow are whole numbers
_END = "end"


def transit_cards(found: Mapping[Key, Residual], policy: Policy) -> Iterator[Card]:
    """Yield pairs of differences that balance if one State is a country of transit."""
    groups: dict[tuple[int, str], tuple[list[Residual], list[Residual]]] = defaultdict(
        lambda: ([], [])
    )
    for one in found.values():
        groups[one.year, one.chemical][0 if one.gap > NONE else 1].append(one)
    for sent, received in groups.values():
        for out, into in assign(sent, received, policy):
            yield _card(out, into, policy)


def assign(
    sent: Sequence[Residual], received: Sequence[Residual], policy: Policy
) -> list[tuple[Residual, Residual]]:
    """Return which unmatched export goes with which unmatched import, at the least cost."""
    arcs = {
        (i, j): cost
        for i, out in enumerate(sent)
        for j, into in enumerate(received)
        if (cost := _cost(out, into, policy)) is not None
    }
    if not arcs:
        return []
    import networkx as nx  # noqa: PLC0415 - heavy: only where there is a flow to solve

    graph = nx.DiGraph()
    for (i, j), cost in arcs.items():
        graph.add_edge("start", ("out", i), capacity=1, weight=0)
        graph.add_edge(("out", i), ("in", j), capacity=1, weight=cost)
        graph.add_edge(("in", j), _END, capacity=1, weight=0)
    flow = nx.max_flow_min_cost(graph, "start", _END)
    return [(sent[i], received[j]) for i, j in arcs if flow["out", i]["in", j]]


def _cost(out: Residual, into: Residual, policy: Policy) -> int | None:
    """Return how badly two differences balance; None when no transit would explain them."""
    if (out.exporter == into.exporter) == (out.importer == into.importer):
        return None
    gaps = abs(out.gap), abs(into.gap)
    left = abs(gaps[0] - gaps[1])
    least = threshold(out.schedule)
    alone = _is_alone(out) and _is_alone(into) and min(gaps) > policy["thresholds_apart"] * least
    figures = out.x + out.m + into.x + into.m
    slack = policy["flow_tolerance"] * max(gaps) + policy["rounding"] / 2 * figures
    if alone:
        slack = max(slack, least + policy["transit_spread"] * max(gaps))
    # A small part of a large figure is what honest States differ by.
    parts = [abs(one.gap) / max(one.x, one.m) for one in (out, into)]
    if left > slack or min(gaps) <= least or min(parts) < policy["transit_part"]:
        return None
    return int(left / max(gaps) * _SCALE)


def _is_alone(one: Residual) -> bool:
    """Return whether only one of the two States declares the flow at all."""
    return (one.sent is None) != (one.received is None)


def _card(out: Residual, into: Residual, policy: Policy) -> Card:
    same = out.exporter == into.exporter
    via = (out.importer, into.importer) if same else (out.exporter, into.exporter)
    left = abs(abs(out.gap) - abs(into.gap))
    sides = [
        (out.exporter, out.sent), (out.importer, out.received),
        (into.exporter, into.sent), (into.importer, into.received),
    ]  # fmt: skip
    states = tuple(sorted({out.exporter, out.importer, into.exporter, into.importer}))
    return policy.card(
        "TRANSIT", state=out.exporter if same else out.importer, year=out.year,
        subject=out.chemical, via=" or ".join(via), states=states,
        figures=tuple(placed("figure", who, row.text, row.place) for who, row in sides if row),
        tolerance=f"{mass(threshold(out.schedule))} and {policy['flow_tolerance']} of the flow",
        tried=(Tried(f"transit through {via[0]} or {via[1]}", closes=False, left=mass(left)),),
        clears=f"{via[0]} and {via[1]} exchanged in one declaration",
        scale=1 - float(left / max(abs(out.gap), Decimal(1))),
    )  # fmt: skip
