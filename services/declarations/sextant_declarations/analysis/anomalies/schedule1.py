"""Schedule 1: stocks by interval arithmetic, ceilings, and the two notices of a transfer."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from sextant_declarations.analysis.anomalies.facts import Facts, Notice, Stock, mass
from sextant_declarations.analysis.anomalies.model import Card, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import NONE, declared, placed

_SMALL_SCALE = "S1_SSSF"


def stock_cards(facts: Facts, policy: Policy) -> Iterator[Card]:
    """Yield stocks that are above a ceiling or above what can be there."""
    before = {(one.facility, one.chemical, one.year): one for one in facts.stocks}
    for one in facts.stocks:
        highest = max((f for f in (one.end, one.most) if f), key=lambda f: f.low, default=None)
        if highest is None:
            continue
        made = one.produced.low if one.produced else NONE
        small = one.facility_type == _SMALL_SCALE
        ceiling = policy["ceiling_state_kg" if small else "ceiling_facility_kg"]
        if made > ceiling or (small and highest.low > ceiling):
            over = one.produced if made > ceiling and one.produced else highest
            yield policy.card(
                "S1_CEILING", state=facts.state, year=one.year, subject=one.facility,
                figures=(declared(one.facility, facts.state, over),),
                tolerance=f"ceiling of {mass(ceiling, '1')}", tried=(),
                clears=f"at most {mass(ceiling, '1')}",
            )  # fmt: skip
            continue
        yield from _unexplained(facts, policy, one, before)


def _unexplained(
    facts: Facts, policy: Policy, one: Stock, before: dict[tuple[str, str, int], Stock]
) -> Iterator[Card]:
    """Yield a stock above the most that opening, production and receipts can have left there."""
    earlier = before.get((one.facility, one.chemical, one.year - 1))
    highest = max((f for f in (one.end, one.most) if f), key=lambda f: f.low)
    is_first = not any(y < one.year for f, _, y in before if f == one.facility)
    is_open = is_first or not facts.is_whole(one.year, one.chemical)
    if is_open or (earlier and earlier.end is None) or one.received is None:
        return  # what was there at the start is not known
    opening = earlier.end.low if earlier and earlier.end else NONE
    abroad = sum(
        (kg for year, chemical, kg, came in facts.listed
         if came and (year, chemical) == (one.year, one.chemical)), NONE,
    )  # fmt: skip
    noticed = sum(
        (n.kg or NONE for n in facts.notices
         if n.receiver == facts.state and n.chemical == one.chemical
         and n.day_text.startswith(f"{one.year}-")), NONE,
    )  # fmt: skip
    made = one.produced.low if one.produced else NONE
    most = opening + made + one.received + max(abroad, noticed)
    slack = policy["rounding"] * (most + highest.low)
    gap = highest.low - most - slack
    if gap <= NONE:
        return
    yield policy.card(
        "S1_STOCK", state=facts.state, year=one.year, subject=one.facility,
        figures=(
            declared(f"{one.facility} stored", facts.state, highest),
            placed("stored a year before", facts.state, mass(opening, "1"),
                   earlier.place if earlier else one.place),
            declared("produced", facts.state, one.produced),
            placed("received", facts.state, mass(one.received + max(abroad, noticed), "1"),
                   one.place),
        ),
        tolerance=f"rounding of {policy['rounding']}",
        tried=(Tried("all that the State received from abroad came here", closes=False,
                     left=mass(gap, "1")),),
        clears=f"a stock of at most {mass(most, '1')}",
        scale=1.0 if highest.low > policy["ceiling_facility_kg"] else 0.9,
    )  # fmt: skip


def notice_cards(
    notices: Iterable[Notice], is_bound: Callable[[str, int], bool], policy: Policy
) -> Iterator[Card]:
    """Yield transfers whose two notices differ; `is_bound` tells of whom one is asked in a year."""
    sides: dict[tuple[str, str, str], tuple[list[Notice], list[Notice]]] = defaultdict(
        lambda: ([], [])
    )
    for one in notices:
        pair = sides[one.sender, one.receiver, one.chemical]
        pair[0 if one.declarant == one.sender else 1].append(one)
    for (sender, receiver, _), (sent, received) in sides.items():
        yield from _pair(sent, received, policy)
        for one in (*sent, *received):
            other = receiver if one.declarant == sender else sender
            if is_bound(other, int(one.day_text[:4])):
                yield policy.card(
                    "S1_ONE_SIDED", state=other, year=int(one.day_text[:4]),
                    subject=one.chemical, states=tuple(sorted({sender, receiver})),
                    figures=(
                        placed("notice", one.declarant, f"{one.text}, {one.day_text}", one.place),
                        placed("notice of the other State", other, "not given", one.place),
                    ),
                    tolerance=f"{policy['notice_days']} days",
                    tried=(Tried("another day or quantity", closes=False, left=one.text),),
                    clears=f"the notice of {other}",
                )  # fmt: skip


def _pair(sent: list[Notice], received: list[Notice], policy: Policy) -> Iterator[Card]:
    """Take away what fits; yield what fits but for its day or its quantity."""
    tests: tuple[tuple[str, Callable[[Notice, Notice], bool]], ...] = (
        ("", lambda a, b: a.day == b.day and a.kg == b.kg),
        ("S1_QUANTITY", lambda a, b: a.day == b.day),
        ("S1_DAY", lambda a, b: a.kg == b.kg and abs(a.day - b.day) <= policy["notice_days"]),
    )
    for method, fits in tests:
        for one in [*sent]:
            candidates = [other for other in received if fits(one, other)]
            other = min(candidates, key=lambda o: abs(o.day - one.day), default=None)
            if other is None:
                continue
            sent.remove(one)
            received.remove(other)
            if method:
                yield _differing(method, one, other, policy)


def _differing(method: str, one: Notice, other: Notice, policy: Policy) -> Card:
    by_day = method == "S1_DAY"
    return policy.card(
        method, state=one.sender, year=int(one.day_text[:4]), subject=one.chemical,
        states=(one.sender, one.receiver),
        figures=tuple(
            placed("notice", n.declarant, n.day_text if by_day else n.text, n.place)
            for n in (one, other)
        ),
        tolerance="none", tried=(), clears="the same in both notices",
    )  # fmt: skip
