"""Rules T: what is declarable and what inspected, from the amounts; the list of all rules T.

Those about Schedule 1 facilities stand in `ceilings`, those about partners in `partners`.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.national import S2Record, S3And, S3Record
from sextant_shared.models.declaration.ocpf import OcpfSite
from sextant_shared.models.declaration.schedule1 import FacilityAdpa
from sextant_shared.models.declaration.schedule2 import (
    S2Additional,
    S2Chemical,
    S2Plan,
    S2PlannedPlant,
    S2Plant,
    S2Site,
    S2SiteAdaa,
    S2SiteAdpa,
    S2SiteInitial,
)
from sextant_shared.models.declaration.schedule3 import S3Additional, S3Chemical, S3Site, S3SiteAdpa
from sextant_shared.rules import ceilings, partners
from sextant_shared.rules.figures import NONE, kilograms, shown
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_ACTIVITIES = ("produced", "processed", "consumed")
_TRADED = ("imported", "exported")
_YEARS = 3  # of the look-back, VII.3
_S3_LEAST = Decimal(30_000)  # VIII.3, VIII.8(b)
_VERIFIED_T = Decimal(200)  # VIII.12, IX.9(b)
Measure = Callable[[Iterable[Decimal]], Decimal]
Row = S2Chemical | S2Plan


def _largest(kg: Iterable[Decimal]) -> Decimal:
    return max(kg)


def _total(kg: Iterable[Decimal]) -> Decimal:
    return sum(kg, NONE)


def _t1(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, plant in _plants(subject):
        rows: list[Row] = [*plant.chemicals]
        measure = _total if policy.activities_summed else _largest
        if not rows or _is_above(rows, 0, measure) or _elsewhere(subject, plant.plant_code, 0):
            continue
        if isinstance(plant, S2PlannedPlant):
            way, severity = "plan", None
        elif _is_above(rows, 0, _total):
            way, severity = "sum", Severity.INFORMATION
        else:
            way, severity = "below", None
        yield Place(
            pointer=pointer,
            way=way,
            args={"plant": plant.plant_code},
            received=", ".join(f"{c.chemical.name} {shown(_peak(c))}" for c in rows),
            severity=severity,
        )


def _t2(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, plant in _plants(subject):
        rows: list[Row] = [*plant.chemicals]
        above = [c for c in rows if _is_above([c], 0)]
        for j, row in enumerate(rows):
            if above and row not in above:
                yield Place(
                    pointer=f"{pointer}/chemicals/{j}",
                    way="below",
                    args={
                        "chemical": row.chemical.name,
                        "threshold": shown(_threshold(row, 0)),
                    },
                    received=shown(_peak(row)),
                )
    if policy.national_thresholds:
        yield from _small_records(subject)
    for pointer, year in subject.every(FacilityAdpa):
        made = sum((kilograms(row.produced) for row in year.chemicals), NONE)
        if year.facility.facility_type == ceilings.RESEARCH and NONE < made <= ceilings.SMALL:
            yield Place(
                pointer=f"{pointer}/chemicals",
                way="facility",
                args={
                    "facility": year.facility.facility_code,
                    "threshold": shown(ceilings.SMALL),
                },
                received=shown(made),
            )


def _small_records(subject: Subject) -> Iterator[Place]:
    """Yield national records without a total above the threshold."""
    records: list[tuple[str, S2Record | S3Record]] = [
        *subject.every(S2Record),
        *subject.every(S3Record),
    ]
    for pointer, record in records:
        totals: list[Amount | None] = [
            getattr(record, name, None) for name in (*_ACTIVITIES, *_TRADED)
        ]
        known = [amount.kilograms for amount in totals if amount and amount.kilograms is not None]
        threshold = codelists.thresholds()[record.chemical.schedule][0]
        if known and max(known) <= threshold:
            yield Place(
                pointer=pointer,
                way="record",
                args={"chemical": record.chemical.name, "threshold": shown(threshold)},
                received=shown(max(known)),
            )


def _t3(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, site in subject.every(S2Site):
        rows: list[Row] = [row for _, row in subject.every(S2Chemical)]
        rows += [row for _, row in subject.every(S2Plan)]
        if rows:
            least = most = _is_above(rows, 1)
            # An additional activity, and each year of the window, speak of a part only.
            is_part = isinstance(site, S2Additional) or _elsewhere(subject, None, 1)
            yield from _statement(pointer, site, least=least, most=most or is_part)
    for pointer, s3_site in subject.every(S3Site):
        ranges = [row.production_range for _, row in subject.every(S3Chemical)]
        bounds = _bounds(ranges)
        if bounds is not None:
            least, most = bounds
            is_part = isinstance(s3_site, S3Additional)
            yield from _statement(pointer, s3_site, least=least, most=most or is_part)
    for pointer, ocpf in subject.every(OcpfSite):
        yield from _t3_psf(pointer, ocpf)


def _t3_psf(pointer: str, site: OcpfSite) -> Iterator[Place]:
    place = f"{pointer}/above_verification_threshold"
    if not site.above_verification_threshold:
        return  # a plant's aggregate may be above without one chemical being so
    if not site.psf_plants:
        yield Place(pointer=place, way="no-psf", received="true")
        return
    possible = [_bounds([plant.range]) for plant in site.psf_plants]
    if not any(one is None or one[1] for one in possible):
        yield Place(pointer=place, way="below", received="true")


def _statement(pointer: str, site: S2Site | S3Site, *, least: bool, most: bool) -> Iterator[Place]:
    """Yield a statement that no amounts within the bounds allow."""
    said = site.above_verification_threshold
    if (least and not said) or (said and not most):
        yield Place(
            pointer=f"{pointer}/above_verification_threshold",
            way="above" if least else "below",
            received=str(said).lower(),
        )


def _bounds(codes: list[str]) -> tuple[bool, bool] | None:
    """Return whether amounts of ranges are certainly, and possibly, above 200 tonnes together.

    None where there are none, or one is not known.
    """
    known = {one.code: one for one in codelists.ranges()}
    if not codes or not all(code in known for code in codes):
        return None
    ranges = [known[code] for code in codes]
    least = sum((one.lower_t for one in ranges), NONE)
    is_open = any(not one.lower_included for one in ranges)
    tops = [one.upper_t for one in ranges if one.upper_t is not None]
    endless = len(tops) < len(ranges)
    certainly = least > _VERIFIED_T or (least == _VERIFIED_T and is_open)
    return certainly, endless or sum(tops, NONE) > _VERIFIED_T


def _t4(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    declaration = subject.declaration
    totals = {
        record.chemical.cas: record.produced.kilograms
        for national in subject.filings.of(S3And, declaration, declaration.year)
        for record in national.records
        if record.produced is not None and record.produced.kilograms is not None
    }
    rows = subject.every(S3Chemical) if isinstance(declaration, S3SiteAdpa) else []
    for pointer, row in rows:
        total = totals.get(row.chemical.cas)
        if total is not None and total <= _S3_LEAST:
            yield Place(
                pointer=f"{pointer}/production_range",
                way="site",
                args={
                    "chemical": row.chemical.name,
                    "least": shown(_S3_LEAST),
                    "total": shown(total),
                },
                received=row.production_range,
            )
    for pointer, record in subject.every(S3Record):
        made = record.produced.kilograms if record.produced else None
        site = _maker(subject, record.chemical.cas)
        if made is not None and made <= _S3_LEAST and site is not None:
            yield Place(
                pointer=f"{pointer}/produced",
                way="national",
                args={
                    "chemical": record.chemical.name,
                    "least": shown(_S3_LEAST),
                    "site": site,
                },
                received=shown(made),
            )


def _maker(subject: Subject, cas: str | None) -> str | None:
    """Return the code of a site that declares to have made a Schedule 3 chemical that year."""
    declaration = subject.declaration
    for site in subject.filings.of(S3SiteAdpa, declaration, declaration.year):
        if any(row.chemical.cas == cas for plant in site.plants for row in plant.chemicals):
            return site.plant_site_code
    return None


def _plants(subject: Subject) -> list[tuple[str, S2Plant | S2PlannedPlant]]:
    return [*subject.every(S2Plant), *subject.every(S2PlannedPlant)]


def _elsewhere(subject: Subject, plant: str | None, level: int) -> bool:
    """Return whether another filing of the window is above a threshold (VII.3).

    The window is the year ahead and the three years before it. `plant` narrows it to one plant of
    the site; None is all of them.
    """
    own = subject.declaration
    ahead = own.year + 1 if isinstance(own, S2SiteAdpa | S2SiteInitial) else own.year
    window = range(ahead - _YEARS, ahead)
    plans = subject.filings.of(S2SiteAdaa, own, ahead)
    past = [site for year in window for site in subject.filings.of(S2SiteAdpa, own, year)]
    rows: list[Row] = []
    sites: list[S2SiteAdaa | S2SiteAdpa] = [*plans, *past]
    for site in sites:
        if site.plant_site_code == getattr(own, "plant_site_code", None):
            plants = (one for one in site.plants if plant in {None, one.plant_code})
            rows += (row for one in plants for row in one.chemicals)
    return any(
        _peak(_of_window(row, window) if isinstance(row, S2Chemical) else row)
        > _threshold(row, level)
        for row in rows
    )


def _of_window(row: S2Chemical, window: range) -> S2Chemical:
    """Return a row whose look-back goes no further than a window."""
    held = [earlier for earlier in row.earlier if earlier.year in window]
    return row.model_copy(update={"earlier": held})


def _is_above(rows: Iterable[Row], level: int, measure: Measure = _largest) -> bool:
    """Return whether a row is above its declaration (0) or verification (1) threshold."""
    return any(_peak(row, measure) > _threshold(row, level) for row in rows)


def _peak(row: Row, measure: Measure = _largest) -> Decimal:
    """Return the largest activity, or sum of activities, of all years given, in kilograms."""
    if isinstance(row, S2Plan):
        return measure(kilograms(getattr(row, f"anticipated_{name}")) for name in _ACTIVITIES)
    years = [row, *row.earlier]
    return max(measure(kilograms(getattr(one, name)) for name in _ACTIVITIES) for one in years)


def _threshold(row: Row, level: int) -> Decimal:
    return codelists.thresholds()[row.chemical.schedule][level]


RULES = (
    Rule("T1", Severity.EXPLAIN_OR_FIX, "VII.3", _t1, follows=("C4",)),
    Rule("T2", Severity.INFORMATION, "VI.11-12, VII.8, C-7/DEC.14", _t2),
    Rule("T3", Severity.EXPLAIN_OR_FIX, "VII.12, VIII.12, IX.9", _t3),
    Rule("T4", Severity.MUST_FIX, "VIII.3, VIII.8(b)", _t4),
    *ceilings.RULES,
    *partners.RULES,
)
