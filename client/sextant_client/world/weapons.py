"""What States declare under Articles III and IV: at entry into force, by year, and of finds."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sextant_client.world import dues
from sextant_client.world import faults as kinds
from sextant_client.world.amounts import NOT_APPLICABLE, tonnes
from sextant_client.world.chance import Chance
from sextant_client.world.facilities import s1_members
from sextant_client.world.faults import LEGACY_KINDS
from sextant_client.world.heading import Difference, Filing, Struck, received_on
from sextant_client.world.legacy import Find, Holding, Programme, Step
from sextant_client.world.profiles import Profile
from sextant_client.world.truth import World

PROTECTED, HIGHLY = "OPCW_PROTECTED", "OPCW_HIGHLY_PROTECTED"
_REASONS = (
    "The chamber was out of work for some weeks after a failed pressure test.",
    "Leaking items needed new transport containers.",
    "The access road was closed in winter for longer than foreseen.",
)
_QUARTER = 90  # days, IV(A).28


def file_weapons_initial(world: World, state: str) -> Iterator[Filing]:
    """Yield what Article III asks of a State at entry into force; «no» is an answer too."""
    profile, legacy = world.profiles[state], world.legacies[state]
    programme = legacy.programme
    first = dt.date(1951, 1, 1)
    answers: dict[str, dict[str, Any]] = {
        "A3_CW": _weapons(programme),
        "A3_CW_TRANSFERS": {"transferred": False, "transfers": []},
        "A3_OCW": {"has_old": False, "finds": []},
        "A3_ACW_TERRITORIAL": {"has_abandoned": False, "finds": []},
        "A3_ACW_ABANDONING": {"has_abandoned": False, "finds": []},
        "A3_OTHER_FACILITY": {"existed": False, "facilities": []},
    }
    if programme:
        answers["A3_CW_GENERAL_PLAN"] = _general_plan(programme)
        used = {"start": first.isoformat(), "end": dt.date(1988, 6, 30).isoformat()}
        answers["A3_OTHER_FACILITY"] = {
            "existed": True,
            "facilities": [
                {
                    **programme.store.members(),
                    "facility_code": f"{state}-DEV-01",
                    "nature": "TEST_SITE",
                    "activities": "Trials of protective equipment and of detectors.",
                    "used": used,
                }
            ],
        }
        if legacy.abandoned_by:
            answers["A3_CW_TRANSFERS"] = _transfers(programme, legacy.abandoned_by)
    for kind, body in answers.items():
        yield initial(world, profile, kind, body, HIGHLY if programme else PROTECTED)


def initial(
    world: World, profile: Profile, kind: str, body: Mapping[str, Any], classification: str
) -> Filing:
    """Return what is declared at entry into force."""
    entry = profile.entry_into_force
    due = dues.after_entry(kind, entry)
    received = received_on(world.plan.seed, profile, kind, due, "")
    return Filing(
        kind,
        entry.year,
        body,
        due,
        received,
        "INITIAL",
        event_date=entry,
        classification=classification,
    )


def _weapons(programme: Programme | None) -> dict[str, Any]:
    if programme is None:
        return {"possesses": False, "others_on_territory": False}
    totals: dict[tuple[str, int], int] = {}
    for holding in programme.holdings:
        if holding.cas:
            key = holding.cas, holding.category
            totals[key] = totals.get(key, 0) + holding.grams(holding.count)
    return {
        "possesses": True,
        "others_on_territory": False,
        "aggregates": [
            {"chemical": s1_members(cas), "category": category, "quantity": _tonnes(grams)}
            for (cas, category), grams in sorted(totals.items())
        ],
        "facilities": [
            {
                **programme.store.members(),
                "filled": [_filled(holding) for holding in programme.holdings if holding.cas],
                "unfilled": [_empty(holding) for holding in programme.holdings if not holding.cas],
            }
        ],
    }


def _filled(holding: Holding) -> dict[str, Any]:
    return {
        **_kind_of_item(holding),
        "contents": [{"chemical": s1_members(holding.cas), "share": {"nothing": "unknown"}}],
        "nominal_fill": _tonnes(holding.item_grams),
        "total_weight": _tonnes(holding.grams(holding.count)),
    }


def _empty(holding: Holding) -> dict[str, Any]:
    return {**_kind_of_item(holding), "fill_volume": {"value": "4", "unit": "L"}}


def _kind_of_item(holding: Holding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": holding.code,
        "category": holding.category,
        "form": holding.form,
        "type": holding.type,
    }
    if holding.calibre:
        found["calibre"] = holding.calibre
    return {**found, "count": holding.count}


def _transfers(programme: Programme, partner: str) -> dict[str, Any]:
    cas = programme.holdings[0].cas
    transfer = {
        "direction": "RECEIVED",
        "state_code": partner,
        "year": 1962,
        "chemical": s1_members(cas),
        "form": "BULK",
        "quantity": {"value": "2", "unit": "t"},
        "location_now": programme.store.name,
    }
    return {"transferred": True, "transfers": [transfer]}


def _general_plan(programme: Programme) -> dict[str, Any]:
    """Return the plan as it was before anything fell behind: equal parts of each line."""
    years = range(programme.first, programme.planned_last + 1)
    schedule = []
    for holding in programme.holdings:
        left = holding.count
        for i, year in enumerate(years):
            count = -(-left // (len(years) - i))
            left -= count
            row: dict[str, Any] = {
                "year": year,
                "category": holding.category,
                "type": holding.type,
                "quantity": _quantity(holding, count),
                "count": count,
            }
            if count:
                schedule.append(row)
    end = dt.date(programme.planned_last, 12, 31)
    return {
        "period": {"start": f"{programme.first}-01-01", "end": end.isoformat()},
        "facilities": [{**programme.works.members(), "exists": False, "schedule": schedule}],
        "training": "Operators are trained in two courses a year.",
        "standards": "National emission limits apply without exception.",
        "methods": "Neutralisation in water, thermal treatment of metal parts.",
    }


def file_destruction(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield plan, report and what else Article IV asks of a year of destruction."""
    programme = world.legacies[state].programme
    if programme is None:
        return
    profile = world.profiles[state]
    if year == programme.first:
        yield _facility_info(profile, programme, year)
    if year in programme.steps:
        yield _plan(world, profile, programme, year)
        yield _report(world, profile, programme, year)
        if year > programme.planned_last:
            yield from _quarterly(world, profile, programme, year)
    if year == programme.last:
        yield _certificate(world, profile, programme, year)


