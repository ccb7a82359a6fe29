"""Schedule 2 plant sites: past and anticipated activities, additional ones, initial lists."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sextant_client.world import dues
from sextant_client.world import faults as kinds
from sextant_client.world.activity import (
    ROLES,
    WINDOW,
    above,
    begins,
    in_window,
    is_surprise,
    months,
    owner_note,
    planned,
    plant_members,
    shares,
    site_members,
)
from sextant_client.world.amounts import NIL, NOT_APPLICABLE, amount, rounded, tonnes
from sextant_client.world.differing import differing
from sextant_client.world.faults import EXPORTS, IMPORTS, SITE_KINDS, Fault
from sextant_client.world.heading import Difference, Filing, Struck, received_on
from sextant_client.world.industry import CONSUME, PROCESS, PRODUCE, Plant, Site
from sextant_client.world.ledger import Activity
from sextant_client.world.profiles import Profile
from sextant_client.world.substances import Substance, substances
from sextant_client.world.trade import Trade
from sextant_client.world.truth import World

_DONE = {PRODUCE: "produced", PROCESS: "processed", CONSUME: "consumed"}
_ACTIVITIES = {PRODUCE: "ACT_PRODUCTION", PROCESS: "ACT_PROCESSING", CONSUME: "ACT_CONSUMPTION"}
_GROUPS = ("514", "515", "516", "541", "591", "598")


def file_s2_sites(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield everything that a State files on its Schedule 2 sites for a year."""
    profile = world.profiles[state]
    trade = world.honest_trade(state, year)
    for site in world.industry.sites.get(state, ()):
        plants = [
            (plant, indices)
            for plant in site.plants
            if plant.regime == "S2" and (indices := in_window(world, plant, year))
        ]
        if plants:
            yield _past(world, profile, site, year, plants, trade)
        yield from _ahead(world, profile, site, year)


def file_s2_initial(world: World, state: str) -> Iterator[Filing]:
    """Yield the initial declarations of a State that joins: three years, due 30 days after."""
    profile = world.profiles[state]
    year = profile.entry_into_force.year - 1
    for site in world.industry.sites.get(state, ()):
        plants = [
            (plant, indices)
            for plant in site.plants
            if plant.regime == "S2" and (indices := in_window(world, plant, year))
        ]
        if plants:
            filing = _past(world, profile, site, year, plants, {})
            filing.kind = "S2_SITE_INITIAL"
            filing.submission_type = "INITIAL"
            filing.event_date = profile.entry_into_force
            filing.note = ""
            filing.due = dues.after_entry("S2_SITE_INITIAL", profile.entry_into_force)
            filing.received = received_on(
                world.plan.seed, profile, filing.kind, filing.due, site.code
            )
            filing.reports_on = year
            yield filing


def count_s2_plants(world: World, site: Site, year: int) -> int:
    """Return how many plants of a site are declared under Part VII."""
    return sum(
        plant.regime == "S2" and bool(in_window(world, plant, year)) for plant in site.plants
    )


def count_s3_plants(world: World, site: Site, year: int) -> int:
    """Return how many plants of a site are declared under Part VIII."""
    return sum(
        plant.regime == "S3" and bool(above(world.ledger.of_plant(plant, year)))
        for plant in site.plants
    )


def _past(
    world: World,
    profile: Profile,
    site: Site,
    year: int,
    plants: Sequence[tuple[Plant, list[int]]],
    trade: Trade,
) -> Filing:
    faults = [f for f in world.faults.at(profile.code, year, SITE_KINDS) if f.site == site.code]
    blocks = [
        _past_plant(world, profile, site, plant, indices, year, trade, faults)
        for plant, indices in plants
    ]
    body = {
        **site_members(site, year),
        "n_s3_plants": count_s3_plants(world, site, year),
        "above_verification_threshold": any(
            _peak(world, plant, index, year) > substances()[index].verification
            for plant, indices in plants
            for index in indices
        ),
        "plants": blocks,
    }
    due = dues.after_year("S2_SITE_ADPA", year)
    received = received_on(world.plan.seed, profile, "S2_SITE_ADPA", due, site.code)
    filing = Filing(
        "S2_SITE_ADPA", year, body, due, received, site=site.code, note=owner_note(site, year)
    )
    for fault in faults:
        if fault.kind == kinds.OWNER_CHANGE_UNSAID:
            filing.struck.append(leave_owner_unsaid(filing, site, fault, year))
        elif fault.kind == kinds.CAPACITY_EXCEEDED:
            filing.struck.append(_capacity_struck(world, fault, plants))
    return filing


