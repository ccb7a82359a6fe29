"""Schedule 1: facilities, what they make and hold, and every transfer between States.

Few States have any. A State has one small-scale facility at most; what it makes stays far below the
treaty's ceilings. Quantities are whole milligrams.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sextant_client.world.chance import Chance
from sextant_client.world.industry import Era
from sextant_client.world.names import Place, make_company, make_place, make_site_name
from sextant_client.world.profiles import LARGE, LIGHT, MIDDLE, Profile
from sextant_shared import codelists

SSSF, PROTECTIVE, RESEARCH = "S1_SSSF", "S1_PROTECTIVE", "S1_RMP"
SAXITOXIN = "35523-89-8"
STX_LIMIT_MG = 5  # VI.5 bis
_MADE = ("107-44-8", "96-64-0", "50782-69-9", "505-60-2", "51-75-2", "9009-86-3", SAXITOXIN)
_GRAM, _KILOGRAM = 1_000, 1_000_000
_GRAIN = 100  # milligrams to which amounts are weighed, but of saxitoxin
# Most a year of one chemical, in milligrams; the ceiling is 10 kg for facilities outside the SSSF.
_SCALE = {SSSF: (5 * _GRAM, _KILOGRAM), PROTECTIVE: (_GRAM, 60 * _GRAM)}
_RESEARCH_SCALE = (110 * _GRAM, 900 * _GRAM)
_PURPOSES = {
    SSSF: ("S1_PROTECTIVE", "S1_RESEARCH"),
    PROTECTIVE: ("S1_PROTECTIVE",),
    RESEARCH: ("S1_MEDICAL", "S1_PHARMACEUTICAL", "S1_RESEARCH"),
}


class Stock(NamedTuple):
    """One chemical at one facility in one year, in milligrams."""

    opening: int
    produced: int
    received: int
    consumed: int
    sent: int
    closing: int
    most: int


@dataclass(frozen=True, slots=True)
class Facility:
    """One facility; `chemicals` by CAS number."""

    code: str
    state: str
    type: str
    name: str
    owner: str
    place: Place
    era: Era
    chemicals: tuple[str, ...]

    @property
    def is_sssf(self) -> bool:
        """Whether it is the single small-scale facility."""
        return self.type == SSSF

    def members(self) -> dict[str, Any]:
        """Return the block that names it."""
        return {
            "facility_code": self.code,
            "facility_type": self.type,
            "name": self.name,
            "owner_operator": self.owner,
            "address": self.place.members(),
        }


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer between two facilities of different States."""

    number: int
    cas: str
    sender: Facility
    recipient: Facility
    day: dt.date
    milligrams: int
    purpose: str

    @property
    def is_saxitoxin_exception(self) -> bool:
        """Whether it may be notified as late as the day of the transfer."""
        fits = self.purpose in {"S1_MEDICAL", "S1_DIAGNOSTIC"}
        return self.cas == SAXITOXIN and self.milligrams <= STX_LIMIT_MG and fits


@dataclass(frozen=True, slots=True)
class Facilities:
    """All facilities by State, all transfers in order, and all stocks."""

    of: Mapping[str, Sequence[Facility]]
    transfers: Mapping[tuple[str, int], Sequence[Transfer]]
    """By State, sending or receiving, and year."""
    stocks: Mapping[tuple[str, str, int], Stock]
    """By facility, chemical and year."""


@lru_cache
def s1_members(cas: str) -> dict[str, Any]:
    """Return a chemical of the schedules as a declaration names it."""
    line = codelists.chemicals_by_cas()[cas]
    return {"name": line.name, "cas": cas, "schedule": line.schedule, "entry": int(line.entry)}


def make_facilities(seed: int, profiles: Mapping[str, Profile], era: Era) -> Facilities:
    """Return the Schedule 1 part of the truth."""
    found = {
        profile.code: tuple(_facilities(seed, profile, era))
        for profile in profiles.values()
        if profile.is_party
    }
    largest = max((p for p in profiles.values() if p.is_party), key=lambda p: p.size).code
    if not any(facility.is_sssf for facility in found[largest]):
        made = _facility(seed, largest, 90, SSSF, era)
        found[largest] = (made, *found[largest])
    transfers: dict[tuple[str, int], list[Transfer]] = {}
    every = list(_transfers(seed, profiles, found, era))
    for transfer in every:
        for facility in (transfer.sender, transfer.recipient):
            transfers.setdefault((facility.state, transfer.day.year), []).append(transfer)
    stocks = {
        key: stock
        for facilities in found.values()
        for facility in facilities
        for key, stock in _stocks(seed, facility, every, era)
    }
    return Facilities(found, transfers, stocks)


