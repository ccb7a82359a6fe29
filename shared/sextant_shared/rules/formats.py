"""Rules F: whether each value is well-formed and names something that exists.

Those about chemicals stand in `naming`, those about days in `days`. All are `local`: they judge
single values, so that they speak also of a document with flaws elsewhere.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Amount, Quantity
from sextant_shared.models.declaration.article3 import WeaponTransfer
from sextant_shared.models.declaration.article5 import EquipmentTransfer
from sextant_shared.models.declaration.catalogue import CATALOGUE
from sextant_shared.models.declaration.filing import LateNotice
from sextant_shared.models.declaration.national import S2Record, S3Record
from sextant_shared.models.declaration.schedule1 import (
    Facility,
    Precursor,
    S1Chemical,
    S1Plan,
    S1TransferRecord,
    Transfer,
    TransferNotice,
)
from sextant_shared.models.declaration.schedule2 import PastProduction, S2ChemicalRow
from sextant_shared.models.declaration.site import Address, SiteBlock
from sextant_shared.models.declaration.weapons import Position
from sextant_shared.rules.days import days
from sextant_shared.rules.naming import cas_numbers, exempt, identities
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_OWN = {"country", "sending_state", "receiving_state"}  # members that may name the State itself
_REGIMES = {"S1", "S2", "S3"}
_LISTS = (*codelists.TABLES, codelists.RANGES)
_LIMITS = {"latitude": Decimal(90), "longitude": Decimal(180)}
_SCHEDULE_1 = (S1Chemical, S1Plan, S1TransferRecord, TransferNotice)
_OTHERS = (S2Record, S3Record, S2ChemicalRow, PastProduction)


def _f3(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    for pointer, code, _ in subject.codes("states"):
        day = _day_of(subject, pointer)
        state = codelists.states().get(code)
        if day is not None and (state is None or not state.is_valid(day)):
            yield Place(
                pointer=pointer,
                way="unknown",
                args={"code": code, "day": day.isoformat()},
                received=code,
            )
    own = subject.declaration.state_code
    for pointer, code, _ in subject.codes("states"):
        if code == own and pointer != "/state_code" and pointer.rpartition("/")[2] not in _OWN:
            yield Place(pointer=pointer, way="self", args={"state": own}, received=own)
    for pointer, notice in subject.every(TransferNotice):
        sides = notice.sending_state, notice.receiving_state
        args = {"state": own}
        if own not in sides:
            yield Place(
                pointer=f"{pointer}/sending_state",
                way="stranger",
                args=args,
                received=", ".join(sides),
            )
        elif len(set(sides)) == 1:
            yield Place(pointer=f"{pointer}/receiving_state", way="self", args=args, received=own)


def _day_of(subject: Subject, pointer: str) -> dt.date | None:
    """Return the day on which a code must have been in use: that of its part, if it has one."""
    sent = subject.around(pointer, WeaponTransfer)
    if sent is not None and sent.year:
        return dt.date(sent.year, 12, 31)
    moved = subject.around(pointer, Transfer) or subject.around(pointer, EquipmentTransfer)
    return subject.day if moved is None or moved.day is None else moved.day


def _f4(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, quantity in subject.every(Quantity):
        if quantity.value is None:
            continue
        number = Decimal(quantity.value)
        digits = len(number.normalize().as_tuple().digits)
        if number < 0:
            yield Place(
                pointer=pointer,
                way="negative",
                received=quantity.text,
                severity=Severity.MUST_FIX,
            )
        elif digits > policy.max_significant_digits:
            yield Place(
                pointer=pointer,
                way="precise",
                args={"digits": str(policy.max_significant_digits)},
                received=quantity.text,
            )


def _f7(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    about = subject.declaration.kind[:2]
    for codelist in _LISTS:
        known = codelists.codes(codelist)
        for pointer, code, asked in subject.codes(codelist):
            regime = asked or (about if about in _REGIMES else "")
            allowed = codelists.codes(codelist, regime)
            if code in allowed:
                continue
            way = "regime" if code in known and codelist != codelists.RANGES else codelist
            yield Place(
                pointer=pointer,
                way=way,
                args={"code": code, "allowed": ", ".join(sorted(allowed))},
                received=code,
            )
    for pointer, notice in subject.every(LateNotice):
        if notice.late_kind not in CATALOGUE:
            yield Place(
                pointer=f"{pointer}/late_kind",
                way="kind",
                args={"code": notice.late_kind},
                received=notice.late_kind,
            )


def _f8(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    own = subject.state
    for pointer, address in subject.every(Address):
        at_home = subject.around(pointer, SiteBlock, Facility) is not None
        if own is not None and at_home and address.country != own:
            yield _elsewhere(pointer, "elsewhere", own, address)
    for pointer, notice in subject.every(TransferNotice):
        parties = (
            ("sender", notice.sending_state, notice.sender.address),
            ("recipient", notice.receiving_state, notice.recipient.address),
        )
        for role, state, address in parties:
            if address.country != state:
                yield _elsewhere(f"{pointer}/{role}/address", "party", state, address)


def _elsewhere(pointer: str, way: str, state: str, address: Address) -> Place:
    return Place(
        pointer=f"{pointer}/country", way=way, args={"state": state}, received=address.country
    )


def _f9(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    for pointer, amount in subject.every(Amount):
        around = subject.around(pointer, Precursor, *_SCHEDULE_1, *_OTHERS)
        if amount.unit is None or around is None or isinstance(around, Precursor):
            continue  # precursors of Schedule 1 chemicals are weighed as it suits
        is_first = isinstance(around, _SCHEDULE_1)
        allowed = policy.units_schedule_1 if is_first else policy.units_schedules_2_3
        if amount.unit not in allowed:
            yield Place(
                pointer=f"{pointer}/unit",
                way="schedule-1" if is_first else "schedules-2-3",
                args={"allowed": ", ".join(allowed)},
                received=amount.text,
            )


def _f10(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    places: list[tuple[str, Address | Position]] = [
        *subject.every(Address),
        *subject.every(Position),
    ]
    for pointer, position in places:
        for field, limit in _LIMITS.items():
            degrees: str | None = getattr(position, field)
            if degrees is not None and abs(Decimal(degrees)) > limit:
                yield Place(
                    pointer=f"{pointer}/{field}",
                    way=field,
                    args={"limit": str(limit)},
                    received=degrees,
                )


RULES = (
    Rule("F1", Severity.MUST_FIX, "VII.8(a), VIII.8(a)", cas_numbers, local=True),
    Rule("F2", Severity.EXPLAIN_OR_FIX, "Annex on Chemicals", identities, ("F1",), local=True),
    Rule("F3", Severity.MUST_FIX, "VI.3-6, VII.1, VIII.1", _f3, local=True),
    Rule("F4", Severity.EXPLAIN_OR_FIX, "C-I/DEC.15", _f4, local=True),
    Rule("F5", Severity.MUST_FIX, "VI.6, VI.16, VI.20, VII.3, VII.8(d), VII.9", days, local=True),
    Rule("F6", Severity.MUST_FIX, "Schedule 2", exempt, local=True),
    Rule("F7", Severity.MUST_FIX, "VI.15, VII.7(c), VII.8(e), VIII.8, IX.4-6", _f7, local=True),
    Rule("F8", Severity.EXPLAIN_OR_FIX, "VII.6(b), IX.4(b)", _f8, ("F3",), local=True),
    Rule("F9", Severity.EXPLAIN_OR_FIX, "VI.15-16, VII.8, VIII.1", _f9, local=True),
    Rule("F10", Severity.MUST_FIX, "VI.17, VII.6(b), VIII.6(b), IX.4(b)", _f10, local=True),
)
