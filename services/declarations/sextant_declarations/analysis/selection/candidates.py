"""Candidate lists: declared sites of each regime, out of the declarations that are in force.

Of several declarations on a site the newest counts (by year, then past activities before plans).
Whether a site is above its threshold is what its State declares; whether that is right is for the
rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sextant_declarations.analysis.selection.model import (
    Candidate,
    Done,
    Feature,
    Regime,
    Snapshot,
)
from sextant_declarations.analysis.selection.policy import SelectionPolicy
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.ocpf import OcpfAnnual, OcpfInitial, OcpfSite
from sextant_shared.models.declaration.schedule1 import (
    Facility,
    FacilityAdaa,
    FacilityAdpa,
    FacilityInitial,
)
from sextant_shared.models.declaration.schedule2 import (
    S2SiteAdaa,
    S2SiteAdpa,
    S2SiteInitial,
)
from sextant_shared.models.declaration.schedule3 import (
    S3SiteAdaa,
    S3SiteAdpa,
    S3SiteInitial,
)

KINDS = (
    "S1_SSSF_INITIAL",
    "S1_OTHER_INITIAL",
    "S1_SSSF_ADPA",
    "S1_OTHER_ADPA",
    "S1_SSSF_ADAA",
    "S1_OTHER_ADAA",
    "S2_SITE_INITIAL",
    "S2_SITE_ADPA",
    "S2_SITE_ADAA",
    "S3_SITE_INITIAL",
    "S3_SITE_ADPA",
    "S3_SITE_ADAA",
    "OCPF_INITIAL",
    "OCPF_ANNUAL",
)
_AHEAD = (FacilityAdaa, S2SiteAdaa, S3SiteAdaa)
Found = tuple[str, str, bool, Mapping[str, Feature]]  # code, name, inspectable, features


def snapshot(
    candidates: Iterable[Candidate], done: Iterable[Done], *, year: int, known_by: str
) -> Snapshot:
    """Return the inputs of a draw for a calendar year, in an order that depends on nothing else."""
    order = sorted(candidates, key=lambda one: (one.regime, one.state, one.code))
    counted = sorted(done, key=lambda one: (one.year, one.regime, one.state, one.code))
    return Snapshot(year=year, known_by=known_by, candidates=order, done=counted)


def candidates_of(
    declarations: Iterable[DeclarationBase],
    done: Iterable[Done],
    *,
    year: int,
    policy: SelectionPolicy,
    unexplained: Mapping[str, Sequence[str]] | None = None,
) -> list[Candidate]:
    """Return the declared sites of one State, from what is in force of it.

    `unexplained` are the places of findings that the State has not explained, by declaration.
    """
    last, lookback = _last_inspected(done, year), policy.lookback.years
    newest: dict[tuple[str, str], Candidate] = {}
    for one in sorted(declarations, key=_age):
        if not year - lookback <= one.year <= year:
            continue
        places = (unexplained or {}).get(one.declaration_id, ())
        for regime, (code, name, inspectable, features), at in _sites(one):
            seen = last.get((one.state_code, code))
            newest[regime, code] = Candidate(
                regime=regime,
                state=one.state_code,
                code=code,
                name=name,
                inspectable=inspectable,
                declaration_id=one.declaration_id,
                version=one.version,
                year=one.year,
                features={
                    **features,
                    "open-findings": sum(f"{place}/".startswith(at) for place in places),
                    "never-inspected": ["yes" if seen is None else "no"],
                    "years-since-inspection": 0 if seen is None else max(year - seen, 0),
                },
            )
    return list(newest.values())


def _age(one: DeclarationBase) -> tuple[int, bool, str]:
    """Order so that what counts most comes last."""
    return one.year, not isinstance(one, _AHEAD), one.declaration_id


def _last_inspected(done: Iterable[Done], year: int) -> dict[tuple[str, str], int]:
    last: dict[tuple[str, str], int] = {}
    for one in done:
        if one.year <= year:
            at = one.state, one.code
            last[at] = max(one.year, last.get(at, one.year))
    return last


def _sites(one: DeclarationBase) -> Iterator[tuple[Regime, Found, str]]:
    """Yield regime and site, and the pointer below which a declaration speaks of that site."""
    match one:
        case FacilityInitial():
            yield "S1", _facility(one.facility, 0), ""
        case FacilityAdpa() | FacilityAdaa():
            yield "S1", _facility(one.facility, len(one.chemicals)), ""
        case S2SiteInitial() | S2SiteAdpa() | S2SiteAdaa():
            yield "S2", _schedule2(one), ""
        case S3SiteInitial() | S3SiteAdpa() | S3SiteAdaa():
            yield "S3", _schedule3(one), ""
        case OcpfInitial() | OcpfAnnual():
            for n, site in enumerate(one.sites):
                yield "OCPF", _other(site), f"/sites/{n}/"
        case _:
            pass


def _facility(facility: Facility, chemicals: int) -> Found:
    """Every declared facility may be inspected (VI.22, VI.29)."""
    features: dict[str, Feature] = {
        "facility-type": [facility.facility_type],
        "chemicals": chemicals,
    }
    return facility.facility_code, facility.name, True, features


def _schedule2(one: S2SiteInitial | S2SiteAdpa | S2SiteAdaa) -> Found:
    plants: Sequence[object] = one.plants
    chemicals = [row for plant in one.plants for row in plant.chemicals]
    features: dict[str, Feature] = {
        "schedule": sorted({row.chemical.schedule for row in chemicals}),
        "activity": sorted({str(a) for plant in one.plants for a in plant.s2_activity}),
        "dedication": sorted({plant.dedication for plant in one.plants}),
        "plants": len(plants),
    }
    return one.plant_site_code, one.name, one.above_verification_threshold, features


def _schedule3(one: S3SiteInitial | S3SiteAdpa | S3SiteAdaa) -> Found:
    ranges = {row.production_range for plant in one.plants for row in plant.chemicals}
    features: dict[str, Feature] = {"range": sorted(ranges), "plants": len(one.plants)}
    return one.plant_site_code, one.name, one.above_verification_threshold, features


def _other(site: OcpfSite) -> Found:
    """DOC sites are on the list, PSF sites with a plant above 200 tonnes of one (IX.9)."""
    features: dict[str, Feature] = {
        "psf-range": sorted({plant.range for plant in site.psf_plants}),
        "doc-range": [site.doc_range] if site.doc_range else [],
        "product-groups": len(set(site.product_groups)),
    }
    inspectable = site.doc_range is not None or site.above_verification_threshold is True
    return site.plant_site_code, site.name, inspectable, features
