"""Rules T8 to T10: who may be a partner of a transfer, for what, and of how much."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from sextant_shared import codelists
from sextant_shared.codelists import ScheduledChemical
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.chemical import Chemical
from sextant_shared.models.declaration.national import CountryRow, S2Record, S3Record
from sextant_shared.models.declaration.schedule1 import (
    S1TransferNotifStx,
    S1TransferRecord,
    Transfer,
    TransferNotice,
)
from sextant_shared.models.declaration.schedule2 import S2ChemicalRow
from sextant_shared.models.declaration.site import Purpose
from sextant_shared.rules.figures import kilograms
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Rule
from sextant_shared.rules.subject import Subject

_STX_MOST = Decimal("5e-6")  # kg, VI.5 bis
_STX_PURPOSES = ("S1_MEDICAL", "S1_DIAGNOSTIC")
_PURPOSES = ("S1_RESEARCH", "S1_MEDICAL", "S1_PHARMACEUTICAL", "S1_PROTECTIVE")  # VI.3
_SAXITOXIN = ("1A", "7")  # its entry in the Annex on Chemicals


def _saxitoxin() -> ScheduledChemical:
    return next(c for c in codelists.chemicals() if (c.schedule, c.entry) == _SAXITOXIN)


def _t8(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    listed = _saxitoxin()
    for pointer, notice in subject.every(S1TransferNotifStx):
        if notice.chemical.cas != listed.cas:
            yield Place(
                pointer=f"{pointer}/chemical/cas",
                way="chemical",
                args={"name": listed.name, "cas": listed.cas},
                received=notice.chemical.cas or notice.chemical.name,
            )
        if kilograms(notice.quantity) > _STX_MOST:
            yield Place(
                pointer=f"{pointer}/quantity",
                way="quantity",
                args={"most": "5 mg"},
                received=notice.quantity.text,
            )
        if notice.purpose not in _STX_PURPOSES:
            yield Place(
                pointer=f"{pointer}/purpose",
                way="purpose",
                args={"allowed": ", ".join(_STX_PURPOSES)},
                received=notice.purpose,
            )


def _t9(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    own = subject.declaration.state_code
    for pointer, notice in subject.every(TransferNotice):
        for side in ("sending_state", "receiving_state"):
            code: str = getattr(notice, side)
            yield from _partner(f"{pointer}/{side}", code, notice.event_date)
        if not isinstance(notice, S1TransferNotifStx):
            yield from _purpose(f"{pointer}/purpose", notice.purpose, notice.chemical)
        if notice.sending_state == own:
            yield from _sent_on(f"{pointer}/receiving_state", notice, subject, policy)
    for pointer, transfer in subject.every(Transfer):
        yield from _partner(f"{pointer}/state_code", transfer.state_code, transfer.day)
        record = subject.around(pointer, S1TransferRecord)
        if record is not None:
            yield from _purpose(f"{pointer}/purpose", transfer.purpose, record.chemical)
    for pointer, record in subject.every(S1TransferRecord):
        yield from _handed_on(pointer, record)


def _partner(pointer: str, code: str, day: dt.date) -> Iterator[Place]:
    if code in codelists.states() and not codelists.state_party_on(code, day):
        yield Place(
            pointer=pointer,
            way="partner",
            args={"state": code, "day": day.isoformat()},
            received=code,
        )


def _purpose(pointer: str, code: str, chemical: Chemical) -> Iterator[Place]:
    is_saxitoxin = chemical.cas == _saxitoxin().cas
    allowed = {*_PURPOSES, *(_STX_PURPOSES if is_saxitoxin else ())}
    if code in codelists.codes("purposes", "S1") and code not in allowed:
        args = {"allowed": ", ".join(sorted(allowed))}
        yield Place(pointer=pointer, way="purpose", args=args, received=code)


def _sent_on(
    pointer: str, notice: TransferNotice, subject: Subject, policy: RulePolicy
) -> Iterator[Place]:
    """Yield that a chemical is sent to another State than it was received from."""
    own, year = subject.declaration, notice.event_date.year
    for back in range(policy.retransfer_years):
        for earlier in subject.filings.of(TransferNotice, own, year - back):
            if (
                earlier.receiving_state == own.state_code
                and earlier.event_date <= notice.event_date
                and earlier.chemical.cas == notice.chemical.cas is not None
                and earlier.sending_state != notice.receiving_state
            ):
                yield _retransfer(
                    pointer, notice.chemical, earlier.sending_state, notice.receiving_state
                )
                return


def _handed_on(pointer: str, record: S1TransferRecord) -> Iterator[Place]:
    """Yield that a chemical was received from one State and sent to another in the same year."""
    sources = [row.state_code for row in record.acquired if kilograms(row.quantity)]
    for k, row in enumerate(record.transferred):
        others = [code for code in sources if code != row.state_code]
        if others and kilograms(row.quantity):
            yield _retransfer(
                f"{pointer}/transferred/{k}", record.chemical, ", ".join(others), row.state_code
            )


def _retransfer(pointer: str, chemical: Chemical, source: str, receiver: str) -> Place:
    return Place(
        pointer=pointer,
        way="retransfer",
        args={"chemical": chemical.name, "from": source, "to": receiver},
        received=receiver,
        severity=Severity.EXPLAIN_OR_FIX,
    )


def _t10(subject: Subject, policy: RulePolicy) -> Iterator[Place]:
    day = subject.day
    if day is None:
        return
    if day >= policy.schedule_2_closed_from:
        for pointer, code in _schedule_2_partners(subject):
            if _is_outside(code, day):
                yield Place(pointer=pointer, way="schedule-2", args={"state": code}, received=code)
    for pointer, row in subject.every(CountryRow):
        is_s3_export = "/exports/" in pointer and subject.around(pointer, S3Record) is not None
        is_bare = policy.non_party_export_needs_certificate and row.end_use_certificate is None
        if is_s3_export and is_bare and _is_outside(row.state_code, day):
            yield Place(
                pointer=f"{pointer}/end_use_certificate",
                way="certificate",
                args={"state": row.state_code},
                severity=Severity.MUST_FIX,
            )


def _schedule_2_partners(subject: Subject) -> Iterator[tuple[str, str]]:
    for pointer, row in subject.every(CountryRow):
        if subject.around(pointer, S2Record) is not None:
            yield f"{pointer}/state_code", row.state_code
    for pointer, purpose in subject.every(Purpose):
        if subject.around(pointer, S2ChemicalRow) is not None:
            yield from ((f"{pointer}/states/{k}", code) for k, code in enumerate(purpose.states))


def _is_outside(code: str, day: dt.date) -> bool:
    """Return whether a code names a State that was no State Party; F3 speaks of unknown codes."""
    return code in codelists.states() and not codelists.state_party_on(code, day)


RULES = (
    Rule("T8", Severity.MUST_FIX, "VI.5 bis", _t8, follows=("F1",)),
    Rule("T9", Severity.MUST_FIX, "VI.1, VI.3-4", _t9, follows=("F3", "F7")),
    Rule("T10", Severity.EXPLAIN_OR_FIX, "VII.31, VIII.26", _t10, follows=("F3",), local=True),
)