def _facilities(seed: int, profile: Profile, era: Era) -> Iterator[Facility]:
    chance = Chance(seed, "schedule 1", profile.code)
    shares = {
        SSSF: {LARGE: 0.4, MIDDLE: 0.04},
        PROTECTIVE: {LARGE: 0.5, MIDDLE: 0.12, LIGHT: 0.02},
        RESEARCH: {LARGE: 0.4, MIDDLE: 0.1, LIGHT: 0.05},
    }
    for number, kind in enumerate((SSSF, PROTECTIVE, RESEARCH), start=1):
        if chance.happens(shares[kind].get(profile.size, 0.0)):
            yield _facility(seed, profile.code, number, kind, era)


def _facility(seed: int, state: str, number: int, kind: str, era: Era) -> Facility:
    code = f"{state}-S1-{number:02d}"
    chance = Chance(seed, "facility", code)
    place = make_place(chance, state)
    # The small-scale facility is the oldest; others come and go.
    first = era.first if kind == SSSF or chance.happens(0.6) else chance.between(*_inner(era))
    count = len(_MADE) if kind == SSSF else chance.between(1, 3)
    always = (SAXITOXIN,) if kind == RESEARCH and chance.happens(0.5) else ()  # for diagnostics
    return Facility(
        code=code,
        state=state,
        type=kind,
        name=make_site_name(chance, place),
        owner=make_company(chance),
        place=place,
        era=Era(first, era.last),
        chemicals=tuple(sorted({*chance.sample(_MADE, count), *always})),
    )


def _inner(era: Era) -> tuple[int, int]:
    """Return first and last year of the declared ones, roughly."""
    return min(era.first + 4, era.last), max(era.first + 4, era.last - 1)


def _transfers(
    seed: int,
    profiles: Mapping[str, Profile],
    facilities: Mapping[str, Sequence[Facility]],
    era: Era,
) -> Iterator[Transfer]:
    senders = [f for state in facilities.values() for f in state if f.is_sssf]
    number = 0
    for state, own in facilities.items():
        if any(facility.is_sssf for facility in own):
            continue  # makes what it needs; what was received may not be sent on (VI.4)
        sources = [f for f in senders if f.state != state]
        for recipient in own:
            for year in range(era.first, era.last + 1):
                chance = Chance(seed, "transfers", recipient.code, year)
                bound = profiles[state].entry_into_force.year < year
                if not (sources and bound and recipient.era.holds(year) and chance.happens(0.8)):
                    continue
                for _ in range(chance.between(1, 3)):
                    yield _transfer(chance, number, chance.choose(sources), recipient, year)
                    number += 1


def _transfer(
    chance: Chance, number: int, sender: Facility, recipient: Facility, year: int
) -> Transfer:
    shared = [cas for cas in recipient.chemicals if cas in sender.chemicals]
    cas = chance.choose(shared)
    milligrams = chance.between(1, 60) * 100 if cas != SAXITOXIN else chance.between(1, 9)
    purpose = chance.choose(_PURPOSES[recipient.type])
    if cas == SAXITOXIN and chance.happens(0.7):
        milligrams, purpose = min(milligrams, STX_LIMIT_MG), "S1_DIAGNOSTIC"
        if recipient.type != RESEARCH:
            purpose = "S1_MEDICAL"
    day = dt.date(year, chance.between(3, 12), chance.between(1, 28))
    return Transfer(number, cas, sender, recipient, day, milligrams, purpose)


def _stocks(
    seed: int, facility: Facility, transfers: Sequence[Transfer], era: Era
) -> Iterator[tuple[tuple[str, str, int], Stock]]:
    sent: dict[tuple[str, int], int] = {}
    received: dict[tuple[str, int], int] = {}
    for t in transfers:
        for books, side in ((sent, t.sender), (received, t.recipient)):
            if side.code == facility.code:
                books[t.cas, t.day.year] = books.get((t.cas, t.day.year), 0) + t.milligrams
    for cas in facility.chemicals:
        chance = Chance(seed, "stock", facility.code, cas)
        usual = chance.amount(*_SCALE.get(facility.type, _RESEARCH_SCALE))
        usual = usual // 1000 if cas == SAXITOXIN else usual
        grain = 1 if cas == SAXITOXIN else _GRAIN
        opening = 0
        for year in range(facility.era.first, era.last + 1):
            out, into = sent.get((cas, year), 0), received.get((cas, year), 0)
            made = chance.about(usual, 40) // grain * grain + out
            made = made if chance.happens(0.8) or out else 0
            left = opening + made + into - out
            used = left * chance.between(35, 80) // (100 * grain) * grain
            closing = left - used
            most = max(opening, closing) + (made + into) // (3 * grain) * grain
            stock = Stock(opening, made, into, used, out, closing, most)
            opening = closing
            yield (facility.code, cas, year), stock
