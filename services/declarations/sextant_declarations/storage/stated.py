"""What declarations say that matters for what their States owe: written at registration, read here.

A version that was registered before these rows existed is read by its heading alone: its kind, its
year, what a nil closes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from sextant_declarations.analysis.obligations.facts import Filing, Stated
from sextant_declarations.domain.records import Filed
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.stated_tables import STATED
from sextant_declarations.storage.tables import CLOSURES, DECLARATIONS, INBOX, VERSIONS
from sextant_shared.chassis.database import Database
from sextant_shared.clock import parse_timestamp
from sextant_shared.encoding import parse_json
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.strict import read_model

_MAX_BYTES = 1 << 20
_SCOPES = (
    select(func.aggregate_strings(CLOSURES.c.scope, " "))
    .where(CLOSURES.c.version == VERSIONS.c.id)
    .scalar_subquery()
)


def store_stated(connection: Connection, filed: Filed, inbox: int) -> None:
    """Store what a registered version says, in the transaction that stores it."""
    stated = filed.facts.stated
    if filed.registration and stated is not None:
        connection.execute(insert(STATED).values(inbox=inbox, said=stated.model_dump_json()))


@dataclass(frozen=True)
class SqlObligations:
    """Reads what obligations are reckoned from: all of it, whoever asks (`Board.shows` narrows)."""

    database: Database

    async def marks(self) -> dict[str, int]:
        """Return the States that have registered anything, each with what grows when it does."""
        wanted = (
            select(DECLARATIONS.c.owner, func.max(VERSIONS.c.id).label("mark"))
            .join(DECLARATIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
            .where(VERSIONS.c.registration.is_not(None))
            .group_by(DECLARATIONS.c.owner)
        )
        rows = await self.database.overlook(lambda c: c.execute(wanted).all())
        return {row.owner: row.mark for row in rows}

    async def began(self) -> float | None:
        """Return when the first envelope was received; None before it."""
        wanted = select(func.min(INBOX.c.custody_t))
        found: str | None = await self.database.overlook(lambda c: c.execute(wanted).scalar())
        return None if found is None else parse_timestamp(found)

    async def filings(self, state: str) -> list[Filing]:
        """Return what a State has registered, with the times of receipt."""
        wanted = (
            select(
                DECLARATIONS.c.declaration_id,
                VERSIONS.c.version,
                VERSIONS.c.kind,
                VERSIONS.c.year,
                INBOX.c.custody_t,
                INBOX.c.manifest_digest,
                STATED.c.said,
                _SCOPES.label("scopes"),
            )
            .join(DECLARATIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
            .join(INBOX, VERSIONS.c.inbox == INBOX.c.id)
            .outerjoin(STATED, STATED.c.inbox == INBOX.c.id)
            .where(DECLARATIONS.c.owner == state, VERSIONS.c.registration.is_not(None))
        )
        rows = await self.database.overlook(lambda c: c.execute(wanted).mappings().all())
        return [
            Filing(_stated(row), parse_timestamp(row["custody_t"]), state, row["manifest_digest"])
            for row in rows
        ]

    async def used(self, keys: Collection[str]) -> set[str]:
        """Return which of these keys of messages were used."""
        wanted = select(SENT.c.key).where(SENT.c.key.in_(keys))
        return set(await self.database.overlook(lambda c: c.execute(wanted).scalars().all()))


def _stated(row: Mapping[Any, Any]) -> Stated:
    if row["said"] is not None:
        return read_model(Stated, parse_json(row["said"].encode(), max_bytes=_MAX_BYTES))
    kind = row["kind"]
    is_yearly = kind in CATALOGUE and CATALOGUE[kind].about.period not in {"event", "once"}
    return Stated(
        kind=kind,
        declaration_id=row["declaration_id"],
        version=row["version"],
        year=row["year"] if is_yearly else None,
        scopes=tuple((row["scopes"] or "").split()),
    )
