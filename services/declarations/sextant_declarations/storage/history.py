"""What the register knew when: versions of a declaration over time, and lists of the past."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, ScalarSelect, func, or_, select

from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.history import KnownFilter, KnownVersion
from sextant_declarations.domain.reading import DeclarationSummary
from sextant_declarations.storage.tables import DECLARATIONS, INBOX, REVISIONS, VERSIONS
from sextant_shared.chassis.database import Database
from sextant_shared.models.declaration.catalogue import CATALOGUE
from sextant_shared.models.declaration.heading import YearlyBase

# Those of an event say something about all time since; the others about their year.
OF_EVENTS = frozenset(
    kind for kind, known in CATALOGUE.items() if not issubclass(known.model, YearlyBase)
)


@dataclass(frozen=True)
class SqlHistory:
    """Reads this room's database as it was at a time."""

    database: Database

    async def versions_of(self, declaration: str) -> list[KnownVersion]:
        """Return its versions, amendments and withdrawals in the order of registration."""
        revising = select(REVISIONS.c.inbox).where(REVISIONS.c.declaration == declaration)
        wanted = (
            select(*FILED)
            .join(DECLARATIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
            .join(INBOX, VERSIONS.c.inbox == INBOX.c.id)
            .where(
                VERSIONS.c.registration.is_not(None),
                or_(VERSIONS.c.declaration == declaration, VERSIONS.c.inbox.in_(revising)),
            )
            .order_by(VERSIONS.c.id)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [known_version(row) for row in rows]

    async def page_known(
        self, wanted: KnownFilter, before: int | None, limit: int
    ) -> list[tuple[int, DeclarationSummary]]:
        """Return up to `limit` declarations as the register knew them, newest first."""
        then = INBOX.c.stored_at <= wanted.known_by
        newest = (
            select(func.max(VERSIONS.c.id))
            .join(INBOX, INBOX.c.id == VERSIONS.c.inbox)
            .where(then)
            .group_by(VERSIONS.c.declaration)
        )
        query = (
            select(*_SUMMARY, *_standing(wanted.known_by))
            .join(VERSIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
            .join(INBOX, INBOX.c.id == VERSIONS.c.inbox)
            .where(VERSIONS.c.id.in_(newest), *_narrowed(wanted))
            .order_by(DECLARATIONS.c.seq.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(DECLARATIONS.c.seq < before)
        rows = await self.database.read(lambda c: c.execute(query).mappings().all())
        return [(row["seq"], _summary(row)) for row in rows]


def _narrowed(wanted: KnownFilter) -> list[ColumnElement[bool]]:
    given = [
        column == value
        for column, value in (
            (DECLARATIONS.c.owner, wanted.filters.state),
            (VERSIONS.c.kind, wanted.filters.kind),
            (VERSIONS.c.year, wanted.filters.year),
            (VERSIONS.c.verdict, wanted.filters.verdict),
        )
        if value is not None
    ]
    if wanted.true_on is not None:
        year, of_events = wanted.true_on.year, VERSIONS.c.kind.in_(OF_EVENTS)
        given.append(or_(VERSIONS.c.year == year, of_events & (VERSIONS.c.year < year)))
    return given


def _standing(until: str) -> list[ColumnElement[Any]]:
    """Return what was in force: the newest version registered, and what came last of all."""
    known = VERSIONS.alias("known")
    came = INBOX.alias("came")
    registered = [
        known.c.declaration == DECLARATIONS.c.id,
        known.c.registration.is_not(None),
        came.c.stored_at <= until,
    ]
    revised = [REVISIONS.c.declaration == DECLARATIONS.c.id, came.c.stored_at <= until]
    amended = REVISIONS.c.result.is_not(None)
    gone = [REVISIONS.c.result.is_(None), REVISIONS.c.site_code.is_(None)]

    def of_versions(what: ColumnElement[Any]) -> ScalarSelect[Any]:
        joined = select(func.max(what)).join(came, came.c.id == known.c.inbox)
        return joined.where(*registered).correlate(DECLARATIONS).scalar_subquery()

    def of_revisions(what: ColumnElement[Any], *more: ColumnElement[bool]) -> ScalarSelect[Any]:
        joined = select(func.max(what)).join(came, came.c.id == REVISIONS.c.inbox)
        return joined.where(*revised, *more).correlate(DECLARATIONS).scalar_subquery()

    return [
        func.coalesce(of_versions(known.c.version), 0).label("filed"),
        func.coalesce(of_revisions(REVISIONS.c.result), 0).label("amended"),
        func.coalesce(of_versions(known.c.inbox), 0).label("filed_at"),
        func.coalesce(of_revisions(REVISIONS.c.inbox, amended), 0).label("amended_at"),
        func.coalesce(of_revisions(REVISIONS.c.inbox, *gone), 0).label("gone_at"),
    ]


def _summary(row: RowMapping) -> DeclarationSummary:
    version = max(row["filed"], row["amended"])
    holds = version > 0 and row["gone_at"] < max(row["filed_at"], row["amended_at"])
    return DeclarationSummary(
        id=row["id"],
        state=row["owner"],
        declaration_id=row["declaration_id"],
        kind=row["kind"],
        year=row["year"],
        nil=row["is_nil"],
        version=row["version"],
        versions=row["n"],
        verdict=row["verdict"],
        registration=row["registration"],
        in_force=version if holds else None,
        updated=row["stored_at"],
    )


def known_version(row: RowMapping) -> KnownVersion:
    """Return a registered version out of a row of `FILED`."""
    return KnownVersion(
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
        registration=row["registration"],
        known=row["stored_at"],
    )


FILED = (
    DECLARATIONS.c.declaration_id,
    VERSIONS.c.version,
    VERSIONS.c.kind,
    VERSIONS.c.year,
    VERSIONS.c.canonical_digest,
    VERSIONS.c.registration,
    INBOX.c.content_digest,
    INBOX.c.content_size,
    INBOX.c.manifest_digest,
    INBOX.c.stored_at,
)
_SUMMARY = (
    DECLARATIONS.c.seq,
    DECLARATIONS.c.id,
    DECLARATIONS.c.owner,
    DECLARATIONS.c.declaration_id,
    VERSIONS.c.kind,
    VERSIONS.c.year,
    VERSIONS.c.is_nil,
    VERSIONS.c.version,
    VERSIONS.c.n,
    VERSIONS.c.verdict,
    VERSIONS.c.registration,
    INBOX.c.stored_at,
)
