"""Plans against what was done and against capacity: slips by a power of ten."""

from collections.abc import Iterator
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import ACTIVITIES, AtPlant, Facts, Figure, mass
from sextant_declarations.analysis.anomalies.model import Card, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import NONE, declared

_THOUSAND = Decimal(1000)


def plan_cards(facts: Facts, policy: Policy) -> Iterator[Card]:
    """Yield planned amounts that are far above what was done and could be done."""
    done: dict[tuple[str, str, int], AtPlant] = {}
    for row in facts.past:
        done.setdefault((row.plant, row.chemical, row.year), row)
    told: set[tuple[int, str, str]] = set()
    for plan in facts.ahead:
        for name in ACTIVITIES:
            figure = plan.amounts.get(name)
            at = (plan.year, plan.plant, plan.chemical)
            if plan.regime == "S3" or not figure or not figure.low or at in told:
                continue
            near = _near(done, plan, name)
            if near and figure.low > policy["plan_slip"] * near.low:
                told.add(at)
                yield _card(facts, policy, plan, name, figure, near)


def _near(done: dict[tuple[str, str, int], AtPlant], plan: AtPlant, name: str) -> Figure | None:
    """Return the largest measure of the plant: its capacity, or what it did near that year."""
    found = [plan.capacity] if plan.capacity and name == "produced" else []
    for year in (plan.year, plan.year - 1, plan.year - 2):
        row = done.get((plan.plant, plan.chemical, year))
        if row:
            found += [row.amounts[n] for n in (name, "produced") if n in row.amounts]
            if row.capacity and name == "produced":
                found.append(row.capacity)
    real = [figure for figure in found if figure.low > NONE]
    return max(real, key=lambda figure: figure.low, default=None)


def _card(
    facts: Facts, policy: Policy, plan: AtPlant, name: str, figure: Figure, near: Figure
) -> Card:
    less = figure.low / _THOUSAND
    return policy.card(
        "PLAN_SLIP", state=facts.state, year=plan.year, subject=plan.chemical,
        figures=(
            declared(f"{plan.plant} planned to be {name}", facts.state, figure),
            declared("capacity, or most that was done", facts.state, near),
        ),
        tolerance=f"{policy['plan_slip']} times",
        tried=(Tried("a thousand times too large", closes=False, left=mass(abs(near.low - less))),),
        clears=f"a planned amount of {mass(less)}",
    )  # fmt: skip
