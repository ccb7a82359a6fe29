"""One process at a time does what needs doing once: a lease for each task, in the database.

Several processes share a database; what they do by themselves (recovery, erasure) would be done by
each. Whoever holds the lease of a task does it, and the others look now and then whether it ran
out. The lease only saves work: a process that was paused may go on with a task that another one
took over, so each task claims its rows in the transactions that change them.

An embedded file has one process, which leads without asking.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Table, select, update
from sqlalchemy.sql import func

from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert
from sextant_shared.clock import random_bytes
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError

LEASE_S = 10.0  # so long after a process died another one goes on with its tasks
_NAME_BYTES = 9
_NOW = func.extract("epoch", func.clock_timestamp())
Task = Callable[[], Awaitable[object]]


def lease_table(metadata: MetaData) -> Table:
    """Declare the table of leases on a room's metadata."""
    return Table("task_lease", metadata, *_columns())


def create_leases(op: Any) -> None:
    """Create the table, in a migration."""
    op.create_table("task_lease", *_columns())


def _columns() -> list[Column[Any]]:
    return [
        sa.Column("task", sa.String, primary_key=True),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    ]


class Leading:
    """The tasks of one process, by a name of its own; the server's clock decides."""

    def __init__(self, database: Database, table: Table, lease_s: float = LEASE_S) -> None:
        self._database = database
        self._table = table
        self._lease_s = lease_s
        self._name = b64u(random_bytes(_NAME_BYTES))
        self._taking: set[asyncio.Task[bool]] = set()

    def alone(self, name: str, task: Task) -> Task:
        """Return the task, to be done only while this process has its lease."""

        async def done_alone() -> object:
            return await task() if await self.leads(name) else None

        return done_alone

    async def leads(self, name: str) -> bool:
        """Take or prolong the lease of a task; say whether this process has it now.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        if not self._database.is_shared:
            return True
        take = self._database.write(lambda connection: self._take(connection, name))
        taking = asyncio.create_task(take)
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)
        return await asyncio.shield(taking)  # a write goes on when nobody waits for it any more

    async def is_free(self, name: str) -> bool:
        """Say whether this process has the lease of a task, or may try for it; writes nothing.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        row = self._table.c
        others = select(row.task).where(
            row.task == name, row.holder != self._name, row.until >= _NOW
        )
        return await self._database.read(lambda c: c.execute(others).first()) is None

    def require(self, connection: Connection, name: str) -> None:
        """Return if no other process took the lease of a task since this one had it.

        In a transaction of the task: until it ends nobody takes the lease. The name of this process
        is the token that fences off whoever comes late.

        Raises:
            PlatformError: `E_UNAVAILABLE` when another process leads the task now.
        """
        row = self._table.c
        held = select(row.holder).where(row.task == name).with_for_update(read=True)
        if connection.execute(held).scalar() != self._name:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"another process leads the task {name} now",
                fix="Nothing is to be done: the other process goes on with it.",
            )

    async def let_go(self) -> None:
        """End all leases of this process, so that another one goes on at once.

        Its tasks have ended. What one of them was still writing is waited for, since it would take
        the lease again, for a process that is gone.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        if not self._database.is_shared:
            return
        await asyncio.gather(*self._taking, return_exceptions=True)
        ended = update(self._table).where(self._table.c.holder == self._name).values(until=0.0)
        await self._database.write(lambda connection: connection.execute(ended).rowcount)

    def _take(self, connection: Connection, name: str) -> bool:
        row, now = self._table.c, _NOW
        wanted = {"task": name, "holder": self._name}
        taken = upsert(self._table).values(**wanted, until=now + self._lease_s)
        taken = taken.on_conflict_do_update(
            index_elements=["task"],
            set_={"holder": self._name, "until": taken.excluded.until},
            where=(row.holder == self._name) | (row.until < now),
        )
        return connection.execute(taken.returning(row.task)).first() is not None
