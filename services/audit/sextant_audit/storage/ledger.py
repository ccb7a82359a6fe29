"""The ledger over SQL rows: implements the port of `domain.ports` on the chassis' database.

Responsible for queries and for turning driver errors into codes. Not responsible for what the rows
mean. Writes use Core inserts, one statement for all rows of a batch.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import DatabaseError, IntegrityError

from sextant_audit.domain.ports import (
    Located,
    NewEntry,
    RefusedCall,
    Rows,
    StoredCosignature,
    StoredEntry,
    StoredHead,
    WritableRows,
)
from sextant_audit.storage.tables import (
    CheckpointRow,
    CosignatureRow,
    EntryRow,
    RefusedCallRow,
    TileRow,
)
from sextant_shared.chassis.database import Database, Place, open_reader
from sextant_shared.chassis.sharing import confirm
from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")
_ENTRY = EntryRow.__table__  # type: ignore[attr-defined]
_TILE = TileRow.__table__  # type: ignore[attr-defined]
_CHECKPOINT = CheckpointRow.__table__  # type: ignore[attr-defined]
_COSIG = CosignatureRow.__table__  # type: ignore[attr-defined]
_REFUSED = RefusedCallRow.__table__  # type: ignore[attr-defined]
_COSIGNATURE = (_COSIG.c.size, _COSIG.c.name, _COSIG.c.key_id, _COSIG.c.time, _COSIG.c.line)


class SqlLedger:
    """The port `Ledger` on an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, work: Callable[[Rows], T]) -> T:
        """Run `work` on one consistent, read-only view."""
        return await self._database.read(lambda connection: work(SqlRows(connection)))

    async def write(self, work: Callable[[WritableRows], T]) -> T:
        """Run `work` in the writer thread; on return its rows are durable, and those it found."""

        def confirmed(connection: Connection) -> T:
            done = work(SqlRows(connection))
            confirm(connection)  # a repeat adds nothing: what it found must be kept all the same
            return done

        return await self._database.write(confirmed)


class LoneLedger:
    """A ledger opened only to be read, beside the service that writes it or without it."""

    def __init__(self, place: Place) -> None:
        self._engine = open_reader(place)

    async def read(self, work: Callable[[Rows], T]) -> T:
        """Run `work` in a worker thread on one consistent view.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the ledger cannot be read.
        """
        return await asyncio.to_thread(self._read, work)

    def _read(self, work: Callable[[Rows], T]) -> T:
        try:
            with self._engine.connect() as connection, connection.begin():
                return work(SqlRows(connection))
        except DatabaseError as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"the ledger cannot be read: {error.orig}"
            ) from error
        except UnicodeDecodeError as error:  # damaged bytes, quoted in the driver's own message
            raise PlatformError(
                Code.UNAVAILABLE, "the ledger cannot be read: a text in it is none"
            ) from error


