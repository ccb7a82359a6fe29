"""Slips between two States' figures, before anything else is thought of.

Powers of ten, exchanged digits, double counts, exchanged columns, last year's figure, what a
neighbouring year makes good, and what is small in one year alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import TradeRow, mass
from sextant_declarations.analysis.anomalies.model import Card, Shown, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.residuals import Key, Residual
from sextant_declarations.analysis.anomalies.showing import NONE, placed, threshold

_POWERS = (10, 100, 1000, 1_000_000)


def slip_cards(
    found: Mapping[Key, Residual],
    compared: Mapping[Key, Residual],
    before: Mapping[tuple[str, Key], Decimal],
    policy: Policy,
) -> Iterator[Card]:
    """Yield differences of two exact figures that a slip explains, and exchanged columns.

    `before` are all exact rows, by the State that declares them.
    """
    for one in found.values():
        if one.x and one.m:
            if slip := slip_of(one.x, one.m, policy):
                yield _card("SLIP", one, policy, slip)
            elif power := _power_by_years(one, compared, before, policy):
                yield _card("SLIP", one, policy, f"about a factor of {power}")
            elif _is_copied(one, found, before):
                yield _card("SLIP", one, policy, "the figure of the year before")
            elif near := _made_good(one, compared, policy):
                yield _timing(one, near, policy)
        elif near := _made_good(one, compared, policy):
            yield _timing(one, near, policy)
    yield from _columns(found, policy)
    for key, one in compared.items():
        if key not in found:  # else the two sides tell it
            yield from _small_once(one, compared, policy)


def slip_of(x: Decimal, m: Decimal, policy: Policy) -> str:
    """Return by which slip one figure becomes the other, or nothing."""
    low, high = sorted((x, m))
    near = policy["slip_tolerance"]
    for power in _POWERS:
        if abs(high / low / power - 1) <= near:
            return f"a factor of {power}"
    if _is_swap(x, m, policy):
        return "two digits exchanged"
    if abs(high / low / 2 - 1) <= policy["rounding"]:
        return "counted twice"
    return ""


def _is_swap(x: Decimal, m: Decimal, policy: Policy) -> bool:
    """Return whether two neighbouring digits exchanged give the other, but for rounding."""
    for one, other in ((x, m), (m, x)):
        digits = str(int(one)).rstrip("0")
        zeros = len(str(int(one))) - len(digits)
        for i in range(min(len(digits) - 1, 3)):
            swapped = digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]
            value = Decimal(swapped + "0" * zeros)
            if swapped != digits and abs(value - other) <= policy["rounding"] * other:
                return True
    return False


def _power_by_years(
    one: Residual,
    compared: Mapping[Key, Residual],
    before: Mapping[tuple[str, Key], Decimal],
    policy: Policy,
) -> int:
    """Return the power of ten that one side is off from the other and from its own years.

    Honest States differ, by limits of concentration for instance, so that a slip may not show as a
    clean power; it does show against the side's own years, in which both sides were near.
    """
    wide = policy["slip_spread"]
    ratio = max(one.x, one.m) / min(one.x, one.m)
    power = next((p for p in _POWERS if p / wide <= ratio <= p * wide), 0)
    flow = (one.chemical, one.exporter, one.importer)
    keys = [(one.year + n, *flow) for n in (-2, -1, 1, 2)]
    near = [found for key in keys if (found := compared.get(key)) and found.x and found.m]
    agreed = [max(found.x, found.m) <= wide**2 * min(found.x, found.m) for found in near]
    if not power or 2 * sum(agreed) <= len(near):
        return 0
    for state, kg in ((one.exporter, one.x), (one.importer, one.m)):
        own = [before[state, key] for key in keys if before.get((state, key))]
        off = [power / wide**2 <= max(kg, o) / min(kg, o) <= power * wide**2 for o in own]
        if own and 2 * sum(off) > len(own):
            return power
    return 0


def _small_once(one: Residual, compared: Mapping[Key, Residual], policy: Policy) -> Iterator[Card]:
    """Yield rows without a figure, of years between others far above the threshold.

    A figure in a unit too large falls below the threshold and is given no more. Where the other
    side does not declare the partner either, as national laws on small companies let it, no two
    figures differ, and only the declarant's own years tell it.
    """
    least = threshold(one.schedule) * policy["small_once"]
    for is_export, row in ((True, one.sent), (False, one.received)):
        if row is None or row.kg is not None:
            continue
        near = {n: _row_of(one, n, compared, is_export=is_export) for n in (-2, -1, 1, 2)}
        own = [(n, told) for n, told in near.items() if told and told.kg]
        far = sum(told.kg > least for _, told in own if told.kg)
        if {n > 0 for n, _ in own} == {False, True} and 2 * far > len(own):
            yield _small_card(one, row, own, is_export=is_export, policy=policy)


def _row_of(
    one: Residual, away: int, compared: Mapping[Key, Residual], *, is_export: bool
) -> TradeRow | None:
    """Return what the same side says of the same flow, so many years away."""
    near = compared.get((one.year + away, one.chemical, one.exporter, one.importer))
    if near is None:
        return None
    return near.sent if is_export else near.received


def _small_card(
    one: Residual,
    row: TradeRow,
    own: Sequence[tuple[int, TradeRow]],
    *,
    is_export: bool,
    policy: Policy,
) -> Card:
    sides = (one.exporter, one.importer)
    state, other = sides if is_export else sides[::-1]
    across = one.received if is_export else one.sent
    told = [(one.year, row), *((one.year + n, near) for n, near in own)]
    figures = [placed(f"{year}", state, each.text, each.place) for year, each in told]
    if across:
        figures.append(placed(f"{one.year}", other, across.text, across.place))
    else:
        figures.append(Shown(f"{one.year}", other, "not declared"))
    return policy.card(
        "SMALL_ONCE", state=state, year=one.year, subject=one.chemical, states=sides,
        figures=tuple(figures),
        tolerance=f"{policy['small_once']} times {mass(threshold(one.schedule))} around it",
        clears="a figure in the row, or word that little moved in this year",
    )  # fmt: skip


def _is_copied(
    one: Residual, found: Mapping[Key, Residual], before: Mapping[tuple[str, Key], Decimal]
) -> bool:
    """Return whether one side repeats its figure of last year, when both sides still agreed."""
    last = (one.year - 1, one.chemical, one.exporter, one.importer)
    if last in found:
        return False
    return (before.get((one.exporter, last)) == one.x) != (
        before.get((one.importer, last)) == one.m
    )


def _made_good(one: Residual, compared: Mapping[Key, Residual], policy: Policy) -> Residual | None:
    """Return the flow of a neighbouring year that makes good what this one lacks, if one does."""
    for year in (one.year - 1, one.year + 1):
        near = compared.get((year, one.chemical, one.exporter, one.importer))
        if near and near.gap * one.gap < NONE:
            left = abs(near.gap + one.gap)
            less = left < abs(one.gap) / 2  # the neighbour has to make good most of it
            slack = max(policy["rounding"] * (one.x + near.x), policy["timing_left"] * abs(one.gap))
            if less and left <= threshold(one.schedule) + slack:
                return near
    return None


def _timing(one: Residual, near: Residual, policy: Policy) -> Card:
    """Return the card of a difference that a neighbouring year makes good.

    Goods at sea at the turn of the year are sent in one year and received in the next, which
    explains it. What is received before it is sent is no voyage: one side counts in a wrong year,
    where the two years balance to the digit.
    """
    sent_late = (one.gap < NONE) == (one.year < near.year)
    is_exact = abs(one.gap + near.gap) <= policy["flow_tolerance"] * abs(one.gap)
    return _card("SHIFTED" if sent_late and is_exact else "TIMING", one, policy, "", near)


def _card(
    method: str, one: Residual, policy: Policy, slip: str, near: Residual | None = None
) -> Card:
    # Whose figure it is, nobody knows; the card names both and stands under the exporter.
    sides = [(one.exporter, one.sent, f"{one.year}"), (one.importer, one.received, f"{one.year}")]
    if near:
        sides += [(near.exporter, near.sent, f"{near.year}")]
        sides += [(near.importer, near.received, f"{near.year}")]
    left = mass(abs(one.gap + near.gap) if near else NONE)
    turn = "goods at sea at the turn of the year"
    return policy.card(
        method, state=one.exporter, year=one.year, subject=one.chemical, slip=slip,
        states=(one.exporter, one.importer),
        figures=tuple(placed(name, who, row.text, row.place) for who, row, name in sides if row),
        tolerance=f"{mass(threshold(one.schedule))} and rounding of {policy['rounding']}",
        tried=(
            Tried(slip or turn, closes=method == "TIMING", left=left),
            Tried("rounding", closes=False, left=mass(abs(one.gap))),
        ),
        clears="the other figure in one of the two declarations",
    )  # fmt: skip


def _columns(found: Mapping[Key, Residual], policy: Policy) -> Iterator[Card]:
    """Yield States that declare as import what a partner declares to have received from it."""
    for (year, chemical, exporter, importer), one in found.items():
        back = found.get((year, chemical, importer, exporter))
        # Both say that they imported from each other, or both that they exported to each other.
        alone = {(flow.sent is None, flow.received is None) for flow in (one, back) if flow}
        if exporter > importer or back is None or alone not in ({(True, False)}, {(False, True)}):
            continue
        a, b = (one.m or one.x), (back.m or back.x)
        slack = threshold(one.schedule) + policy["rounding"] * (a + b)
        if abs(a - b) > slack:
            continue
        rows = [(exporter, back.received or one.sent), (importer, one.received or back.sent)]
        figures: tuple[Shown, ...] = tuple(
            placed("figure", who, row.text, row.place) for who, row in rows if row
        )
        yield policy.card(
            "COLUMNS", state=importer, year=year, subject=chemical, states=(exporter, importer),
            figures=figures, tolerance=mass(threshold(one.schedule)),
            tried=(Tried("columns exchanged", closes=False, left=mass(abs(a - b))),),
            clears="imports and exports exchanged in one of the two declarations",
        )  # fmt: skip
