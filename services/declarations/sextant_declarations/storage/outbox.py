"""What is owed: rows written by the register, delivered by the relay, kept as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, Update, bindparam, select, update

from sextant_declarations.domain.owed import DueEntry, DueReply, LoggedProof, Postponed, SealedReply
from sextant_declarations.storage.register import sealed_values
from sextant_declarations.storage.tables import OWED_ENTRIES, OWED_REPLIES
from sextant_shared.chassis.database import Database


@dataclass(frozen=True)
class SqlOutbox:
    """The outbox in this room's database.

    `entries` is the table that log entries stand in, `replies` that of sealed envelopes.
    """

    database: Database
    entries: Table = OWED_ENTRIES
    replies: Table = OWED_REPLIES

    async def due_entries(self, limit: int, now: float) -> list[DueEntry]:
        """Return log entries to append, oldest first."""
        row = self.entries
        wanted = (
            select(row.c.id.label("row"), row.c.leaf, row.c.traceparent, row.c.attempts)
            .where(row.c.log_index.is_(None), row.c.again_at <= now)
            .order_by(row.c.id)
            .limit(limit)
        )
        return await self.database.read(
            lambda c: [DueEntry(**found) for found in c.execute(wanted).mappings()]
        )

    async def entries_logged(self, proofs: Sequence[LoggedProof]) -> None:
        """Keep where the entries stand and their proofs."""
        row = self.entries
        change = (
            update(row)
            .where(row.c.id == bindparam("row"))
            .values(log_index=bindparam("index"), proof=bindparam("text"), last_error=None)
        )
        values = [{"row": p.row, "index": p.index, "text": p.proof} for p in proofs]
        await self._write(change, values)

    async def due_replies(self, limit: int, now: float) -> list[DueReply]:
        """Return replies to deposit or whose custody receipt is still missing, oldest first."""
        return await self.database.read(
            lambda c: [DueReply(**found) for found in c.execute(self.wanted(limit, now)).mappings()]
        )

    def wanted(self, limit: int, now: float) -> Select[Any]:
        """Return the statement that finds replies which are due, oldest first."""
        row = self.replies
        return (
            select(
                row.c.id.label("row"),
                row.c.envelope_id.label("id"),
                row.c.type,
                row.c.content,
                row.c.party,
                row.c.classification,
                row.c.irt,
                row.c.container,
                row.c.manifest_digest,
                row.c.is_deposited,
                row.c.traceparent,
                row.c.attempts,
            )
            .where(row.c.custody.is_(None), row.c.again_at <= now)
            .order_by(row.c.id)
            .limit(limit)
        )

    async def reply_deposited(self, reply: int, custody: bytes | None, again_at: float) -> None:
        """Keep that the exchange has it; without a receipt it stays due, at `again_at`."""
        row = self.replies
        change = (
            update(row)
            .where(row.c.id == bindparam("row"))
            .values(
                is_deposited=True,
                custody=bindparam("receipt"),
                again_at=bindparam("at"),
                last_error=None,
            )
        )
        await self._write(change, [{"row": reply, "receipt": custody, "at": again_at}])

    async def replace_reply(self, reply: int, sealed: SealedReply) -> None:
        """Keep a reply sealed anew in place of one that the exchange refused for good."""
        row = self.replies
        change = (
            update(row)
            .where(row.c.id == bindparam("row"))
            .values({name: bindparam(name) for name in sealed_values(sealed)})
        )
        await self._write(change, [{"row": reply, **sealed_values(sealed)}])

    async def postpone_entries(self, postponed: Sequence[Postponed]) -> None:
        """Keep the reasons and come back later."""
        await self._postpone(self.entries, postponed)

    async def postpone_reply(self, postponed: Postponed) -> None:
        """Keep the reason and come back later."""
        await self._postpone(self.replies, [postponed])

    async def _postpone(self, row: Table, postponed: Sequence[Postponed]) -> None:
        change = (
            update(row)
            .where(row.c.id == bindparam("row"))
            .values(
                attempts=row.c.attempts + 1,
                last_error=bindparam("error"),
                again_at=bindparam("at"),
            )
        )
        values = [{"row": p.row, "error": p.error, "at": p.again_at} for p in postponed]
        await self._write(change, values)

    async def _write(self, change: Update, values: Sequence[dict[str, object]]) -> None:
        def write(connection: Connection) -> None:
            connection.execute(change, values)

        await self.database.write(write)
