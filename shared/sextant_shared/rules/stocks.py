"""Rules X on Schedule 1 facilities: the balance of stocks (X6) and precursors (X7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.schedule1 import (
    FacilityAdpa,
    S1Chemical,
    S1TransferAnnual,
    TransferNotice,
)
from sextant_shared.rules.figures import NONE, folded, in_grams, key, kilograms, known
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject


@dataclass(frozen=True, slots=True)
class Abroad:
    """A transfer from or to another State; `place` is the facility here, if it is known."""

    chemical: str
    signed_kg: Decimal
    place: str | None


def _x6(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    report = subject.declaration
    if not isinstance(report, FacilityAdpa):
        return
    earlier = [
        filed
        for filed in subject.filings.of(FacilityAdpa, report, report.year - 1)
        if filed.facility.facility_code == report.facility.facility_code
    ]
    opening = {
        key(row.chemical): known(row.stored_at_year_end)
        for filed in earlier
        for row in filed.chemicals
    }
    abroad = list(_abroad(subject, report)) if earlier else []
    for i, row in enumerate(report.chemicals):
        start = opening.get(key(row.chemical), NONE) if earlier else None
        yield from _too_little(f"/chemicals/{i}", row, start)
        if start is not None:
            yield from _unbalanced(f"/chemicals/{i}", row, start, abroad, report, policy)
    there = {key(row.chemical) for row in report.chemicals}
    for filed in earlier:
        for row in filed.chemicals:
            left = kilograms(row.stored_at_year_end)
            if key(row.chemical) not in there and left > NONE:
                args = {"chemical": row.chemical.name, "start": in_grams(left)}
                yield Place(pointer="/chemicals", way="vanished", args=args)


def _too_little(pointer: str, row: S1Chemical, start: Decimal | None) -> Iterator[Place]:
    most = known(row.max_stored)
    stocks = {"at-end": known(row.stored_at_year_end), "at-start": start}
    for way, stock in stocks.items():
        if most is not None and stock is not None and most < stock:
            yield Place(
                pointer=f"{pointer}/max_stored",
                way=way,
                args={"chemical": row.chemical.name, "least": in_grams(stock)},
                received=in_grams(most),
            )
            return


def _unbalanced(
    pointer: str,
    row: S1Chemical,
    start: Decimal,
    abroad: list[Abroad],
    report: FacilityAdpa,
    policy: RulePolicy,
) -> Iterator[Place]:
    end = known(row.stored_at_year_end)
    into = [_flow(row.produced)]
    into += [_flow(m.quantity) for m in row.movements if m.direction == "RECEIVED"]
    out = [_flow(use.quantity) for use in row.consumed]
    out += [_flow(m.quantity) for m in row.movements if m.direction == "SHIPPED"]
    if end is None or None in into or None in out:
        return
    gained, lost = _sum(into), _sum(out)
    least = most = start + gained - lost
    here = folded(report.facility.name)
    for transfer in abroad:
        if transfer.chemical != key(row.chemical):
            continue
        if transfer.place == here:
            least, most = least + transfer.signed_kg, most + transfer.signed_kg
        elif transfer.place is None:  # it may have been this facility, or another one
            least += min(transfer.signed_kg, NONE)
            most += max(transfer.signed_kg, NONE)
    slack = policy.sum_tolerance * (start + gained + lost)
    if not least - slack <= end <= most + slack:
        args = {
            "chemical": row.chemical.name,
            "start": in_grams(start),
            "computed": in_grams(least),
        }
        if least != most:
            args["most"] = in_grams(most)
        yield Place(
            pointer=f"{pointer}/stored_at_year_end",
            way="balance" if least == most else "balance-range",
            args=args,
            received=in_grams(end),
        )


def _abroad(subject: Subject, report: FacilityAdpa) -> Iterator[Abroad]:
    """Yield the transfers of the year: of the notices, and those that only the list has."""
    own = report.state_code
    others = subject.filings.of(FacilityAdpa, report, report.year)
    names = {folded(f.facility.name) for f in (report, *others)}
    noticed: list[tuple[str, Decimal]] = []
    for notice in subject.filings.of(TransferNotice, report, report.year):
        sends = notice.sending_state == own
        name = folded((notice.sender if sends else notice.recipient).name)
        moved = kilograms(notice.quantity)
        transfer = key(notice.chemical), -moved if sends else moved
        noticed.append(transfer)
        yield Abroad(*transfer, name if name in names else None)
    for filed in subject.filings.of(S1TransferAnnual, report, report.year):
        for record in filed.records:
            for one in record.transfers:
                sends = one.direction == "SENT"
                moved = kilograms(one.quantity)
                transfer = key(record.chemical), -moved if sends else moved
                if transfer in noticed:
                    noticed.remove(transfer)
                    continue
                name = folded(one.recipient)
                yield Abroad(*transfer, name if name in names and not sends else None)


def _flow(amount: Amount | None) -> Decimal | None:
    """Return what went in or out; where the question does not arise, nothing did."""
    if amount is not None and amount.nothing == "not-applicable":
        return NONE
    return known(amount)


def _sum(flows: list[Decimal | None]) -> Decimal:
    return sum((flow for flow in flows if flow is not None), NONE)


def _x7(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, row in subject.every(S1Chemical):
        made = kilograms(row.produced)
        if made > NONE and not row.precursors and row.chemical.cas not in policy.extracted:
            yield Place(
                pointer=f"{pointer}/precursors",
                way="none",
                args={"chemical": row.chemical.name, "produced": in_grams(made)},
            )


RULES = (
    Rule("X6", Severity.EXPLAIN_OR_FIX, "VI.15(a), VI.19", _x6, follows=("F4",)),
    Rule("X7", Severity.EXPLAIN_OR_FIX, "VI.15(a)(iii), VI.19", _x7),
)
