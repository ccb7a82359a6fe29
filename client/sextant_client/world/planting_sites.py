"""Where faults in site declarations and in sending can strike."""

from collections.abc import Callable, Iterator, Mapping

from sextant_client.world import faults as kinds
from sextant_client.world.activity import in_window
from sextant_client.world.chance import Chance
from sextant_client.world.derive import filings_of
from sextant_client.world.faults import Fault
from sextant_client.world.heading import Filing
from sextant_client.world.industry import PRODUCE
from sextant_client.world.ledger import nameplate
from sextant_client.world.names import SITE_WORDS
from sextant_client.world.renaming import other_name
from sextant_client.world.sending import ADDITIONAL, AHEAD, LISTS, PAST
from sextant_client.world.substances import substances
from sextant_client.world.truth import World


def _capacity(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield plants of which a capacity is declared that their production clearly passes."""
    for site in chance.shuffled(list(world.industry.sites.get(state, ()))):
        for plant in site.plants:
            if plant.regime != "S2":
                continue
            for index in in_window(world, plant, year):
                made = world.ledger.of_plant(plant, year).get(index, {}).get(PRODUCE, 0)
                declared = nameplate(made * 100 // chance.between(125, 290))
                if declared * 112 // 100 < made:
                    yield Fault(
                        kinds.CAPACITY_EXCEEDED,
                        state,
                        (year,),
                        "S2",
                        substance=index,
                        partner=plant.code,
                        factor=declared,
                        site=site.code,
                    )


def _owner(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield sites with a new operator, on which the State reports before and after."""
    changed = [s.code for s in world.industry.sites.get(state, ()) if s.changed_owner(year)]
    if not changed or year - 1 not in world.plan.reporting_years:
        return
    declared = [
        {(f.kind, f.site) for f in filings_of(world, state, y) if f.kind in PAST}
        for y in (year - 1, year)
    ]
    told = {site for _, site in declared[0] & declared[1]}
    for site in chance.shuffled(changed):
        if site in told:
            yield Fault(kinds.OWNER_CHANGE_UNSAID, state, (year,), site=site)


def _additional(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield additional activities; where a site has two of them, one could not be told."""
    filings = [f for f in filings_of(world, state, year) if f.kind in ADDITIONAL]
    for filing in chance.shuffled(filings):
        if sum((f.kind, f.site) == (filing.kind, filing.site) for f in filings) == 1:
            yield fault_of(kinds.ADDITIONAL_MISSED, state, year, filing)


def _no_past(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    filings = filings_of(world, state, year)
    planned = {f.site for f in filings if f.kind in AHEAD}
    for filing in chance.shuffled([f for f in filings if f.kind in PAST and f.site in planned]):
        yield fault_of(kinds.ADAA_WITHOUT_ADPA, state, year, filing)


def _missing(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    filings = [f for f in filings_of(world, state, year) if f.kind in LISTS and not f.struck]
    for filing in chance.shuffled(filings):
        if not filing.kind.endswith("AND") or world.faults.is_free(state, year):
            yield fault_of(kinds.MISSING_FILING, state, year, filing)


def _late(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    filings = [f for f in filings_of(world, state, year) if f.kind in (*LISTS, *PAST, *AHEAD)]
    for filing in chance.shuffled(filings):
        if filing.received is not None and filing.received <= filing.due:
            yield fault_of(kinds.LATE_FILING, state, year, filing, chance.between(35, 240))


def _plan(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield planned chemicals of plants, of which a thousand times as much can be declared."""
    filings = [f for f in filings_of(world, state, year) if f.kind == "S2_SITE_ADAA"]
    for filing in chance.shuffled(filings):
        for plant in filing.body["plants"]:
            cas = {row["chemical"]["cas"] for row in plant["chemicals"]}
            for substance in substances():
                if substance.cas in cas:
                    yield Fault(
                        kinds.PLAN_UNIT_1000,
                        state,
                        (year,),
                        "S2",
                        substance=substance.index,
                        partner=plant["plant_code"],
                        site=filing.site,
                    )


def _renamed(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield sites that are declared for years before and after they go by another name."""
    years = tuple(range(year, world.plan.last_year + 1))
    sites = world.industry.sites.get(state, ())
    if year - 1 not in world.plan.reporting_years or not sites:
        return
    before, after = (
        {f.site for f in filings_of(world, state, y) if f.kind in PAST} for y in (year - 1, year)
    )
    taken = {fault.other for fault in world.faults.faults}
    for site in chance.shuffled([site for site in sites if site.code in before & after]):
        numbers = range(len(sites) + 1, len(sites) + 100)
        codes = (f"{state}-PS-{number:04d}" for number in numbers)
        name = other_name(site.name, chance.choose(SITE_WORDS))
        if name != site.name:
            yield Fault(
                kinds.SITE_RENAMED,
                state,
                years,
                other=next(code for code in codes if code not in taken),
                site=site.code,
                text=name,
            )


def fault_of(kind: str, state: str, year: int, filing: Filing, days: int = 0) -> Fault:
    """Return a fault in the sending of a filing."""
    return Fault(kind, state, (year,), other=filing.kind, factor=days, site=filing.site)


SITE_PROPOSALS: Mapping[str, Callable[[World, str, int, Chance], Iterator[Fault]]] = {
    kinds.CAPACITY_EXCEEDED: _capacity,
    kinds.OWNER_CHANGE_UNSAID: _owner,
    kinds.ADDITIONAL_MISSED: _additional,
    kinds.ADAA_WITHOUT_ADPA: _no_past,
    kinds.PLAN_UNIT_1000: _plan,
    kinds.SITE_RENAMED: _renamed,
    kinds.MISSING_FILING: _missing,
    kinds.LATE_FILING: _late,
}
