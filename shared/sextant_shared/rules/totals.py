"""Rules X that compare national totals with the sum of the plant sites (X1, X2, X3).

They are told on the aggregate national data, and speak of what sites are known: a sum of sites can
be too large for a total, but not too small, as other sites may be filed separately.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.codelists.chemicals import is_cas
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.chemical import Chemical
from sextant_shared.models.declaration.national import S2And, S2Record, S3And
from sextant_shared.models.declaration.schedule2 import S2SiteAdpa
from sextant_shared.models.declaration.schedule3 import S3SiteAdpa
from sextant_shared.rules.figures import NONE, is_slip, key, kilograms, near, shown
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_MADE = ("produced", "processed", "consumed")
_MOVED = ("imported", "exported")
_TONNE = 1000


@dataclass(slots=True)
class SiteSum:
    """What the plant sites declare of one chemical, in kilograms by field."""

    chemical: Chemical
    kg: dict[str, Decimal] = field(default_factory=dict)


def _x1(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    national = subject.declaration
    if not isinstance(national, S2And):
        return
    sums = _site_sums(subject, national)
    for pointer, record in subject.every(S2Record):
        sites = sums.get(key(record.chemical))
        for name in _MADE if sites else ():
            yield from _compared(f"{pointer}/{name}", record, sites, policy)
    recorded = {key(record.chemical) for record in national.records}
    for chemical, sites in sums.items():
        least = codelists.thresholds()[sites.chemical.schedule][0]
        most = max(sites.kg.get(name, NONE) for name in _MADE)
        if chemical not in recorded and most > least and _is_told_well(sites.chemical):
            yield Place(
                pointer="/records",
                way="no-record",
                args={"chemical": sites.chemical.name, "sites": shown(most)},
            )


def _x2(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    national = subject.declaration
    if not isinstance(national, S2And):
        return
    sums = _site_sums(subject, national)
    for pointer, record in subject.every(S2Record):
        sites = sums.get(key(record.chemical))
        for name in _MOVED if sites else ():
            for place in _compared(f"{pointer}/{name}", record, sites, policy):
                if place.way != "excess":  # traders move what no site declares
                    yield place


def _site_sums(subject: Subject, national: S2And) -> dict[str, SiteSum]:
    sums: dict[str, SiteSum] = {}
    for site in subject.filings.of(S2SiteAdpa, national, national.year):
        for row in (row for plant in site.plants for row in plant.chemicals):
            total = sums.setdefault(key(row.chemical), SiteSum(row.chemical))
            for name in (*_MADE, *_MOVED):
                total.kg[name] = total.kg.get(name, NONE) + kilograms(getattr(row, name))
    return sums


def _compared(
    pointer: str, record: S2Record, sites: SiteSum | None, policy: RulePolicy
) -> Iterator[Place]:
    """Yield in which way a national total does not fit the sum of its sites, if in any."""
    name = pointer.rpartition("/")[2]
    declared: Amount | None = getattr(record, name)
    total = sites.kg[name] if sites else NONE
    most = _most(declared, record.chemical.schedule)
    if declared is None or most is None:
        return
    args = {"chemical": record.chemical.name, "field": name, "sites": shown(total)}
    if is_slip(most, total, policy):
        yield Place(pointer=pointer, way="unit", args=args, received=declared.text)
    elif most + near(most, total, policy) < total:
        yield Place(pointer=pointer, way="below", args=args, received=declared.text)
    elif NONE < total * policy.excess_factor < most:
        yield Place(
            pointer=pointer,
            way="excess",
            args=args,
            received=declared.text,
            severity=Severity.INFORMATION,
        )


def _most(declared: Amount | None, schedule: str) -> Decimal | None:
    """Return the most a total can be: up to the threshold, where it was not declared as such."""
    if declared is not None and declared.nothing == "not-applicable":
        return codelists.thresholds()[schedule][0]
    return declared.kilograms if declared else None


def _x3(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    national = subject.declaration
    if not isinstance(national, S3And):
        return
    ranges: dict[str, list[str]] = {}
    chemicals: dict[str, Chemical] = {}
    for site in subject.filings.of(S3SiteAdpa, national, national.year):
        for row in (row for plant in site.plants for row in plant.chemicals):
            ranges.setdefault(key(row.chemical), []).append(row.production_range)
            chemicals.setdefault(key(row.chemical), row.chemical)
    for i, record in enumerate(national.records):
        codes = ranges.pop(key(record.chemical), [])
        bounds = _bounds(codes)
        if bounds is not None and record.produced is not None:
            yield from _outside(
                f"/records/{i}/produced", record.chemical, record.produced, bounds, policy
            )
    for chemical, codes in ranges.items():
        bounds = _bounds(codes)
        if bounds is not None and _is_told_well(chemicals[chemical]):
            args = {"chemical": chemicals[chemical].name, "sites": shown(bounds[0])}
            yield Place(pointer="/records", way="no-record", args=args)


def _outside(
    pointer: str,
    chemical: Chemical,
    declared: Amount,
    bounds: tuple[Decimal, Decimal | None],
    policy: RulePolicy,
) -> Iterator[Place]:
    produced = _most(declared, chemical.schedule)
    if produced is None:
        return
    least, most = bounds
    small = policy.small_producers * codelists.thresholds()[chemical.schedule][0]
    args = {
        "chemical": chemical.name,
        "least": shown(least),
        "most": shown(most) if most is not None else "more",
    }
    if produced < least - near(least, NONE, policy):
        slip = is_slip(produced, least, policy)
        way = "unit" if slip else "below"
        yield Place(pointer=pointer, way=way, args=args, received=declared.text)
    elif most is not None and produced > most + small:
        slip = is_slip(produced, most, policy)
        yield Place(
            pointer=pointer,
            way="unit" if slip else "above",
            args=args,
            received=declared.text,
            severity=None if slip else Severity.INFORMATION,
        )


def _is_told_well(chemical: Chemical) -> bool:
    """Return whether a chemical is named so that it can be found; F1 speaks of those mistyped."""
    return chemical.cas is None or is_cas(chemical.cas)


def _bounds(codes: Sequence[str]) -> tuple[Decimal, Decimal | None] | None:
    """Return what ranges add up to, least and most, in kilograms; None for unknown codes."""
    known = {line.code: line for line in codelists.ranges()}
    lines = [known[code] for code in codes if code in known]
    if not codes or len(lines) != len(codes):
        return None
    least = sum((line.lower_t for line in lines), NONE) * _TONNE
    uppers = [line.upper_t for line in lines]
    if None in uppers:
        return least, None
    return least, sum((upper for upper in uppers if upper is not None), NONE) * _TONNE


RULES = (
    Rule("X1", Severity.EXPLAIN_OR_FIX, "VII.1, VII.8(b)", _x1, follows=("F4",)),
    Rule("X2", Severity.EXPLAIN_OR_FIX, "VII.1, VII.8(b)-(c)", _x2, follows=("F4",)),
    Rule("X3", Severity.EXPLAIN_OR_FIX, "VIII.1, VIII.8(b)", _x3, follows=("F4", "T4")),
)
