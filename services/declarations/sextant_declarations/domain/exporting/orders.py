"""Orders of exports: what may be asked for, where each stands, and who may see it.

An order is its officer's alone. A file is kept until it expires, is cancelled, or its officer is
done with it; the row stays, so that what went out can be told later.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import Field

from sextant_declarations.analysis.obligations.standing import Status
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.exporting.tables import TABLES, Table
from sextant_declarations.domain.obligations import Wanted
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import PURPOSES
from sextant_shared.models.strict import Strict

FormatName = Literal["csv", "xlsx", "parquet"]
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_ID = re.compile(r"[0-9a-f-]{36}")


class ExportState(StrEnum):
    """Where an export stands."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    """Its officer is done with the file."""
    EXPIRED = "expired"

    @property
    def is_open(self) -> bool:
        """Whether it takes room: work that is to be done, or a file."""
        return self in {ExportState.QUEUED, ExportState.RUNNING, ExportState.READY}


class ExportFilters(Strict):
    """What a table is narrowed to, all of it together; `year` is the reporting year.

    For obligations it is the year of due days.
    """

    state: Annotated[str, Field(max_length=32)] | None = None
    kind: Annotated[str, Field(max_length=64)] | None = None
    year: Annotated[int, Field(ge=1900, le=2300)] | None = None
    status: Annotated[Status | None, Field(strict=False)] = None

    @property
    def given(self) -> frozenset[str]:
        """The names of those that are given."""
        return frozenset(self.model_dump(exclude_none=True))

    @property
    def wanted(self) -> Wanted:
        """The same as the reading side takes it."""
        return Wanted(state=self.state, kind=self.kind, year=self.year, status=self.status)


class ExportOrder(Strict):
    """An export to make: which table, narrowed how, in which format."""

    what: Annotated[str, Field(max_length=40)]
    filters: ExportFilters = Field(default_factory=ExportFilters)
    format: FormatName = "csv"


class ExportLinks(Strict):
    """Where the export is, and its file once it is ready."""

    self: str
    file: str | None


class ExportError(Strict):
    """Why an export failed."""

    code: str
    detail: str
    fix: str


class ExportView(Strict):
    """An export as its officer sees it.

    `done` of `total` things were read, null where it is not known how many there are. `digest` is
    SHA-256 of the file in hexadecimal; the file is there until `expires`.
    """

    id: str
    what: str
    filters: ExportFilters
    format: FormatName
    state: ExportState
    done: int
    total: int | None
    rows: int | None
    size: int | None
    digest: str | None
    created: str
    expires: str | None
    error: ExportError | None
    links: ExportLinks


class ExportList(Strict):
    """The exports of one officer, newest first."""

    exports: list[ExportView]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExport:
    """An export as it is stored."""

    id: str
    reader: Reader
    order: ExportOrder
    state: ExportState
    created: float
    rows: int | None = None
    size: int | None = None
    digest: bytes | None = None
    expires: float | None = None
    error: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made."""

    rows: int
    size: int
    digest: bytes


class ExportRows(Protocol):
    """Exports as they are stored."""

    async def add(self, export: StoredExport, max_open: int) -> None:
        """Store a new export.

        Raises:
            PlatformError: `E_STATE` when its officer has `max_open` of them that take room.
        """
        ...

    async def one(self, id_: str) -> StoredExport | None:
        """Return an export."""
        ...

    async def of(self, client: str, limit: int) -> list[StoredExport]:
        """Return the exports of one client, newest first."""
        ...

    async def next(self) -> StoredExport | None:
        """Return the oldest that waits, which runs from now on."""
        ...

    async def requeue(self) -> None:
        """Let those run again that a stop of the service interrupted."""
        ...

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
        ...

    async def over(self, now: float) -> list[str]:
        """Return those whose time is over."""
        ...


class ExportFiles(Protocol):
    """Where files of exports are."""

    def path(self, id_: str) -> Path:
        """Return where the file of an export stands, or will."""
        ...

    def remove(self, id_: str) -> None:
        """Remove what there is of an export."""
        ...

    def sweep(self) -> None:
        """Remove what was left half done; nobody makes any meanwhile."""
        ...