class SqlRows:
    """The rows in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def size(self) -> int:
        """Return the number of entries: one more than the last index, for there are no gaps."""
        last = self._connection.execute(select(func.max(_ENTRY.c.idx))).scalar()
        return 0 if last is None else last + 1

    def locate(self, ids: Sequence[str]) -> dict[str, Located]:
        """Return those of the ids that are in the log."""
        query = select(_ENTRY.c.id, _ENTRY.c.idx, _ENTRY.c.hash).where(_ENTRY.c.id.in_(set(ids)))
        return {row.id: Located(row.idx, row.hash) for row in self._connection.execute(query)}

    def entries(self, start: int, end: int) -> list[StoredEntry]:
        """Return the entries `start … end - 1`, in order, as far as they exist."""
        query = (
            select(_ENTRY.c.idx, _ENTRY.c.id, _ENTRY.c.data, _ENTRY.c.hash)
            .where(_ENTRY.c.idx >= start, _ENTRY.c.idx < end)
            .order_by(_ENTRY.c.idx)
        )
        return [StoredEntry(*row) for row in self._connection.execute(query)]

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the hashes of a full tile, or None."""
        query = select(_TILE.c.hashes).where(_TILE.c.level == level, _TILE.c.idx == index)
        hashes: bytes | None = self._connection.execute(query).scalar()
        return hashes

    def tile_count(self) -> int:
        """Return the number of full tiles on all levels."""
        return self._connection.execute(select(func.count()).select_from(_TILE)).scalar_one()

    def checkpoint(self) -> str | None:
        """Return the newest published checkpoint."""
        query = select(_CHECKPOINT.c.note).order_by(_CHECKPOINT.c.size.desc()).limit(1)
        note: str | None = self._connection.execute(query).scalar()
        return note

    def checkpoints(self, after: int, until: int) -> list[str]:
        """Return the published checkpoints of `after < size <= until`, smallest first."""
        query = (
            select(_CHECKPOINT.c.note)
            .where(_CHECKPOINT.c.size > after, _CHECKPOINT.c.size <= until)
            .order_by(_CHECKPOINT.c.size)
        )
        return list(self._connection.execute(query).scalars())

    def checkpoint_from(self, size: int) -> str | None:
        """Return the smallest published checkpoint of at least `size`."""
        query = (
            select(_CHECKPOINT.c.note)
            .where(_CHECKPOINT.c.size >= size)
            .order_by(_CHECKPOINT.c.size)
            .limit(1)
        )
        note: str | None = self._connection.execute(query).scalar()
        return note

    def heads(self, after: int, until: int) -> list[StoredHead]:
        """Return the rows of the published heads of `after < size <= until`, smallest first."""
        query = (
            select(_CHECKPOINT.c.size, _CHECKPOINT.c.root, _CHECKPOINT.c.note)
            .where(_CHECKPOINT.c.size > after, _CHECKPOINT.c.size <= until)
            .order_by(_CHECKPOINT.c.size)
        )
        return [StoredHead(*row) for row in self._connection.execute(query)]

    def cosignatures(self, after: int, until: int) -> list[StoredCosignature]:
        """Return all cosignatures of the heads of `after < size <= until`."""
        query = (
            select(*_COSIGNATURE)
            .where(_COSIG.c.size > after, _COSIG.c.size <= until)
            .order_by(_COSIG.c.seq)
        )
        return [StoredCosignature(*row) for row in self._connection.execute(query)]

    def newest_cosignatures(self) -> list[StoredCosignature]:
        """Return the newest cosignature of each key: the latest of those of the largest head."""
        rank = (
            func.row_number()
            .over(
                partition_by=(_COSIG.c.name, _COSIG.c.key_id),
                order_by=(_COSIG.c.size.desc(), _COSIG.c.time.desc()),
            )
            .label("rank")
        )
        ranked = select(*_COSIGNATURE, rank).subquery()
        columns = [column for column in ranked.c if column.name != "rank"]
        query = select(*columns).where(ranked.c.rank == 1)
        return [StoredCosignature(*row) for row in self._connection.execute(query)]

    def cosigned(self, limit: int) -> list[tuple[str, list[StoredCosignature]]]:
        """Return the newest `limit` cosigned checkpoints, largest first, with all cosignatures."""
        sizes = select(_COSIG.c.size).distinct().order_by(_COSIG.c.size.desc()).limit(limit)
        found: list[tuple[str, list[StoredCosignature]]] = []
        for size in list(self._connection.execute(sizes).scalars()):
            note = select(_CHECKPOINT.c.note).where(_CHECKPOINT.c.size == size)
            lines = select(*_COSIGNATURE).where(_COSIG.c.size == size).order_by(_COSIG.c.seq)
            found.append(
                (
                    self._connection.execute(note).scalar_one(),
                    [StoredCosignature(*row) for row in self._connection.execute(lines)],
                )
            )
        return found

    def add_entries(self, start: int, entries: Sequence[NewEntry]) -> None:
        """Add entries at the indexes from `start` on."""
        rows = [
            {"idx": start + i, "id": entry.id, "hash": entry.hash, "data": entry.data}
            for i, entry in enumerate(entries)
        ]
        self._insert(_ENTRY, rows)

    def add_tiles(self, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        """Add full tiles: level, index, hashes."""
        rows = [{"level": level, "idx": idx, "hashes": hashes} for level, idx, hashes in tiles]
        if rows:
            self._insert(_TILE, rows)

    def add_checkpoint(self, size: int, root: bytes, checkpoint: str) -> None:
        """Add a published checkpoint, larger than all before."""
        self._insert(_CHECKPOINT, [{"size": size, "root": root, "note": checkpoint}])

    def add_cosignatures(self, cosignatures: Sequence[StoredCosignature]) -> None:
        """Add cosignatures of published checkpoints."""
        start = self._next(_COSIG)
        rows: list[dict[str, object]] = [
            {
                "seq": start + i,
                "size": each.size,
                "name": each.name,
                "key_id": each.key_id,
                "time": each.time,
                "line": each.line,
            }
            for i, each in enumerate(cosignatures)
        ]
        if rows:
            self._insert(_COSIG, rows)

    def add_refused_call(self, refused: RefusedCall) -> None:
        """Keep a call that a witness refused."""
        row = {
            "seq": self._next(_REFUSED),
            "time": refused.time,
            "url": refused.url,
            "status": refused.status,
            "size": refused.size,
            "old": refused.old,
            "detail": refused.detail.replace("\0", "\N{SYMBOL FOR NULL}"),  # no TEXT everywhere
            "request": refused.request,
        }
        self._insert(_REFUSED, [row])

    def _next(self, table: Table) -> int:
        last = self._connection.execute(select(func.max(table.c.seq))).scalar()
        return 0 if last is None else last + 1

    def _insert(self, table: Table, rows: list[dict[str, object]]) -> None:
        try:
            self._connection.execute(insert(table), rows)
        except IntegrityError as error:
            raise PlatformError(
                Code.INTEGRITY,
                f"the table {table.name} refused rows: {error.orig}",
                fix="Restart the service: it compares ledger and signer before it goes on.",
            ) from error