def leave_owner_unsaid(filing: Filing, site: Site, fault: Fault, year: int) -> Struck:
    """Take the note on the new operator away, and return what is wrong then."""
    true = f"{site.owner(year)}, since {year}; before, {site.owner(year - 1)}"
    filing.note = ""
    return Struck(fault, [Difference("/owner_operator", true, site.owner(year))])


def _past_plant(
    world: World,
    profile: Profile,
    site: Site,
    plant: Plant,
    indices: Sequence[int],
    year: int,
    trade: Trade,
    faults: Sequence[Fault],
) -> dict[str, Any]:
    totals = {key: flow.total for key, flow in trade.items()}
    moved = shares(world, profile, plant, year, totals)
    rows = []
    for index in indices:
        capacity = world.ledger.capacity.get((plant.code, index), 0)
        for fault in faults:
            if fault.kind == kinds.CAPACITY_EXCEEDED and fault.is_about("", index, plant.code):
                capacity = fault.factor
        done = world.ledger.of_plant(plant, year).get(index, {})
        row: dict[str, Any] = {
            "chemical": substances()[index].members(),
            "capacity": _capacity(capacity),
            "purposes": _purposes(plant, index, moved, trade),
        }
        row |= _amounts(done, substances()[index], profile)
        for way, name in ((IMPORTS, "imported"), (EXPORTS, "exported")):
            row[name] = _figure(moved.get((way, index), 0), substances()[index], profile)
        row["earlier"] = [
            {
                "year": y,
                **_amounts(
                    world.ledger.of_plant(plant, y).get(index, {}), substances()[index], profile
                ),
            }
            for y in range(year - WINDOW + 1, year)
        ]
        rows.append(row)
    return {
        **_plant_block(world, site, plant, year, range(year - WINDOW + 1, year + 1)),
        "chemicals": rows,
    }


def _ahead(world: World, profile: Profile, site: Site, year: int) -> Iterator[Filing]:
    """Yield the plan for a year and, where it falls short, what was declared additionally."""
    if profile.entry_into_force.year >= year:
        return
    plans: list[tuple[Plant, Activity]] = []
    for plant in site.plants:
        plan = above(planned(world, plant, year)) if plant.regime == "S2" else {}
        if not plan:
            continue
        if is_surprise(world, plant, year):
            yield _additional(world, profile, site, plant, plan, year)
        else:
            plans.append((plant, plan))
    if plans:
        due = dues.before_year("S2_SITE_ADAA", year)
        received = received_on(world.plan.seed, profile, "S2_SITE_ADAA", due, site.code)
        body = _ahead_body(world, profile, site, year, plans)
        filing = Filing("S2_SITE_ADAA", year, body, due, received, site=site.code)
        for fault in world.faults.at(profile.code, year, SITE_KINDS):
            if fault.kind == kinds.PLAN_UNIT_1000 and fault.site == site.code:
                slipped = [(plant, _slip(plant, plan, fault)) for plant, plan in plans]
                filing.body = _ahead_body(world, profile, site, year, slipped)
                filing.struck.append(Struck(fault, list(differing(body, filing.body))))
        yield filing


def _slip(plant: Plant, plan: Activity, fault: Fault) -> Activity:
    """Return a plan in which one chemical of one plant is a thousand times as much."""
    if plant.code != fault.partner:
        return plan
    return {
        index: {role: grams * 1000 for role, grams in roles.items()}
        if index == fault.substance
        else roles
        for index, roles in plan.items()
    }


def _additional(
    world: World, profile: Profile, site: Site, plant: Plant, plan: Activity, year: int
) -> Filing:
    day = begins(world, plant, year)
    due = dues.before("S2_ADDITIONAL", day)
    received = received_on(world.plan.seed, profile, "S2_ADDITIONAL", due, plant.code)
    body = _ahead_body(world, profile, site, year, [(plant, plan)], day)
    return Filing(
        "S2_ADDITIONAL", year, body, due, received, "ADDITIONAL", event_date=day, site=site.code
    )


