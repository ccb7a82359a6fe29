"""Standing notifications, riot control agents and Article X: at entry into force, and on change."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from sextant_client.world import dues
from sextant_client.world.chance import Chance
from sextant_client.world.heading import Filing, notification, received_on
from sextant_client.world.names import make_place
from sextant_client.world.profiles import LARGE, LIGHT, MIDDLE, SMALL, Profile
from sextant_client.world.truth import World

_UNCLASSIFIED, _RESTRICTED = "UNCLASSIFIED", "OPCW_RESTRICTED"
_MINISTRIES = ("Foreign Affairs", "Economy", "Environment", "Science", "Industry", "Defence")
_PORTS = (("International Airport", "AIR"), ("Northern Airport", "AIR"), ("Harbour", "SEA"))
_AGENTS = (
    ("2-Chlorobenzylidenemalononitrile", "2698-41-1", "N#CC(=Cc1ccccc1Cl)C#N"),
    ("2-Chloroacetophenone", "532-27-4", "O=C(CCl)c1ccccc1"),
    ("Nonivamide", "2444-46-4", "CCCCCCCCC(=O)NCc1ccc(O)c(OC)c1"),
    ("Dibenz[b,f][1,4]oxazepine", "257-07-8", "C1=Nc2ccccc2Oc2ccccc12"),
)
_PROGRAMMES = {LARGE: 0.9, MIDDLE: 0.7, LIGHT: 0.4, SMALL: 0.2}
_RENEWALS_TO = (12, 31)
_LIST_ANSWERED, _OBJECTS = 0.05, 0.006  # share of the years in which a State does so
# Share of the years in which something changes after entry into force.
_CHANGES = {
    "NA_DESIGNATION": 0.03,
    "A7_MEASURES": 0.04,
    "POE": 0.03,
    "DIPLO_CLEARANCE": 0.02,
    "X7_ASSISTANCE": 0.02,
    "A3_RCA": 0.02,
}
_RENEWS = 0.15  # of the States give a clearance for one year only


def file_standing(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield what a State notifies in a year, and its information under Article X(4)."""
    profile = world.profiles[state]
    for kind in _CHANGES:
        for number, day in enumerate(_days(world.plan.seed, profile, kind, world.plan.last_year)):
            if day.year == year:
                yield _notification(world, profile, kind, number, day)
    yield _protective(world, profile, year)
    yield from _inspectors(world, profile, year)


@lru_cache(maxsize=64)
def _days(seed: int, profile: Profile, kind: str, last: int) -> tuple[dt.date, ...]:
    """Return from when each version holds: from entry into force, then from each change."""
    found = [profile.entry_into_force]
    renews = kind == "DIPLO_CLEARANCE" and _renews(seed, profile)
    for year in range(profile.entry_into_force.year + 1, last + 1):
        chance = Chance(seed, "changes", profile.code, kind, year)
        if renews:
            found.append(dt.date(year, 1, 1))
        elif chance.happens(_CHANGES[kind]):
            found.append(dt.date(year, chance.between(1, 12), chance.between(1, 28)))
    return tuple(found)


def _renews(seed: int, profile: Profile) -> bool:
    return Chance(seed, "renews", profile.code).happens(_RENEWS)


def _notification(world: World, profile: Profile, kind: str, number: int, day: dt.date) -> Filing:
    seed = world.plan.seed
    classification, body = _BODIES[kind]
    key = str(number)
    if number == 0 and kind != "A7_MEASURES":
        due = dues.after_entry(kind, day)
        received = received_on(seed, profile, kind, due, key)
    elif kind == "A3_RCA":
        due = dues.after(kind, day)
        received = received_on(seed, profile, kind, due, key)
    else:  # the treaty sets no day
        chance = Chance(seed, "told", profile.code, kind, number)
        due = received = day + dt.timedelta(chance.between(-20, 20))
    filing = notification(
        kind, day, body(world, profile, number), due, received, classification, key
    )
    if number == 0 and kind == "A3_RCA":
        filing.submission_type = "INITIAL"
    return filing


def _authority(world: World, profile: Profile, number: int) -> dict[str, Any]:
    chance = Chance(world.plan.seed, "authority", profile.code, number)
    desk = f"na.{profile.code.lower()}.example"
    body: dict[str, Any] = {
        "authority": _authority_name(world, profile, number),
        "address": make_place(chance, profile.code).members(),
        "contacts": [
            {
                "name": "Declarations Desk",
                "function": "National Authority, declarations",
                "email": f"declarations@{desk}",
            },
            {
                "name": "Inspections Desk",
                "function": "National Authority, inspections, at any hour",
                "email": f"inspections@{desk}",
            },
        ],
    }
    if number:
        body["replaces"] = _authority_name(world, profile, number - 1)
    return body


def _authority_name(world: World, profile: Profile, number: int) -> str:
    first = Chance(world.plan.seed, "ministry", profile.code).below(len(_MINISTRIES))
    return f"National Authority, Ministry of {_MINISTRIES[(first + number) % len(_MINISTRIES)]}"


def _measures(world: World, profile: Profile, number: int) -> dict[str, Any]:
    days = _days(world.plan.seed, profile, "A7_MEASURES", world.plan.last_year)
    measures = [
        {
            "form": "REGULATION" if i else "LAW",
            "title": f"Scheduled Chemicals Regulation {day.year}"
            if i
            else "Chemical Weapons Prohibition Act",
            "reference": f"Official Gazette {day.year} No {day.month * 4 + i}",
            "in_force_on": day.isoformat(),
            "covers": ["Article VI(7)-(8)"] if i else ["Article VII(1)", "Article VI(2)"],
        }
        for i, day in enumerate(days[: number + 1])
    ]
    return {"measures": measures}


