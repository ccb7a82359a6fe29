"""Reads threads and what is owed, for officers: both directions, in a few statements each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select, union_all

from sextant_declarations.domain.exchanged import (
    Due,
    DueFilter,
    DuePage,
    DueState,
    EnvelopeName,
    ThreadMessage,
    ThreadView,
)
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.records import Nature
from sextant_declarations.storage.custody import accepted_in
from sextant_declarations.storage.message_tables import DUES, SENT
from sextant_declarations.storage.tables import FINDINGS, INBOX, OWED_REPLIES
from sextant_declarations.storage.threads import read_facts
from sextant_shared.chassis.database import Database
from sextant_shared.clock import parse_timestamp, timestamp_s
from sextant_shared.protocol.owing import OwedRule, rules_for

MAX_THREAD = 1000  # envelopes of one thread in an answer, the oldest: a State may write for ever
_OPEN = (DueState.OPEN, DueState.OVERDUE)


@dataclass(frozen=True)
class SqlExchanges:
    """Reads this room's database."""

    database: Database
    own_party: str

    async def owed(self, wanted: DueFilter, now: float, limit: int) -> DuePage:
        """Return what is owed, the most urgent first."""
        narrowed = [_in_state(wanted.state, now)]
        if wanted.by is not None:
            narrowed.append(DUES.c.by == wanted.by)
        rows = await self._all(
            _dues(self.own_party)
            .add_columns(func.count().over().label("total"))
            .where(*narrowed)
            .order_by(DUES.c.until.is_(None), DUES.c.until, DUES.c.id)
            .limit(limit)
        )
        total = rows[0]["total"] if rows else 0
        found = [_due(row, now) for row in rows]
        if wanted.by in (None, self.own_party) and wanted.state in _OPEN:
            ours, undelivered = await self._receipts_owed(wanted.state, now, limit)
            total += undelivered
            found = sorted([*found, *ours], key=_urgency)[:limit]
        return DuePage(now=timestamp_s(now), owed=found, total=total)

    async def owed_for_sent(self, sent: int, now: float) -> list[Due]:
        """Return what one message that was sent demands, answered or not."""
        wanted = _dues(self.own_party).where(DUES.c.sent == sent).order_by(DUES.c.id)
        return [_due(row, now) for row in await self._all(wanted)]

    async def owed_in(self, thread: str, now: float) -> list[Due]:
        """Return what is or was owed in a thread, in the order in which it was demanded."""
        wanted = _dues(self.own_party).where(DUES.c.thread == thread).order_by(DUES.c.id)
        return [_due(row, now) for row in await self._all(wanted)]

    async def thread_of(self, sender: str, id_: str) -> str | None:
        """Return the name of the thread that an envelope stands in, None for an unknown one."""
        received = select(INBOX.c.thread).where(
            INBOX.c.sender == sender, INBOX.c.envelope_id == id_
        )
        ours = union_all(
            select(SENT.c.thread).where(or_(SENT.c.envelope_id == id_, SENT.c.message_id == id_)),
            select(INBOX.c.thread)
            .join(OWED_REPLIES, OWED_REPLIES.c.inbox == INBOX.c.id)
            .where(OWED_REPLIES.c.envelope_id == id_),
        )
        wanted = ours if sender == self.own_party else received
        found: str | None = await self.database.read(lambda c: c.execute(wanted).scalar())
        return found

    async def thread(self, name: str, now: float, access: Access) -> ThreadView:
        """Return the envelopes of a thread that the access covers, and what is owed in it."""
        received, sent, replies, dues = [
            await self._all(wanted.where(of == name).order_by(row).limit(MAX_THREAD + 1))
            for wanted, of, row in (
                (_RECEIVED.where(INBOX.c.id.in_(access.inboxes)), INBOX.c.thread, INBOX.c.id),
                (_SENT, SENT.c.thread, SENT.c.id),
                (_REPLIES, INBOX.c.thread, OWED_REPLIES.c.id),
                (_dues(self.own_party), DUES.c.thread, DUES.c.id),
            )
        ]
        ours = [self._ours(row) for row in (*sent, *replies)]
        messages = sorted([*map(_theirs, received), *ours], key=_when)
        owed = [_due(row, now) for row in dues]
        return ThreadView(
            thread=name_of(name),
            is_open=any(due.state in _OPEN for due in owed),
            is_cut=len(messages) > MAX_THREAD,
            messages=messages[:MAX_THREAD],
            owed=owed,
        )

    def _ours(self, row: RowMapping) -> ThreadMessage:
        index, accepted = accepted_in(row["custody"]) if row["custody"] else (None, None)
        facts = read_facts(row.get("facts"))
        return ThreadMessage(
            sender=self.own_party,
            id=row["envelope_id"],
            type=row["type"],
            to=[row["party"]],
            irt=row["irt"],
            sup=row.get("sup"),
            state=sent_state(row),
            accepted=accepted,
            custody=index,
            reference=facts.reference if facts else None,
            findings=0,
        )

    async def _receipts_owed(
        self, state: DueState, now: float, limit: int
    ) -> tuple[list[Due], int]:
        """Return the oldest receipts that are written and not in custody yet, and how many are."""
        rows = await self._all(
            _REPLIES.add_columns(func.count().over().label("total"))
            .where(OWED_REPLIES.c.custody.is_(None))
            .order_by(OWED_REPLIES.c.id)
            .limit(limit)
        )
        found = [self._receipt(row, now) for row in rows]
        if state is DueState.OVERDUE:  # the oldest are late first
            late = [due for due in found if due.is_late]
            return late, len(late)
        return found, rows[0]["total"] if rows else 0

    def _receipt(self, row: RowMapping, now: float) -> Due:
        rule = _rule(row["inbox_type"], row["type"])
        accepted = parse_timestamp(row["inbox_t"])
        until = accepted + rule.within.total_seconds() if rule else None
        is_late = until is not None and now > until
        return Due(
            message=EnvelopeName(sender=row["sender"], id=row["irt"]),
            type=row["inbox_type"],
            thread=name_of(row["thread"]),
            answer=row["type"],
            by=self.own_party,
            after=rule.after if rule else "receipt",
            until=None if until is None else timestamp_s(until),
            state=DueState.OVERDUE if is_late else DueState.OPEN,
            is_late=is_late,
            answered_by=None,
            answered=None,
            law=rule.law if rule else "",
            evidence=rule.evidence if rule else "",
        )

    async def _all(self, wanted: Select[*tuple[Any, ...]]) -> Sequence[RowMapping]:
        return await self.database.read(lambda c: c.execute(wanted).mappings().all())


