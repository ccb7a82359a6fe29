"""Rules C within one declaration: whether everything the treaty asks for is there."""

from collections.abc import Iterator

from sextant_shared.errors import Severity
from sextant_shared.models.declaration.national import CountryRow, S2Record, S3Record
from sextant_shared.models.declaration.ocpf import OcpfSite
from sextant_shared.models.declaration.schedule2 import S2Chemical, S2Plant, S2Site
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_S2_AMOUNTS = ("produced", "processed", "consumed", "imported", "exported")
_S3_AMOUNTS = ("produced", "imported", "exported")


def _c4(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, site in subject.every(S2Site):
        if not getattr(site, "plants", ()):
            yield Place(pointer=f"{pointer}/plants", way="no-plant")
    for pointer, plant in subject.every(S2Plant):
        args = {"plant": plant.plant_code}
        if not plant.chemicals:
            yield Place(pointer=f"{pointer}/chemicals", way="no-chemical", args=args)
        if not plant.s2_activity:
            yield Place(pointer=f"{pointer}/s2_activity", way="no-activity", args=args)
    for pointer, row in subject.every(S2Chemical):
        yield from _c4_row(pointer, row)


def _c4_row(pointer: str, row: S2Chemical) -> Iterator[Place]:
    args = {"chemical": row.chemical.name}
    if not row.purposes:
        yield Place(pointer=f"{pointer}/purposes", way="no-purpose", args=args)
    if row.capacity is None:
        yield Place(pointer=f"{pointer}/capacity", way="no-capacity", args=args)
    for field in _S2_AMOUNTS:
        if getattr(row, field) is None:
            yield Place(pointer=f"{pointer}/{field}", way="blank", args={**args, "field": field})


def _c5(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, site in subject.every(OcpfSite):
        if site.doc_range is None and not site.psf_plants:
            yield Place(pointer=pointer, way="no-range", args={"site": site.plant_site_code})
        if (site.n_psf_plants or 0) != len(site.psf_plants):
            yield Place(
                pointer=f"{pointer}/n_psf_plants",
                way="count",
                args={"count": str(len(site.psf_plants))},
                received=str(site.n_psf_plants or 0),
            )


def _c8(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    declaration = subject.declaration
    count = declaration.part_count
    if count is not None and count != len(declaration.attachments):
        yield Place(
            pointer="/part_count",
            way="count",
            args={"count": str(len(declaration.attachments))},
            received=str(count),
        )


def _c9(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    records: list[tuple[str, S2Record | S3Record]] = [
        *subject.every(S2Record),
        *subject.every(S3Record),
    ]
    for pointer, record in records:
        for field in _S2_AMOUNTS if isinstance(record, S2Record) else _S3_AMOUNTS:
            if getattr(record, field) is None:
                args = {"chemical": record.chemical.name, "field": field}
                yield Place(pointer=f"{pointer}/{field}", way="total", args=args)
    for pointer, row in subject.every(CountryRow):
        if row.qualifier == "EXACT" and row.quantity is None:
            yield Place(pointer=f"{pointer}/quantity", way="row", args={"state": row.state_code})


RULES = (
    Rule("C4", Severity.MUST_FIX, "VII.7-8", _c4),
    Rule("C5", Severity.MUST_FIX, "IX.5-6", _c5),
    Rule("C8", Severity.MUST_FIX, "VI.13, V.1(g)", _c8),
    Rule("C9", Severity.MUST_FIX, "VII.1, VIII.1", _c9),
)