@dataclass(slots=True)
class Under:
    """What is under way, in memory alone: how far it is, and what was told to stop."""

    counts: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Exports:
    """The use cases of exports."""

    rows: ExportRows
    files: ExportFiles
    under: Under
    clock: Clock
    new_id: Callable[[], str]
    check_format: Callable[[str], None]
    """Raises for a format that this installation cannot write."""
    wake: Callable[[], None]
    max_open: int
    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)

    async def order(self, order: ExportOrder, reader: Reader) -> ExportView:
        """Take an order; the file is made beside.

        Raises:
            PlatformError: `E_MALFORMED` for a table or filter that there is not, or declared
                content without a purpose; `E_UNAVAILABLE` for a format that is not installed;
                `E_STATE` when as many as may take room already do.
        """
        table = self.tables.get(order.what)
        if table is None:
            raise PlatformError(
                Code.MALFORMED,
                "there is no such table",
                expected=", ".join(self.tables),
                received=order.what,
            )
        _check(table, order.filters, reader)
        self.check_format(order.format)
        export = StoredExport(
            id=self.new_id(),
            reader=reader,
            order=order,
            state=ExportState.QUEUED,
            created=self.clock(),
        )
        await self.rows.add(export, self.max_open)
        self.wake()
        return self._view(export)

    async def one(self, id_: str, reader: Reader) -> ExportView:
        """Return an export of this officer.

        Raises:
            PlatformError: `E_NOT_FOUND`, also for another officer's.
        """
        return self._view(await self._own(id_, reader))

    async def listed(self, reader: Reader, limit: int) -> ExportList:
        """Return the exports of this officer, newest first."""
        found = await self.rows.of(reader.client, limit)
        return ExportList(exports=[self._view(one) for one in found])

    async def cancel(self, id_: str, reader: Reader) -> ExportView:
        """End an export, or remove its file; one that ended already stays as it is.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        export = await self._own(id_, reader)
        is_ready = export.state is ExportState.READY
        ended = ExportState.REMOVED if is_ready else ExportState.CANCELLED
        if await self.rows.end(id_, ended):
            if id_ in self.under.counts:
                self.under.stopped.add(id_)
            self.files.remove(id_)
            export = await self._own(id_, reader)
        return self._view(export)

    async def file(self, id_: str, reader: Reader) -> tuple[StoredExport, Path]:
        """Return the file of an export.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_STATE` before it is ready; `E_GONE` after.
        """
        export = await self._own(id_, reader)
        is_over = export.expires is not None and export.expires <= self.clock()
        if export.state in {ExportState.QUEUED, ExportState.RUNNING}:
            raise PlatformError(
                Code.STATE,
                "the export is not ready yet",
                expected="ready",
                received=export.state,
                fix=f"Look at GET /v1/exports/{id_} until it is.",
            )
        path = self.files.path(id_)
        if export.state is not ExportState.READY or is_over or not path.exists():
            raise PlatformError(
                Code.GONE,
                "there is no file of this export any more",
                received=ExportState.EXPIRED if is_over else export.state,
                fix="Order it again.",
            )
        return export, path

    async def _own(self, id_: str, reader: Reader) -> StoredExport:
        export = await self.rows.one(id_) if _ID.fullmatch(id_) else None
        if export is None or export.reader.client != reader.client:
            raise PlatformError(
                Code.NOT_FOUND,
                "you have no such export",
                received=id_[:64],
                fix="Take the id from GET /v1/exports.",
            )
        return export

    def _view(self, export: StoredExport) -> ExportView:
        done, total = self.under.counts.get(export.id, (export.rows or 0, export.rows))
        link = f"/v1/exports/{export.id}"
        is_ready = export.state is ExportState.READY
        code, detail, fix = export.error or ("", "", "")
        return ExportView(
            id=export.id,
            what=export.order.what,
            filters=export.order.filters,
            format=export.order.format,
            state=export.state,
            done=done,
            total=total,
            rows=export.rows,
            size=export.size,
            digest=export.digest.hex() if export.digest else None,
            created=timestamp_s(export.created),
            expires=timestamp_s(export.expires) if export.expires else None,
            error=ExportError(code=code, detail=detail, fix=fix) if export.error else None,
            links=ExportLinks(self=link, file=f"{link}/file" if is_ready else None),
        )


def _check(table: Table, filters: ExportFilters, reader: Reader) -> None:
    strange = sorted(filters.given - table.takes)
    missing = sorted(table.needs - filters.given)
    if strange or missing:
        raise PlatformError(
            Code.MALFORMED,
            f"the table {table.name} "
            + (f"needs {', '.join(missing)}" if missing else f"takes no {', '.join(strange)}"),
            expected=f"{', '.join(sorted(table.takes))}"
            + (f"; always {', '.join(sorted(table.needs))}" if table.needs else ""),
            received=", ".join(sorted(filters.given)) or "no filter",
        )
    if table.gives_content and reader.purpose not in PURPOSES:
        raise PlatformError(
            Code.MALFORMED,
            "nothing is given out without a purpose",
            expected=", ".join(PURPOSES),
            received=reader.purpose[:64],
            fix="Say why, with one of these codes.",
        )
