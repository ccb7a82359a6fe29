"""Rows that pictures are drawn from: filings of a site, and what waits."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from sextant_declarations.analysis.lifecycle import State, lifecycle
from sextant_declarations.analysis.pictures.queue_age import Waiting
from sextant_declarations.domain.picturing.dossiers import SiteFiling
from sextant_declarations.storage.access_tables import CONTENT_SITES
from sextant_declarations.storage.life_tables import LIVES
from sextant_declarations.storage.tables import DECLARATIONS, FINDINGS, INBOX, VERSIONS
from sextant_shared.chassis.database import Database

_DAY_CHARS = 10


@dataclass(frozen=True)
class SqlPicturing:
    """Reads this room's database."""

    database: Database

    async def site(self, state: str, site: str) -> list[SiteFiling]:
        """Return the registered filings about a site, oldest first."""
        wanted = (
            select(
                INBOX.c.id, VERSIONS.c.kind, VERSIONS.c.year, VERSIONS.c.version, INBOX.c.custody_t
            )
            .join(VERSIONS, VERSIONS.c.inbox == INBOX.c.id)
            .join(DECLARATIONS, DECLARATIONS.c.id == VERSIONS.c.declaration)
            .join(CONTENT_SITES, CONTENT_SITES.c.inbox == INBOX.c.id)
            .where(
                CONTENT_SITES.c.site == site,
                DECLARATIONS.c.owner == state,
                VERSIONS.c.registration.is_not(None),
            )
            .order_by(INBOX.c.id)
        )

        def read(connection: Connection) -> list[SiteFiling]:
            rows = connection.execute(wanted).all()
            rules = _rules(connection, [row.id for row in rows])
            return [
                SiteFiling(
                    kind=row.kind,
                    year=row.year,
                    version=row.version,
                    received=dt.date.fromisoformat(row.custody_t[:_DAY_CHARS]),
                    rules=rules.get(row.id, ()),
                )
                for row in rows
            ]

        return await self.database.read(read)

    async def waiting(self, state: str | None, limit: int) -> list[Waiting]:
        """Return the declarations that wait for an officer, oldest first."""
        row = DECLARATIONS
        wanted = (
            select(row.c.owner, row.c.declaration_id, row.c.kind, LIVES.c.state, LIVES.c.since)
            .join(row, row.c.id == LIVES.c.declaration)
            .where(LIVES.c.state.in_(_waiting_states()))
            .order_by(LIVES.c.since, LIVES.c.declaration)
            .limit(limit)
        )
        if state is not None:
            wanted = wanted.where(row.c.owner == state)
        found = await self.database.read(lambda c: c.execute(wanted).all())
        return [
            Waiting(
                f"{one.owner} {one.kind} {one.declaration_id}",
                dt.date.fromisoformat(one.since[:_DAY_CHARS]),
            )
            for one in found
        ]


def _waiting_states() -> list[str]:
    """Return the states of the table in which the next step is an officer's."""
    return [str(one) for one in lifecycle().open if one is not State.CLARIFICATION_REQUESTED]


def _rules(connection: Connection, inboxes: Collection[int]) -> dict[int, tuple[str, ...]]:
    wanted = select(FINDINGS.c.inbox, FINDINGS.c.rule).where(FINDINGS.c.inbox.in_(inboxes))
    found: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(wanted):
        found[row.inbox].add(row.rule)
    return {inbox: tuple(sorted(rules)) for inbox, rules in found.items()}
