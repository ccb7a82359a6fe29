"""What States declare under Article IV: plans and reports of each year of destruction."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sextant_client.world import dues
from sextant_client.world import faults as kinds
from sextant_client.world.amounts import NOT_APPLICABLE, in_tonnes
from sextant_client.world.chance import Chance
from sextant_client.world.faults import LEGACY_KINDS
from sextant_client.world.heading import Difference, Filing, Struck, notification, received_on
from sextant_client.world.legacy import Holding, Programme, Step
from sextant_client.world.profiles import Profile
from sextant_client.world.truth import World
from sextant_client.world.weapons import PROTECTED

_REASONS = (
    "The chamber was out of work for some weeks after a failed pressure test.",
    "Leaking items needed new transport containers.",
    "The access road was closed in winter for longer than foreseen.",
)
_QUARTER = 90  # days, IV(A).28


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
            "planned": holding.quantity(step.planned),
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
        "planned": holding.quantity(step.planned),
        "destroyed": holding.quantity(step.done),
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
        planned = holding.quantity(step.done)
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
        due = dues.after(kind, start)
        received = max(received_on(world.plan.seed, profile, kind, due, ""), end)
        yield notification(kind, end, body, due, received, PROTECTED, f"quarter {quarter}")


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
    return notification(kind, starts, body, sent, sent, PROTECTED)


def _certificate(world: World, profile: Profile, programme: Programme, year: int) -> Filing:
    kind, day = "A4_CERTIFICATE", dt.date(year, 12, 10)
    totals = []
    for category in sorted({holding.category for holding in programme.holdings}):
        of_it = [h for h in programme.holdings if h.category == category]
        grams = sum(h.grams(h.count) for h in of_it)
        totals.append(
            {
                "category": category,
                "destroyed": in_tonnes(grams) if grams else NOT_APPLICABLE,
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
    return notification(kind, day, body, due, received, "UNCLASSIFIED")


def _steps(programme: Programme, year: int) -> Iterator[tuple[Holding, Step]]:
    for holding in programme.holdings:
        step = programme.steps[year].get(holding.code)
        if step is not None:
            yield holding, step


def _whole(year: int) -> dict[str, str]:
    return {"start": f"{year}-01-01", "end": f"{year}-12-31"}
