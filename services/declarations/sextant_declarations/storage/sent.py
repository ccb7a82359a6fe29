"""Messages that officers sent: stored with what they demand, delivered by the relay, shown again.

The outbox of replies over another table: a message differs in what starts when its receipt comes.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from sextant_declarations.domain.exchanged import MessageView
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.owed import DueReply, SealedReply
from sextant_declarations.domain.reading import ReplyEvidence
from sextant_declarations.domain.sending import NewMessage
from sextant_declarations.storage.custody import accepted_in
from sextant_declarations.storage.dues import (
    answered_at,
    close,
    rename,
    start_clocks,
    start_from_receipt,
    store_demands,
    supersede,
)
from sextant_declarations.storage.exchanges import SqlExchanges, name_of, sent_state
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.outbox import SqlOutbox
from sextant_declarations.storage.register import sealed_values
from sextant_declarations.storage.threads import facts_text
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.clock import Clock, parse_timestamp
from sextant_shared.encoding import b64u


@dataclass(frozen=True, kw_only=True)
class SqlSent(SqlOutbox):
    """Sent messages in this room's database; also their outbox, for the relay."""

    own_party: str
    clock: Clock
    notes: Notes
    replies: Table = SENT

    async def by_key(self, key: str) -> tuple[bytes, str] | None:
        """Return the digest of the order that has the key, and the id of its message."""
        wanted = select(SENT.c.order_digest, SENT.c.message_id).where(SENT.c.key == key)
        found = await self.database.overlook(lambda c: c.execute(wanted).one_or_none())
        return (found.order_digest, found.message_id) if found else None

    async def add(self, message: NewMessage) -> bool:
        """Store a message with all that belongs to it; False if its key was taken meanwhile."""

        def store(connection: Connection) -> None:
            (row,) = connection.execute(
                insert(SENT).values(_values(message)).returning(SENT.c.id)
            ).one()
            store_demands(connection, message.demands, message.thread, {"sent": row})
            self.notes.add(connection, message.decision)
            order = message.sealed.order
            if message.supersedes:
                own = self.own_party
                supersede(connection, own, message.supersedes, order.id, own)
            if message.answers:
                close(
                    connection,
                    answered=message.answers,
                    answer=order.type,
                    by=(self.own_party, order.id),
                    at=parse_timestamp(message.created_at),
                    own_party=self.own_party,
                )
            if message.facts and message.facts.ended is not None:
                start_clocks(connection, message.thread, message.facts.ended)

        try:
            await self.database.write(store)
        except IntegrityError:
            return False
        return True

    async def view(self, message: str) -> MessageView | None:
        """Return what became of a message, None for an unknown id."""
        wanted = select(*_VIEW).where(SENT.c.message_id == message)
        row = await self.database.read(lambda c: c.execute(wanted).mappings().one_or_none())
        if row is None:
            return None
        owed = SqlExchanges(self.database, self.own_party)
        return MessageView(
            message=row["message_id"],
            id=row["envelope_id"],
            type=row["type"],
            to=row["party"],
            thread=name_of(row["thread"]),
            state=sent_state(row),
            created=row["created_at"],
            accepted=row["custody_t"],
            custody=row["custody_index"],
            attempts=row["attempts"],
            last_error=row["last_error"],
            owed=await owed.owed_for_sent(row["id"], self.clock()),
        )

    async def content(self, message: str, access: Access) -> bytes | None:
        """Return what a message said, None for an unknown id."""
        wanted = select(SENT.c.content).where(
            SENT.c.message_id == message, SENT.c.envelope_id.in_(access.envelopes)
        )
        found: bytes | None = await self.database.read(lambda c: c.execute(wanted).scalar())
        return found

    async def evidence(self, message: str, access: Access) -> ReplyEvidence | None:
        """Return what proves a message, None for an unknown id."""
        wanted = select(
            SENT.c.type, SENT.c.envelope_id, SENT.c.container, SENT.c.custody, SENT.c.kpc
        ).where(SENT.c.message_id == message, SENT.c.envelope_id.in_(access.envelopes))
        row = await self.database.read(lambda c: c.execute(wanted).mappings().one_or_none())
        if row is None:
            return None
        return ReplyEvidence(
            type=row["type"],
            id=row["envelope_id"],
            container=b64u(row["container"]),
            custody=b64u(row["custody"]) if row["custody"] else None,
            kpc=b64u(row["kpc"]),
        )

    async def due_replies(self, limit: int, now: float) -> list[DueReply]:
        """Return messages to deposit or whose custody receipt is still missing, oldest first."""
        return await self.database.read(
            lambda c: [DueReply(**found) for found in c.execute(self.wanted(limit, now)).mappings()]
        )

    def wanted(self, limit: int, now: float) -> Select[Any]:
        """Return the statement that finds messages which are due, oldest first."""
        return (
            select(*_DUE)
            .where(SENT.c.custody.is_(None), SENT.c.again_at <= now)
            .order_by(SENT.c.id)
            .limit(limit)
        )

    async def reply_deposited(self, reply: int, custody: bytes | None, again_at: float) -> None:
        """Keep that the exchange has it; with the receipt, the clocks of its answers start."""
        values: dict[str, Any] = {"is_deposited": True, "custody": custody, "again_at": again_at}
        accepted = ""
        if custody is not None:
            index, accepted = accepted_in(custody)
            values |= {"custody_index": index, "custody_t": accepted}
        change = update(SENT).where(SENT.c.id == reply).values(**values, last_error=None)

        def keep(connection: Connection) -> None:
            (id_,) = connection.execute(change.returning(SENT.c.envelope_id)).one()
            if accepted:
                at = parse_timestamp(accepted)
                start_from_receipt(connection, reply, at)
                answered_at(connection, (self.own_party, id_), at)

        await self.database.write(keep)

    async def replace_reply(self, reply: int, sealed: SealedReply) -> None:
        """Keep a message sealed anew, under its new id, also where others name it."""
        held = select(SENT.c.envelope_id).where(SENT.c.id == reply)
        change = update(SENT).where(SENT.c.id == reply).values(sealed_values(sealed))

        def replace(connection: Connection) -> None:
            old = connection.execute(held).scalar_one()
            connection.execute(change)
            own = self.own_party
            rename(connection, (own, old), (own, sealed.order.id))

        await self.database.write(replace)


