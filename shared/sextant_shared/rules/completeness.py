"""Rules C within one declaration: whether everything the treaty asks for is there."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sextant_shared.errors import Severity
from sextant_shared.models.declaration.heading import FileRef
from sextant_shared.models.declaration.national import CountryRow, S2Record, S3Record
from sextant_shared.models.declaration.ocpf import OcpfAnnual, OcpfInitial, OcpfSite
from sextant_shared.models.declaration.schedule2 import (
    S2Chemical,
    S2ChemicalRow,
    S2Plan,
    S2PlannedPlant,
    S2Plant,
    S2PlantBlock,
    S2SiteAdaa,
    S2SiteAdpa,
    S2SiteInitial,
)
from sextant_shared.rules.figures import NONE, key, kilograms
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_S2_AMOUNTS = ("produced", "processed", "consumed", "imported", "exported")
_S3_AMOUNTS = ("produced", "imported", "exported")
_MADE = {"PRODUCE": "produced", "PROCESS": "processed", "CONSUME": "consumed"}
_LOOK_BACK = 2  # earlier years of an initial declaration, VII.8(b)


def _c4(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    site = subject.declaration
    may_be_empty = isinstance(site, S2SiteAdaa) and policy.empty_plan_allowed
    if (
        isinstance(site, S2SiteInitial | S2SiteAdpa | S2SiteAdaa)
        and not site.plants
        and not may_be_empty
    ):
        yield Place(pointer="/plants", way="no-plant")
    for pointer, plant in subject.every(S2PlantBlock):
        args = {"plant": plant.plant_code}
        if isinstance(plant, S2Plant | S2PlannedPlant) and not plant.chemicals:
            yield Place(pointer=f"{pointer}/chemicals", way="no-chemical", args=args)
        if not plant.s2_activity:
            yield Place(pointer=f"{pointer}/s2_activity", way="no-activity", args=args)
    for pointer, row in subject.every(S2ChemicalRow):
        yield from _c4_row(pointer, row)
    for pointer, done in subject.every(S2Chemical):
        yield from _c4_blanks(pointer, done, _S2_AMOUNTS, done.chemical.name)
        if isinstance(site, S2SiteInitial):
            yield from _c4_look_back(pointer, done)
    for pointer, plan in subject.every(S2Plan):
        fields = [f"anticipated_{name}" for name in _MADE.values()]
        yield from _c4_blanks(pointer, plan, fields, plan.chemical.name)
        yield from _c4_periods(pointer, plan)


def _c4_row(pointer: str, row: S2ChemicalRow) -> Iterator[Place]:
    args = {"chemical": row.chemical.name}
    if not row.purposes:
        yield Place(pointer=f"{pointer}/purposes", way="no-purpose", args=args)
    if row.capacity is None:
        yield Place(pointer=f"{pointer}/capacity", way="no-capacity", args=args)


def _c4_blanks(pointer: str, part: object, fields: Iterable[str], name: str) -> Iterator[Place]:
    for field in fields:
        if getattr(part, field) is None:
            args = {"chemical": name, "field": field}
            yield Place(pointer=f"{pointer}/{field}", way="blank", args=args)


def _c4_look_back(pointer: str, row: S2Chemical) -> Iterator[Place]:
    if len(row.earlier) < _LOOK_BACK:
        args = {"chemical": row.chemical.name}
        yield Place(
            pointer=f"{pointer}/earlier",
            way="no-look-back",
            args=args,
            received=", ".join(str(earlier.year) for earlier in row.earlier),
        )
    for k, earlier in enumerate(row.earlier):
        place = f"{pointer}/earlier/{k}"
        yield from _c4_blanks(place, earlier, _MADE.values(), row.chemical.name)


def _c4_periods(pointer: str, plan: S2Plan) -> Iterator[Place]:
    told = {period.activity for period in plan.periods}
    for activity, name in _MADE.items():
        amount = getattr(plan, f"anticipated_{name}")
        if activity not in told and kilograms(amount) > NONE:
            args = {"chemical": plan.chemical.name, "activity": activity}
            yield Place(pointer=f"{pointer}/periods", way="no-period", args=args)


def _c5(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, site in subject.every(OcpfSite):
        args = {"site": site.plant_site_code}
        if site.doc_range is None and not site.psf_plants:
            yield Place(pointer=pointer, way="no-range", args=args)
        if (site.n_psf_plants or 0) != len(site.psf_plants):
            yield Place(
                pointer=f"{pointer}/n_psf_plants",
                way="count",
                args={"count": str(len(site.psf_plants))},
                received=str(site.n_psf_plants or 0),
            )
        if site.n_plants_doc == 0:
            yield Place(
                pointer=f"{pointer}/n_plants_doc",
                way="no-plants",
                args=args,
                received="0",
                severity=Severity.EXPLAIN_OR_FIX,
            )
        codes = [plant.plant_code for plant in site.psf_plants]
        for k in _repeated(codes):
            yield Place(
                pointer=f"{pointer}/psf_plants/{k}/plant_code",
                way="plant-twice",
                args={"plant": codes[k]},
                received=codes[k],
            )
    declaration = subject.declaration
    if isinstance(declaration, OcpfInitial | OcpfAnnual):
        codes = [site.plant_site_code for site in declaration.sites]
        for k in _repeated(codes):
            yield Place(
                pointer=f"/sites/{k}/plant_site_code",
                way="site-twice",
                args={"site": codes[k]},
                received=codes[k],
            )


def _c8(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    declaration = subject.declaration
    names = [attachment.name for attachment in declaration.attachments]
    count = declaration.part_count
    if count is not None and count != len(names):
        yield Place(
            pointer="/part_count", way="count", args={"count": str(len(names))}, received=str(count)
        )
    for k in _repeated(names):
        yield Place(
            pointer=f"/attachments/{k}/name",
            way="twice",
            args={"file": names[k]},
            received=names[k],
        )
    for pointer, reference in subject.every(FileRef):
        if reference.attachment not in names:
            yield Place(
                pointer=f"{pointer}/attachment",
                way="missing",
                args={"file": reference.attachment},
                received=reference.attachment,
            )


def _c9(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    records: list[tuple[str, S2Record | S3Record]] = [
        *subject.every(S2Record),
        *subject.every(S3Record),
    ]
    for k in _repeated([key(record.chemical) for _, record in records]):
        pointer, record = records[k]
        yield Place(
            pointer=f"{pointer}/chemical",
            way="twice",
            args={"chemical": record.chemical.name},
            received=record.chemical.name,
        )
    for pointer, record in records:
        for field in _S2_AMOUNTS if isinstance(record, S2Record) else _S3_AMOUNTS:
            if getattr(record, field) is None:
                args = {"chemical": record.chemical.name, "field": field}
                yield Place(pointer=f"{pointer}/{field}", way="total", args=args)
        for direction, rows in (("imports", record.imports), ("exports", record.exports)):
            for k in _repeated([row.state_code for row in rows]):
                yield Place(
                    pointer=f"{pointer}/{direction}/{k}/state_code",
                    way="state-twice",
                    args={"state": rows[k].state_code, "chemical": record.chemical.name},
                    received=rows[k].state_code,
                )
    for pointer, row in subject.every(CountryRow):
        if row.qualifier == "EXACT" and row.quantity is None:
            yield Place(pointer=f"{pointer}/quantity", way="row", args={"state": row.state_code})


def _repeated(names: list[str]) -> Iterator[int]:
    """Yield the position of each name that stood earlier in the list."""
    seen: Counter[str] = Counter()
    for k, name in enumerate(names):
        if seen[name]:
            yield k
        seen[name] += 1


RULES = (
    Rule("C4", Severity.MUST_FIX, "VII.7-8", _c4, local=True),
    Rule("C5", Severity.MUST_FIX, "IX.5-6", _c5),
    Rule("C8", Severity.MUST_FIX, "VI.13, V.1(g)", _c8),
    Rule("C9", Severity.MUST_FIX, "VII.1, VIII.1", _c9, local=True),
)
