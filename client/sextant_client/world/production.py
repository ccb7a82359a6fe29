"""What States declare under Article V, of former production facilities, and of past production."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sextant_client.world import dues
from sextant_client.world import faults as kinds
from sextant_client.world.chance import Chance
from sextant_client.world.facilities import s1_members
from sextant_client.world.faults import LEGACY_KINDS
from sextant_client.world.heading import Difference, Filing, Struck, notification, received_on
from sextant_client.world.legacy import MUSTARD, PHOSGENE, Former, Structure
from sextant_client.world.profiles import Profile
from sextant_client.world.truth import World
from sextant_client.world.weapons import HIGHLY, PROTECTED, initial

_REASON = "Decontamination of the next structure took longer than planned."
_THIODIGLYCOL = "111-48-8"
_CONVERTED_YEARS = 10  # V.85
_PAST = {"start": "1958-03-01", "end": "1969-10-31"}


def file_production_initial(world: World, state: str) -> Iterator[Filing]:
    """Yield what Articles III(1)(c) and VI ask of a State that joins on what it once made."""
    profile, former = world.profiles[state], world.legacies[state].former
    if former is None:
        body: dict[str, Any] = {"had_facilities": False, "moved_equipment": False}
        yield initial(world, profile, "A3_CWPF", body, PROTECTED)
        return
    yield initial(world, profile, "A3_CWPF", _declared(profile, former), HIGHLY)
    yield _closure(world, profile, former)
    site = {
        "plant_site_code": f"{state}-PC-0001",
        "name": former.works.name,
        "owner_operator": "State Property Office",
        "address": former.works.place.members(),
    }
    plant = {
        "plant_code": f"{state}-PC-0001-A",
        "name": "Precursor house",
        "owner_operator": "Ministry of Supply, until 1970",
        "location_in_site": "Building 3",
        "main_activities": ["ACT_PRODUCTION"],
    }
    made = {
        "produced": _PAST,
        "quantity": {"value": f"{former.capacity_tonnes * 9}", "unit": "t"},
        "delivered_to": former.works.name,
        "final_product": s1_members(MUSTARD)["name"],
    }
    s2 = {"s2_activity": ["PRODUCE"], "dedication": "DEDICATED"}
    for kind, cas, more in (("S2_PAST_CW", _THIODIGLYCOL, s2), ("S3_PAST_CW", PHOSGENE, {})):
        chemicals = [{**made, "chemical": s1_members(cas)}]
        if kind == "S3_PAST_CW":
            chemicals[0]["final_product"] = "Fill of aerial bombs"
        body = {**site, "plants": [{**plant, **more, "chemicals": chemicals}]}
        yield initial(world, profile, kind, body, PROTECTED)


def _declared(profile: Profile, former: Former) -> dict[str, Any]:
    first, last = former.first, former.last
    return {
        "had_facilities": True,
        "moved_equipment": False,
        "facilities": [
            {
                **former.works.members(),
                "operators": [
                    {
                        "name": f"Ministry of Supply of {profile.code}",
                        "role": "BOTH",
                        "period": _PAST,
                    }
                ],
                "activity": "BOTH",
                "products": [
                    {
                        "chemical": s1_members(MUSTARD),
                        "period": _PAST,
                        "quantity": {"value": f"{former.capacity_tonnes * 8}", "unit": "t"},
                        "capacity": _capacity(former),
                    }
                ],
                "equipment": [structure.name for structure in former.structures],
                "status": "STANDBY",
            }
        ],
        "plans": [
            {
                "facility_code": former.works.code,
                "work": _work(former),
                "period": {"start": f"{first}-01-01", "end": f"{last}-12-31"},
                "closure_actions": "Feed lines are cut and blanked, the power supply is removed.",
                "methods": "Specialised equipment is cut up, buildings are demolished.",
            }
        ],
    }


def _closure(world: World, profile: Profile, former: Former) -> Filing:
    kind = "A5_CLOSURE"
    due = dues.after_entry(kind, profile.entry_into_force)
    day = profile.entry_into_force + dt.timedelta(40)
    body = {
        "facility": former.works.members(),
        "actions": "All feed lines are cut and blanked; doors are under seal.",
    }
    received = max(received_on(world.plan.seed, profile, kind, due, ""), day)
    return notification(kind, day, body, due, received, PROTECTED)


def file_production(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield plan, report and what else Article V asks of a year."""
    former = world.legacies[state].former
    if former is None:
        return
    profile = world.profiles[state]
    if year == former.first:
        yield _detailed_plan(world, profile, former)
    if former.first <= year <= former.last:
        yield _plan(world, profile, former, year)
        yield _report(world, profile, former, year)
    if year == former.last:
        yield _certificate(world, profile, former)
    if former.converted and former.last < year <= former.last + _CONVERTED_YEARS:
        yield _converted(world, former, year)


