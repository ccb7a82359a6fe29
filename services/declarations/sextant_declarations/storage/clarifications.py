"""Clarifications in this room's database: requests of ours, what is owed for them, extensions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from sextant_declarations.analysis.lifecycle import OFFICER
from sextant_declarations.domain.clarifications import (
    ClarificationFilter,
    ClarificationLine,
    ExtensionView,
    NewExtension,
    StoredClarification,
)
from sextant_declarations.domain.exchanged import DueState
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.records import Nature
from sextant_declarations.domain.threads import REQUEST
from sextant_declarations.storage.clarification_tables import EXTENSIONS
from sextant_declarations.storage.exchanges import name_of
from sextant_declarations.storage.life_tables import STEPS
from sextant_declarations.storage.message_tables import DUES, SENT
from sextant_declarations.storage.tables import DECLARATIONS, INBOX, SIDECAR, VERSIONS
from sextant_declarations.storage.threads import read_facts
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.dialects import json_text
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.clock import timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import OutcomeVerdict

REPLY = "clarification.reply"
_DAY_S = 86_400
_NEVER = 9e15  # after every time: what does not run yet comes last
_due: ColumnElement[float] = func.coalesce(DUES.c.until, _NEVER)
_IS_OPEN = and_(DUES.c.answered_by.is_(None), DUES.c.superseded_by.is_(None))


@dataclass(frozen=True)
class SqlClarifications:
    """Reads and extends clarifications."""

    database: Database
    notes: Notes

    async def page(
        self,
        wanted: ClarificationFilter,
        now: float,
        after: tuple[float, int] | None,
        limit: int,
    ) -> list[tuple[tuple[float, int], ClarificationLine]]:
        """Return up to `limit` clarifications after a place, each with its own."""
        query = _QUERY.where(*_narrowed(wanted, now)).order_by(_due, SENT.c.id).limit(limit)
        if after is not None:
            until, sent = after
            same = and_(_due == until, SENT.c.id > sent)
            query = query.where(or_(_due > until, same))
        rows = await self.database.read(lambda c: c.execute(query).mappings().all())
        return [((row["place"], row["sent"]), _line(row, now)) for row in rows]

    async def one(self, message: str, now: float) -> StoredClarification | None:
        """Return one clarification, None for an unknown message."""
        wanted = _QUERY.where(SENT.c.message_id == message)
        row = await self.database.read(lambda c: c.execute(wanted).mappings().one_or_none())
        if row is None:
            return None
        return StoredClarification(sent=row["sent"], line=_line(row, now), until=row["until"])

    async def content(self, sent: int, access: Access) -> bytes | None:
        """Return what was sent, if the access covers it."""
        wanted = select(SENT.c.content).where(
            SENT.c.id == sent, SENT.c.envelope_id.in_(access.envelopes)
        )
        found: bytes | None = await self.database.read(lambda c: c.execute(wanted).scalar())
        return found

    async def extensions(self, sent: int) -> list[ExtensionView]:
        """Return how a time was moved, oldest first."""
        wanted = (
            select(EXTENSIONS, SIDECAR.note.c.log_index.label("index"))
            .outerjoin(SIDECAR.note, SIDECAR.note.c.position == EXTENSIONS.c.entry)
            .where(EXTENSIONS.c.sent == sent)
            .order_by(EXTENSIONS.c.id)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [
            ExtensionView(
                before=timestamp_s(row["before"]),
                until=timestamp_s(row["until"]),
                reason=row["reason"],
                asked_in=row["asked_in"],
                officer=row["officer"],
                t=row["t"],
                index=row["index"],
            )
            for row in rows
        ]

    async def wrote(self, party: str, envelope: str) -> bool:
        """Return whether a party wrote us this message, and it was taken."""
        wanted = select(INBOX.c.id).where(
            INBOX.c.sender == party,
            INBOX.c.envelope_id == envelope,
            INBOX.c.nature.in_([Nature.MESSAGE, Nature.CORRESPONDENCE]),
            func.coalesce(INBOX.c.verdict, "") != OutcomeVerdict.RETURNED,
        )
        return await self.database.read(lambda c: c.execute(wanted).first()) is not None

    async def extend(self, extension: NewExtension) -> None:
        """Move a time, with the entry that the decision owes.

        Raises:
            PlatformError: `E_PRECONDITION` when the answer came, or the time was moved, meanwhile.
        """

        def store(connection: Connection) -> None:
            # What was asked for first binds no more: the new day is later than both.
            moved = connection.execute(
                update(DUES)
                .where(
                    DUES.c.sent == extension.sent,
                    DUES.c.answer == REPLY,
                    DUES.c.until == extension.before,
                    _IS_OPEN,
                )
                .values(until=extension.until, asked=None)
            )
            if moved.rowcount != 1:
                raise PlatformError(Code.PRECONDITION, "it moved on since it was read")
            connection.execute(
                insert(EXTENSIONS).values(
                    sent=extension.sent,
                    before=extension.before,
                    until=extension.until,
                    reason=extension.reason,
                    asked_in=extension.asked_in,
                    officer=extension.officer,
                    t=extension.t,
                    entry=self.notes.add(connection, extension.note),
                )
            )

        await self.database.write(store)


def _narrowed(wanted: ClarificationFilter, now: float) -> Sequence[ColumnElement[bool]]:
    given: list[ColumnElement[bool]] = []
    if wanted.is_open or wanted.overdue:
        given.append(_IS_OPEN)
    if wanted.overdue:
        given.append(DUES.c.until < now)
    if wanted.state is not None:
        given.append(or_(DECLARATIONS.c.owner == wanted.state, SENT.c.party == wanted.state))
    if wanted.declaration is not None:
        given.append(DECLARATIONS.c.id == wanted.declaration)
    return given


def _line(row: RowMapping, now: float) -> ClarificationLine:
    facts = read_facts(row["facts"])
    number, version = (facts.concerns if facts else None) or ("", 0)
    until, answered = row["until"], row["answered_at"]
    reached = now if answered is None else answered
    over = 0 if until is None or row["superseded_by"] else max(0.0, reached - until)
    return ClarificationLine(
        id=row["message_id"],
        envelope=row["envelope_id"],
        to=row["party"],
        state=row["owner"],
        declaration=row["declaration"],
        declaration_id=number,
        version=version,
        request=(facts.reference if facts else None) or "",
        questions=len(facts.numbers) if facts else 0,
        thread=name_of(row["thread"]),
        created=row["created_at"],
        accepted=row["custody_t"],
        until=None if until is None else timestamp_s(until),
        because=_because(row),
        law=row["law"] or "",
        evidence=row["evidence"] or "",
        extended=row["extended"],
        stands=_stands(row, is_over=until is not None and now > until),
        days_over=int(over // _DAY_S) + (1 if over > 0 else 0),
        answered=None if answered is None else timestamp_s(answered),
        answered_by=name_of(row["answered_by"]) if row["answered_by"] else None,
        examined=row["examined"],
    )


def _because(row: RowMapping) -> Literal["policy", "asked", "extended"]:
    if row["extended"]:
        return "extended"
    return "asked" if row["asked"] is not None and row["asked"] == row["until"] else "policy"


def _stands(row: RowMapping, *, is_over: bool) -> DueState:
    if row["answered_by"] is not None:
        return DueState.ANSWERED
    if row["superseded_by"] is not None:
        return DueState.SUPERSEDED
    return DueState.OVERDUE if is_over else DueState.OPEN


def _query() -> Any:
    """Return requests with what is owed, and the declaration that each is about.

    A State's number of a declaration is its own, so the declaration is one that the party brought.
    """
    brought = (
        select(VERSIONS.c.id)
        .join(INBOX, INBOX.c.id == VERSIONS.c.inbox)
        .where(VERSIONS.c.declaration == DECLARATIONS.c.id, INBOX.c.sender == SENT.c.party)
        .correlate(DECLARATIONS, SENT)
        .exists()
    )
    number = json_text(SENT.c.facts, "$.concerns[0]")
    extended = (
        select(func.count()).where(EXTENSIONS.c.sent == SENT.c.id).correlate(SENT).scalar_subquery()
    )
    replied = INBOX.alias("replied")
    examined = (
        select(func.min(STEPS.c.t))
        .select_from(STEPS)
        .join(replied, DUES.c.answered_by == replied.c.sender + " " + replied.c.envelope_id)
        .where(
            STEPS.c.declaration == DECLARATIONS.c.id,
            STEPS.c.role == OFFICER,
            STEPS.c.t > replied.c.stored_at,
        )
        .correlate(DECLARATIONS, DUES)
        .scalar_subquery()
    )
    return (
        select(
            SENT.c.id.label("sent"),
            SENT.c.message_id,
            SENT.c.envelope_id,
            SENT.c.party,
            SENT.c.facts,
            SENT.c.thread,
            SENT.c.created_at,
            SENT.c.custody_t,
            DECLARATIONS.c.id.label("declaration"),
            DECLARATIONS.c.owner,
            DUES.c.until,
            DUES.c.asked,
            DUES.c.law,
            DUES.c.evidence,
            DUES.c.answered_by,
            DUES.c.answered_at,
            DUES.c.superseded_by,
            _due.label("place"),
            extended.label("extended"),
            examined.label("examined"),
        )
        .outerjoin(DUES, (DUES.c.sent == SENT.c.id) & (DUES.c.answer == REPLY))
        .outerjoin(DECLARATIONS, (DECLARATIONS.c.declaration_id == number) & brought)
        .where(SENT.c.type == REQUEST)
    )


_QUERY = _query()
