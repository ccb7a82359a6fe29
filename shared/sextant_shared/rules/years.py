"""Rule X13: a State's figures beside those of its own earlier years."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.national import CountryRow, S2And, S2Record, S3And, S3Record
from sextant_shared.models.declaration.schedule2 import S2Chemical
from sextant_shared.rules.figures import NONE, is_slip, key, kilograms, shown
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_TOTALS = ("produced", "processed", "consumed", "imported", "exported")
_ACTIVITIES = ("produced", "processed", "consumed")
_NORMAL = Decimal("0.6745")  # makes the median deviation of a normal law its standard one
Record = S2Record | S3Record
History = dict[int, Decimal]
"""Earlier figures above zero, in kilograms by year."""


def _x13(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, row in subject.every(S2Chemical):
        for name in _ACTIVITIES:
            earlier = {y.year: kilograms(getattr(y, name)) for y in row.earlier}
            history = {year: kg for year, kg in earlier.items() if kg > NONE}
            yield from _slip(
                f"{pointer}/{name}", row.chemical.name, getattr(row, name), history, policy
            )
    national = subject.declaration
    if isinstance(national, S2And | S3And):
        before = _records_before(subject, national)
        records: list[tuple[str, Record]] = [*subject.every(S2Record), *subject.every(S3Record)]
        for pointer, record in records:
            same = before.get(key(record.chemical), {})
            yield from _x13_record(pointer, record, same, policy)


def _records_before(subject: Subject, national: S2And | S3And) -> dict[str, dict[int, Record]]:
    """Return the records of earlier years, by chemical and year."""
    found: dict[str, dict[int, Record]] = {}
    for year in subject.filings.years:
        if year < national.year:
            for filed in subject.filings.of(type(national), national, year):
                for record in filed.records:
                    found.setdefault(key(record.chemical), {})[year] = record
    return found


def _x13_record(
    pointer: str, record: Record, before: dict[int, Record], policy: RulePolicy
) -> Iterator[Place]:
    for name in _TOTALS:
        amount: Amount | None = getattr(record, name, None)
        history = {
            year: kg
            for year, one in before.items()
            if (kg := kilograms(getattr(one, name, None))) > NONE
        }
        slips = list(_slip(f"{pointer}/{name}", record.chemical.name, amount, history, policy))
        yield from slips or _outlier(
            f"{pointer}/{name}", record.chemical.name, amount, history, policy
        )
    for way in ("imports", "exports"):
        rows: list[CountryRow] = getattr(record, way)
        for j, row in enumerate(rows):
            history = {
                year: kg
                for year, one in before.items()
                for old in getattr(one, way)
                if old.state_code == row.state_code and (kg := kilograms(old.quantity)) > NONE
            }
            name = f"{record.chemical.name}, {row.state_code}"
            yield from _slip(f"{pointer}/{way}/{j}/quantity", name, row.quantity, history, policy)


def _slip(
    pointer: str, chemical: str, amount: Amount | None, history: History, policy: RulePolicy
) -> Iterator[Place]:
    if not history or amount is None:
        return
    year = max(history)
    if is_slip(kilograms(amount), history[year], policy):
        yield Place(
            pointer=pointer,
            way="unit",
            args={"chemical": chemical, "year": str(year), "before": shown(history[year])},
            received=amount.text,
            severity=Severity.EXPLAIN_OR_FIX,
        )


def _outlier(
    pointer: str, chemical: str, amount: Amount | None, history: History, policy: RulePolicy
) -> Iterator[Place]:
    made = kilograms(amount)
    if amount is None or made <= NONE or len(history) < policy.history_years:
        return
    usual = [kg.ln() for kg in history.values()]
    middle = _median(usual)
    spread = max(_median([abs(one - middle) for one in usual]), policy.outlier_floor)
    score = _NORMAL * (made.ln() - middle) / spread
    if abs(score) > policy.outlier_score:
        yield Place(
            pointer=pointer,
            way="above" if score > 0 else "below",
            args={
                "chemical": chemical,
                "field": pointer.rpartition("/")[2],
                "years": str(len(history)),
                "usual": shown(_median(list(history.values()))),
            },
            received=amount.text,
        )


def _median(values: Sequence[Decimal]) -> Decimal:
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2


RULES = (
    Rule("X13", Severity.INFORMATION, "VIII(40)", _x13, follows=("X1", "X2", "X3", "X4", "F4")),
)
