"""Makes exports, one after the other: a file appears whole, with its digest, or not at all.

Durable steps, in this order:

1. The order is `running`. If we stop here: it is queued again at the next start.
2. A table with declared content stores its access, then reads. If we stop here, and are started
   again, there is a second access: the log then says that it was read twice, as it was.
3. The file stands under its name, synced. If we stop here: it is made again, over it.
4. The row says `ready`, with size, digest and end.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.exporting.orders import (
    ExportFiles,
    ExportRows,
    ExportState,
    Made,
    StoredExport,
    Under,
)
from sextant_declarations.domain.exporting.tables import TABLES, Column, Row, Sources, Table
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError


class Sheet(Protocol):
    """A file that is being written; every call blocks, so in a thread."""

    def write(self, rows: "list[Row]") -> None:
        """Add rows."""
        ...

    def finish(self) -> Made:
        """Make the file durable under its name.

        Raises:
            PlatformError: `E_TOO_LARGE` for what the format cannot hold.
        """
        ...

    def drop(self) -> None:
        """Remove what was written."""
        ...


SeenBy = Callable[[Reader], AbstractAsyncContextManager[None]]
"""A block in which only that is read which this person may know of now."""
OpenSheet = Callable[[str, str, tuple[Column, ...]], Sheet]
"""Begins the file of an export: its id, its format, its columns."""


class _StoppedError(Exception):
    """The officer cancelled it."""


@dataclass
class MakeExports:
    """Makes what was ordered; `cycle` is one look at what there is to do."""

    rows: ExportRows
    files: ExportFiles
    under: Under
    sources: Sources
    open_sheet: OpenSheet
    clock: Clock
    life_s: float
    max_rows: int
    seen_by: SeenBy
    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)
    _is_fresh: bool = True

    def anew(self) -> None:
        """Begin again what was begun: whoever made it has stopped."""
        self._is_fresh = True

    async def __call__(self) -> bool:
        """Make the next export, and remove those whose time is over; False for nothing to do."""
        if self._is_fresh:
            self.files.sweep()
            await self.rows.requeue()
            self._is_fresh = False
        for id_ in await self.rows.over(self.clock()):
            self.files.remove(id_)
            await self.rows.end(id_, ExportState.EXPIRED)
        export = await self.rows.next()
        if export is None:
            return False
        try:
            await self._make(export)
        finally:
            self.under.counts.pop(export.id, None)
            self.under.stopped.discard(export.id)
        return True

    async def _make(self, export: StoredExport) -> None:
        try:
            async with self.seen_by(export.reader):
                made = await self._written(export)
        except _StoppedError:
            self.files.remove(export.id)
            return
        except PlatformError as error:
            await self._failed(export, error)
            return
        except Exception:
            await self._failed(export, PlatformError(Code.INTERNAL, "the export could not be made"))
            raise
        expires = self.clock() + self.life_s
        if not await self.rows.end(export.id, ExportState.READY, made=made, expires=expires):
            self.files.remove(export.id)  # cancelled while the last step was taken

    async def _failed(self, export: StoredExport, error: PlatformError) -> None:
        self.files.remove(export.id)
        told = (str(error.code), error.detail, error.fix)
        await self.rows.end(export.id, ExportState.FAILED, error=told)

    async def _written(self, export: StoredExport) -> Made:
        def tell(done: int, total: int | None) -> None:
            self.under.counts[export.id] = done, total
            if export.id in self.under.stopped:
                raise _StoppedError

        table = self.tables[export.order.what]
        tell(0, None)
        wanted = export.order.filters.wanted
        rows = await table.make(self.sources, wanted, export.reader, tell)
        sheet = self.open_sheet(export.id, export.order.format, rows.columns)
        try:
            done = 0
            async for batch in rows.batches:
                done += len(batch)
                if done > self.max_rows:
                    raise _too_many(self.max_rows)
                await asyncio.to_thread(sheet.write, list(batch))
                tell(done, rows.total)
            return await asyncio.to_thread(sheet.finish)
        finally:
            with contextlib.suppress(OSError):
                sheet.drop()


def _too_many(limit: int) -> PlatformError:
    return PlatformError(
        Code.TOO_LARGE,
        "the table has more rows than one export may have",
        expected=f"at most {limit:,}",
        fix="Narrow it: one State, one kind or one year at a time.",
    )
