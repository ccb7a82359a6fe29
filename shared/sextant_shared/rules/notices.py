"""Rules on a State's own notices of Schedule 1 transfers and its yearly list of them (C7, X8).

That the other State gave notice too is a question between States, and not asked here.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.schedule1 import (
    S1TransferAnnual,
    S1TransferRecord,
    StateQuantity,
    Transfer,
    TransferNotice,
)
from sextant_shared.rules.figures import NONE, in_grams, key, kilograms, near
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject


@dataclass(frozen=True, slots=True)
class Listed:
    """A transfer of the yearly list, with its place and its chemical."""

    pointer: str
    chemical: str
    name: str
    transfer: Transfer

    def fits(self, notice: TransferNotice, own: str, policy: RulePolicy) -> bool:
        """Return whether a notice can be of this transfer, whatever its quantity."""
        sends = notice.sending_state == own
        return (
            sends == (self.transfer.direction == "SENT")
            and self.transfer.state_code == _partner(notice, own)
            and self.chemical == key(notice.chemical)
            and self._days(notice) <= dt.timedelta(policy.notice_days)
        )

    def distance(self, notice: TransferNotice) -> tuple[bool, dt.timedelta]:
        """Return how well a notice fits: first by quantity, then by day."""
        return not self._is_as_much(notice), self._days(notice)

    def is_as_much(self, notice: TransferNotice, policy: RulePolicy) -> bool:
        """Return whether the quantities agree but for rounding."""
        here, there = kilograms(self.transfer.quantity), kilograms(notice.quantity)
        return abs(here - there) <= near(here, there, policy)

    def _is_as_much(self, notice: TransferNotice) -> bool:
        return kilograms(self.transfer.quantity) == kilograms(notice.quantity)

    def _days(self, notice: TransferNotice) -> dt.timedelta:
        return abs(self.transfer.day - notice.event_date)


@dataclass(frozen=True, slots=True)
class Matched:
    """The yearly list beside the notices: pairs, and what is left over on either side."""

    pairs: list[tuple[Listed, TransferNotice]]
    unnoticed: list[Listed]
    unlisted: list[TransferNotice]


def _match(subject: Subject, annual: S1TransferAnnual, policy: RulePolicy) -> Matched:
    year, own = annual.year, annual.state_code
    # A transfer noticed for December may have taken place in January, and the reverse.
    notices = [
        notice
        for near_year in (year, year - 1, year + 1)
        for notice in subject.filings.of(TransferNotice, annual, near_year)
    ]
    matched = Matched([], [], [])
    for listed in _listed(annual):
        fitting = [notice for notice in notices if listed.fits(notice, own, policy)]
        if fitting:
            best = min(fitting, key=listed.distance)
            notices.remove(best)
            matched.pairs.append((listed, best))
        else:
            matched.unnoticed.append(listed)
    matched.unlisted.extend(notice for notice in notices if notice.year == year)
    return matched


def _listed(annual: S1TransferAnnual) -> Iterator[Listed]:
    for i, record in enumerate(annual.records):
        for j, transfer in enumerate(record.transfers):
            yield Listed(
                f"/records/{i}/transfers/{j}", key(record.chemical), record.chemical.name, transfer
            )


def _partner(notice: TransferNotice, own: str) -> str:
    return notice.receiving_state if notice.sending_state == own else notice.sending_state


def _c7(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    annual = subject.declaration
    if not isinstance(annual, S1TransferAnnual):
        return
    if not any(subject.filings.of(DeclarationBase, annual, annual.year)):
        return
    for listed in _match(subject, annual, policy).unnoticed:
        transfer = listed.transfer
        yield Place(
            pointer=listed.pointer,
            way="unnoticed",
            args={
                "chemical": listed.name,
                "state": transfer.state_code,
                "day": transfer.day.isoformat(),
            },
        )


def _x8(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    annual = subject.declaration
    if not isinstance(annual, S1TransferAnnual):
        return
    matched = _match(subject, annual, policy)
    for listed, notice in matched.pairs:
        if not listed.is_as_much(notice, policy):
            yield Place(
                pointer=f"{listed.pointer}/quantity",
                way="quantity",
                args={
                    "chemical": listed.name,
                    "noticed": notice.quantity.text,
                    "number": notice.declaration_id,
                },
                received=listed.transfer.quantity.text,
            )
    for notice in matched.unlisted:
        yield Place(
            pointer="/records",
            way="unlisted",
            args={
                "chemical": notice.chemical.name,
                "quantity": notice.quantity.text,
                "state": _partner(notice, annual.state_code),
                "day": notice.event_date.isoformat(),
                "number": notice.declaration_id,
            },
        )
    for i, record in enumerate(annual.records):
        for name, direction in (("acquired", "RECEIVED"), ("transferred", "SENT")):
            yield from _sums(f"/records/{i}/{name}", record, name, direction, policy)


def _sums(
    pointer: str, record: S1TransferRecord, name: str, direction: str, policy: RulePolicy
) -> Iterator[Place]:
    """Yield the States of which the yearly quantity is not that of the single transfers."""
    moved: dict[str, Decimal] = {}
    for transfer in record.transfers:
        if transfer.direction == direction:
            state = transfer.state_code
            moved[state] = moved.get(state, NONE) + kilograms(transfer.quantity)
    rows: list[StateQuantity] = getattr(record, name)
    for j, row in enumerate(rows):
        declared, computed = kilograms(row.quantity), moved.pop(row.state_code, NONE)
        if abs(declared - computed) > near(declared, computed, policy):
            yield Place(
                pointer=f"{pointer}/{j}/quantity",
                way="sum",
                args={
                    "chemical": record.chemical.name,
                    "state": row.state_code,
                    "computed": in_grams(computed),
                },
                received=in_grams(declared),
            )
    for state, computed in moved.items():
        args = {"chemical": record.chemical.name, "state": state, "computed": in_grams(computed)}
        yield Place(pointer=pointer, way="no-sum", args=args)


RULES = (
    Rule("C7", Severity.EXPLAIN_OR_FIX, "VI.5", _c7, follows=("F3",)),
    Rule("X8", Severity.EXPLAIN_OR_FIX, "VI.6", _x8, follows=("F4",)),
)
