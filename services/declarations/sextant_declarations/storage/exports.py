"""Exports in this room's database."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.exporting.orders import (
    ExportOrder,
    ExportState,
    Made,
    StoredExport,
)
from sextant_declarations.storage.export_tables import EXPORTS
from sextant_shared.chassis.database import Database
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import read_model

_MAX_BYTES = 1 << 16
_OPEN = tuple(state for state in ExportState if state.is_open)


@dataclass(frozen=True)
class SqlExports:
    """Keeps exports."""

    database: Database

    async def add(self, export: StoredExport, max_open: int) -> None:
        """Store a new export.

        Raises:
            PlatformError: `E_STATE` when its officer has `max_open` of them that take room.
        """
        row = EXPORTS

        def store(connection: Connection) -> None:
            count = select(func.count()).where(
                row.c.client == export.reader.client, row.c.state.in_(_OPEN)
            )
            if connection.execute(count).scalar_one() >= max_open:
                raise PlatformError(
                    Code.STATE,
                    "you have as many exports as take room at once",
                    expected=f"fewer than {max_open} that wait, run or can be fetched",
                    fix="Fetch them, then remove them with DELETE /v1/exports/{id}.",
                )
            connection.execute(
                insert(row).values(
                    id=export.id,
                    client=export.reader.client,
                    role=export.reader.role,
                    purpose=export.reader.purpose,
                    ordered=export.order.model_dump_json(),
                    state=str(export.state),
                    created=export.created,
                )
            )

        await self.database.write(store)

    async def one(self, id_: str) -> StoredExport | None:
        """Return an export."""
        wanted = select(EXPORTS).where(EXPORTS.c.id == id_)
        found = await self.database.read(lambda c: c.execute(wanted).mappings().first())
        return None if found is None else _stored(found)

    async def of(self, client: str, limit: int) -> list[StoredExport]:
        """Return the exports of one client, newest first."""
        wanted = select(EXPORTS).where(EXPORTS.c.client == client)
        wanted = wanted.order_by(EXPORTS.c.seq.desc()).limit(limit)
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [_stored(row) for row in rows]

    async def next(self) -> StoredExport | None:
        """Return the oldest that waits, which runs from now on."""
        row = EXPORTS
        waiting = select(row).where(row.c.state == ExportState.QUEUED).order_by(row.c.seq).limit(1)
        if await self.database.read(lambda c: c.execute(waiting).first()) is None:
            return None  # a look that writes nothing: it is made every second

        def take(connection: Connection) -> StoredExport | None:
            found = connection.execute(waiting).mappings().first()
            if found is None:
                return None
            running = update(row).where(row.c.seq == found["seq"])
            connection.execute(running.values(state=str(ExportState.RUNNING)))
            return _stored(found)

        return await self.database.write(take)

    async def requeue(self) -> None:
        """Let those run again that a stop of the service interrupted."""
        row = EXPORTS
        again = update(row).where(row.c.state == ExportState.RUNNING)
        again = again.values(state=str(ExportState.QUEUED))
        await self.database.write(lambda c: c.execute(again).rowcount)

    async def end(
        self,
        id_: str,
        state: ExportState,
        *,
        made: Made | None = None,
        expires: float | None = None,
        error: tuple[str, str, str] | None = None,
    ) -> bool:
        """Store how an export ended; False when it was no longer open."""
        row = EXPORTS
        values: dict[str, Any] = {"state": str(state)}
        if made is not None:
            values |= {"rows": made.rows, "size": made.size, "digest": made.digest}
        if expires is not None:
            values["expires"] = expires
        if error is not None:
            values["error"] = json.dumps(error)
        ended = update(row).where(row.c.id == id_, row.c.state.in_(_OPEN)).values(**values)
        return await self.database.write(lambda c: c.execute(ended).rowcount == 1)

    async def over(self, now: float) -> list[str]:
        """Return those whose time is over."""
        row = EXPORTS
        wanted = select(row.c.id).where(row.c.state == ExportState.READY, row.c.expires <= now)
        return list(await self.database.read(lambda c: c.execute(wanted).scalars().all()))


def _stored(row: RowMapping) -> StoredExport:
    order = read_model(ExportOrder, parse_json(row["ordered"].encode(), max_bytes=_MAX_BYTES))
    error = None
    if row["error"] is not None:
        code, detail, fix = json.loads(row["error"])
        error = code, detail, fix
    return StoredExport(
        id=row["id"],
        reader=Reader(client=row["client"], role=row["role"], purpose=row["purpose"]),
        order=order,
        state=ExportState(row["state"]),
        created=row["created"],
        rows=row["rows"],
        size=row["size"],
        digest=row["digest"],
        expires=row["expires"],
        error=error,
    )
