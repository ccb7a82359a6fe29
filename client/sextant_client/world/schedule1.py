"""What States file on Schedule 1: facilities past and ahead, notices and lists of transfers."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sextant_client.world.amounts import NIL, grams_text
from sextant_client.world.chance import Chance
from sextant_client.world.facilities import (
    PROTECTIVE,
    RESEARCH,
    SAXITOXIN,
    SSSF,
    Facility,
    Stock,
    Transfer,
    s1_members,
)
from sextant_client.world.heading import Filing, received_on
from sextant_client.world.profiles import Profile
from sextant_client.world.truth import World, due_after, due_before

_PAST_DAYS, _AHEAD_DAYS, _NEW_DAYS, _NOTICE_DAYS = 90, 90, 180, 30
_CLASS = "OPCW_PROTECTED"
_PURPOSE = {SSSF: "S1_PROTECTIVE", PROTECTIVE: "S1_PROTECTIVE", RESEARCH: "S1_MEDICAL"}
# What each is made from, as far as a scheduled chemical is used: CAS number, parts in a hundred.
_PRECURSORS = {
    "107-44-8": ("676-97-1", 140),
    "96-64-0": ("464-07-3", 110),
    "50782-69-9": ("676-97-1", 150),
    "505-60-2": ("111-48-8", 120),
    "51-75-2": ("105-59-9", 130),
}
_METHOD = {
    "9009-86-3": "Extraction and purification from seeds.",
    SAXITOXIN: "Extraction and purification from cultures.",
}


def file_schedule1(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield everything that a State files on Schedule 1 for a year."""
    profile = world.profiles[state]
    for facility in world.facilities.of.get(state, ()):
        kind = "SSSF" if facility.is_sssf else "OTHER"
        if facility.era.first == year:
            yield _initial(world, profile, facility, kind)
        if facility.era.holds(year):
            yield _past(world, profile, facility, kind, year)
            if facility.era.first < year and profile.entry_into_force.year < year:
                yield _ahead(world, profile, facility, kind, year)
    transfers = world.facilities.transfers.get((state, year), ())
    for transfer in transfers:
        yield _notice(world, profile, transfer)
    if transfers:
        due = due_after(year, _PAST_DAYS)
        received = received_on(world.plan.seed, profile, "S1_TRANSFER_ANNUAL", due, "")
        body = {"records": list(_records(state, transfers))}
        yield Filing("S1_TRANSFER_ANNUAL", year, body, due, received, classification=_CLASS)


def notice_key(transfer: Transfer) -> str:
    """Return by which a fault finds the notice of a transfer among a State's filings."""
    return f"transfer {transfer.number}"


def _initial(world: World, profile: Profile, facility: Facility, kind: str) -> Filing:
    day = dt.date(facility.era.first, 1, 15)
    body = {
        "facility": facility.members(),
        "is_new": True,
        "description": {
            "text": "Laboratory with fume cupboards, a store and an analytical room.",
            "equipment": ["fume cupboards", "gas chromatograph", "cold store"],
            "reactors": [
                {"name": "R1", "volume": {"value": "5", "unit": "L"}},
                {"name": "R2", "volume": {"value": "20", "unit": "L"}},
            ],
        },
    }
    due = day - dt.timedelta(_NEW_DAYS)
    name = f"S1_{kind}_INITIAL"
    received = received_on(world.plan.seed, profile, name, due, facility.code)
    return Filing(
        name,
        facility.era.first,
        body,
        due,
        received,
        "INITIAL",
        event_date=day,
        classification=_CLASS,
    )


def _past(world: World, profile: Profile, facility: Facility, kind: str, year: int) -> Filing:
    rows = []
    for cas in facility.chemicals:
        stock = world.facilities.stocks[facility.code, cas, year]
        rows.append(_row(facility, cas, stock))
    due = due_after(year, _PAST_DAYS)
    name = f"S1_{kind}_ADPA"
    received = received_on(world.plan.seed, profile, name, due, facility.code)
    body = {"facility": facility.members(), "chemicals": rows}
    return Filing(name, year, body, due, received, classification=_CLASS, site=facility.code)


