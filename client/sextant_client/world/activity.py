"""What plants did and planned, as the site declarations of Schedules 2 and 3 need it.

A plan is what will happen, roughly; now and then a plant starts something that nobody planned,
which is then declared as additional activity before it begins.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sextant_client.world.chance import Chance
from sextant_client.world.industry import CONSUME, PROCESS, PRODUCE, Plant, Site
from sextant_client.world.ledger import Activity
from sextant_client.world.profiles import Profile
from sextant_client.world.substances import substances
from sextant_client.world.truth import World

ROLES = (PRODUCE, PROCESS, CONSUME)
WINDOW = 3  # years that decide on a Schedule 2 site: the reporting year and the two before
_SURPRISES = 0.03
_OFF_PLAN_PERCENT = 25


def is_surprise(world: World, plant: Plant, year: int) -> bool:
    """Return whether what a plant does in a year was in no plan before it."""
    return Chance(world.plan.seed, "surprise", plant.code, year).happens(_SURPRISES)


def planned(world: World, plant: Plant, year: int) -> Activity:
    """Return what is planned for a plant: close to what will happen, above a threshold as that."""
    plan: Activity = {}
    for index, roles in world.ledger.of_plant(plant, year).items():
        chance = Chance(world.plan.seed, "plan", plant.code, index, year)
        threshold = substances()[index].threshold
        near = {role: chance.about(grams, _OFF_PLAN_PERCENT) for role, grams in roles.items()}
        plan[index] = {
            role: grams if near[role] <= threshold < grams else near[role]
            for role, grams in roles.items()
        }
    return plan


def above(activity: Activity) -> Activity:
    """Return the chemicals of which any activity is above the declaration threshold."""
    chemicals = substances()
    return {
        index: roles
        for index, roles in activity.items()
        if max(roles.values()) > chemicals[index].threshold
    }


def in_window(world: World, plant: Plant, year: int) -> list[int]:
    """Return the chemicals above their threshold in the three years that end with `year`."""
    years = range(year - WINDOW + 1, year + 1)
    found = {index for y in years for index in above(world.ledger.of_plant(plant, y))}
    return sorted(found)


def site_members(site: Site, year: int) -> dict[str, Any]:
    """Return the block that names a plant site."""
    return {
        "plant_site_code": site.code,
        "name": site.name,
        "owner_operator": site.owner(year),
        "address": site.place.members(),
    }


def plant_members(site: Site, plant: Plant, year: int, activities: list[str]) -> dict[str, Any]:
    """Return the block that names a plant."""
    return {
        "plant_code": plant.code,
        "name": plant.name,
        "owner_operator": site.owner(year),
        "location_in_site": plant.location,
        "main_activities": activities,
    }


def owner_note(site: Site, year: int) -> str:
    """Return what a State says in the year in which a site has a new operator."""
    if not site.changed_owner(year):
        return ""
    return f"Operated by {site.owner(year)} since {year}; before, by {site.owner(year - 1)}."


def shares(
    world: World, profile: Profile, plant: Plant, year: int, totals: Mapping[tuple[str, int], int]
) -> dict[tuple[str, int], int]:
    """Return what a plant imports and exports itself, within what its State declares.

    `totals` are the declared national totals by direction and chemical, in grams.
    """
    found: dict[tuple[str, int], int] = {}
    for index, roles in world.ledger.of_plant(plant, year).items():
        balance = world.ledger.balance(profile.code, index, year)
        made, used = roles.get(PRODUCE, 0), roles.get(CONSUME, 0) + roles.get(PROCESS, 0)
        if made and ("exports", index) in totals:
            share = totals["exports", index] * made // balance.produced
            found["exports", index] = min(made, share) * 8 // 10
        if used and ("imports", index) in totals:
            share = totals["imports", index] * used // (balance.consumed + balance.processed)
            found["imports", index] = min(used, share) * 8 // 10
    return found


def months(world: World, plant: Plant, index: int, year: int) -> tuple[dt.date, dt.date]:
    """Return from when to when something is planned within a year."""
    chance = Chance(world.plan.seed, "months", plant.code, index, year)
    first = dt.date(year, chance.between(1, 4), 1)
    return first, dt.date(year, chance.between(9, 12), 28)


def begins(world: World, plant: Plant, year: int) -> dt.date:
    """Return the day on which an activity begins that was not planned before the year."""
    chance = Chance(world.plan.seed, "begins", plant.code, year)
    return dt.date(year, chance.between(2, 11), chance.between(1, 28))
