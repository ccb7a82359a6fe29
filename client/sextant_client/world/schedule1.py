"""What States file on Schedule 1: facilities past and ahead, notices and lists of transfers."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sextant_client.world import dues
from sextant_client.world import faults as kinds
from sextant_client.world.amounts import NIL, grams_text
from sextant_client.world.chance import Chance
from sextant_client.world.differing import differing
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
from sextant_client.world.faults import FACILITY_KINDS, TRANSFER_KINDS, Fault
from sextant_client.world.heading import Filing, Struck, notification, received_on
from sextant_client.world.profiles import Profile
from sextant_client.world.truth import World

_CHANGES = 0.06  # share of the years in which something changes at a facility
_GRAIN = 100  # milligrams
_CLASS = "OPCW_PROTECTED"
_CHANGED = "The store moves to another room; capacity and equipment stay as declared."
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
        if facility.era.first == year > profile.entry_into_force.year:
            yield _initial(world, profile, facility, kind)
        if _changes(world, facility, year) and profile.entry_into_force.year < year:
            yield _change(world, profile, facility, kind, year)
        if facility.era.holds(year):
            yield _past(world, profile, facility, kind, year)
            if facility.era.first < year and profile.entry_into_force.year < year:
                yield _ahead(world, profile, facility, kind, year)
    transfers = world.facilities.transfers.get((state, year), ())
    for transfer in transfers:
        yield _notice(world, profile, transfer)
    if transfers:
        yield _list(world, profile, transfers, year)


def file_schedule1_initial(world: World, state: str) -> Iterator[Filing]:
    """Yield the initial declarations of the facilities that a State has when it joins."""
    profile = world.profiles[state]
    for facility in world.facilities.of.get(state, ()):
        if facility.era.first <= profile.entry_into_force.year:
            kind = "SSSF" if facility.is_sssf else "OTHER"
            yield _initial(world, profile, facility, kind, joins=True)


def notice_key(transfer: Transfer) -> str:
    """Return by which a fault finds the notice of a transfer among a State's filings."""
    return f"transfer {transfer.number}"


def _list(world: World, profile: Profile, transfers: Sequence[Transfer], year: int) -> Filing:
    kind, state = "S1_TRANSFER_ANNUAL", profile.code
    told = [_told(world, state, transfer) for transfer in transfers]
    due = dues.after_year(kind, year)
    received = received_on(world.plan.seed, profile, kind, due, "")
    body = {"records": list(_records(state, [transfer for transfer, _ in told]))}
    filing = Filing(kind, year, body, due, received, classification=_CLASS)
    for _, fault in told:
        if fault is not None:
            others = [
                t if f is not fault else true for true, (t, f) in zip(transfers, told, strict=True)
            ]
            true = {"records": list(_records(state, others))}
            filing.struck.append(Struck(fault, list(differing(true, body))))
    return filing


def _told(world: World, state: str, transfer: Transfer) -> tuple[Transfer, Fault | None]:
    """Return a transfer as a State tells of it, and the fault that makes it so."""
    for fault in world.faults.at(state, transfer.day.year, TRANSFER_KINDS):
        if fault.site == notice_key(transfer):
            if fault.kind == kinds.S1_NOTICE_QUANTITY:
                return dataclasses.replace(transfer, milligrams=fault.factor), fault
            later = transfer.day + dt.timedelta(fault.factor)
            return dataclasses.replace(transfer, day=later), fault
    return transfer, None


def _changes(world: World, facility: Facility, year: int) -> bool:
    chance = Chance(world.plan.seed, "s1 change", facility.code, year)
    return facility.era.first < year <= facility.era.last and chance.happens(_CHANGES)


def _change(world: World, profile: Profile, facility: Facility, kind: str, year: int) -> Filing:
    chance = Chance(world.plan.seed, "s1 change day", facility.code, year)
    name, day = f"S1_{kind}_CHANGE", dt.date(year, chance.between(1, 12), chance.between(1, 28))
    due = dues.before(name, day)
    received = received_on(world.plan.seed, profile, name, due, facility.code)
    body = {"facility": facility.members(), "changes": _CHANGED}
    return notification(name, day, body, due, received, _CLASS, facility.code)