def _ahead_body(
    world: World,
    profile: Profile,
    site: Site,
    year: int,
    plans: Sequence[tuple[Plant, Activity]],
    since: dt.date | None = None,
) -> dict[str, Any]:
    verification = any(
        max(roles.values()) > substances()[index].verification
        for _, plan in plans
        for index, roles in plan.items()
    )
    return {
        **site_members(site, year - 1),
        "n_s3_plants": count_s3_plants(world, site, year - 1),
        "above_verification_threshold": verification,
        "plants": [_ahead_plant(world, profile, site, p, plan, year, since) for p, plan in plans],
    }


def _ahead_plant(
    world: World,
    profile: Profile,
    site: Site,
    plant: Plant,
    plan: Activity,
    year: int,
    since: dt.date | None,
) -> dict[str, Any]:
    rows = []
    for index, roles in plan.items():
        substance = substances()[index]
        first, last = months(world, plant, index, year)
        first, last = (since, dt.date(year, 12, 31)) if since else (first, last)
        row: dict[str, Any] = {
            "chemical": substance.members(),
            "capacity": _capacity(world.ledger.capacity.get((plant.code, index), 0)),
            "purposes": _purposes(plant, index, {}, {}),
        }
        for role in ROLES:
            grams = roles.get(role, 0)
            row[f"anticipated_{_DONE[role]}"] = _figure(grams, substance, profile)
        row["periods"] = [
            {
                "activity": role,
                "period": {"start": first.isoformat(), "end": last.isoformat()},
            }
            for role in ROLES
            if roles.get(role)
        ]
        rows.append(row)
    return {**_plant_block(world, site, plant, year - 1, (year,)), "chemicals": rows}


def _plant_block(
    world: World, site: Site, plant: Plant, year: int, years: Sequence[int]
) -> dict[str, Any]:
    done = {
        role
        for y in years
        for roles in world.ledger.of_plant(plant, y).values()
        for role, grams in roles.items()
        if grams
    }
    roles = [role for role in ROLES if role in done]
    return {
        **plant_members(site, plant, year, [_ACTIVITIES[role] for role in roles]),
        "s2_activity": roles,
        "dedication": "DEDICATED" if plant.dedicated else "MULTIPURPOSE",
    }


def _purposes(
    plant: Plant, index: int, moved: Mapping[tuple[str, int], int], trade: Trade
) -> list[dict[str, Any]]:
    roles = {line.role for line in plant.lines if line.substance == index}
    group = _GROUPS[index % len(_GROUPS)]
    found: list[dict[str, Any]] = []
    if roles - {PRODUCE}:
        found.append({"code": "S2_ONSITE", "product_group": group})
    if PRODUCE in roles:
        found.append({"code": "S2_DOM_INDUSTRY", "product_group": group})
    if moved.get((EXPORTS, index)):
        found.append({"code": "S2_EXPORT", "states": list(trade[EXPORTS, index].rows)})
    return found


def _amounts(
    roles: Mapping[str, int], substance: Substance, profile: Profile
) -> dict[str, dict[str, Any]]:
    return {_DONE[role]: _figure(roles.get(role, 0), substance, profile) for role in ROLES}


def _figure(grams: int, substance: Substance, profile: Profile) -> dict[str, Any]:
    if not grams:
        return NIL
    return amount(rounded(grams, profile.significant_digits), substance.schedule)


def _capacity(grams: int) -> dict[str, Any]:
    return {"value": tonnes(grams), "unit": "t/a"} if grams else NOT_APPLICABLE


def _capacity_struck(
    world: World, fault: Fault, plants: Sequence[tuple[Plant, list[int]]]
) -> Struck:
    for i, (plant, indices) in enumerate(plants):
        if plant.code == fault.partner and fault.substance in indices:
            pointer = f"/plants/{i}/chemicals/{indices.index(fault.substance)}/capacity"
            true = world.ledger.capacity[plant.code, fault.substance]
            declared = f"{tonnes(fault.factor)} t/a"
            return Struck(fault, [Difference(pointer, f"{tonnes(true)} t/a", declared)])
    return Struck(fault, [])


def _peak(world: World, plant: Plant, index: int, year: int) -> int:
    """Return the largest activity of the three years that end with `year`."""
    years = range(year - WINDOW + 1, year + 1)
    found = [world.ledger.of_plant(plant, y).get(index, {}) for y in years]
    return max((grams for roles in found for grams in roles.values()), default=0)
