"""Rules that compare what was done with what was planned (X9, X10)."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.schedule1 import FacilityAdaa, FacilityAdpa
from sextant_shared.models.declaration.schedule2 import (
    S2Additional,
    S2Chemical,
    S2Plan,
    S2PlannedPlant,
    S2Plant,
    S2SiteAdaa,
    S2SiteAdpa,
    S2SiteInitial,
)
from sextant_shared.models.declaration.schedule3 import (
    S3Additional,
    S3Chemical,
    S3Plant,
    S3SiteAdaa,
    S3SiteAdpa,
    S3SiteInitial,
)
from sextant_shared.rules.figures import NONE, in_grams, is_slip, key, kilograms, known, shown
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_ACTIVITIES = ("produced", "processed", "consumed")
_PLANS = (S2SiteAdaa, S2Additional, S3SiteAdaa, S3Additional)
_JOINING = (S2SiteInitial, S3SiteInitial)
_RANGES_APART = 2  # neighbouring ranges are no deviation
Row = S2Chemical | S3Chemical
Plan = S2Plan | S3Chemical


def _x9(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    report = subject.declaration
    if not isinstance(report, S2SiteAdpa | S3SiteAdpa) or not _are_plans_known(subject, report):
        return
    for pointer, plant, row in _rows(report):
        passed = _passed(row)
        if passed and not _plans(subject, report, plant, row):
            yield Place(
                pointer=pointer,
                way="unplanned",
                args={"plant": plant, "chemical": row.chemical.name, "year": str(report.year)},
                received=passed,
            )


def _are_plans_known(subject: Subject, report: DeclarationBase) -> bool:
    """Return whether plans of the State are among the filings, and one was due for this year."""
    filings, year = subject.filings, report.year
    joined = any(any(filings.of(kind, report, year - 1)) for kind in _JOINING)
    return not joined and any(
        any(filings.of(kind, report, known_year))
        for kind in _PLANS
        for known_year in (year, year - 1)
    )


def _rows(report: S2SiteAdpa | S3SiteAdpa) -> Iterator[tuple[str, str, Row]]:
    plants: list[S2Plant | S3Plant] = [*report.plants]
    for i, plant in enumerate(plants):
        chemicals: list[Row] = [*plant.chemicals]
        for j, row in enumerate(chemicals):
            yield f"/plants/{i}/chemicals/{j}", plant.plant_code, row


def _passed(row: Row) -> str:
    """Return what passed the declaration threshold within the year, if anything did."""
    if isinstance(row, S3Chemical):
        return row.production_range  # every range lies above the threshold
    least = codelists.thresholds()[row.chemical.schedule][0]
    most = max(kilograms(getattr(row, name)) for name in _ACTIVITIES)
    return shown(most) if most > least else ""


def _plans(
    subject: Subject, report: S2SiteAdpa | S3SiteAdpa, plant: str, row: Row
) -> Sequence[Plan]:
    """Return what was planned of a chemical at a plant, in time or additionally."""
    filings, year = subject.filings, report.year
    ahead: Iterable[S2SiteAdaa | S2Additional | S3SiteAdaa | S3Additional]
    if isinstance(report, S2SiteAdpa):
        ahead = [*filings.of(S2SiteAdaa, report, year), *filings.of(S2Additional, report, year)]
    else:
        ahead = [*filings.of(S3SiteAdaa, report, year), *filings.of(S3Additional, report, year)]
    found: list[Plan] = []
    for filed in ahead:
        if filed.plant_site_code == report.plant_site_code:
            planned: list[S2PlannedPlant] | list[S3Plant] = filed.plants
            for one in planned:
                if one.plant_code == plant:
                    found += [p for p in one.chemicals if key(p.chemical) == key(row.chemical)]
    return found


def _x10(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    report = subject.declaration
    if isinstance(report, FacilityAdpa):
        yield from _x10_facility(subject, report, policy)
    if not isinstance(report, S2SiteAdpa | S3SiteAdpa):
        return
    for pointer, plant, row in _rows(report):
        plans = _plans(subject, report, plant, row)
        if isinstance(row, S3Chemical):
            planned = [plan.production_range for plan in plans if isinstance(plan, S3Chemical)]
            yield from _x10_ranges(pointer, row, planned)
            continue
        least = codelists.thresholds()[row.chemical.schedule][0]
        for name in _ACTIVITIES:
            amounts = [known(getattr(plan, f"anticipated_{name}")) for plan in plans]
            yield from _deviation(
                f"{pointer}/{name}", row.chemical.name, getattr(row, name), amounts, least, policy
            )


def _x10_ranges(pointer: str, row: S3Chemical, planned: Sequence[str]) -> Iterator[Place]:
    order = [line.code for line in codelists.ranges() if line.regime == "S3"]
    if row.production_range not in order or not planned or not set(planned) <= set(order):
        return
    steps = min(abs(order.index(row.production_range) - order.index(code)) for code in planned)
    if steps >= _RANGES_APART:
        yield Place(
            pointer=f"{pointer}/production_range",
            way="range",
            args={"chemical": row.chemical.name, "planned": ", ".join(planned)},
            received=row.production_range,
        )


def _x10_facility(subject: Subject, report: FacilityAdpa, policy: RulePolicy) -> Iterator[Place]:
    plans = [
        plan
        for filed in subject.filings.of(FacilityAdaa, report, report.year)
        if filed.facility.facility_code == report.facility.facility_code
        for plan in filed.chemicals
    ]
    for i, row in enumerate(report.chemicals):
        same = [known(p.anticipated) for p in plans if key(p.chemical) == key(row.chemical)]
        yield from _deviation(
            f"/chemicals/{i}/produced", row.chemical.name, row.produced, same, NONE, policy
        )


def _deviation(
    pointer: str,
    chemical: str,
    done: Amount | None,
    planned: Sequence[Decimal | None],
    least: Decimal,
    policy: RulePolicy,
) -> Iterator[Place]:
    """Yield a figure far from what was planned; additional plans may add to the first, or not."""
    figures = [kg for kg in planned if kg is not None]
    made = known(done)
    if done is None or made is None or not figures or len(figures) != len(planned):
        return
    low, high = min(figures), sum(figures, NONE)
    if max(made, high) <= least:
        return
    planned_text = shown(high) if least else in_grams(high)
    args = {"chemical": chemical, "field": pointer.rpartition("/")[2], "planned": planned_text}
    if is_slip(made, high, policy):
        yield Place(
            pointer=pointer,
            way="unit",
            args=args,
            received=done.text,
            severity=Severity.EXPLAIN_OR_FIX,
        )
    elif not low / policy.plan_factor <= made <= high * policy.plan_factor:
        yield Place(pointer=pointer, way="amount", args=args, received=done.text)


RULES = (
    Rule("X9", Severity.EXPLAIN_OR_FIX, "VII.4(c), VIII.4(c)", _x9),
    Rule("X10", Severity.INFORMATION, "VII.8(d), VIII.8(b), VI.16", _x10, follows=("F4",)),
)
