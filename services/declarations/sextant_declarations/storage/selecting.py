"""Chooses the registered filings that are needed to know what holds of many declarations."""

from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select

from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.selecting import Choice
from sextant_declarations.storage.access_tables import CONTENT_SITES
from sextant_declarations.storage.filings import FILED, filed_of
from sextant_declarations.storage.tables import DECLARATIONS, REVISIONS, VERSIONS
from sextant_shared.chassis.database import Database


@dataclass(frozen=True)
class SqlSelecting:
    """Reads the register for many declarations at once."""

    database: Database

    async def chosen(self, choice: Choice, limit: int) -> list[FiledVersion]:
        """Return the newest registered version of each, and what amends or withdraws them.

        An amendment counts for the sites of what it amends, so one site finds those of it too.
        """
        named = _declarations(choice)
        newest = select(func.max(VERSIONS.c.id)).where(VERSIONS.c.registration.is_not(None))
        newest = newest.group_by(VERSIONS.c.declaration)
        revising = select(REVISIONS.c.inbox).where(REVISIONS.c.declaration.in_(named))
        wanted = (
            FILED.where(
                VERSIONS.c.id.in_(newest),
                or_(VERSIONS.c.declaration.in_(named), VERSIONS.c.inbox.in_(revising)),
            )
            .order_by(DECLARATIONS.c.owner, DECLARATIONS.c.declaration_id, VERSIONS.c.id)
            .limit(limit)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [filed_of(row) for row in rows]


def _declarations(choice: Choice) -> Select[tuple[str]]:
    row = VERSIONS
    wanted = select(row.c.declaration).where(row.c.registration.is_not(None))
    if choice.kinds:
        wanted = wanted.where(row.c.kind.in_(choice.kinds))
    if choice.years:
        wanted = wanted.where(row.c.year.in_(choice.years))
    if choice.state is not None:
        owner = DECLARATIONS.c.id == row.c.declaration
        wanted = wanted.join(DECLARATIONS, owner).where(DECLARATIONS.c.owner == choice.state)
    if choice.site is not None:
        inboxes = select(CONTENT_SITES.c.inbox).where(CONTENT_SITES.c.site == choice.site)
        wanted = wanted.where(row.c.inbox.in_(inboxes))
    return wanted