def _entry_points(world: World, profile: Profile, number: int) -> dict[str, Any]:
    chance = Chance(world.plan.seed, "points of entry", profile.code)
    count = chance.between(1, 2 if profile.size < MIDDLE else 3)
    points = []
    for i, (name, means) in enumerate(_PORTS[:count], start=1):
        place = make_place(chance, profile.code)
        points.append(
            {
                "code": f"{profile.code}-POE-{i}",
                "name": f"{place.city} {name}",
                "means": means,
                "position": {"latitude": place.latitude, "longitude": place.longitude},
                "farthest_hours": max(1, chance.between(2, 11) - number),
            }
        )
    return {"points": points}


def _clearance(world: World, profile: Profile, number: int) -> dict[str, Any]:
    days = _days(world.plan.seed, profile, "DIPLO_CLEARANCE", world.plan.last_year)
    day = days[number]
    chance = Chance(world.plan.seed, "clearance", profile.code, number)
    body: dict[str, Any] = {
        "clearance_number": f"{profile.code}-DC-{day.year}-{chance.between(1, 999):04d}"
    }
    if _renews(world.plan.seed, profile):
        body["valid_until"] = dt.date(day.year, *_RENEWALS_TO).isoformat()
    body["routing"] = "Inform the Civil Aviation Desk six hours before entry."
    return body


def _assistance(world: World, profile: Profile, number: int) -> dict[str, Any]:
    chance = Chance(world.plan.seed, "assistance", profile.code, number)
    measure = chance.choose(("FUND", "AGREEMENT", "OFFER"))
    members: dict[str, Any] = {"measure": measure}
    if measure == "FUND":
        members["contribution"] = {"value": f"{chance.between(1, 60) * 500}", "unit": "EUR"}
    elif measure == "AGREEMENT":
        days = _days(world.plan.seed, profile, "X7_ASSISTANCE", world.plan.last_year)
        members["agreement_date"] = days[number].isoformat()
    else:
        members["offer"] = f"{chance.between(2, 40)} protective suits with masks, and training."
    return {"measures": [members]}


def _agents(world: World, profile: Profile, number: int) -> dict[str, Any]:
    """Return what is held; each change adds an agent, and then begins again."""
    chance = Chance(world.plan.seed, "riot control", profile.code)
    order = chance.shuffled(_AGENTS)
    count = (chance.weighted(((0, 3), (1, 4), (2, 2), (3, 1))) + number) % (len(_AGENTS) + 1)
    agents = [{"name": n, "cas": cas, "structure": s} for n, cas, s in order[:count]]
    return {"holds": bool(agents), "agents": agents}


_BODIES: Mapping[str, tuple[str, Callable[[World, Profile, int], dict[str, Any]]]] = {
    "NA_DESIGNATION": (_UNCLASSIFIED, _authority),
    "A7_MEASURES": (_UNCLASSIFIED, _measures),
    "POE": (_UNCLASSIFIED, _entry_points),
    "DIPLO_CLEARANCE": (_RESTRICTED, _clearance),
    "X7_ASSISTANCE": (_UNCLASSIFIED, _assistance),
    "A3_RCA": (_UNCLASSIFIED, _agents),
}


def _protective(world: World, profile: Profile, year: int) -> Filing:
    kind = "X4_PROTECTIVE"
    constant = Chance(world.plan.seed, "protection", profile.code)
    has_programme = constant.happens(_PROGRAMMES[profile.size])
    chance = Chance(world.plan.seed, "protection", profile.code, year)
    courses, suits = chance.between(1, 9), chance.between(10, 900)
    texts = (
        ("AGENCIES", "Agencies that take part", "Civil Protection Agency; Medical Service."),
        ("TRAINING", "Training and exercises", f"{courses} courses for first responders."),
        ("EQUIPMENT", "Equipment", f"{suits} protective suits in three stores."),
    )
    count = constant.between(2, 3)
    sections = [
        {"topic": topic, "title": title, "text": text, "classification": _UNCLASSIFIED}
        for topic, title, text in texts[:count]
    ]
    due = dues.after_year(kind, year)
    received = received_on(world.plan.seed, profile, kind, due, "")
    body = {"has_programme": has_programme, "sections": sections if has_programme else []}
    return Filing(kind, year, body, due, received)


def _inspectors(world: World, profile: Profile, year: int) -> Iterator[Filing]:
    """Yield an answer to the year's list of inspectors, or an objection, from few States."""
    chance = Chance(world.plan.seed, "inspectors", profile.code, year)
    codes = sorted(chance.sample(range(101, 160), 4))
    reference = f"TS/INSP/{year}/01"
    day = max(dt.date(year, 3, chance.between(1, 28)), profile.entry_into_force)
    if chance.happens(_LIST_ANSWERED):
        kind = "INSPECTOR_RESPONSE"
        due = dues.after(kind, day)
        received = received_on(world.plan.seed, profile, kind, due, "")
        answers = [
            {"code": f"I-{code:04d}", "accepted": bool(i) or chance.happens(0.5)}
            for i, code in enumerate(codes)
        ]
        body: dict[str, Any] = {"list_reference": reference, "inspectors": answers}
        yield notification(kind, day, body, due, max(received, day), _RESTRICTED)
    if chance.happens(_OBJECTS):
        later = day + dt.timedelta(chance.between(60, 200))
        body = {"list_reference": reference, "inspectors": [f"I-{codes[-1]:04d}"]}
        yield notification("INSPECTOR_OBJECTION", later, body, later, later, _RESTRICTED)
