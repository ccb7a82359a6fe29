"""Schedule 3 plant sites: past and anticipated production in ranges, and what was added."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sextant_client.world import dues
from sextant_client.world import faults as kinds
from sextant_client.world.activity import (
    above,
    begins,
    is_surprise,
    owner_note,
    planned,
    plant_members,
    site_members,
)
from sextant_client.world.amounts import GRAMS_PER_TONNE
from sextant_client.world.faults import SITE_KINDS
from sextant_client.world.heading import Filing, received_on
from sextant_client.world.industry import PRODUCE, Plant, Site
from sextant_client.world.ledger import Activity
from sextant_client.world.profiles import Profile
from sextant_client.world.sites2 import (
    count_s2_plants,
    leave_owner_unsaid,
)
from sextant_client.world.substances import substances
from sextant_client.world.truth import World
from sextant_shared import codelists

Made = Sequence[tuple[Plant, Activity]]
_VERIFICATION_TONNES = 200


def file_s3_sites(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield everything that a State files on its Schedule 3 sites for a year."""
    profile = world.profiles[state]
    for site in world.industry.sites.get(state, ()):
        made = _made(world, site, year)
        if made:
            yield _past(world, profile, site, year, made)
        if profile.entry_into_force.year < year:
            yield from _ahead(world, profile, site, year)


def file_s3_initial(world: World, state: str) -> Iterator[Filing]:
    """Yield the initial declarations of a State that joins: the year before, due 30 days after."""
    profile = world.profiles[state]
    year = profile.entry_into_force.year - 1
    for site in world.industry.sites.get(state, ()):
        made = _made(world, site, year)
        if made:
            due = dues.after_entry("S3_SITE_INITIAL", profile.entry_into_force)
            received = received_on(world.plan.seed, profile, "S3_SITE_INITIAL", due, site.code)
            body = _body(world, site, year, made)
            yield Filing(
                "S3_SITE_INITIAL",
                profile.entry_into_force.year,
                body,
                due,
                received,
                "INITIAL",
                event_date=profile.entry_into_force,
                site=site.code,
                reports_on=year,
            )


def _made(world: World, site: Site, year: int) -> Made:
    return [
        (plant, made)
        for plant in site.plants
        if plant.regime == "S3" and (made := above(world.ledger.of_plant(plant, year)))
    ]


def _past(world: World, profile: Profile, site: Site, year: int, made: Made) -> Filing:
    due = dues.after_year("S3_SITE_ADPA", year)
    received = received_on(world.plan.seed, profile, "S3_SITE_ADPA", due, site.code)
    body = _body(world, site, year, made)
    note = owner_note(site, year)
    filing = Filing("S3_SITE_ADPA", year, body, due, received, site=site.code, note=note)
    for fault in world.faults.at(profile.code, year, SITE_KINDS):
        if fault.site == site.code and fault.kind == kinds.OWNER_CHANGE_UNSAID:
            filing.struck.append(leave_owner_unsaid(filing, site, fault, year))
    return filing


def _ahead(world: World, profile: Profile, site: Site, year: int) -> Iterator[Filing]:
    plans: list[tuple[Plant, Activity]] = []
    for plant in site.plants:
        plan = above(planned(world, plant, year)) if plant.regime == "S3" else {}
        if not plan:
            continue
        if is_surprise(world, plant, year):
            yield _additional(world, profile, site, plant, plan, year)
        else:
            plans.append((plant, plan))
    if plans:
        due = dues.before_year("S3_SITE_ADAA", year)
        received = received_on(world.plan.seed, profile, "S3_SITE_ADAA", due, site.code)
        body = _body(world, site, year - 1, plans)
        yield Filing("S3_SITE_ADAA", year, body, due, received, site=site.code)


def _additional(
    world: World, profile: Profile, site: Site, plant: Plant, plan: Activity, year: int
) -> Filing:
    day = begins(world, plant, year)
    due = dues.before("S3_ADDITIONAL", day)
    received = received_on(world.plan.seed, profile, "S3_ADDITIONAL", due, plant.code)
    body = {
        **_body(world, site, year - 1, [(plant, plan)]),
        "period": {"start": day.isoformat(), "end": dt.date(year, 12, 31).isoformat()},
    }
    return Filing(
        "S3_ADDITIONAL", year, body, due, received, "ADDITIONAL", event_date=day, site=site.code
    )


def _body(world: World, site: Site, year: int, made: Made) -> dict[str, Any]:
    """Return a site with its plants; `year` is that whose operator and neighbours are named."""
    total = sum(roles[PRODUCE] for _, activity in made for roles in activity.values())
    return {
        **site_members(site, year),
        "n_s2_plants": count_s2_plants(world, site, year),
        "above_verification_threshold": total > _VERIFICATION_TONNES * GRAMS_PER_TONNE,
        "plants": [
            {
                **plant_members(site, plant, year, ["ACT_PRODUCTION"]),
                "chemicals": [
                    {
                        "chemical": substances()[index].members(),
                        "production_range": s3_range(roles[PRODUCE]),
                        "purposes": [{"code": "S3_DOM_INDUSTRY", "product_group": "514"}],
                    }
                    for index, roles in activity.items()
                ],
            }
            for plant, activity in made
        ],
    }


def s3_range(grams: int) -> str:
    """Return the range of a quantity above 30 tonnes (VIII.8(b))."""
    for code, bound in (("S3-R1", 200), ("S3-R2", 1_000), ("S3-R3", 10_000)):
        if grams < bound * GRAMS_PER_TONNE:
            return code
    return "S3-R4" if grams <= 100_000 * GRAMS_PER_TONNE else "S3-R5"


def s3_least(grams: int) -> int:
    """Return the lower end of the range in which a quantity lies, in grams."""
    code = s3_range(grams)
    (line,) = (line for line in codelists.ranges() if line.code == code)
    return int(line.lower_t * GRAMS_PER_TONNE)