def _plan(world: World, profile: Profile, programme: Programme, year: int) -> Filing:
    kind, period = "A4_ANNUAL_PLAN", _whole(year)
    lines = [
        {
            **holding.members(),
            "planned": _quantity(holding, step.planned),
            "planned_count": step.planned,
            "period": {"start": f"{year}-02-01", "end": f"{year}-11-30"},
        }
        for holding, step in _steps(programme, year)
    ]
    phases = [
        {"phase": "OPERATION", "period": {"start": f"{year}-02-01", "end": f"{year}-07-15"}},
        {"phase": "INACTIVITY", "period": {"start": f"{year}-07-16", "end": f"{year}-08-15"}},
        {"phase": "OPERATION", "period": {"start": f"{year}-08-16", "end": f"{year}-11-30"}},
    ]
    facility = {**programme.works.members(), "lines": lines, "phases": phases}
    body = {"period": period, "facilities": [facility]}
    due = dues.before_year(kind, year)
    received = received_on(world.plan.seed, profile, kind, due, "")
    return Filing(kind, year, body, due, received, classification=PROTECTED)


def _report(world: World, profile: Profile, programme: Programme, year: int) -> Filing:
    kind = "A4_ANNUAL_REPORT"
    steps = list(_steps(programme, year))
    lines = [_line(world, profile, year, *step) for step in steps]
    due = dues.after_year(kind, year)
    received = received_on(world.plan.seed, profile, kind, due, "")
    facility = {**programme.works.members(), "lines": lines}
    body = {"period": _whole(year), "facilities": [facility]}
    filing = Filing(kind, year, body, due, received, classification=PROTECTED)
    for fault in world.faults.at(profile.code, year, LEGACY_KINDS):
        if fault.kind == kinds.DESTRUCTION_BEHIND_UNSAID:
            found = list(_hide_shortfall(lines, fault.site, steps))
            filing.struck.append(Struck(fault, found))
    return filing


def _line(
    world: World, profile: Profile, year: int, holding: Holding, step: Step
) -> dict[str, Any]:
    line = {
        **holding.members(),
        "planned": _quantity(holding, step.planned),
        "destroyed": _quantity(holding, step.done),
        "planned_count": step.planned,
        "destroyed_count": step.done,
    }
    if step.done < step.planned:
        chance = Chance(world.plan.seed, "shortfall", profile.code, holding.code, year)
        line["shortfall_reason"] = chance.choose(_REASONS)
    return line


def _hide_shortfall(
    lines: list[dict[str, Any]], code: str, steps: Sequence[tuple[Holding, Step]]
) -> Iterator[Difference]:
    """Name what was destroyed as what was planned, and yield what is wrong then."""
    for i, (holding, step) in enumerate(steps):
        if holding.code != code:
            continue
        planned = _quantity(holding, step.done)
        true = lines[i]["planned"]
        lines[i] = lines[i] | {"planned": planned, "planned_count": step.done}
        reason = lines[i].pop("shortfall_reason", None)
        place = f"/facilities/0/lines/{i}"
        if holding.cas:
            true_text, text = (f"{q['value']} {q['unit']}" for q in (true, planned))
            yield Difference(f"{place}/planned", true_text, text)
        yield Difference(f"{place}/planned_count", str(step.planned), str(step.done))
        yield Difference(place, reason, None)


