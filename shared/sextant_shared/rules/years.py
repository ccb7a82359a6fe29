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
_COPIED = 3  # so many equal figures are no chance
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
    if before:
        yield from _x13_last(pointer, record, max(before), before[max(before)], policy)
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


def _x13_last(
    pointer: str, record: Record, year: int, last: Record, policy: RulePolicy
) -> Iterator[Place]:
    """Yield that a record is last year's again, or that its imports and exports changed places."""
    args = {"chemical": record.chemical.name, "year": str(year)}
    figures = [kg for name in _TOTALS if (kg := kilograms(getattr(record, name, None)))]
    old = [kg for name in _TOTALS if (kg := kilograms(getattr(last, name, None)))]
    if figures == old and len(figures) >= _COPIED:
        yield Place(pointer=pointer, way="copied", args=args)
    imported, exported = kilograms(record.imported), kilograms(record.exported)
    was_imported, was_exported = kilograms(last.imported), kilograms(last.exported)
    if (
        _is_like(imported, was_exported, policy.swap_factor)
        and _is_like(exported, was_imported, policy.swap_factor)
        and not _is_like(imported, was_imported, policy.swap_factor**2)
        and _shared(record.imports, last.exports) >= max(_shared(record.imports, last.imports), 1)
    ):
        yield Place(
            pointer=f"{pointer}/imported",
            way="swapped",
            args={**args, "imported": shown(was_imported), "exported": shown(was_exported)},
            received=f"{shown(imported)}, {shown(exported)}",
            severity=Severity.EXPLAIN_OR_FIX,
        )


def _shared(rows: Sequence[CountryRow], others: Sequence[CountryRow]) -> int:
    """Return how many States both lists name."""
    return len({row.state_code for row in rows} & {row.state_code for row in others})


def _is_like(one: Decimal, other: Decimal, factor: Decimal) -> bool:
    low, high = sorted((one, other))
    return high <= low * factor


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


RULES = (Rule("X13", Severity.INFORMATION, "VIII(40)", _x13, follows=("X1", "X2", "X3", "X4")),)
