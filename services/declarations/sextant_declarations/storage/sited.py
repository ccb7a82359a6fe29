"""What is registered about plant sites, in this room's database: found by kind, site or number."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, or_, select

from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.sited import SitedFiling, SiteFinding
from sextant_declarations.storage.access_tables import CONTENT_SITES
from sextant_declarations.storage.tables import DECLARATIONS, FINDINGS, INBOX, REVISIONS, VERSIONS
from sextant_shared.chassis.database import Database

AT_ONCE = 500  # names in one statement


@dataclass(frozen=True)
class SqlSited:
    """Reads the register for filings about sites."""

    database: Database

    async def of_kinds(
        self, kinds: Collection[str], first_year: int, last_year: int, known_by: str
    ) -> list[SitedFiling]:
        """Return filings of these kinds and years, and what revises them, in order."""
        named = select(VERSIONS.c.declaration).where(
            VERSIONS.c.kind.in_(sorted(kinds)),
            VERSIONS.c.year.between(first_year, last_year),
            VERSIONS.c.registration.is_not(None),
        )
        return await self._filings(named, known_by)

    async def of_sites(
        self, owner: str, codes: Collection[str] | None, known_by: str
    ) -> list[SitedFiling]:
        """Return filings about sites of a State (None: all), and what revises them, in order."""
        named = (
            select(VERSIONS.c.declaration)
            .join(CONTENT_SITES, CONTENT_SITES.c.inbox == VERSIONS.c.inbox)
            .join(DECLARATIONS, DECLARATIONS.c.id == VERSIONS.c.declaration)
            .where(DECLARATIONS.c.owner == owner)
        )
        if codes is not None:
            named = named.where(CONTENT_SITES.c.site.in_(sorted(codes)))
        return await self._filings(named, known_by)

    async def numbered(self, numbers: Collection[tuple[str, str]]) -> list[SitedFiling]:
        """Return all filings of declarations, by State and the State's number, in order."""
        wanted = sorted(numbers)
        found: dict[int, SitedFiling] = {}
        for start in range(0, len(wanted), AT_ONCE):
            each = [
                and_(DECLARATIONS.c.owner == owner, DECLARATIONS.c.declaration_id == number)
                for owner, number in wanted[start : start + AT_ONCE]
            ]
            named = select(DECLARATIONS.c.id).where(or_(*each))
            found |= {one.inbox: one for one in await self._filings(named, "9999")}
        return [found[inbox] for inbox in sorted(found)]

    async def findings(self, inboxes: Collection[int], access: Access) -> list[SiteFinding]:
        """Return what rules found in filings that the access covers."""
        wanted = sorted(set(inboxes) & access.inboxes)
        row = FINDINGS.c
        chosen = select(row.inbox, row.rule, row.severity, row.pointer, row.answer)
        queries = [
            chosen.where(row.inbox.in_(wanted[start : start + AT_ONCE]))
            for start in range(0, len(wanted), AT_ONCE)
        ]

        def read(connection: Connection) -> list[SiteFinding]:
            ordered = (query.order_by(row.inbox, row.position) for query in queries)
            return [SiteFinding(*each) for query in ordered for each in connection.execute(query)]

        return await self.database.read(read)

    async def _filings(self, named: Select[Any], known_by: str) -> list[SitedFiling]:
        """Return all registered versions of these declarations, and what revises them."""
        revising = select(REVISIONS.c.inbox).where(REVISIONS.c.declaration.in_(named))
        about: ColumnElement[bool] = or_(
            VERSIONS.c.declaration.in_(named), VERSIONS.c.inbox.in_(revising)
        )
        wanted = (
            select(*_FILED)
            .join(DECLARATIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
            .join(INBOX, VERSIONS.c.inbox == INBOX.c.id)
            .outerjoin(REVISIONS, REVISIONS.c.inbox == INBOX.c.id)
            .where(VERSIONS.c.registration.is_not(None), INBOX.c.stored_at <= known_by, about)
            .order_by(VERSIONS.c.id)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [_filing(row) for row in rows]


def _filing(row: RowMapping) -> SitedFiling:
    return SitedFiling(
        inbox=row["inbox"],
        owner=row["owner"],
        declaration=row["id"],
        revises=row["revises"],
        n=row["n"],
        registration=row["registration"],
        known=row["stored_at"],
        filed=FiledVersion(
            declaration_id=row["declaration_id"],
            version=row["version"],
            kind=row["kind"],
            year=row["year"],
            digest=row["canonical_digest"],
            content_digest=row["content_digest"],
            size=row["content_size"],
            manifest_digest=row["manifest_digest"],
        ),
    )


_FILED = (
    INBOX.c.id.label("inbox"),
    DECLARATIONS.c.owner,
    DECLARATIONS.c.id,
    REVISIONS.c.declaration.label("revises"),
    VERSIONS.c.n,
    VERSIONS.c.registration,
    INBOX.c.stored_at,
    DECLARATIONS.c.declaration_id,
    VERSIONS.c.version,
    VERSIONS.c.kind,
    VERSIONS.c.year,
    VERSIONS.c.canonical_digest,
    INBOX.c.content_digest,
    INBOX.c.content_size,
    INBOX.c.manifest_digest,
)
