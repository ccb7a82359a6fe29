"""Accesses in this room's database: stored before content is given, found again for auditors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Select, func, insert, literal, or_, select

from sextant_declarations.domain.accesses import SERVICE, Item, NewAccess
from sextant_declarations.domain.accounting import AccessFilters, StoredAccess
from sextant_declarations.domain.gate import UNLOGGED_RETRY_S
from sextant_declarations.domain.records import Record
from sextant_declarations.storage.access_details import detail_of, openings_of
from sextant_declarations.storage.access_tables import ACCESS_ITEMS, ACCESSES, CONTENT_SITES
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.tables import INBOX, REVISIONS, VERSIONS
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True)
class SqlAccesses:
    """Keeps accesses, and says what they are about."""

    database: Database
    own_party: str
    sidecar: Sidecar

    async def of_declaration(self, id_: str) -> list[Item]:
        """Return all envelopes that brought versions, amendments and withdrawals of it."""
        revising = select(REVISIONS.c.inbox).where(REVISIONS.c.declaration == id_)
        about = or_(VERSIONS.c.declaration == id_, INBOX.c.id.in_(revising))
        return await self._items(_ITEMS.where(about))

    async def of_envelopes(self, manifest_digests: Sequence[bytes]) -> list[Item]:
        """Return these envelopes, in order of acceptance."""
        return await self._items(_ITEMS.where(INBOX.c.manifest_digest.in_(manifest_digests)))

    async def of_thread(self, name: str) -> list[Item]:
        """Return all envelopes of a thread that came, then the messages of ours."""
        row = SENT
        ours = select(row.c.envelope_id, row.c.custody_index).where(row.c.thread == name)
        sent = await self.database.read(lambda c: c.execute(ours.order_by(row.c.id)).all())
        return [
            *await self._items(_ITEMS.where(INBOX.c.thread == name)),
            *(Item(sender=self.own_party, envelope=id_, custody=at) for id_, at in sent),
        ]

    async def add(self, access: NewAccess, max_unlogged: int | None) -> None:
        """Store an access; done when it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when `max_unlogged` accesses wait for the log already.
        """

        def store(connection: Connection) -> None:
            if max_unlogged is not None and _unlogged(connection) >= max_unlogged:
                raise PlatformError(
                    Code.UNAVAILABLE,
                    "too many accesses wait for the log: nothing is given out until they are in it",
                    expected=f"fewer than {max_unlogged} that wait",
                    fix="See that the log can be reached; then repeat.",
                    retry_after_s=UNLOGGED_RETRY_S,
                )
            self.sidecar.keep(connection, [detail_of(access)])
            store_access(connection, access, None)

        await self.database.write(store)

    async def unlogged(self) -> int:
        """Return how many accesses of people are not known to be in the log."""
        return await self.database.read(_unlogged)

    async def accesses(
        self, filters: AccessFilters, before: int | None, limit: int
    ) -> list[StoredAccess]:
        """Return up to `limit` accesses below the position `before`, newest first."""
        wanted = _wanted(filters, before).order_by(ACCESSES.c.id.desc()).limit(limit)

        def read(connection: Connection) -> list[StoredAccess]:
            rows = connection.execute(wanted).all()
            openings = openings_of(connection, self.sidecar, [row.leaf for row in rows])
            return [
                StoredAccess(
                    id=row.id,
                    leaf=row.leaf,
                    index=row.log_index,
                    proof=row.proof,
                    detail=opening.detail,
                    salt=opening.salt,
                    is_shredded=opening.is_shredded,
                )
                for row, opening in zip(rows, openings, strict=True)
            ]

        return await self.database.read(read)

    async def _items(
        self, wanted: Select[tuple[int, str, str, int, bytes, str, int]]
    ) -> list[Item]:
        def read(connection: Connection) -> list[Item]:
            rows = connection.execute(wanted.order_by(INBOX.c.id)).all()
            sites = _sites(connection, [row.id for row in rows])
            return [
                Item(
                    inbox=row.id,
                    sender=row.sender,
                    envelope=row.envelope_id,
                    custody=row.custody_index,
                    manifest_digest=row.manifest_digest,
                    declaration=row.declaration,
                    n=row.n,
                    sites=tuple(sites.get(row.id, ())),
                )
                for row in rows
            ]

        return await self.database.read(read)


def store_access(connection: Connection, access: NewAccess, inbox: int | None) -> None:
    """Store an access in an open transaction, in which the sidecar keeps its detail.

    `inbox` is the row of an envelope just examined.
    """
    (id_,) = connection.execute(
        insert(ACCESSES)
        .values(
            t=access.t,
            type=access.type,
            client=access.reader.client,
            role=access.reader.role,
            purpose=access.reader.purpose,
            gives=access.gives,
            leaf=access.entry.leaf,
            traceparent=access.traceparent,
        )
        .returning(ACCESSES.c.id)
    ).one()
    rows = [
        {
            "access": id_,
            "position": position,
            "inbox": inbox if item.inbox is None else item.inbox,
            "sender": item.sender,
            "envelope_id": item.envelope,
            "declaration": item.declaration,
        }
        for position, item in enumerate(access.items)
    ]
    if rows:
        connection.execute(insert(ACCESS_ITEMS), rows)


def store_sites(connection: Connection, record: Record, inbox: int) -> None:
    """Store which sites a content declares; a registered amendment is about those it amends too."""
    rows = [{"inbox": inbox, "site": site} for site in record.sites]
    if rows:
        connection.execute(insert(CONTENT_SITES), rows)
    revised = record.filed.revised if record.filed else None
    if revised is not None:
        of_revised = (
            select(literal(inbox), CONTENT_SITES.c.site)
            .join(VERSIONS, VERSIONS.c.inbox == CONTENT_SITES.c.inbox)
            .where(VERSIONS.c.declaration == revised.declaration)
            .distinct()
        )
        statement = upsert(CONTENT_SITES).from_select(["inbox", "site"], of_revised)
        connection.execute(statement.on_conflict_do_nothing())


def _unlogged(connection: Connection) -> int:
    row = ACCESSES
    wanted = select(func.count()).where(row.c.log_index.is_(None), row.c.role != SERVICE)
    return int(connection.execute(wanted).scalar_one())


def _sites(connection: Connection, inboxes: Sequence[int]) -> dict[int, list[str]]:
    row = CONTENT_SITES
    wanted = select(row.c.inbox, row.c.site).where(row.c.inbox.in_(inboxes)).order_by(row.c.site)
    found: dict[int, list[str]] = {}
    for inbox, site in connection.execute(wanted):
        found.setdefault(inbox, []).append(site)
    return found


def _wanted(
    filters: AccessFilters, before: int | None
) -> Select[tuple[int, bytes, int | None, str | None]]:
    row, item = ACCESSES, ACCESS_ITEMS
    wanted = select(row.c.id, row.c.leaf, row.c.log_index, row.c.proof)
    if before is not None:
        wanted = wanted.where(row.c.id < before)
    for column, value in ((row.c.client, filters.officer), (row.c.role, filters.role)):
        if value is not None:
            wanted = wanted.where(column == value)
    # Stored times begin with their day, so that texts compare as times do.
    if filters.since is not None:
        wanted = wanted.where(row.c.t >= filters.since.isoformat())
    if filters.until is not None:
        wanted = wanted.where(row.c.t < (filters.until + timedelta(days=1)).isoformat())
    about = select(item.c.access)
    if filters.declaration is not None:
        wanted = wanted.where(row.c.id.in_(about.where(item.c.declaration == filters.declaration)))
    if filters.party is not None or filters.plant_site is not None:
        if filters.party is not None:
            about = about.where(item.c.sender == filters.party)
        if filters.plant_site is not None:
            site = CONTENT_SITES
            about = about.join(site, site.c.inbox == item.c.inbox)
            about = about.where(site.c.site == filters.plant_site)
        wanted = wanted.where(row.c.id.in_(about))
    return wanted


_ITEMS = select(
    INBOX.c.id,
    INBOX.c.sender,
    INBOX.c.envelope_id,
    INBOX.c.custody_index,
    INBOX.c.manifest_digest,
    VERSIONS.c.declaration,
    VERSIONS.c.n,
).outerjoin(VERSIONS, VERSIONS.c.inbox == INBOX.c.id)