def _values(message: NewMessage) -> dict[str, Any]:
    order, facts = message.sealed.order, message.facts
    return {
        "key": message.key,
        "order_digest": message.order_digest,
        "message_id": order.id,
        "officer": message.officer,
        "created_at": message.created_at,
        "type": order.type,
        "cty": order.cty,
        "party": order.to.party,
        "classification": order.classification,
        "irt": order.irt,
        "sup": order.sup,
        "thread": message.thread,
        "reference": facts.reference if facts else None,
        "facts": facts_text(facts),
        "content": order.content,
        "traceparent": message.traceparent,
        **sealed_values(message.sealed),
    }


_VIEW = (
    SENT.c.id,
    SENT.c.message_id,
    SENT.c.envelope_id,
    SENT.c.type,
    SENT.c.party,
    SENT.c.thread,
    SENT.c.created_at,
    SENT.c.attempts,
    SENT.c.last_error,
    SENT.c.is_deposited,
    SENT.c.custody,
    SENT.c.custody_t,
    SENT.c.custody_index,
)
_DUE = (
    SENT.c.id.label("row"),
    SENT.c.envelope_id.label("id"),
    SENT.c.type,
    SENT.c.content,
    SENT.c.party,
    SENT.c.classification,
    SENT.c.irt,
    SENT.c.sup,
    SENT.c.cty,
    SENT.c.container,
    SENT.c.manifest_digest,
    SENT.c.is_deposited,
    SENT.c.traceparent,
    SENT.c.attempts,
)