def name_of(thread: str) -> EnvelopeName:
    """Return an envelope's name, or a thread's, as rows hold it."""
    sender, _, id_ = thread.partition(" ")
    return EnvelopeName(sender=sender, id=id_)


def sent_state(row: RowMapping) -> str:
    """Return where an envelope of ours stands."""
    if row["custody"] is not None:
        return "in custody"
    return "deposited" if row["is_deposited"] else "owed"


def _dues(own_party: str) -> Select[*tuple[Any, ...]]:
    """Return the statement for answers that are owed, with the messages that demand them."""
    return (
        select(
            DUES.c.thread,
            DUES.c.answer,
            DUES.c.by,
            DUES.c.after,
            DUES.c.until,
            DUES.c.law,
            DUES.c.evidence,
            DUES.c.superseded_by,
            DUES.c.answered_by,
            DUES.c.answered_at,
            func.coalesce(INBOX.c.sender, own_party).label("sender"),
            func.coalesce(INBOX.c.envelope_id, SENT.c.envelope_id).label("id"),
            func.coalesce(INBOX.c.type, SENT.c.type).label("type"),
        )
        .join(SENT, SENT.c.id == DUES.c.sent, isouter=True)
        .join(INBOX, INBOX.c.id == DUES.c.inbox, isouter=True)
    )


