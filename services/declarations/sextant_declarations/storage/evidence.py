"""The evidence of one envelope, for who has leave to read it, and what is still owed.

Entries and replies begin as debts and stay as evidence once they are delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, Table, func, literal, null, select, union_all

from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.reading import (
    Alarm,
    EntryEvidence,
    OwedLine,
    ReplyEvidence,
    StoredEnvelope,
)
from sextant_declarations.storage.access_tables import ACCESSES
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.tables import (
    INBOX,
    LOG_ALARMS,
    OWED_ENTRIES,
    OWED_REPLIES,
    REGISTRY_PROOFS,
    SIDECAR,
    VERSIONS,
)
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.encoding import b64u


@dataclass(frozen=True)
class SqlEvidence:
    """Reads evidence from this room's database."""

    database: Database
    sidecar: Sidecar

    async def bringer(self, id_: str, n: int | None) -> StoredEnvelope | None:
        """Return the envelope that brought version `n` of a declaration, None for the newest."""
        wanted = (
            select(*_STORED)
            .join(VERSIONS, VERSIONS.c.inbox == INBOX.c.id)
            .where(VERSIONS.c.declaration == id_)
            .order_by(VERSIONS.c.n.desc())
            .limit(1)
        )
        return await self._stored(wanted if n is None else wanted.where(VERSIONS.c.n == n))

    async def envelope(self, sender: str, id_: str) -> StoredEnvelope | None:
        """Return one envelope."""
        return await self._stored(
            select(*_STORED).where(INBOX.c.sender == sender, INBOX.c.envelope_id == id_)
        )

    async def registry_proofs(self, parties: Sequence[str], at: int) -> list[bytes]:
        """Return the proofs of these parties at log index `at`, in order."""
        row = REGISTRY_PROOFS
        rows = await self._all(
            select(row.c.party, row.c.proof).where(row.c.at == at, row.c.party.in_(parties))
        )
        found = {row["party"]: row["proof"] for row in rows}
        return [found[party] for party in parties]

    async def entries(self, inbox: int, access: Access) -> list[EntryEvidence]:
        """Return the log entries of an envelope that the access covers."""
        row = OWED_ENTRIES
        wanted = (
            select(
                row.c.act,
                row.c.leaf,
                row.c.log_index,
                row.c.proof,
            )
            .where(row.c.inbox == inbox, row.c.inbox.in_(access.inboxes))
            .order_by(row.c.id)
        )
        rows = await self._all(wanted)
        leaves = [found["leaf"] for found in rows]
        openings = await self.database.read(lambda c: self.sidecar.opened(c, leaves))
        return [
            EntryEvidence(
                act=found["act"],
                entry=b64u(found["leaf"]),
                index=found["log_index"],
                proof=found["proof"],
                detail=b64u(opening[0]) if opening else None,
                salt=b64u(opening[1]) if opening else None,
            )
            for found, opening in zip(rows, openings, strict=True)
        ]

    async def replies(self, inbox: int, access: Access) -> list[ReplyEvidence]:
        """Return the replies to an envelope that the access covers."""
        row = OWED_REPLIES
        wanted = (
            select(
                row.c.type,
                row.c.envelope_id,
                row.c.container,
                row.c.custody,
                row.c.kpc,
            )
            .where(row.c.inbox == inbox, row.c.inbox.in_(access.inboxes))
            .order_by(row.c.id)
        )
        return [
            ReplyEvidence(
                type=found["type"],
                id=found["envelope_id"],
                container=b64u(found["container"]),
                custody=b64u(found["custody"]) if found["custody"] else None,
                kpc=b64u(found["kpc"]),
            )
            for found in await self._all(wanted)
        ]

    async def owed(self, limit: int) -> tuple[int, list[OwedLine]]:
        """Return how much is owed in all, and the oldest lines, in one statement."""
        owed = union_all(
            _owed(OWED_ENTRIES, "act", "log_index"),
            _owed(OWED_REPLIES, "type", "custody"),
            select(
                SENT.c.type.label("what"),
                SENT.c.envelope_id.label("envelope"),
                SENT.c.attempts,
                SENT.c.last_error,
            ).where(SENT.c.custody.is_(None)),
            select(
                ACCESSES.c.type.label("what"),
                literal("").label("envelope"),
                ACCESSES.c.attempts,
                ACCESSES.c.last_error,
            ).where(ACCESSES.c.log_index.is_(None)),
            select(
                SIDECAR.note.c.type.label("what"),
                literal("").label("envelope"),
                literal(0).label("attempts"),
                null().label("last_error"),
            ).where(SIDECAR.note.c.log_index.is_(None)),
        ).subquery()
        wanted = (
            select(owed, func.count().over().label("total"))
            .order_by(owed.c.envelope, owed.c.what)
            .limit(limit)
        )
        rows = await self._all(wanted)
        lines = [
            OwedLine(
                what=row["what"],
                envelope=row["envelope"],
                attempts=row["attempts"],
                last_error=row["last_error"],
            )
            for row in rows
        ]
        return (rows[0]["total"] if rows else 0), lines

    async def alarms(self, limit: int) -> list[Alarm]:
        """Return the newest alarms about the log."""
        row = LOG_ALARMS
        wanted = (
            select(row.c.t, row.c.source, row.c.size, row.c.detail)
            .order_by(row.c.id.desc())
            .limit(limit)
        )
        return [Alarm(**dict(found)) for found in await self._all(wanted)]

    async def _stored(self, wanted: Select[*tuple[Any, ...]]) -> StoredEnvelope | None:
        rows = await self._all(wanted)
        if not rows:
            return None
        found = dict(rows[0])
        size = found.pop("content_size")
        return StoredEnvelope(**found, has_content=size is not None)

    async def _all(self, wanted: Select[*tuple[Any, ...]]) -> Sequence[RowMapping]:
        return await self.database.read(lambda c: c.execute(wanted).mappings().all())


_STORED = (
    INBOX.c.id.label("inbox"),
    INBOX.c.sender,
    INBOX.c.envelope_id.label("id"),
    INBOX.c.manifest,
    INBOX.c.manifest_digest,
    INBOX.c.custody,
    INBOX.c.registry_index,
    INBOX.c.content_size,
)


def _owed(row: Table, what: str, done: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            row.c[what].label("what"),
            INBOX.c.envelope_id.label("envelope"),
            row.c.attempts,
            row.c.last_error,
        )
        .join(INBOX, row.c.inbox == INBOX.c.id)
        .where(row.c[done].is_(None))
    )