def _detailed_plan(world: World, profile: Profile, former: Former) -> Filing:
    kind, day = "A5_DETAILED_PLAN", dt.date(former.first, 2, 1)
    body = {
        "facility": _works(former, [_structure(one) for one in former.structures]),
        "phases": [
            {
                "phase": "OPERATION",
                "period": {"start": day.isoformat(), "end": f"{former.last}-11-30"},
            }
        ],
        "safety": "Lines are decontaminated and sampled before they are cut.",
        "verification": "Inspectors tag each structure and see its destruction.",
    }
    due = dues.before(kind, day)
    received = received_on(world.plan.seed, profile, kind, due, "")
    return notification(kind, day, body, due, received, PROTECTED)


def _plan(world: World, profile: Profile, former: Former, year: int) -> Filing:
    kind = "A5_ANNUAL_PLAN"
    structures = [_structure(one) for one in _planned(former, year)]
    due = dues.before_year(kind, year)
    return _yearly(world, profile, kind, year, _works(former, structures), due)


def _report(world: World, profile: Profile, former: Former, year: int) -> Filing:
    kind = "A5_ANNUAL_REPORT"
    planned = _planned(former, year)
    faults = [
        fault
        for fault in world.faults.at(profile.code, year, LEGACY_KINDS)
        if fault.kind == kinds.FACILITY_WORK_BEHIND_UNSAID
    ]
    behind = [one for one in planned if one.done > year]
    told = [one for one in planned if one not in behind] if faults else planned
    structures = []
    for one in told:
        structure = _structure(one)
        if one.done <= year:
            chance = Chance(world.plan.seed, "cut up", one.code)
            structure["destroyed_on"] = dt.date(one.done, 11, chance.between(1, 28)).isoformat()
        structures.append(structure)
    facility = _works(former, structures)
    if behind and not faults:
        facility["shortfall_reason"] = _REASON
    due = dues.after_year(kind, year)
    filing = _yearly(world, profile, kind, year, facility, due)
    for fault in faults:
        true = ", ".join(one.code for one in behind)
        filing.struck.append(Struck(fault, [Difference("/facilities/0/structures", true, None)]))
    return filing


def _certificate(world: World, profile: Profile, former: Former) -> Filing:
    kind, day = "A5_CERTIFICATE", _certified_on(former)
    body = {
        "completed_on": day.isoformat(),
        "statement": "All production facilities that were declared are destroyed or converted.",
        "facilities": [former.works.code],
    }
    due = dues.after(kind, day)
    received = max(received_on(world.plan.seed, profile, kind, due, ""), day)
    return notification(kind, day, body, due, received, "UNCLASSIFIED")


def _converted(world: World, former: Former, year: int) -> Filing:
    kind = "A5_CONVERTED_ANNUAL"
    chance = Chance(world.plan.seed, "converted", former.works.code, year)
    made = {
        "product": former.product,
        "quantity": {"value": f"{chance.between(40, 90) * 10}", "unit": "t"},
        "product_group": "598",
    }
    body = {
        "facility": former.works.members(),
        "converted_on": _certified_on(former).isoformat(),
        "activities": [made],
    }
    sent = dt.date(year + 1, chance.between(1, 5), chance.between(1, 28))  # the treaty sets no day
    return Filing(kind, year, body, sent, sent, classification=PROTECTED)


def _planned(former: Former, year: int) -> Sequence[Structure]:
    """Return what is planned for a year: what was to be then, and what was left over."""
    return [one for one in former.structures if one.planned <= year <= one.done]


def _structure(one: Structure) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "specialised": one.specialised,
        "method": one.method,
    }


def _works(former: Former, structures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        **former.works.members(),
        "work": _work(former),
        "structures": list(structures),
        "capacity": _capacity(former),
    }


def _yearly(
    world: World, profile: Profile, kind: str, year: int, facility: Mapping[str, Any], due: dt.date
) -> Filing:
    body = {
        "period": {"start": f"{year}-01-01", "end": f"{year}-12-31"},
        "facilities": [facility],
    }
    received = received_on(world.plan.seed, profile, kind, due, "")
    return Filing(kind, year, body, due, received, classification=PROTECTED)


def _certified_on(former: Former) -> dt.date:
    return dt.date(former.last, 12, 15)


def _work(former: Former) -> str:
    return "CONVERSION" if former.converted else "DESTRUCTION"


def _capacity(former: Former) -> dict[str, str]:
    return {"value": str(former.capacity_tonnes), "unit": "t/a"}