def _initial(
    world: World, profile: Profile, facility: Facility, kind: str, *, joins: bool = False
) -> Filing:
    day = profile.entry_into_force if joins else dt.date(facility.era.first, 1, 15)
    body = {
        "facility": facility.members(),
        "is_new": not joins,
        "description": {
            "text": "Laboratory with fume cupboards, a store and an analytical room.",
            "equipment": ["fume cupboards", "gas chromatograph", "cold store"],
            "reactors": [
                {"name": "R1", "volume": {"value": "5", "unit": "L"}},
                {"name": "R2", "volume": {"value": "20", "unit": "L"}},
            ],
        },
    }
    name = f"S1_{kind}_INITIAL"
    due = dues.after_entry(name, day) if joins else dues.before(name, day)
    received = received_on(world.plan.seed, profile, name, due, facility.code)
    return Filing(
        name,
        day.year,
        body,
        due,
        received,
        "INITIAL",
        event_date=day,
        classification=_CLASS,
    )


def _past(world: World, profile: Profile, facility: Facility, kind: str, year: int) -> Filing:
    faults = [
        fault
        for fault in world.faults.at(profile.code, year, FACILITY_KINDS)
        if fault.site == facility.code
    ]
    rows, true = [], []
    for cas in facility.chemicals:
        stock = world.facilities.stocks[facility.code, cas, year]
        true.append(_row(facility, cas, stock))
        for fault in faults:
            if fault.other == cas:
                most = max(stock.most, fault.factor)
                stock = stock._replace(closing=fault.factor, most=most)
        rows.append(_row(facility, cas, stock))
    name = f"S1_{kind}_ADPA"
    due = dues.after_year(name, year)
    received = received_on(world.plan.seed, profile, name, due, facility.code)
    body = {"facility": facility.members(), "chemicals": rows}
    if _changes(world, facility, year) and profile.entry_into_force.year < year:
        body["changes"] = _CHANGED
    filing = Filing(name, year, body, due, received, classification=_CLASS, site=facility.code)
    for fault in faults:
        found = differing({"chemicals": true}, {"chemicals": rows})
        filing.struck.append(Struck(fault, list(found)))
    return filing


def _row(facility: Facility, cas: str, stock: Stock) -> dict[str, Any]:
    row: dict[str, Any] = {"chemical": s1_members(cas)}
    if facility.type != RESEARCH:
        row["methods"] = _METHOD.get(cas, "Synthesis in glass, batches below one litre.")
    row["produced"] = mass(cas, stock.produced)
    if stock.produced and cas in _PRECURSORS:
        precursor, percent = _PRECURSORS[cas]
        used = stock.produced // 100 * percent // _GRAIN * _GRAIN or stock.produced
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
            "anticipated": mass(cas, _weighed(cas, chance.about(stock.produced, 30))),
            "purposes": [_PURPOSE[facility.type]],
        }
        if not facility.is_sssf:
            row["periods"] = [{"start": f"{year}-02-01", "end": f"{year}-11-30"}]
        rows.append(row)
    name = f"S1_{kind}_ADAA"
    due = dues.before_year(name, year)
    received = received_on(world.plan.seed, profile, name, due, facility.code)
    body = {"facility": facility.members(), "chemicals": rows}
    return Filing(name, year, body, due, received, classification=_CLASS, site=facility.code)


def _weighed(cas: str, milligrams: int) -> int:
    return milligrams if cas == SAXITOXIN else milligrams // _GRAIN * _GRAIN


def _notice(world: World, profile: Profile, transfer: Transfer) -> Filing:
    key, true = notice_key(transfer), transfer
    transfer, fault = _told(world, profile.code, transfer)
    is_stx = transfer.is_saxitoxin_exception
    kind = "S1_TRANSFER_NOTIF_STX" if is_stx else "S1_TRANSFER_NOTIF"
    due = dues.before(kind, true.day)
    body = {
        "sending_state": transfer.sender.state,
        "receiving_state": transfer.recipient.state,
        "chemical": s1_members(transfer.cas),
        "quantity": mass(transfer.cas, transfer.milligrams),
        "sender": _party(transfer.sender),
        "recipient": _party(transfer.recipient),
        "purpose": transfer.purpose,
    }
    filing = Filing(
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
    if fault is not None:
        given = {"quantity": mass(true.cas, true.milligrams), "event_date": true.day.isoformat()}
        told = {"quantity": body["quantity"], "event_date": transfer.day.isoformat()}
        filing.struck.append(Struck(fault, list(differing(given, told))))
    return filing


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
