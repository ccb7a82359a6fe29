"""Rules C: whether everything the treaty asks for is there."""

from collections.abc import Iterator

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.national import S2And, S3And
from sextant_shared.models.declaration.ocpf import OcpfAnnual, OcpfSite
from sextant_shared.models.declaration.schedule2 import S2Chemical, S2SiteAdpa
from sextant_shared.rules import walk
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule

_S2_AMOUNTS = ("produced", "processed", "consumed", "imported", "exported")
_S3_AMOUNTS = ("produced", "imported", "exported")


def _c4(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    if not isinstance(declaration, S2SiteAdpa):
        return
    if not declaration.plants:
        yield _missing("/plants", "the site has no plant", "at least one plant", "Add the plants.")
    for pointer, plant in walk.plants(declaration):
        if not plant.chemicals:
            yield _missing(
                f"{pointer}/chemicals",
                f"plant {plant.plant_code} has no chemical",
                "at least one chemical",
                "Add the Schedule 2 chemicals of this plant.",
            )
        if not plant.s2_activity:
            yield _missing(
                f"{pointer}/s2_activity",
                f"plant {plant.plant_code} has no activity",
                "PRODUCE, PROCESS or CONSUME",
                "Say what the plant does.",
            )
    for pointer, chemical in walk.site_chemicals(declaration):
        yield from _c4_chemical(pointer, chemical)


def _c4_chemical(pointer: str, row: S2Chemical) -> Iterator[Place]:
    name = row.chemical.name
    if not row.purposes:
        yield _missing(
            f"{pointer}/purposes", f"{name} has no purpose", "at least one", "Add the purpose."
        )
    if row.capacity is None:
        yield _missing(
            f"{pointer}/capacity",
            f"{name} has no production capacity",
            "tonnes per year, or not-applicable where it is not produced",
            "Add the nameplate or design capacity.",
        )
    for field in _S2_AMOUNTS:
        if getattr(row, field) is None:
            yield _blank(f"{pointer}/{field}", name, field)


def _c5(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    if isinstance(declaration, OcpfAnnual):
        for i, site in enumerate(declaration.sites):
            yield from _c5_site(f"/sites/{i}", site)


def _c5_site(pointer: str, site: OcpfSite) -> Iterator[Place]:
    if site.doc_range is None and not site.psf_plants:
        yield _missing(
            pointer,
            f"site {site.plant_site_code} says neither a DOC range nor a PSF plant",
            "doc_range, or psf_plants, or both",
            "Say why the site is on the list.",
        )
    if (site.n_psf_plants or 0) != len(site.psf_plants):
        yield Place(
            pointer=f"{pointer}/n_psf_plants",
            message="the number of PSF plants is not the number listed",
            expected=str(len(site.psf_plants)),
            received=str(site.n_psf_plants),
            fix="Correct the number or the list.",
        )
    ranges = codelists.codes("ranges")
    named = [(f"{pointer}/doc_range", site.doc_range, "DOC-")]
    named += [
        (f"{pointer}/psf_plants/{j}/range", p.range, "PSF-") for j, p in enumerate(site.psf_plants)
    ]
    for place, code, prefix in named:
        if code is not None and (code not in ranges or not code.startswith(prefix)):
            yield Place(
                pointer=place,
                message=f"{code} is no range of this regime",
                expected=", ".join(sorted(c for c in ranges if c.startswith(prefix))),
                received=code,
                fix="Choose a range of the list.",
            )


def _c8(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    count = declaration.part_count
    if count is not None and count != len(declaration.attachments):
        yield Place(
            pointer="/part_count",
            message="the number of parts is not the number of attachments",
            expected=str(len(declaration.attachments)),
            received=str(count),
            fix="Correct the number, or attach what is missing.",
        )


def _c9(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    if not isinstance(declaration, S2And | S3And):
        return
    fields = _S2_AMOUNTS if isinstance(declaration, S2And) else _S3_AMOUNTS
    for pointer, record in walk.records(declaration):
        for field in fields:
            if getattr(record, field) is None:
                yield _blank(f"{pointer}/{field}", record.chemical.name, field)
    for pointer, _, row in walk.country_rows(declaration):
        if row.qualifier == "EXACT" and row.quantity is None:
            yield _blank(f"{pointer}/quantity", row.state_code, "quantity")


def _missing(pointer: str, message: str, expected: str, fix: str) -> Place:
    return Place(pointer=pointer, message=message, expected=expected, received="nothing", fix=fix)


def _blank(pointer: str, name: str, field: str) -> Place:
    return Place(
        pointer=pointer,
        message=f"{name}: {field} is blank",
        expected="an amount, or nil, not-applicable, unknown",
        received="blank",
        fix='Say which kind of nothing it is: {"nothing": "nil"} where there was none.',
    )


RULES = (
    Rule("C4", Severity.MUST_FIX, "VII.7-8", "a Schedule 2 plant site is complete", _c4),
    Rule("C5", Severity.MUST_FIX, "IX.5-6", "an OCPF site says why it is listed", _c5),
    Rule("C8", Severity.MUST_FIX, "VI.13, V.1(g)", "attachments are all there", _c8),
    Rule("C9", Severity.MUST_FIX, "VII.1, VIII.1", "aggregate data have every total", _c9),
)
