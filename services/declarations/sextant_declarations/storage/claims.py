"""Rows that one of several processes delivers: claimed for a while, and fenced off when it is late.

A claim moves `again_at` of a row on, past what others look for, and that value is its token: each
claim of a row has a later one. Rows that another process is about to claim are passed over (SKIP
LOCKED). What a late process would write is refused, because the row has another value by then; it
delivered the same bytes under the same id, so nothing is there twice.

An embedded file has one process: there nothing is claimed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection, Select, Table, select, update

from sextant_declarations.domain.owed import DueReply, Postponed, SealedReply
from sextant_declarations.domain.ports import ReplyOutbox
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.guarding import guarded
from sextant_shared.errors import Code, PlatformError

CLAIM_S = 10.0  # so long after a process died another one delivers what it had claimed

_log = structlog.get_logger("sextant.declarations")


class Claimable(ReplyOutbox, Protocol):
    """An outbox whose rows several processes deliver."""

    def wanted(self, limit: int, now: float) -> Select[tuple[object, ...]]:
        """Return the statement that finds what is due, oldest first; a row's key is `row`."""
        ...


@dataclass(eq=False)
class ClaimedReplies:
    """An outbox of replies of which each row is this process's own for a while."""

    database: Database
    outbox: Claimable
    table: Table
    _tokens: dict[int, float] = field(default_factory=dict)

    async def due_replies(self, limit: int, now: float) -> list[DueReply]:
        """Claim and return what is due; looking at nothing writes nothing."""
        wanted, until = self.outbox.wanted(limit, now), now + CLAIM_S
        if await self.database.read(lambda c: c.execute(wanted).first()) is None:
            return []

        def claim(connection: Connection) -> list[DueReply]:
            claimed = wanted.with_for_update(skip_locked=True)
            found = [DueReply(**one) for one in connection.execute(claimed).mappings()]
            named = self.table.c.id.in_([one.row for one in found])
            connection.execute(update(self.table).where(named).values(again_at=until))
            return found

        due = await self.database.write(claim)
        self._tokens |= {one.row: until for one in due}
        return due

    async def reply_deposited(self, reply: int, custody: bytes | None, again_at: float) -> None:
        """Keep that the exchange has it."""
        write = partial(self.outbox.reply_deposited, reply, custody, again_at)
        await self._unless_late(reply, write)
        self._tokens.pop(reply, None)

    async def replace_reply(self, reply: int, sealed: SealedReply) -> None:
        """Keep a reply sealed anew in place of one that the exchange refused for good."""
        await self._unless_late(reply, partial(self.outbox.replace_reply, reply, sealed))

    async def postpone_reply(self, postponed: Postponed) -> None:
        """Keep the reason and come back later."""
        await self._unless_late(postponed.row, partial(self.outbox.postpone_reply, postponed))
        self._tokens.pop(postponed.row, None)

    async def _unless_late(self, row: int, write: Callable[[], Awaitable[None]]) -> None:
        try:
            with guarded(partial(self._require, row=row, token=self._tokens.get(row))):
                await write()
        except PlatformError as error:
            if error.code is not Code.STATE:
                raise
            _log.info("reply.claimed_elsewhere")

    def _require(self, connection: Connection, row: int, token: float | None) -> None:
        held = select(self.table.c.again_at).where(self.table.c.id == row).with_for_update()
        if token is None or connection.execute(held).scalar() != token:
            raise PlatformError(Code.STATE, "another process claimed what this one delivered")
