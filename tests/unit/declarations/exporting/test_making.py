"""Exports as they are made: stopped, failed, interrupted, and too large ones leave no file."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.exporting.making import MakeExports
from sextant_declarations.domain.exporting.orders import (
    ExportFilters,
    ExportOrder,
    Exports,
    ExportState,
    Under,
)
from sextant_declarations.domain.exporting.tables import (
    TABLES,
    Column,
    Row,
    Rows,
    Sources,
    Table,
)
from sextant_declarations.domain.obligations import Wanted
from sextant_declarations.domain.selecting import Progress
from sextant_declarations.storage.export_files import ExportFolder
from sextant_declarations.storage.export_tables import EXPORTS
from sextant_declarations.storage.export_writing import check_format, sheets
from sextant_declarations.storage.exports import SqlExports
from sextant_declarations.storage.tables import METADATA
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio
OFFICER = Reader(client="officer-1", role="officer")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Bench:
    """Exports over a real database and folder, of a table whose rows the test gives."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.now = 1_000.0
        self.batches: list[Any] = [[["a"]], [["b"]]]
        self.between = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.rows, self.under = SqlExports(database), Under()
        self.folder = ExportFolder.opened(folder)
        tables = {"letters": Table(name="letters", about="letters", make=self._make)}
        self.exports = Exports(
            rows=self.rows,
            files=self.folder,
            under=self.under,
            clock=lambda: self.now,
            new_id=Ids(),
            check_format=check_format,
            wake=lambda: None,
            max_open=3,
            tables=tables,
        )
        self.making = MakeExports(
            rows=self.rows,
            files=self.folder,
            under=self.under,
            sources=cast("Sources", None),  # this table needs none
            open_sheet=sheets(self.folder),
            clock=lambda: self.now,
            life_s=100,
            max_rows=3,
            seen_by=lambda _: contextlib.nullcontext(),
            tables=tables,
        )

    async def _make(self, _: Sources, __: Wanted, ___: Reader, ____: Progress) -> Rows:
        async def batches() -> AsyncIterator[Sequence[Row]]:
            for batch in self.batches:
                if isinstance(batch, Exception):
                    raise batch
                yield batch
                self.between.set()
                await self.go_on.wait()

        return Rows((Column("letter"),), None, batches())

    async def order(self) -> str:
        return (await self.exports.order(ExportOrder(what="letters"), OFFICER)).id

    async def state(self, id_: str) -> ExportState:
        return (await self.exports.one(id_, OFFICER)).state

    @property
    def files(self) -> list[str]:
        return [one.name for one in self.folder.folder.iterdir()]


class Ids:
    """Ids in order."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        self._last += 1
        return f"00000000-0000-7000-8000-{self._last:012d}"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = open_database(
        tmp_path / "d.sqlite3", METADATA, "sextant_declarations.storage.migrations"
    )
    assert EXPORTS.name == "exports"
    yield Bench(database, tmp_path / "exports")
    database.close()


async def test_one_is_made_after_the_other_and_fetched_until_its_time_is_over(
    bench: Bench,
) -> None:
    first, second = await bench.order(), await bench.order()
    assert await bench.making()
    assert (await bench.state(first), await bench.state(second)) == ("ready", "queued")
    export, path = await bench.exports.file(first, OFFICER)
    assert path.read_bytes() == b"letter\r\na\r\nb\r\n"
    assert (export.rows, export.expires) == (2, 1100.0)
    with pytest.raises(PlatformError) as raised:
        await bench.exports.file(second, OFFICER)
    assert raised.value.code is Code.STATE
    assert await bench.making()
    assert not await bench.making()
    assert (await bench.exports.cancel(second, OFFICER)).state == "removed"
    bench.now += 100
    assert not await bench.making()
    assert (await bench.state(first), bench.files) == ("expired", [])


async def test_one_that_is_stopped_while_it_is_written_leaves_nothing(bench: Bench) -> None:
    id_ = await bench.order()
    bench.go_on.clear()
    making = asyncio.create_task(bench.making.__call__())
    await bench.between.wait()
    view = await bench.exports.one(id_, OFFICER)
    assert (view.state, view.done) == ("running", 1)
    cancelled = await bench.exports.cancel(id_, OFFICER)
    assert cancelled.state == "cancelled"
    bench.go_on.set()
    assert await making
    assert (await bench.state(id_), bench.files) == ("cancelled", [])
    assert (await bench.exports.cancel(id_, OFFICER)).state == "cancelled"
    assert bench.under.counts == {}
    assert bench.under.stopped == set()


async def test_one_that_fails_says_why_and_the_next_is_made(bench: Bench) -> None:
    bench.batches = [[["a"]], PlatformError(Code.TOO_LARGE, "too much", fix="Narrow it.")]
    id_ = await bench.order()
    assert await bench.making()
    view = await bench.exports.one(id_, OFFICER)
    assert view.state == "failed"
    assert view.error is not None
    assert (view.error.code, view.error.fix) == ("E_TOO_LARGE", "Narrow it.")
    assert bench.files == []
    bench.batches = [RuntimeError("a defect with a figure in it: 12.5 t")]
    id_ = await bench.order()
    with pytest.raises(RuntimeError):
        await bench.making()
    view = await bench.exports.one(id_, OFFICER)
    assert view.error is not None
    assert "12.5" not in view.model_dump_json()
    bench.batches = [[["a"]]]
    id_ = await bench.order()
    assert await bench.making()
    assert await bench.state(id_) == "ready"


async def test_more_rows_than_one_export_may_have_are_refused(bench: Bench) -> None:
    bench.batches = [[["a"], ["b"]], [["c"], ["d"]]]
    id_ = await bench.order()
    assert await bench.making()
    view = await bench.exports.one(id_, OFFICER)
    assert view.error is not None
    assert view.error.code == "E_TOO_LARGE"
    assert bench.files == []


async def test_one_that_a_stop_interrupted_is_made_again_at_the_next_start(bench: Bench) -> None:
    id_ = await bench.order()
    bench.go_on.clear()
    making = asyncio.create_task(bench.making.__call__())
    await bench.between.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert await bench.state(id_) == "running"
    bench.go_on.set()
    bench.making._is_fresh = True
    assert await bench.making()
    assert await bench.state(id_) == "ready"


async def test_nobody_has_more_files_than_take_room_and_nobody_sees_anothers(bench: Bench) -> None:
    ids = [await bench.order() for _ in range(3)]
    with pytest.raises(PlatformError, match="take room"):
        await bench.order()
    other = Reader(client="officer-2", role="officer")
    view = await bench.exports.order(ExportOrder(what="letters"), other)
    assert [one.id for one in (await bench.exports.listed(other, 10)).exports] == [view.id]
    with pytest.raises(PlatformError) as raised:
        await bench.exports.cancel(ids[0], other)
    assert raised.value.code is Code.NOT_FOUND
    await bench.exports.cancel(ids[0], OFFICER)
    assert await bench.order()


async def test_a_filter_that_a_table_does_not_take_is_refused(bench: Bench) -> None:
    order = ExportOrder(what="letters", filters=ExportFilters(state="XAL"))
    with pytest.raises(PlatformError, match="letters takes no state"):
        await bench.exports.order(order, OFFICER)


async def test_every_table_says_what_it_is_and_needs_only_what_it_takes() -> None:
    for name, table in TABLES.items():
        assert table.name == name
        assert table.about
        assert table.needs <= table.takes <= set(ExportFilters.model_fields)
