"""The truth of Articles III to V: what few States have left from the past, and what becomes of it.

A store of chemical weapons with its programme of destruction, a former production facility that is
cut up or converted, old weapons that are found now and then, and weapons that another State
abandoned. What falls behind its plan in a year is planned again in the next.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sextant_client.world.amounts import NOT_APPLICABLE, in_tonnes
from sextant_client.world.chance import Chance
from sextant_client.world.facilities import s1_members
from sextant_client.world.industry import Era
from sextant_client.world.names import Place, make_place
from sextant_client.world.profiles import FIRST_ENTRY, LARGE, MIDDLE, Profile

MUSTARD, SARIN, PHOSGENE = "505-60-2", "107-44-8", "75-44-5"
_LATE_SHARE, _OLD_SHARE, _FINDS_SHARE, _ABANDONED_SHARE = 0.12, 0.08, 0.15, 0.08
_FALLS_BEHIND = 0.35
_TYPES = (
    ("Artillery projectile", "155 mm", "MUNITION", 5_000),
    ("Ton container", "", "BULK_CONTAINER", 800_000),
    ("Aerial bomb", "250 kg", "MUNITION", 60_000),
)
_STRUCTURES = (
    ("Reactor hall", True, "Cutting"),
    ("Filling line", True, "Cutting"),
    ("Scrubber house", False, "Demolition"),
    ("Product store", False, "Demolition"),
    ("Feed pumps", True, "Cutting"),
    ("Boiler house", False, "Demolition"),
)


@dataclass(frozen=True, slots=True)
class Works:
    """A facility that Articles III to V ask for."""

    code: str
    name: str
    place: Place

    def members(self) -> dict[str, Any]:
        """Return the block that names it."""
        position = {
            "latitude": self.place.latitude,
            "longitude": self.place.longitude,
            "address": self.place.members(),
        }
        return {"facility_code": self.code, "name": self.name, "position": position}


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of an inventory: items of one type with one fill; `cas` is empty for empty ones."""

    code: str
    category: int
    form: str
    type: str
    calibre: str
    cas: str
    count: int
    item_grams: int

    def grams(self, items: int) -> int:
        """Return the fill of so many items."""
        return items * self.item_grams

    def quantity(self, items: int) -> dict[str, Any]:
        """Return the fill of so many items as an amount; empty items have none."""
        return in_tonnes(self.grams(items)) if self.cas else NOT_APPLICABLE

    def members(self) -> dict[str, Any]:
        """Return the line as plans and reports name it."""
        found: dict[str, Any] = {"code": self.code, "category": self.category, "type": self.type}
        if self.cas:
            found["chemical"] = s1_members(self.cas)
        return found


class Step(NamedTuple):
    """Items of one line in one year: planned, and destroyed."""

    planned: int
    done: int


@dataclass(frozen=True, slots=True)
class Programme:
    """Weapons and their destruction; `planned_last` is the last year of the general plan."""

    store: Works
    works: Works
    holdings: Sequence[Holding]
    steps: Mapping[int, Mapping[str, Step]]
    """By year and line of the inventory."""
    planned_last: int

    @property
    def first(self) -> int:
        """The first year of destruction."""
        return min(self.steps)

    @property
    def last(self) -> int:
        """The last one."""
        return max(self.steps)


@dataclass(frozen=True, slots=True)
class Structure:
    """A building or equipment of a production facility; years when to be, and when destroyed."""

    code: str
    name: str
    specialised: bool
    method: str
    planned: int
    done: int


@dataclass(frozen=True, slots=True)
class Former:
    """A former production facility: closed, then destroyed or converted."""

    works: Works
    converted: bool
    capacity_tonnes: int
    structures: Sequence[Structure]
    product: str

    @property
    def first(self) -> int:
        """The first year of the work."""
        return min(one.planned for one in self.structures)

    @property
    def last(self) -> int:
        """The last one."""
        return max(one.done for one in self.structures)


@dataclass(frozen=True, slots=True)
class Find:
    """Old or abandoned weapons found on a day."""

    code: str
    day: dt.date
    place: Place
    type: str
    calibre: str
    cas: str
    count: int
    grams: int
    is_early: bool


@dataclass(frozen=True, slots=True)
class Legacy:
    """What one State has; most have nothing."""

    programme: Programme | None = None
    former: Former | None = None
    old: Sequence[Find] = ()
    abandoned: Sequence[Find] = ()
    abandoned_by: str = ""


NONE = Legacy()