def _row(facility: Facility, cas: str, stock: Stock) -> dict[str, Any]:
    row: dict[str, Any] = {"chemical": s1_members(cas)}
    if facility.type != RESEARCH:
        row["methods"] = _METHOD.get(cas, "Synthesis in glass, batches below one litre.")
    row["produced"] = mass(cas, stock.produced)
    if stock.produced and cas in _PRECURSORS:
        precursor, percent = _PRECURSORS[cas]
        used = stock.produced * percent // 100
        row["precursors"] = [
            {"chemical": s1_members(precursor), "quantity": mass(precursor, used)},
        ]
    if stock.consumed:
        purpose = _PURPOSE[facility.type]
        row["consumed"] = [{"quantity": mass(cas, stock.consumed), "purpose": purpose}]
    row["max_stored"] = mass(cas, stock.most)
    row["stored_at_year_end"] = mass(cas, stock.closing)
    return row


def _ahead(world: World, profile: Profile, facility: Facility, kind: str, year: int) -> Filing:
    rows = []
    for cas in facility.chemicals:
        chance = Chance(world.plan.seed, "s1 plan", facility.code, cas, year)
        stock = world.facilities.stocks[facility.code, cas, year]
        row: dict[str, Any] = {
            "chemical": s1_members(cas),
            "anticipated": mass(cas, chance.about(stock.produced, 30)),
            "purposes": [_PURPOSE[facility.type]],
        }
        if not facility.is_sssf:
            row["periods"] = [{"start": f"{year}-02-01", "end": f"{year}-11-30"}]
        rows.append(row)
    due = due_before(year, _AHEAD_DAYS)
    name = f"S1_{kind}_ADAA"
    received = received_on(world.plan.seed, profile, name, due, facility.code)
    body = {"facility": facility.members(), "chemicals": rows}
    return Filing(name, year, body, due, received, classification=_CLASS, site=facility.code)


def _notice(world: World, profile: Profile, transfer: Transfer) -> Filing:
    is_stx = transfer.is_saxitoxin_exception
    kind = "S1_TRANSFER_NOTIF_STX" if is_stx else "S1_TRANSFER_NOTIF"
    due = transfer.day - dt.timedelta(0 if is_stx else _NOTICE_DAYS)
    body = {
        "sending_state": transfer.sender.state,
        "receiving_state": transfer.recipient.state,
        "chemical": s1_members(transfer.cas),
        "quantity": mass(transfer.cas, transfer.milligrams),
        "sender": _party(transfer.sender),
        "recipient": _party(transfer.recipient),
        "purpose": transfer.purpose,
    }
    key = notice_key(transfer)
    return Filing(
        kind,
        transfer.day.year,
        body,
        due,
        received_on(world.plan.seed, profile, kind, due, key),
        "NOTIFICATION",
        event_date=transfer.day,
        classification=_CLASS,
        site=key,
    )


def _party(facility: Facility) -> dict[str, Any]:
    return {"name": facility.name, "address": facility.place.members()}


def _records(state: str, transfers: Sequence[Transfer]) -> Iterator[dict[str, Any]]:
    for cas in sorted({transfer.cas for transfer in transfers}):
        moved = sorted((t for t in transfers if t.cas == cas), key=lambda t: (t.day, t.number))
        came = [t for t in moved if t.recipient.state == state]
        went = [t for t in moved if t.sender.state == state]
        yield {
            "chemical": s1_members(cas),
            "acquired": list(_by_state(cas, [(t.sender.state, t.milligrams) for t in came])),
            "transferred": list(_by_state(cas, [(t.recipient.state, t.milligrams) for t in went])),
            "transfers": [
                {
                    "direction": "RECEIVED" if t in came else "SENT",
                    "state_code": t.sender.state if t in came else t.recipient.state,
                    "day": t.day.isoformat(),
                    "quantity": mass(cas, t.milligrams),
                    "recipient": t.recipient.name,
                    "purpose": t.purpose,
                }
                for t in moved
            ],
        }


def _by_state(cas: str, moved: Sequence[tuple[str, int]]) -> Iterator[dict[str, Any]]:
    for state in sorted({state for state, _ in moved}):
        total = sum(milligrams for partner, milligrams in moved if partner == state)
        yield {"state_code": state, "quantity": mass(cas, total)}


def mass(cas: str, milligrams: int) -> dict[str, Any]:
    """Return an amount in grams, of saxitoxin in milligrams; three digits, nil for nothing."""
    if milligrams == 0:
        return NIL
    if cas == SAXITOXIN:
        return {"value": str(milligrams), "unit": "mg"}
    return {"value": grams_text(milligrams), "unit": "g"}
