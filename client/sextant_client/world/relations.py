"""Who buys which chemical from whom over the years, and every shipment of it.

A shipment has one exporter and one importer, one chemical, one pure mass, one day of dispatch and
one of arrival: what leaves is what arrives. Some pass through a third State in transit; some are
sent on by a State with a free zone.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sextant_client.world.chance import Chance
from sextant_client.world.industry import Era, Industry
from sextant_client.world.profiles import LARGE, LIGHT, MIDDLE, SMALL, Profile
from sextant_client.world.substances import GRAMS, Substance, substances

_STRENGTHS = (12, 20, 25, 35, 40, 45, 50, 60, 70, 75, 85, 90, 95)
_PARTNERS = {LARGE: 8, MIDDLE: 5, LIGHT: 2, SMALL: 1}
_BREADTH = {
    "S2": {LARGE: 70, MIDDLE: 26, LIGHT: 4, SMALL: 1},
    "S3": {LARGE: 95, MIDDLE: 60, LIGHT: 22, SMALL: 7},
}
_BREADTH_SCALE = 1100  # popularity times breadth over this is the chance to import a chemical
_SIZES = {LARGE: 100, MIDDLE: 60, LIGHT: 35, SMALL: 20}
PURE = 100


@dataclass(frozen=True, slots=True)
class Relation:
    """One exporter and one importer of one chemical; `percent` is 100 unless it is a mixture."""

    number: int
    substance: int
    exporter: str
    importer: str
    era: Era
    kilograms: int
    shipments: int
    percent: int
    senders: int
    receivers: int
    via: str
    lag_days: int
    onward: str
    """The State to which it is sent on from a free zone; empty if it stays."""


class Shipment(NamedTuple):
    """One shipment: pure mass in grams; days as ordinals; companies by number."""

    number: int
    substance: int
    exporter: str
    importer: str
    grams: int
    percent: int
    dispatched: int
    arrived: int
    year_out: int
    year_in: int
    sender: int
    receiver: int
    via: str
    onward_of: int
    """The number of the shipment that it sends on; -1 for goods of the State itself."""


def make_relations(
    seed: int, profiles: Mapping[str, Profile], industry: Industry, era: Era
) -> list[Relation]:
    """Return every trading relation of the world, in a fixed order."""
    relations: list[Relation] = []
    for substance in substances():
        for profile in profiles.values():
            chance = Chance(seed, "imports", substance.index, profile.code)
            if not _imports(chance, profile, substance):
                continue
            makers = [
                (code, alive)
                for code, alive in industry.producers[substance.index]
                if code != profile.code
            ]
            wanted = chance.between(1, _PARTNERS[profile.size])
            for maker in chance.sample(makers, wanted):
                number = len(relations)
                relations.append(
                    _relation(number, chance, substance, maker, profile, profiles, era)
                )
    return relations


def _imports(chance: Chance, profile: Profile, substance: Substance) -> bool:
    if not profile.is_party and substance.regime == "S2":
        return False  # VII.31
    breadth = _BREADTH[substance.regime][profile.size]
    share = substance.popularity * breadth / _BREADTH_SCALE + breadth / 900
    return chance.happens(min(0.95, share))


def _relation(
    number: int,
    chance: Chance,
    substance: Substance,
    maker: tuple[str, Era],
    buyer: Profile,
    profiles: Mapping[str, Profile],
    era: Era,
) -> Relation:
    exporter, alive = maker
    others = [p for p in profiles.values() if p.code not in {exporter, buyer.code} and p.is_party]
    ports = [p.code for p in others if p.transit_port]
    is_mixture = chance.happens(substance.mixtures_percent / 100)
    most = max(substance.least_kg * 2, substance.most_kg * _SIZES[buyer.size] // 100)
    via = chance.choose(ports) if ports and chance.happens(0.22) else ""
    sent_on = buyer.free_zone and others and chance.happens(0.5)
    return Relation(
        number=number,
        substance=substance.index,
        exporter=exporter,
        importer=buyer.code,
        era=_span(chance, alive, buyer, era),
        kilograms=chance.amount(substance.least_kg // 2, most),
        shipments=chance.between(1, 6),
        percent=chance.choose(_STRENGTHS) if is_mixture else PURE,
        senders=chance.weighted(((1, 4), (2, 2), (3, 1))),
        receivers=chance.weighted(((1, 4), (2, 2), (4, 1), (5, 1))),
        via=via,
        lag_days=chance.weighted(((chance.between(1, 6), 2), (chance.between(20, 45), 1)))
        if via
        else chance.weighted(((1, 2), (chance.between(2, 20), 2))),
        onward=chance.choose(others).code if sent_on else "",
    )


def _span(chance: Chance, alive: Era, buyer: Profile, era: Era) -> Era:
    """Return from when to when they trade: while it is made, and the buyer is bound."""
    first = max(alive.first, era.first)
    if buyer.is_party and buyer.entry_into_force.year > first and chance.happens(0.5):
        first = buyer.entry_into_force.year
    if chance.happens(0.3):
        first = chance.between(first, max(first, alive.last - 1))
    last = alive.last if chance.happens(0.7) else chance.between(first, max(first, alive.last))
    return Era(first, max(first, last))


class Shipping:
    """Numbers shipments and makes those of one year after another."""

    def __init__(self, seed: int, relations: Sequence[Relation]) -> None:
        self._seed = seed
        self._relations = relations
        self._next = 0

    def year(self, year: int) -> Iterator[Shipment]:
        """Yield every shipment dispatched in `year`, with those sent on within it."""
        start = dt.date(year, 1, 1).toordinal()
        end = dt.date(year + 1, 1, 1).toordinal()
        for relation in self._relations:
            if relation.era.holds(year):
                yield from self._of(relation, year, start, end)

    def _of(self, relation: Relation, year: int, start: int, end: int) -> Iterator[Shipment]:
        chance = Chance(self._seed, "shipments", relation.number, year)
        if chance.happens(0.04):
            return  # a year without an order
        total = chance.about(relation.kilograms, 35)
        count = max(1, relation.shipments + chance.between(-1, 1))
        for i, kilograms in enumerate(chance.parts(total, count)):
            if kilograms <= 0:
                continue
            day = start + chance.below(end - start)
            arrived = day + chance.about(relation.lag_days, 40)
            shipment = Shipment(
                number=self._next,
                substance=relation.substance,
                exporter=relation.exporter,
                importer=relation.importer,
                grams=kilograms * GRAMS,
                percent=relation.percent,
                dispatched=day,
                arrived=arrived,
                year_out=year,
                year_in=year if arrived < end else year + 1,
                sender=i % relation.senders,
                receiver=i % relation.receivers,
                via=relation.via,
                onward_of=-1,
            )
            self._next += 1
            yield shipment
            if relation.onward:
                yield from self._sent_on(chance, relation, shipment, end)

    def _sent_on(
        self, chance: Chance, relation: Relation, first: Shipment, end: int
    ) -> Iterator[Shipment]:
        """Yield the onward shipment, if goods that arrived this year also leave in it."""
        day = first.arrived + chance.between(4, 30)
        if day >= end:
            return
        arrived = day + chance.between(1, 15)
        yield first._replace(
            number=self._next,
            exporter=relation.importer,
            importer=relation.onward,
            dispatched=day,
            arrived=arrived,
            year_in=first.year_out if arrived < end else first.year_out + 1,
            sender=0,
            via="",
            onward_of=first.number,
        )
        self._next += 1
