"""Rules T and X: thresholds, sums and capacities within one document."""

from collections.abc import Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.national import CountryRow, S3And
from sextant_shared.models.declaration.schedule2 import S2Chemical, S2SiteAdpa
from sextant_shared.rules import walk
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule

_ACTIVITIES = ("produced", "processed", "consumed")
_TOTALS = {"imports": "imported", "exports": "exported"}
_NONE = Decimal(0)


def _t1(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, plant in walk.plants(declaration):
        if plant.chemicals and not any(_peak(c) > _threshold(c)[0] for c in plant.chemicals):
            yield Place(
                pointer=pointer,
                message=f"plant {plant.plant_code} stays below the threshold in every year given",
                expected="one chemical above its threshold in one of the last three years",
                received=", ".join(f"{c.chemical.name} {_peak(c)} kg" for c in plant.chemicals),
                fix="Add the earlier years, or say that next year's plan is the reason.",
            )


def _t2(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, plant in walk.plants(declaration):
        above = [c for c in plant.chemicals if _peak(c) > _threshold(c)[0]]
        for j, chemical in enumerate(plant.chemicals):
            if above and chemical not in above:
                yield Place(
                    pointer=f"{pointer}/chemicals/{j}",
                    message=f"{chemical.chemical.name} is below its threshold; it may be left out",
                    expected=f"more than {_threshold(chemical)[0]} kg",
                    received=f"{_peak(chemical)} kg",
                )


def _t3(declaration: DeclarationBase, _policy: RulePolicy) -> Iterator[Place]:
    if not isinstance(declaration, S2SiteAdpa):
        return
    rows = [chemical for _, chemical in walk.site_chemicals(declaration)]
    above = any(_peak(row) > _threshold(row)[1] for row in rows)
    if rows and above != declaration.above_verification_threshold:
        yield Place(
            pointer="/above_verification_threshold",
            message="the statement on the verification threshold does not fit the amounts",
            expected=str(above).lower(),
            received=str(declaration.above_verification_threshold).lower(),
            fix="Correct the statement, or explain by next year's plan.",
        )


def _t10(declaration: DeclarationBase, policy: RulePolicy) -> Iterator[Place]:
    is_s3 = isinstance(declaration, S3And)
    for pointer, direction, row in walk.country_rows(declaration):
        state = codelists.states().get(row.state_code)
        if state is None or state.is_state_party:
            continue
        if not is_s3:
            yield Place(
                pointer=f"{pointer}/state_code",
                message=f"Schedule 2 trade with {row.state_code}, which is no State Party",
                expected="a State Party",
                received=row.state_code,
                fix="Check the partner, or explain under which exception it was allowed.",
            )
        elif _lacks_certificate(direction, row, policy):
            yield Place(
                pointer=f"{pointer}/end_use_certificate",
                message=f"Schedule 3 export to {row.state_code} without an end-use certificate",
                expected="the reference of the certificate",
                received="nothing",
                fix="Add the reference of the end-use certificate.",
                severity=Severity.MUST_FIX,
            )


def _lacks_certificate(direction: str, row: CountryRow, policy: RulePolicy) -> bool:
    asked = policy.non_party_export_needs_certificate and direction == "exports"
    return asked and row.end_use_certificate is None


def _x4(declaration: DeclarationBase, policy: RulePolicy) -> Iterator[Place]:
    for pointer, record in walk.records(declaration):
        for direction, field in _TOTALS.items():
            total: Amount | None = getattr(record, field)
            rows: list[CountryRow] = getattr(record, direction)
            place = _sum_place(total, rows, record.chemical.schedule, policy)
            if place is not None:
                yield Place(
                    pointer=f"{pointer}/{field}",
                    message=f"{record.chemical.name}: the total {field} is not that of its rows",
                    expected=place,
                    received=total.text if total else "blank",
                    fix="Correct the total or the rows, or explain the difference.",
                )


def _sum_place(
    total: Amount | None, rows: list[CountryRow], schedule: str, policy: RulePolicy
) -> str | None:
    """Return what the total should be when it is not, else None."""
    declared = total.kilograms if total else None
    exact = [row.quantity.kilograms for row in rows if row.quantity and row.qualifier == "EXACT"]
    if declared is None or None in exact:
        return None
    least = sum((kg for kg in exact if kg is not None), _NONE)
    vague = sum(row.qualifier == "LESS_THAN_THRESHOLD" for row in rows)
    most = least + vague * codelists.thresholds()[schedule][0]
    slack = policy.sum_tolerance * max(declared, least)
    if least - slack <= declared <= most + slack:
        return None
    return f"{least} kg" if least == most else f"{least} to {most} kg"


def _x5(declaration: DeclarationBase, policy: RulePolicy) -> Iterator[Place]:
    for pointer, row in walk.site_chemicals(declaration):
        produced = _kilograms(row.produced)
        capacity = row.capacity.kilograms if row.capacity else None
        if capacity is not None and produced > capacity * policy.capacity_factor:
            yield Place(
                pointer=f"{pointer}/produced",
                message=f"{row.chemical.name}: more was produced than the plant can make",
                expected=f"at most {capacity * policy.capacity_factor} kg",
                received=f"{produced} kg",
                fix="Correct the amount or the capacity, or explain.",
            )


def _peak(row: S2Chemical) -> Decimal:
    """Return the largest single activity, in kilograms, of all years given (VII.3)."""
    years = [row, *row.earlier]
    return max(_kilograms(getattr(year, name)) for year in years for name in _ACTIVITIES)


def _kilograms(amount: Amount | None) -> Decimal:
    return (amount.kilograms if amount else None) or _NONE


def _threshold(row: S2Chemical) -> tuple[Decimal, Decimal]:
    return codelists.thresholds()[row.chemical.schedule]


RULES = (
    Rule("T1", Severity.EXPLAIN_OR_FIX, "VII.3", "a declared plant is above a threshold", _t1),
    Rule("T2", Severity.INFORMATION, "VII.8", "rows below their threshold", _t2),
    Rule("T3", Severity.EXPLAIN_OR_FIX, "VII.12", "the verification threshold fits", _t3),
    Rule("T10", Severity.EXPLAIN_OR_FIX, "VII.31, VIII.26", "partners are States Parties", _t10),
    Rule("X4", Severity.EXPLAIN_OR_FIX, "VII.1, VIII.1", "country rows add up", _x4),
    Rule("X5", Severity.EXPLAIN_OR_FIX, "VII.7(e), II(10)", "production fits capacity", _x5),
)