def make_legacies(
    seed: int, profiles: Mapping[str, Profile], first_year: int, last_year: int
) -> Mapping[str, Legacy]:
    """Return what States have left; the largest of them finds old and abandoned weapons."""
    parties = [profile for profile in profiles.values() if profile.is_party]
    owners = [p for p in parties if _owns(seed, p)]
    largest = max(parties, key=lambda p: p.size)
    if not any(p.size == LARGE for p in owners):
        owners.append(largest)
    years = (first_year, last_year)
    found: dict[str, Legacy] = {}
    for profile in parties:
        chance = Chance(seed, "legacy", profile.code)
        era = _era(chance, profile, first_year, last_year)
        others = [p.code for p in parties if p.code != profile.code]
        shares = (1.0, 1.0) if profile is largest else (_FINDS_SHARE, _ABANDONED_SHARE)
        abandoned = tuple(_finds(chance, profile, "ACW", shares[1], years))
        found[profile.code] = Legacy(
            _programme(chance, profile, era) if profile in owners else None,
            _former(chance, profile, era) if profile in owners else None,
            tuple(_finds(chance, profile, "OCW", shares[0], years)),
            abandoned if others else (),
            chance.choose(others) if others else "",
        )
    return found


def _owns(seed: int, profile: Profile) -> bool:
    is_late = profile.entry_into_force > FIRST_ENTRY
    share = _LATE_SHARE if is_late else _OLD_SHARE * (profile.size >= MIDDLE)
    return Chance(seed, "chemical weapons", profile.code).happens(share)


def _era(chance: Chance, profile: Profile, first_year: int, last_year: int) -> Era:
    """Return from when to when a State plans to destroy: within the declared years, if it can."""
    # Two years after entry into force, as the plan for a year is due before it begins.
    earliest = max(first_year, profile.entry_into_force.year + 2)
    first = min(earliest + chance.below(2), last_year)
    span = max(1, last_year - first)
    return Era(first, first + min(span, chance.between(2, 7)))


def _works(chance: Chance, profile: Profile, kind: str, name: str) -> Works:
    place = make_place(chance, profile.code)
    return Works(f"{profile.code}-{kind}-01", f"{place.city} {name}", place)


def _programme(chance: Chance, profile: Profile, era: Era) -> Programme:
    holdings = list(_holdings(chance, profile))
    steps: dict[int, dict[str, Step]] = {}
    for holding in holdings:
        left, year = holding.count, era.first
        while left:
            years_left = max(1, era.last - year + 1)
            planned = -(-left // years_left)
            done = planned
            # The extension after the planned end is short, and keeps to its plan.
            if year <= era.last and planned > 1 and chance.happens(_FALLS_BEHIND):
                done = planned * chance.between(40, 90) // 100
            steps.setdefault(year, {})[holding.code] = Step(planned, done)
            left -= done
            year += 1
    store = _works(chance, profile, "CWSF", "Depot")
    works = _works(chance, profile, "CWDF", "Destruction Facility")
    return Programme(store, works, holdings, steps, era.last)


def _holdings(chance: Chance, profile: Profile) -> Iterator[Holding]:
    fills = ((MUSTARD, 1), (SARIN, 1), (PHOSGENE, 2))
    for i, (type_, calibre, form, grams) in enumerate(_TYPES, start=1):
        cas, category = chance.choose(fills)
        count = chance.between(8, 60) * (100 if grams < 10_000 else 1)
        code = f"{profile.code}-INV-{i:03d}"
        yield Holding(code, category, form, type_, calibre, cas, count, grams)
    count = chance.between(20, 400)
    code = f"{profile.code}-INV-101"
    yield Holding(code, 3, "MUNITION", "Artillery projectile, empty", "155 mm", "", count, 0)


def _former(chance: Chance, profile: Profile, era: Era) -> Former:
    works = _works(chance, profile, "CWPF", "Works")
    structures = []
    for i, (name, specialised, method) in enumerate(_STRUCTURES, start=1):
        planned = era.first + (i - 1) * (era.last - era.first) // (len(_STRUCTURES) - 1)
        done = planned + chance.happens(_FALLS_BEHIND)
        structures.append(Structure(f"{works.code}-S{i}", name, specialised, method, planned, done))
    products = ("Softeners for textiles", "Flame retardants", "Water treatment agents")
    return Former(
        works, chance.happens(0.5), chance.between(4, 60), structures, chance.choose(products)
    )


def _finds(
    chance: Chance, profile: Profile, kind: str, share: float, years: tuple[int, int]
) -> Iterator[Find]:
    """Yield what is found over the years, in the few States where such things lie."""
    if profile.size < MIDDLE or not chance.happens(share):
        return
    first_year, last_year = years
    number = 0
    for year in range(max(first_year, profile.entry_into_force.year + 1), last_year + 1):
        if not chance.happens(0.4):
            continue
        number += 1
        count = chance.between(1, 60)
        yield Find(
            f"{profile.code}-{kind}-{number:03d}",
            dt.date(year, chance.between(1, 12), chance.between(1, 28)),
            make_place(chance, profile.code),
            "Artillery projectile",
            chance.choose(("77 mm", "105 mm")),
            MUSTARD,
            count,
            count * chance.between(400, 900),
            chance.happens(0.5),
        )
