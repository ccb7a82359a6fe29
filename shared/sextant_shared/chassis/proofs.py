"""Remembers, for all processes of a room, which proofs were used: in the database they share.

Each process has its own memory besides (`replay`), which is asked first. What is remembered here is
needed for two minutes at most, so a commit of its own does not wait for the disk: a server that
loses power may forget the proofs of its last moment, which the processes that took them still know.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Index, MetaData, Table, delete, text

from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert
from sextant_shared.clock import Clock
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError

_NOT_DURABLE = text("SET LOCAL synchronous_commit = off")
_Use = tuple[str, float]
"""A proof and until when it could be used again."""


def proofs_seen_table(metadata: MetaData) -> Table:
    """Declare the table on a room's metadata."""
    table = Table("proof_seen", metadata, *_columns())
    Index("ix_proof_seen_until", table.c.until)
    return table


def create_proofs_seen(op: Any) -> None:
    """Create the table, in a migration."""
    op.create_table("proof_seen", *_columns())
    op.create_index("ix_proof_seen_until", "proof_seen", ["until"])


def _columns() -> list[Column[Any]]:
    return [
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("until", sa.Float, nullable=False),
    ]


class ProofsSeen:
    """The proofs that any process of the room took."""

    def __init__(
        self, database: Database, table: Table, clock: Clock, *, alone: bool = True
    ) -> None:
        """Keep them there; not `alone` where other works share the transaction, and its commit."""
        self._is_alone = alone
        self._database = database
        self._table = table
        self._clock = clock
        self._claiming: Batcher[_Use, bool] = Batcher(self._claim)

    async def claim(self, id_: str, until: float) -> None:
        """Remember a proof as used.

        Raises:
            PlatformError: `E_AUTH` when another process took it before, `E_UNAVAILABLE`.
        """
        if not await self._claiming.submit((b64u(sha256(id_.encode())), until)):
            raise PlatformError(
                Code.AUTH,
                "this proof was used before",
                fix="Make a fresh proof for each request, also when you repeat one.",
            )

    async def forget(self) -> None:
        """Remove what can be used no more.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        old = delete(self._table).where(self._table.c.until < self._clock())
        await self._database.write(lambda connection: connection.execute(old).rowcount)

    async def _claim(self, uses: Sequence[_Use]) -> Sequence[bool]:
        rows = [{"id": id_, "until": until} for id_, until in sorted(uses)]
        added = upsert(self._table).on_conflict_do_nothing(index_elements=["id"])

        def work(connection: Connection) -> set[str]:
            if self._is_alone and connection.dialect.name == "postgresql":
                connection.execute(_NOT_DURABLE)
            return set(connection.execute(added.returning(self._table.c.id), rows).scalars())

        fresh = await self._database.write(work)
        return [id_ in fresh for id_, _ in uses]
