"""What States declare under Article III at entry into force, and of old and abandoned finds."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from sextant_client.world import dues
from sextant_client.world.amounts import in_tonnes
from sextant_client.world.facilities import s1_members
from sextant_client.world.heading import Filing, notification, received_on
from sextant_client.world.legacy import Find, Holding, Programme
from sextant_client.world.profiles import Profile
from sextant_client.world.truth import World

PROTECTED, HIGHLY = "OPCW_PROTECTED", "OPCW_HIGHLY_PROTECTED"


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
            {"chemical": s1_members(cas), "category": category, "quantity": in_tonnes(grams)}
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
        "nominal_fill": in_tonnes(holding.item_grams),
        "total_weight": in_tonnes(holding.grams(holding.count)),
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
                "quantity": holding.quantity(count),
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
            yield notification(kind, find.day, body, due, received, PROTECTED, find.code)


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
        "quantity": in_tonnes(find.grams),
        "condition": "Corroded" if find.is_early else "Corroded, some leaking",
    }
    if kind == "ACW_DISCOVERY":
        return {**found, "abandonment": "Found with marks of that State; nothing else is known."}
    if find.is_early:
        return {**found, "era": "PRE_1925"}
    return {**found, "era": "FROM_1925_TO_1946", "unusable": True}
