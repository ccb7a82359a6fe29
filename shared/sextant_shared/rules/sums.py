"""Rules X within one declaration: sums and capacities."""

from collections.abc import Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.national import CountryRow, S2Record, S3Record
from sextant_shared.models.declaration.schedule2 import S2Chemical, S2ChemicalRow, S2Plan
from sextant_shared.rules.figures import NONE, is_slip, kilograms, near, shown
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_TOTALS = {"imports": "imported", "exports": "exported"}


def _x4(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    records: list[tuple[str, S2Record | S3Record]] = [
        *subject.every(S2Record),
        *subject.every(S3Record),
    ]
    for pointer, record in records:
        for direction, field in _TOTALS.items():
            total: Amount | None = getattr(record, field)
            rows: list[CountryRow] = getattr(record, direction)
            declared = total.kilograms if total else None
            bounds = _bounds(rows, record.chemical.schedule)
            if total is None or declared is None or bounds is None:
                continue
            least, most = bounds
            slack = near(declared, least, policy)  # rows and total are rounded
            if not least - slack <= declared <= most + slack:
                yield Place(
                    pointer=f"{pointer}/{field}",
                    way="total" if least == most else "range",
                    args={
                        "chemical": record.chemical.name,
                        "field": field,
                        "least": shown(least),
                        "most": shown(most),
                    },
                    received=total.text,
                )


def _bounds(rows: list[CountryRow], schedule: str) -> tuple[Decimal, Decimal] | None:
    """Return the least and the most that the rows can add up to; None when one is not known."""
    exact = [row.quantity.kilograms for row in rows if row.quantity and row.qualifier == "EXACT"]
    if None in exact:
        return None
    least = sum((kg for kg in exact if kg is not None), NONE)
    vague = sum(row.qualifier == "LESS_THAN_THRESHOLD" for row in rows)
    return least, least + vague * codelists.thresholds()[schedule][0]


def _x5(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, row in subject.every(S2Chemical):
        yield from _over(f"{pointer}/produced", "capacity", row, row.produced, policy)
    for pointer, plan in subject.every(S2Plan):
        field = f"{pointer}/anticipated_produced"
        yield from _over(field, "plan", plan, plan.anticipated_produced, policy)


def _over(
    pointer: str, way: str, row: S2ChemicalRow, made: Amount | None, policy: RulePolicy
) -> Iterator[Place]:
    capacity = row.capacity.kilograms if row.capacity else None
    produced = kilograms(made)
    if made is not None and capacity is not None and produced > capacity * policy.capacity_factor:
        yield Place(
            pointer=pointer,
            way="unit" if is_slip(produced, capacity, policy) else way,
            args={
                "chemical": row.chemical.name,
                "most": shown(capacity * policy.capacity_factor),
            },
            received=shown(produced),
        )


RULES = (
    Rule("X4", Severity.EXPLAIN_OR_FIX, "VII.1, VIII.1", _x4, follows=("C9", "F4")),
    Rule("X5", Severity.EXPLAIN_OR_FIX, "VII.7(e), II(10)", _x5),
)
