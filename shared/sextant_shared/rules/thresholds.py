"""Rules T: thresholds, ceilings, and who may be a partner."""

from collections.abc import Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.national import CountryRow, S3And
from sextant_shared.models.declaration.schedule2 import S2Chemical, S2Plant, S2Site
from sextant_shared.rules.figures import kilograms, shown
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_ACTIVITIES = ("produced", "processed", "consumed")


def _t1(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, plant in subject.every(S2Plant):
        if plant.chemicals and not any(_peak(c) > _threshold(c)[0] for c in plant.chemicals):
            peaks = ", ".join(f"{c.chemical.name} {shown(_peak(c))}" for c in plant.chemicals)
            yield Place(
                pointer=pointer, way="below", args={"plant": plant.plant_code}, received=peaks
            )


def _t2(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, plant in subject.every(S2Plant):
        above = [c for c in plant.chemicals if _peak(c) > _threshold(c)[0]]
        for j, chemical in enumerate(plant.chemicals):
            if above and chemical not in above:
                yield Place(
                    pointer=f"{pointer}/chemicals/{j}",
                    way="below",
                    args={
                        "chemical": chemical.chemical.name,
                        "threshold": shown(_threshold(chemical)[0]),
                    },
                    received=shown(_peak(chemical)),
                )


def _t3(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    rows = [chemical for _, chemical in subject.every(S2Chemical)]
    above = any(_peak(row) > _threshold(row)[1] for row in rows)
    for pointer, site in subject.every(S2Site):
        if rows and above != site.above_verification_threshold:
            yield Place(
                pointer=f"{pointer}/above_verification_threshold",
                way="above" if above else "below",
                received=str(site.above_verification_threshold).lower(),
            )


def _t10(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    is_s3 = isinstance(subject.declaration, S3And)
    for pointer, row in subject.every(CountryRow):
        state = codelists.states().get(row.state_code)
        if state is None or state.is_state_party:
            continue
        args = {"state": row.state_code}
        if not is_s3:
            yield Place(
                pointer=f"{pointer}/state_code",
                way="schedule-2",
                args=args,
                received=row.state_code,
            )
        elif "/exports/" in pointer and _lacks_certificate(row, policy):
            yield Place(
                pointer=f"{pointer}/end_use_certificate",
                way="certificate",
                args=args,
                severity=Severity.MUST_FIX,
            )


def _lacks_certificate(row: CountryRow, policy: RulePolicy) -> bool:
    return policy.non_party_export_needs_certificate and row.end_use_certificate is None


def _peak(row: S2Chemical) -> Decimal:
    """Return the largest single activity, in kilograms, of all years given (VII.3)."""
    years = [row, *row.earlier]
    return max(kilograms(getattr(year, name)) for year in years for name in _ACTIVITIES)


def _threshold(row: S2Chemical) -> tuple[Decimal, Decimal]:
    return codelists.thresholds()[row.chemical.schedule]


RULES = (
    Rule("T1", Severity.EXPLAIN_OR_FIX, "VII.3", _t1, follows=("C4",)),
    Rule("T2", Severity.INFORMATION, "VII.8", _t2),
    Rule("T3", Severity.EXPLAIN_OR_FIX, "VII.12", _t3),
    Rule("T10", Severity.EXPLAIN_OR_FIX, "VII.31, VIII.26", _t10),
)
