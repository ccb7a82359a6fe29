"""Who makes, formulates and uses Schedule 2 and 3 chemicals where: plant sites over the years.

Sites are born, change owner and close; their codes are given once and never again. A State that
makes a chemical always has one plant that lives as long as it is made there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sextant_client.world.chance import Chance
from sextant_client.world.names import Place, make_company, make_place, make_site_name
from sextant_client.world.profiles import LARGE, LIGHT, MIDDLE, Profile
from sextant_client.world.substances import Substance, substances

PRODUCE, PROCESS, CONSUME = "PRODUCE", "PROCESS", "CONSUME"
_PLANT_NAMES = ("Plant", "Unit", "Line", "Section")


@dataclass(frozen=True, slots=True)
class Era:
    """From one year to another, both included."""

    first: int
    last: int

    def holds(self, year: int) -> bool:
        """Return whether `year` lies in it."""
        return self.first <= year <= self.last


@dataclass(frozen=True, slots=True)
class Line:
    """What a plant does with one chemical; `weight` is its share of the State's activity."""

    substance: int
    role: str
    weight: int
    era: Era


@dataclass(slots=True)
class Plant:
    """One plant; its lines are all of one schedule."""

    code: str
    site: str
    regime: str
    name: str
    location: str
    dedicated: bool
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Site:
    """One plant site; `owners` is who operates it since which year."""

    code: str
    state: str
    name: str
    place: Place
    owners: list[tuple[int, str]]
    plants: list[Plant] = field(default_factory=list)

    def owner(self, year: int) -> str:
        """Return who operates the site at the end of `year`."""
        return next(name for since, name in reversed(self.owners) if since <= year)

    def changed_owner(self, year: int) -> bool:
        """Return whether another operator took over in `year`."""
        return any(since == year for since, _ in self.owners[1:])


@dataclass(frozen=True, slots=True)
class Industry:
    """All sites by State, and who does what by (State, chemical, role)."""

    sites: Mapping[str, Sequence[Site]]
    lines: Mapping[tuple[str, int, str], Sequence[tuple[Plant, Line]]]
    producers: Mapping[int, Sequence[tuple[str, Era]]]
    """By chemical: the States that make it, and from when to when."""

    def plants(self, state: str) -> Iterator[tuple[Site, Plant]]:
        """Yield every plant of a State with its site."""
        for site in self.sites.get(state, ()):
            for plant in site.plants:
                yield site, plant


def make_industry(seed: int, profiles: Mapping[str, Profile], era: Era) -> Industry:
    """Return the industry of all parties."""
    builder = _Builder(seed, profiles, era)
    for substance in substances():
        builder.add_producers(substance)
        builder.add_users(substance)
    return Industry(builder.sites, builder.lines, builder.producers)


class _Builder:
    """Adds plants chemical by chemical; codes count up within a State."""

    def __init__(self, seed: int, profiles: Mapping[str, Profile], era: Era) -> None:
        self.sites: dict[str, list[Site]] = {}
        self.lines: dict[tuple[str, int, str], list[tuple[Plant, Line]]] = {}
        self.producers: dict[int, list[tuple[str, Era]]] = {}
        self._seed = seed
        self._era = era
        self._parties = [profile for profile in profiles.values() if profile.is_party]

    def add_producers(self, substance: Substance) -> None:
        """Choose who makes a chemical; somebody always does."""
        made: list[tuple[str, Era]] = []
        for profile in self._parties:
            chance = Chance(self._seed, "producer", substance.index, profile.code)
            share = {LARGE: 0.12 + 0.05 * substance.popularity}
            share[MIDDLE] = 0.022 * substance.popularity
            if chance.happens(share.get(profile.size, 0.0)):
                made.append((profile.code, self._lifetime(chance, 0.7)))
        if not any(era == self._era for _, era in made):
            largest = max(self._parties, key=lambda profile: profile.size)
            made = [(code, era) for code, era in made if code != largest.code]
            made.append((largest.code, self._era))
        self.producers[substance.index] = made
        for code, era in made:
            chance = Chance(self._seed, "plants", substance.index, code)
            self._add_line(chance, code, substance, PRODUCE, era)
            for _ in range(chance.weighted(((0, 3), (1, 3), (2, 3), (4, 2)))):
                self._add_line(chance, code, substance, PRODUCE, self._within(chance, era))

    def add_users(self, substance: Substance) -> None:
        """Choose who formulates or uses a Schedule 2 chemical; Schedule 3 does not ask."""
        if substance.regime != "S2":
            return
        for profile in self._parties:
            chance = Chance(self._seed, "users", substance.index, profile.code)
            share = {LARGE: 0.2 + 0.07 * substance.popularity}
            share[MIDDLE] = 0.05 * substance.popularity
            while chance.happens(share.get(profile.size, 0.02 if profile.size == LIGHT else 0.0)):
                role = chance.weighted(((CONSUME, 3), (PROCESS, 2)))
                era = self._lifetime(chance, 0.6)
                self._add_line(chance, profile.code, substance, role, era)

    def _lifetime(self, chance: Chance, whole: float) -> Era:
        """Return the whole time in `whole` of the cases, else a later start or an earlier end."""
        if chance.happens(whole):
            return self._era
        return self._within(chance, self._era)

    def _within(self, chance: Chance, era: Era) -> Era:
        length = era.last - era.first
        first = era.first + (chance.below(length // 2 + 1) if chance.happens(0.5) else 0)
        last = era.last - (chance.below(length // 3 + 1) if chance.happens(0.4) else 0)
        return Era(first, max(first, last))

    def _add_line(
        self, chance: Chance, state: str, substance: Substance, role: str, era: Era
    ) -> None:
        plant = self._find_plant(chance, state, substance, role)
        line = Line(substance.index, role, chance.between(1, 9), era)
        plant.lines.append(line)
        self.lines.setdefault((state, substance.index, role), []).append((plant, line))

    def _find_plant(self, chance: Chance, state: str, substance: Substance, role: str) -> Plant:
        """Return a plant that does such things and has room, or a new one."""
        open_ = [
            plant
            for site in self.sites.get(state, ())
            for plant in site.plants
            if plant.regime == substance.regime
            and all(line.substance != substance.index and line.role == role for line in plant.lines)
        ]
        if open_ and chance.happens(0.25):
            return chance.choose(open_)
        site = self._find_site(chance, state)
        number = len(site.plants) + 1
        plant = Plant(
            code=f"{site.code}-P{number}",
            site=site.code,
            regime=substance.regime,
            name=f"{chance.choose(_PLANT_NAMES)} {chance.between(1, 40)}",
            location=f"Building {chance.between(1, 90)}",
            dedicated=chance.happens(0.4),
        )
        site.plants.append(plant)
        return plant

    def _find_site(self, chance: Chance, state: str) -> Site:
        sites = self.sites.setdefault(state, [])
        if sites and chance.happens(0.35):
            return chance.choose(sites)
        place = make_place(chance, state)
        owners = [(0, make_company(chance))]
        if chance.happens(0.3):
            changed = chance.between(self._era.first + 1, self._era.last)
            owners.append((changed, make_company(chance)))
        name = make_site_name(chance, place)
        site = Site(f"{state}-PS-{len(sites) + 1:04d}", state, name, place, owners)
        sites.append(site)
        return site
