"""Attachments of envelopes: their rows, written with the envelope and read for officers."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import RowMapping, select

from sextant_declarations.domain.deliveries import Attachment, Content
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.records import Record
from sextant_declarations.storage.tables import ATTACHMENTS
from sextant_shared.chassis.database import Database


def attachment_rows(record: Record, inbox: int) -> Iterator[dict[str, object]]:
    """Yield the rows of what came beside the message of one envelope."""
    result = record.submission.examined.result
    for one in result.attachments if isinstance(result, Content) else ():
        yield {
            "inbox": inbox,
            "n": one.n,
            "name": one.name,
            "cty": one.cty,
            "size": one.size,
            "digest": one.digest,
            "start": one.offset,
            "flaws": "\n".join(one.flaws),
        }


@dataclass(frozen=True)
class SqlAttachments:
    """Reads the attachments in this room's database."""

    database: Database

    async def of_envelope(self, inbox: int, access: Access) -> list[Attachment]:
        """Return the attachments of one envelope that the access covers, in order."""
        row = ATTACHMENTS
        covered = row.c.inbox.in_(access.inboxes)
        wanted = select(row).where(row.c.inbox == inbox, covered).order_by(row.c.n)
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [_attachment(found) for found in rows]


def _attachment(found: RowMapping) -> Attachment:
    return Attachment(
        n=found["n"],
        name=found["name"],
        cty=found["cty"],
        size=found["size"],
        digest=found["digest"],
        offset=found["start"],
        flaws=tuple(found["flaws"].splitlines()),
    )