def _quarterly(world: World, profile: Profile, programme: Programme, year: int) -> Iterator[Filing]:
    """Yield the reports of each 90 days of an extension; the last gives what is left."""
    kind = "A4_90DAY_REPORT"
    for quarter in range(4):
        start = dt.date(year, 1, 1) + dt.timedelta(quarter * _QUARTER)
        end = start + dt.timedelta(_QUARTER - 1)
        lines = []
        for holding, step in _steps(programme, year):
            part = step.done // 4 if quarter < 3 else step.done - 3 * (step.done // 4)
            lines.append(_line(world, profile, year, holding, Step(part, part)))
        body = {
            "period": {"start": start.isoformat(), "end": end.isoformat()},
            "facilities": [{**programme.works.members(), "lines": lines}],
            "activity": "Operation in two shifts, with the usual stops for maintenance.",
        }
        due = dues.after(kind, end)
        received = end + dt.timedelta(Chance(world.plan.seed, profile.code, end.year).below(3))
        due = max(due, received)
        yield _event(kind, end, body, due, received, PROTECTED, f"quarter {quarter}")


def _facility_info(profile: Profile, programme: Programme, year: int) -> Filing:
    kind, starts = "A4_FACILITY_INFO", dt.date(year, 2, 1)
    lines = [holding.members() for holding, _ in _steps(programme, year)]
    body = {
        "facility": {
            **programme.works.members(),
            "owner_operator": f"Ordnance Disposal Service of {profile.code}",
            "feeds": lines,
            "process": "Items are drained in a closed chamber; the fill is neutralised in water.",
            "efficiency": {"value": "99.99", "unit": "%"},
            "effluents": "Flue gas through scrubber and filter, monitored without a break.",
            "safety": "Remote handling, medical staff on the site, exercises twice a year.",
            "inspectors": "Rooms and an office within two kilometres.",
            "verification": "Cameras at the chamber, counting and weighing of items.",
            "starts_on": starts.isoformat(),
        }
    }
    sent = max(starts - dt.timedelta(190), profile.entry_into_force)
    return _event(kind, starts, body, sent, sent, PROTECTED)


def _certificate(world: World, profile: Profile, programme: Programme, year: int) -> Filing:
    kind, day = "A4_CERTIFICATE", dt.date(year, 12, 10)
    totals = []
    for category in sorted({holding.category for holding in programme.holdings}):
        of_it = [h for h in programme.holdings if h.category == category]
        grams = sum(h.grams(h.count) for h in of_it)
        totals.append(
            {
                "category": category,
                "destroyed": _tonnes(grams) if grams else NOT_APPLICABLE,
                "destroyed_count": sum(h.count for h in of_it),
            }
        )
    body = {
        "completed_on": day.isoformat(),
        "statement": "All chemical weapons that were declared have been destroyed.",
        "totals": totals,
    }
    due = dues.after(kind, day)
    received = max(received_on(world.plan.seed, profile, kind, due, ""), day)
    return _event(kind, day, body, due, received, "UNCLASSIFIED")


def file_finds(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield the old and abandoned weapons that a State found in a year."""
    profile, legacy = world.profiles[state], world.legacies[state]
    for kind, finds in (("OCW_DISCOVERY", legacy.old), ("ACW_DISCOVERY", legacy.abandoned)):
        for find in finds:
            if find.day.year != year:
                continue
            body: dict[str, Any] = {"finds": [_find(kind, find)]}
            if kind == "ACW_DISCOVERY":
                body = {"abandoning_states": [legacy.abandoned_by], **body}
            due = dues.after(kind, find.day)
            received = received_on(world.plan.seed, profile, kind, due, find.code)
            yield _event(kind, find.day, body, due, received, PROTECTED, find.code)


def _find(kind: str, find: Find) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": find.code,
        "position": {
            "latitude": find.place.latitude,
            "longitude": find.place.longitude,
            "description": f"Building ground near {find.place.city}",
        },
        "form": "MUNITION",
        "type": find.type,
        "calibre": find.calibre,
        "count": find.count,
        "contents": [{"chemical": s1_members(find.cas), "share": {"nothing": "unknown"}}],
        "quantity": _tonnes(find.grams),
        "condition": "Corroded" if find.is_early else "Corroded, some leaking",
    }
    if kind == "ACW_DISCOVERY":
        return {**found, "abandonment": "Found with marks of that State; nothing else is known."}
    if find.is_early:
        return {**found, "era": "PRE_1925"}
    return {**found, "era": "FROM_1925_TO_1946", "unusable": True}


def _event(
    kind: str,
    day: dt.date,
    body: Mapping[str, Any],
    due: dt.date,
    received: dt.date,
    classification: str,
    site: str = "",
) -> Filing:
    return Filing(
        kind,
        day.year,
        body,
        due,
        received,
        "NOTIFICATION",
        event_date=day,
        classification=classification,
        site=site,
    )


def _steps(programme: Programme, year: int) -> Iterator[tuple[Holding, Step]]:
    for holding in programme.holdings:
        step = programme.steps[year].get(holding.code)
        if step is not None:
            yield holding, step


def _whole(year: int) -> dict[str, str]:
    return {"start": f"{year}-01-01", "end": f"{year}-12-31"}


def _tonnes(grams: int) -> dict[str, Any]:
    return {"value": tonnes(grams), "unit": "t"}


def _quantity(holding: Holding, items: int) -> dict[str, Any]:
    return _tonnes(holding.grams(items)) if holding.cas else NOT_APPLICABLE
