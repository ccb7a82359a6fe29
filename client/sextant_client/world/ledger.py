"""The hidden true ledger: what was made, used, held and shipped, to the gram.

For every State, chemical and year: opening + produced + imported = consumed + processed + exported
+ lost + closing, and every shipment stands once with its exporter and once with its importer.
Nothing here is ever declared as it stands: declarations are derived from it through the profile of
their State.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sextant_client.world.chance import Chance
from sextant_client.world.industry import CONSUME, PROCESS, PRODUCE, Era, Industry, Plant
from sextant_client.world.profiles import LARGE, LIGHT, MIDDLE, SMALL, Profile
from sextant_client.world.relations import Relation, Shipment, Shipping, make_relations
from sextant_client.world.substances import GRAMS, Substance, substances

_DOMESTIC = {LARGE: 100, MIDDLE: 40, LIGHT: 10, SMALL: 5}
_STOCK_PERCENT = 12
_LOSS_PER_THOUSAND = 2


class Balance(NamedTuple):
    """One chemical in one State in one year, in grams of the pure chemical."""

    opening: int
    produced: int
    imported: int
    consumed: int
    processed: int
    exported: int
    lost: int
    closing: int


NOTHING = Balance(0, 0, 0, 0, 0, 0, 0, 0)
Activity = dict[int, dict[str, int]]
"""By chemical and role: grams."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The truth of all years of `era`, which begins before and ends after the declared years."""

    era: Era
    relations: Sequence[Relation]
    sent: Mapping[tuple[str, int], Sequence[Shipment]]
    """Shipments by exporter and year of dispatch."""
    received: Mapping[tuple[str, int], Sequence[Shipment]]
    """Shipments by importer and year of arrival."""
    balances: Mapping[tuple[str, int, int], Balance]
    """By State, chemical and year."""
    activity: Mapping[tuple[str, int], Activity]
    """By plant and year."""
    capacity: Mapping[tuple[str, int], int]
    """By plant and chemical: grams a year."""

    def balance(self, state: str, substance: int, year: int) -> Balance:
        """Return one balance; all zero where nothing ever was."""
        return self.balances.get((state, substance, year), NOTHING)

    def of_plant(self, plant: Plant, year: int) -> Activity:
        """Return what a plant did in a year."""
        return self.activity.get((plant.code, year), {})


def make_ledger(seed: int, profiles: Mapping[str, Profile], industry: Industry, era: Era) -> Ledger:
    """Return the truth of the world."""
    relations = make_relations(seed, profiles, industry, era)
    books = _Books(seed, profiles, industry, era)
    shipping = Shipping(seed, relations)
    for year in range(era.first, era.last + 1):
        books.book(shipping.year(year))
    for state in profiles:
        for substance in substances():
            books.close(state, substance)
    return Ledger(
        era,
        relations,
        books.sent,
        books.received,
        books.balances,
        books.activity,
        books.capacities(),
    )


def nameplate(grams: int) -> int:
    """Return a round capacity of at least so many grams a year."""
    step = GRAMS
    while grams // step >= 100:
        step *= 10
    return (grams // step + 1) * step


class _Books:
    def __init__(
        self, seed: int, profiles: Mapping[str, Profile], industry: Industry, era: Era
    ) -> None:
        self.sent: dict[tuple[str, int], list[Shipment]] = {}
        self.received: dict[tuple[str, int], list[Shipment]] = {}
        self.balances: dict[tuple[str, int, int], Balance] = {}
        self.activity: dict[tuple[str, int], Activity] = {}
        self._flows: dict[tuple[str, int, int], list[int]] = {}
        self._made: dict[tuple[str, int], int] = {}
        self._seed, self._profiles, self._industry, self._era = seed, profiles, industry, era

    def book(self, shipments: Iterable[Shipment]) -> None:
        """Book shipments with both sides."""
        for shipment in shipments:
            out = (shipment.exporter, shipment.year_out)
            into = (shipment.importer, shipment.year_in)
            self.sent.setdefault(out, []).append(shipment)
            self.received.setdefault(into, []).append(shipment)
            for (state, year), side in ((out, 1), (into, 0)):
                flow = self._flows.setdefault((state, shipment.substance, year), [0, 0])
                flow[side] += shipment.grams

    def close(self, state: str, substance: Substance) -> None:
        """Balance one chemical of one State through all years."""
        lives = dict(self._industry.producers[substance.index])
        alive = lives.get(state)
        chance = Chance(self._seed, "balance", state, substance.index)
        size = self._profiles[state].size
        own_use = chance.amount(substance.least_kg, substance.most_kg) * _DOMESTIC[size] // 100
        stock = 0
        for year in range(self._era.first, self._era.last + 1):
            imported, exported = self._flows.get((state, substance.index, year), (0, 0))
            makes = alive is not None and alive.holds(year)
            if not (makes or imported or exported or stock):
                continue
            use = chance.about(own_use, 25) * GRAMS if makes else 0
            balance = _balance(chance, stock, imported, exported, use if makes else None)
            stock = balance.closing
            self.balances[state, substance.index, year] = balance
            self._share_out(state, substance, year, balance)

    def capacities(self) -> dict[tuple[str, int], int]:
        """Return for each plant and chemical a round capacity above the most it ever made."""
        capacities = {}
        for (plant, substance), most in self._made.items():
            chance = Chance(self._seed, "capacity", plant, substance)
            capacities[plant, substance] = nameplate(most * chance.between(112, 180) // 100)
        return capacities

    def _share_out(self, state: str, substance: Substance, year: int, balance: Balance) -> None:
        """Give the State's activity to its plants; small users keep the rest of use."""
        shares = ((PRODUCE, balance.produced, 100), (CONSUME, balance.consumed, 88))
        for role, total, percent in (*shares, (PROCESS, balance.processed, 90)):
            lines = [
                (plant, line)
                for plant, line in self._industry.lines.get((state, substance.index, role), ())
                if line.era.holds(year)
            ]
            if not lines or not total:
                continue
            chance = Chance(self._seed, "plants", state, substance.index, role, year)
            weights = [line.weight * chance.between(80, 120) for _, line in lines]
            left = total * percent // 100
            for i, ((plant, _), weight) in enumerate(zip(lines, weights, strict=True)):
                grams = left * weight // sum(weights[i:])
                left -= grams
                self._note(plant, year, substance, role, grams)

    def _note(self, plant: Plant, year: int, substance: Substance, role: str, grams: int) -> None:
        roles = self.activity.setdefault((plant.code, year), {}).setdefault(substance.index, {})
        roles[role] = roles.get(role, 0) + grams
        if role == PRODUCE:
            key = (plant.code, substance.index)
            self._made[key] = max(self._made.get(key, 0), grams)


def _balance(
    chance: Chance, opening: int, imported: int, exported: int, own_use: int | None
) -> Balance:
    """Return a balanced year; `own_use` is None where the chemical is not made."""
    if own_use is None:
        left = opening + imported - exported
        closing = min(left, chance.about(imported * _STOCK_PERCENT // 100, 50))
        produced = 0
    else:
        closing = chance.about((own_use + exported) * _STOCK_PERCENT // 100, 50)
        produced = max(0, own_use + exported + closing - opening - imported)
        left = opening + imported + produced - exported
        closing = min(left, closing)
    lost = (left - closing) * _LOSS_PER_THOUSAND // 1000
    used = left - closing - lost
    processed = used * chance.between(10, 45) // 100
    return Balance(
        opening, produced, imported, used - processed, processed, exported, lost, closing
    )
