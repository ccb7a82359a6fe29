"""Rules that compare forms of one site or facility: with each other, with last year's, with totals.

They speak only when the other form is known.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.chemical import Chemical
from sextant_shared.models.declaration.national import S2And, S3And
from sextant_shared.models.declaration.ocpf import OcpfAnnual, OcpfInitial
from sextant_shared.models.declaration.schedule1 import Facility, FacilityAdpa
from sextant_shared.models.declaration.schedule2 import S2Chemical, S2SiteAdpa, S2SiteInitial
from sextant_shared.models.declaration.schedule3 import S3Chemical, S3SiteAdpa, S3SiteInitial
from sextant_shared.models.declaration.site import Address, PlantBlock, Purposes, SiteBlock
from sextant_shared.rules.figures import folded, key
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

SiteForm = S2SiteAdpa | S2SiteInitial | S3SiteAdpa | S3SiteInitial
_PAST_KINDS: tuple[tuple[type[DeclarationBase], ...], ...] = (
    (S2SiteAdpa, S2SiteInitial),
    (S3SiteAdpa, S3SiteInitial),
    (OcpfAnnual, OcpfInitial),
    (FacilityAdpa,),
)
"""Declarations on the past whose sites are compared with those of the year before."""


def _c6(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    site, filings = subject.declaration, subject.filings
    others: Iterator[SiteForm]
    if isinstance(site, S2SiteAdpa | S2SiteInitial):
        field, count = "n_s3_plants", site.n_s3_plants
        others = chain(
            filings.of(S3SiteAdpa, site, site.year), filings.of(S3SiteInitial, site, site.year)
        )
    elif isinstance(site, S3SiteAdpa | S3SiteInitial):
        field, count = "n_s2_plants", site.n_s2_plants
        others = chain(
            filings.of(S2SiteAdpa, site, site.year), filings.of(S2SiteInitial, site, site.year)
        )
    else:
        return
    if not any(filings.of(DeclarationBase, site, site.year)):
        return
    forms = [form for form in others if form.plant_site_code == site.plant_site_code]
    plants = len({plant.plant_code for form in forms for plant in form.plants})
    if plants != count:
        yield Place(
            pointer=f"/{field}",
            way="count" if forms else "no-form",
            args={"site": site.plant_site_code, "count": str(plants)},
            received=str(count),
        )


def _x11(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    declaration = subject.declaration
    if declaration.note or (isinstance(declaration, FacilityAdpa) and declaration.changes):
        return  # it says what changed
    kinds = [of_a_sort for of_a_sort in _PAST_KINDS if isinstance(declaration, of_a_sort)]
    before = {
        _code(block): block
        for of_a_sort in kinds
        for kind in of_a_sort
        for filed in subject.filings.of(kind, declaration, declaration.year - 1)
        for _, block in _blocks(filed)
    }
    for pointer, block in _blocks(declaration):
        was = before.get(_code(block))
        if was is not None:
            yield from _changed(pointer, was, block, policy)


def _blocks(declaration: DeclarationBase) -> Iterator[tuple[str, SiteBlock | Facility]]:
    if isinstance(declaration, SiteForm):
        yield "", declaration
    elif isinstance(declaration, OcpfAnnual | OcpfInitial):
        yield from ((f"/sites/{i}", site) for i, site in enumerate(declaration.sites))
    elif isinstance(declaration, FacilityAdpa):
        yield "/facility", declaration.facility


def _code(block: SiteBlock | Facility) -> str:
    return block.facility_code if isinstance(block, Facility) else block.plant_site_code


def _changed(
    pointer: str, was: SiteBlock | Facility, block: SiteBlock | Facility, policy: RulePolicy
) -> Iterator[Place]:
    args = {"site": _code(block)}
    for field in ("name", "owner_operator"):
        yield from _other_text(f"{pointer}/{field}", "site", args, was, block)
    for field in ("street", "city"):
        yield from _other_text(
            f"{pointer}/address/{field}", "site", args, was.address, block.address
        )
    if _distance(was.address, block.address) > policy.coordinate_tolerance:
        yield Place(
            pointer=f"{pointer}/address/latitude",
            way="moved",
            args={**args, "was": _spot(was.address)},
            received=_spot(block.address),
        )
    same_owner = folded(was.owner_operator) == folded(block.owner_operator)
    fields = ("name", "location_in_site", *(("owner_operator",) if same_owner else ()))
    old = {plant.plant_code: plant for plant in _plants(was)}
    for j, plant in enumerate(_plants(block)):
        if plant.plant_code in old:
            args = {"site": _code(block), "plant": plant.plant_code}
            for field in fields:
                place = f"{pointer}/plants/{j}/{field}"
                yield from _other_text(place, "plant", args, old[plant.plant_code], plant)


def _plants(block: SiteBlock | Facility) -> list[PlantBlock]:
    found = getattr(block, "plants", [])
    return [plant for plant in found if isinstance(plant, PlantBlock)]


def _other_text(
    pointer: str, way: str, args: dict[str, str], was: object, now: object
) -> Iterator[Place]:
    field = pointer.rpartition("/")[2]
    before, here = str(getattr(was, field)), str(getattr(now, field))
    if folded(before) != folded(here):
        args = {**args, "field": field, "was": before}
        yield Place(pointer=pointer, way=way, args=args, received=here)


def _distance(was: Address, now: Address) -> Decimal:
    """Return by how many degrees a place moved; none where one of both is not given."""
    pairs = ((was.latitude, now.latitude), (was.longitude, now.longitude))
    return max(
        abs(Decimal(one) - Decimal(two)) if one and two else Decimal(0) for one, two in pairs
    )


def _spot(address: Address) -> str:
    return f"{address.latitude}, {address.longitude}"


def _x12(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    site = subject.declaration
    rows: list[tuple[str, S2Chemical | S3Chemical]]
    if isinstance(site, S2SiteAdpa):
        rows = [*subject.every(S2Chemical)]
        totals = [r for filed in subject.filings.of(S2And, site, site.year) for r in filed.records]
        partners = {key(r.chemical): {row.state_code for row in r.exports} for r in totals}
    elif isinstance(site, S3SiteAdpa):
        rows = [*subject.every(S3Chemical)]
        others = [r for filed in subject.filings.of(S3And, site, site.year) for r in filed.records]
        partners = {key(r.chemical): {row.state_code for row in r.exports} for r in others}
    else:
        return
    for pointer, row in rows:
        if key(row.chemical) in partners:
            named = partners[key(row.chemical)]
            yield from _not_among(f"{pointer}/purposes", row.purposes, row.chemical, named)


def _not_among(
    pointer: str, purposes: Purposes, chemical: Chemical, partners: set[str]
) -> Iterator[Place]:
    for k, purpose in enumerate(purposes):
        for n, state in enumerate(purpose.states):
            if state not in partners:
                yield Place(
                    pointer=f"{pointer}/{k}/states/{n}",
                    way="partner",
                    args={
                        "chemical": chemical.name,
                        "state": state,
                        "partners": ", ".join(sorted(partners)),
                    },
                    received=state,
                )


RULES = (
    Rule("C6", Severity.EXPLAIN_OR_FIX, "VII.6(c), VIII.6(c)", _c6),
    Rule("X11", Severity.EXPLAIN_OR_FIX, "VII.6, VIII.6, IX.4, VI.15(b)", _x11),
    Rule("X12", Severity.EXPLAIN_OR_FIX, "VII.8(e)(iii)", _x12, follows=("F3",)),
)
