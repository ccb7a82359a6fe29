"""What States have registered: rows by which a new filing is compared with the earlier ones."""

from dataclasses import dataclass

from sqlalchemy import RowMapping, func, select

from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.storage.tables import DECLARATIONS, INBOX, REVISIONS, VERSIONS
from sextant_shared.chassis.database import Database

_REVISED = DECLARATIONS.alias("revised")
FILED = (
    select(
        DECLARATIONS.c.declaration_id,
        VERSIONS.c.version,
        VERSIONS.c.kind,
        VERSIONS.c.year,
        VERSIONS.c.canonical_digest,
        INBOX.c.content_digest,
        INBOX.c.content_size,
        INBOX.c.manifest_digest,
        _REVISED.c.declaration_id.label("revises"),
    )
    .join(DECLARATIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
    .join(INBOX, VERSIONS.c.inbox == INBOX.c.id)
    .outerjoin(REVISIONS, REVISIONS.c.inbox == INBOX.c.id)
    .outerjoin(_REVISED, _REVISED.c.id == REVISIONS.c.declaration)
)
"""All versions; `filed_of` reads a row of it."""


@dataclass(frozen=True)
class SqlFilings:
    """Reads the register for what a State has filed."""

    database: Database

    async def filed_by(self, owner: str, limit: int) -> list[FiledVersion]:
        """Return the newest registered version of each declaration, newest registration first.

        Rows of versions are written in the order of registration.
        """
        newest = (
            select(func.max(VERSIONS.c.id))
            .join(DECLARATIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
            .where(DECLARATIONS.c.owner == owner, VERSIONS.c.registration.is_not(None))
            .group_by(VERSIONS.c.declaration)
        )
        wanted = FILED.where(VERSIONS.c.id.in_(newest)).order_by(VERSIONS.c.id.desc()).limit(limit)
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [filed_of(row) for row in rows]


def filed_of(row: RowMapping) -> FiledVersion:
    """Return the version that a row of `FILED` is."""
    return FiledVersion(
        declaration_id=row["declaration_id"],
        version=row["version"],
        kind=row["kind"],
        year=row["year"],
        digest=row["canonical_digest"],
        content_digest=row["content_digest"],
        size=row["content_size"],
        manifest_digest=row["manifest_digest"],
        revises=row["revises"],
    )