def _in_state(state: DueState, now: float) -> ColumnElement[bool]:
    if state is DueState.ANSWERED:
        return DUES.c.answered_by.is_not(None)
    if state is DueState.SUPERSEDED:
        return DUES.c.superseded_by.is_not(None)
    is_open = and_(DUES.c.answered_by.is_(None), DUES.c.superseded_by.is_(None))
    return is_open if state is DueState.OPEN else and_(is_open, DUES.c.until < now)


def _due(row: RowMapping, now: float) -> Due:
    until, answered_at = row["until"], row["answered_at"]
    is_answered = row["answered_by"] is not None
    reached = answered_at if is_answered else now
    is_late = until is not None and reached > until
    is_superseded = row["superseded_by"] is not None
    is_late = is_late and not is_superseded
    return Due(
        message=EnvelopeName(sender=row["sender"], id=row["id"]),
        type=row["type"],
        thread=name_of(row["thread"]),
        answer=row["answer"],
        by=row["by"],
        after=row["after"],
        until=None if until is None else timestamp_s(until),
        state=_state(is_answered=is_answered, is_superseded=is_superseded, is_late=is_late),
        is_late=is_late,
        answered_by=name_of(row["answered_by"]) if is_answered else None,
        answered=timestamp_s(answered_at) if is_answered else None,
        law=row["law"],
        evidence=row["evidence"],
    )


def _state(*, is_answered: bool, is_superseded: bool, is_late: bool) -> DueState:
    if is_answered:
        return DueState.ANSWERED
    if is_superseded:
        return DueState.SUPERSEDED
    return DueState.OVERDUE if is_late else DueState.OPEN


def _theirs(row: RowMapping) -> ThreadMessage:
    verdict, facts = row["verdict"], read_facts(row["facts"])
    is_refused = row["nature"] == Nature.REFUSED
    return ThreadMessage(
        sender=row["sender"],
        id=row["envelope_id"],
        type=row["type"],
        to=row["recipients"].split(),
        irt=row["irt"],
        sup=row["sup"],
        state="refused" if is_refused else (verdict or "opened").lower(),
        accepted=row["custody_t"],
        custody=row["custody_index"],
        reference=facts.reference if facts else None,
        findings=row["findings"],
    )


def _rule(type_: str, answer: str) -> OwedRule | None:
    return next((rule for rule in rules_for(type_) if rule.answer == answer), None)


def _urgency(due: Due) -> tuple[bool, str]:
    return due.until is None, due.until or ""


def _when(message: ThreadMessage) -> tuple[bool, str, int]:
    """Order by acceptance; what is not accepted yet comes last, in the order it was written."""
    return message.accepted is None, message.accepted or "", message.custody or 0


_RECEIVED = select(
    INBOX.c.sender,
    INBOX.c.envelope_id,
    INBOX.c.type,
    INBOX.c.recipients,
    INBOX.c.irt,
    INBOX.c.sup,
    INBOX.c.nature,
    INBOX.c.verdict,
    INBOX.c.custody_t,
    INBOX.c.custody_index,
    INBOX.c.facts,
    select(func.count()).where(FINDINGS.c.inbox == INBOX.c.id).scalar_subquery().label("findings"),
)
_SENT = select(
    SENT.c.envelope_id,
    SENT.c.type,
    SENT.c.party,
    SENT.c.irt,
    SENT.c.sup,
    SENT.c.is_deposited,
    SENT.c.custody,
    SENT.c.facts,
)
_REPLIES = select(
    OWED_REPLIES.c.envelope_id,
    OWED_REPLIES.c.type,
    OWED_REPLIES.c.party,
    OWED_REPLIES.c.irt,
    OWED_REPLIES.c.is_deposited,
    OWED_REPLIES.c.custody,
    INBOX.c.sender,
    INBOX.c.thread,
    INBOX.c.type.label("inbox_type"),
    INBOX.c.custody_t.label("inbox_t"),
).join(INBOX, INBOX.c.id == OWED_REPLIES.c.inbox)
