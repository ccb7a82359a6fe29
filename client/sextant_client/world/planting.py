"""Chooses which faults the world has: so many of each kind, each where it makes a difference.

A place of the world has one fault at most, and the other side of a struck flow stays honest, so
that each difference has one cause. A fault that would change nothing that is declared, because it
falls below a threshold, is not planted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sextant_client.world.chance import Chance
from sextant_client.world.corrections import reserve_corrections
from sextant_client.world.faults import KINDS, NATIONAL_KINDS, TRADE_KINDS, Fault
from sextant_client.world.national import declare_records, differences, figures
from sextant_client.world.planting_events import EVENT_PROPOSALS
from sextant_client.world.planting_national import NATIONAL_PROPOSALS
from sextant_client.world.planting_sites import SITE_PROPOSALS
from sextant_client.world.planting_trade import TRADE_PROPOSALS
from sextant_client.world.substances import substances
from sextant_client.world.truth import World

FAULTS_PER_STATE_YEAR = 0.009  # of each kind
Propose = Callable[[World, str, int, Chance], Iterator[Fault]]
PROPOSALS: Mapping[str, Propose] = {
    **TRADE_PROPOSALS,
    **NATIONAL_PROPOSALS,
    **SITE_PROPOSALS,
    **EVENT_PROPOSALS,
}


def plant_faults(world: World) -> None:
    """Plant faults of every kind; where the world is too small for a kind, none of it."""
    places = [
        (state, year)
        for state, profile in world.profiles.items()
        for year in world.plan.reporting_years
        if profile.is_bound(year)
    ]
    reserve_corrections(world)
    wanted = max(1, round(len(places) * FAULTS_PER_STATE_YEAR))
    for kind in KINDS:
        chance = Chance(world.plan.seed, "faults", kind)
        planted = 0
        for state, year in chance.shuffled(places):
            if planted == wanted:
                break
            for fault in PROPOSALS[kind](world, state, year, chance):
                if _plant(world, fault):
                    planted += 1
                    break


def _plant(world: World, fault: Fault) -> bool:
    """Plant a fault unless a place is taken or nothing declared would change."""
    if any(year not in world.plan.reporting_years for year in fault.years):
        return False
    if fault.kind not in (*TRADE_KINDS, *NATIONAL_KINDS):
        subject = fault.site or fault.other
        places = [(fault.declarant, year, subject) for year in fault.years]
        if not world.faults.take(fault, places):
            return False
        world.faults.plant(fault)
        return True
    fault = replace(fault, regime=substances()[fault.substance].regime)
    world.faults.plant(fault)
    matters = all(_matters(world, fault, year) for year in fault.years)
    if matters and world.faults.take(fault, _places(world, fault)):
        return True
    world.faults.uproot(fault)
    return False


def _places(world: World, fault: Fault) -> list[tuple[str, int, str]]:
    """Return what a fault in aggregate data reserves: the chemical, with all States it names."""
    return [
        (state, year, f"AND {substance}")
        for year in fault.years
        for state in (fault.declarant, fault.partner, fault.other)
        if state in world.profiles
        for substance in sorted({fault.substance, fault.other_substance} - {-1})
    ]


def _matters(world: World, fault: Fault, year: int) -> bool:
    profile = world.profiles[fault.declarant]
    declared = declare_records(world, fault.declarant, year, fault.regime)
    honest = declare_records(world, fault.declarant, year, fault.regime, honest=True)
    if not declared:
        return False
    found = differences(fault, figures(honest, profile), figures(declared, profile), declared)
    return bool(found)
