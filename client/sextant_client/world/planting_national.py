"""Where faults in the making of national totals can strike."""

from collections.abc import Callable, Iterator, Mapping

from sextant_client.world import faults as kinds
from sextant_client.world.chance import Chance
from sextant_client.world.faults import Fault
from sextant_client.world.industry import PRODUCE
from sextant_client.world.national import Record, declare_records, produced_at
from sextant_client.world.sites3 import s3_least
from sextant_client.world.substances import GRAMS, substances
from sextant_client.world.truth import World

_CLEAR = 3


def _records(world: World, state: str, year: int, chance: Chance) -> list[Record]:
    found = [
        record
        for regime in ("S2", "S3")
        for record in declare_records(world, state, year, regime, honest=True)
    ]
    return chance.shuffled(found)


def _cas(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield chemicals whose number is taken for a similar one of the same part."""
    for record in _records(world, state, year, chance):
        own = record.substance
        near = sorted(
            (s for s in substances() if s.schedule == own.schedule and s.index != own.index),
            key=lambda other: (_distance(own.cas, other.cas), other.index),
        )
        declared = {r.substance.cas for r in _records(world, state, year, chance)}
        for other in near[:2]:
            if other.cas not in declared:
                yield Fault(
                    kinds.CAS_NEIGHBOUR, state, (year,), substance=own.index, other=other.cas
                )


def _distance(one: str, other: str) -> int:
    pairs = zip(one.rjust(12), other.rjust(12), strict=True)
    return sum(a != b for a, b in pairs)


def _site(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield sites whose production is not the whole of the State's, and can be missed in it."""
    for record in _records(world, state, year, chance):
        made, threshold = record.made["produced"], record.substance.threshold
        for site in chance.shuffled(list(world.industry.sites.get(state, ()))):
            share = produced_at(world, site.code, record.substance.index, year)
            least = _least_of_sites(world, state, record, year)
            if share > threshold and least > made - share > threshold:
                yield Fault(
                    kinds.SITE_OMITTED_FROM_AND,
                    state,
                    (year,),
                    substance=record.substance.index,
                    site=site.code,
                )


def _least_of_sites(world: World, state: str, record: Record, year: int) -> int:
    """Return the least that all plant sites say: their sum, or of ranges the sum of their ends."""
    plants = [plant for _, plant in world.industry.plants(state)]
    made = [
        world.ledger.of_plant(plant, year).get(record.substance.index, {}).get(PRODUCE, 0)
        for plant in plants
    ]
    declared = [grams for grams in made if grams > record.substance.threshold]
    return sum(map(s3_least, declared) if record.substance.regime == "S3" else declared)


def _stock(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield chemicals of which far less is said to be made than leaves and is used."""
    for record in _records(world, state, year, chance):
        years = (year, year + 1)
        index, threshold = record.substance.index, record.substance.threshold
        balances = [world.ledger.balance(state, index, y) for y in years]
        opening = balances[0].opening
        missing = [b.produced * 3 // 4 for b in balances]
        if min(missing) > max(_CLEAR * threshold, 2 * opening):
            yield Fault(
                kinds.STOCK_BELOW_ZERO, state, years, substance=index, factor=chance.between(8, 20)
            )


def _outlier(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield totals with a long history, of which one year is far outside."""
    for record in _records(world, state, year, chance):
        names = [
            name
            for name, grams in record.made.items()
            if grams > _CLEAR * record.substance.threshold
            and all(
                getattr(world.ledger.balance(state, record.substance.index, y), name)
                for y in range(year - 3, year)
            )
        ]
        if names:
            yield Fault(
                kinds.OUTLIER,
                state,
                (year,),
                substance=record.substance.index,
                other=chance.choose(names),
                factor=chance.between(12, 40),
            )


def _appeared(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield chemicals that a State never made, of which it says for once that it did."""
    declared = {r.substance.regime for r in _records(world, state, year, chance)}
    for substance in chance.sample([s for s in substances() if s.regime in declared], _CLEAR):
        around = range(world.ledger.era.first, world.ledger.era.last + 1)
        if any(world.ledger.balance(state, substance.index, y).produced for y in around):
            continue
        grams = chance.between(substance.least_kg, substance.most_kg) * GRAMS
        if grams > _CLEAR * substance.threshold:
            yield Fault(kinds.APPEARED, state, (year,), substance=substance.index, factor=grams)


def _vanished(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield chemicals that a State makes every year, of which it says for once that it did not."""
    for record in _records(world, state, year, chance):
        index = record.substance.index
        made = [world.ledger.balance(state, index, y).produced for y in range(year - 2, year + 2)]
        if min(made) > _CLEAR * record.substance.threshold:
            yield Fault(kinds.VANISHED, state, (year,), substance=index)


NATIONAL_PROPOSALS: Mapping[str, Callable[[World, str, int, Chance], Iterator[Fault]]] = {
    kinds.CAS_NEIGHBOUR: _cas,
    kinds.SITE_OMITTED_FROM_AND: _site,
    kinds.STOCK_BELOW_ZERO: _stock,
    kinds.OUTLIER: _outlier,
    kinds.APPEARED: _appeared,
    kinds.VANISHED: _vanished,
}
