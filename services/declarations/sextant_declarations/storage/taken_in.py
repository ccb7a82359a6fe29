"""What was taken in, as the register knows it: which files the vault must hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select

from sextant_declarations.domain.refilling import TakenIn
from sextant_declarations.storage.tables import ATTACHMENTS, INBOX
from sextant_shared.chassis.database import Database


@dataclass(frozen=True)
class SqlTakenIn:
    """Reads the inbox in this room's database."""

    database: Database

    async def page(self, after: int, limit: int) -> Sequence[TakenIn]:
        """Return envelopes after a number, in order."""
        row = INBOX
        wanted = (
            select(
                row.c.id,
                row.c.sender,
                row.c.envelope_id,
                row.c.manifest_digest,
                row.c.custody,
                row.c.registry_index,
                row.c.content_digest.is_not(None),
                exists().where(ATTACHMENTS.c.inbox == row.c.id),
            )
            .where(row.c.id > after)
            .order_by(row.c.id)
            .limit(limit)
        )
        rows = await self.database.read(lambda connection: connection.execute(wanted).all())
        return [TakenIn(*found) for found in rows]
