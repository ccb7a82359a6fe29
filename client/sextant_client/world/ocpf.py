"""Other chemical production facilities: thousands of sites, of which only ranges are declared."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sextant_client.world import dues
from sextant_client.world.chance import Chance
from sextant_client.world.heading import Filing, received_on
from sextant_client.world.industry import Era
from sextant_client.world.names import Place, make_company, make_place, make_site_name
from sextant_client.world.profiles import LARGE, LIGHT, MIDDLE, SMALL, Profile
from sextant_client.world.truth import World

_SITES = {LARGE: (60, 260), MIDDLE: (8, 60), LIGHT: (0, 6), SMALL: (0, 1)}
_GROUPS = ("232", "511", "512", "513", "514", "515", "516", "531", "541", "571", "591", "598")
_DOC_TONNES, _PSF_TONNES = 200, 30  # IX.1(a), IX.1(b)
_PSF_VERIFICATION = 200  # IX.9(b)


@dataclass(frozen=True, slots=True)
class OcpfSite:
    """One site with its usual yearly tonnage; PSF plants have theirs."""

    code: str
    name: str
    owner: str
    place: Place
    era: Era
    groups: tuple[str, ...]
    plants: int
    tonnes: int
    psf_tonnes: tuple[int, ...]


def file_ocpf(world: World, state: str, year: int) -> Iterator[Filing]:
    """Yield the yearly list of a State, if a site of it is to be listed."""
    profile = world.profiles[state]
    sites = _listed(world, profile, year)
    if sites:
        due = dues.after_year("OCPF_ANNUAL", year)
        received = received_on(world.plan.seed, profile, "OCPF_ANNUAL", due, "")
        yield Filing("OCPF_ANNUAL", year, {"sites": sites}, due, received)


def file_ocpf_initial(world: World, state: str) -> Iterator[Filing]:
    """Yield the initial list of a State that joins."""
    profile = world.profiles[state]
    entry = profile.entry_into_force
    sites = _listed(world, profile, entry.year - 1)
    if sites:
        due = dues.after_entry("OCPF_INITIAL", entry)
        received = received_on(world.plan.seed, profile, "OCPF_INITIAL", due, "")
        yield Filing(
            "OCPF_INITIAL",
            entry.year,
            {"sites": sites},
            due,
            received,
            "INITIAL",
            event_date=entry,
            reports_on=entry.year - 1,
        )


def closed_sites(world: World, state: str, year: int) -> list[str]:
    """Return the codes of the sites that closed with the end of a year."""
    sites = _sites(world.plan.seed, world.profiles[state], world.ledger.era)
    return [s.code for s in sites if s.era.last == year < world.ledger.era.last]


def _listed(world: World, profile: Profile, year: int) -> list[dict[str, Any]]:
    seed = world.plan.seed
    found = (
        _members(seed, site, year)
        for site in _sites(seed, profile, world.ledger.era)
        if site.era.holds(year)
    )
    return [members for members in found if members is not None]


@lru_cache(maxsize=4)
def _sites(seed: int, profile: Profile, era: Era) -> tuple[OcpfSite, ...]:
    """Return the sites of a State; kept for a few, as one State comes after another."""
    count = Chance(seed, "ocpf", profile.code).between(*_SITES[profile.size])
    return tuple(_site(seed, profile.code, number, era) for number in range(1, count + 1))


def _site(seed: int, state: str, number: int, era: Era) -> OcpfSite:
    code = f"{state}-OC-{number:04d}"
    chance = Chance(seed, "ocpf", code)
    place = make_place(chance, state)
    first = chance.between(era.first, era.last) if chance.happens(0.25) else era.first
    last = chance.between(first, era.last) if chance.happens(0.2) else era.last
    psf = chance.weighted(((0, 8), (1, 3), (2, 1)))
    tonnage = chance.amount(150, 90_000)
    return OcpfSite(
        code=code,
        name=make_site_name(chance, place),
        owner=make_company(chance),
        place=place,
        era=Era(first, last),
        groups=tuple(sorted(chance.sample(_GROUPS, chance.between(1, 3)))),
        plants=chance.between(1, 8) + psf,
        tonnes=tonnage,
        psf_tonnes=tuple(min(tonnage, chance.amount(25, 9_000)) for _ in range(psf)),
    )


def _members(seed: int, site: OcpfSite, year: int) -> dict[str, Any] | None:
    """Return a site of the list, or None in a year in which it is below every threshold."""
    chance = Chance(seed, "ocpf year", site.code, year)
    tonnage = chance.about(site.tonnes, 15)
    psf = [(i, chance.about(usual, 15)) for i, usual in enumerate(site.psf_tonnes, start=1)]
    psf = [(i, made) for i, made in psf if made > _PSF_TONNES]
    if tonnage <= _DOC_TONNES and not psf:
        return None
    members: dict[str, Any] = {
        "plant_site_code": site.code,
        "name": site.name,
        "owner_operator": site.owner,
        "address": site.place.members(),
        "main_activities": ["ACT_PRODUCTION"],
        "product_groups": list(site.groups),
        "n_plants_doc": site.plants,
    }
    if tonnage > _DOC_TONNES:
        members["doc_range"] = _range("DOC", tonnage, (1_000, 10_000))
    if psf:
        members["n_psf_plants"] = len(psf)
        members["psf_plants"] = [
            {"plant_code": f"{site.code}-P{i}", "range": _range("PSF", made, (200, 1_000, 10_000))}
            for i, made in psf
        ]
        members["above_verification_threshold"] = any(m > _PSF_VERIFICATION for _, m in psf)
    return members


def _range(regime: str, tonnage: int, bounds: tuple[int, ...]) -> str:
    *lower, top = bounds
    return f"{regime}-R{1 + sum(tonnage >= bound for bound in lower) + (tonnage > top)}"
