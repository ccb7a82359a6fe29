"""The group committer and natural batching: what is told is durable, one failure is one failure."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text

from sextant_shared.chassis import sqlite as sqlite_file
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.writer import REST_AFTER, Writer
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def engine_at(folder: Path) -> Engine:
    """Return an engine with one empty table, on a file."""
    engine = create_engine(f"sqlite:///{folder}/w.db", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _own(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    return engine


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    engine = engine_at(tmp_path)
    one = Writer(engine, max_waiting=64)
    yield one
    one.close()
    engine.dispose()


def insert(number: int, *, fail: bool = False) -> "Work":
    return Work(number, fail=fail)


class Work:
    """Inserts a number; fails afterwards when told to."""

    def __init__(self, number: int, *, fail: bool) -> None:
        self.number, self.fail = number, fail

    def __call__(self, connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": self.number})
        if self.fail:
            raise PlatformError(Code.STATE, "no")
        return self.number


async def count(writer: Writer) -> int:
    return await writer.run(lambda c: int(c.execute(text("SELECT count(*) FROM t")).scalar_one()))


async def test_one_failing_work_does_not_sink_the_others(writer: Writer) -> None:
    works = [writer.run(insert(n, fail=n == 3)) for n in range(8)]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [r for r in results if isinstance(r, int)] == [0, 1, 2, 4, 5, 6, 7]
    assert isinstance(results[3], PlatformError)
    assert await count(writer) == 7


async def test_a_lone_failing_work_leaves_nothing(writer: Writer) -> None:
    with pytest.raises(PlatformError):
        await writer.run(insert(1, fail=True))
    assert await count(writer) == 0


async def test_a_full_queue_says_so_at_once(writer: Writer) -> None:
    works = [asyncio.create_task(writer.run(insert(n))) for n in range(400)]
    results = await asyncio.gather(*works, return_exceptions=True)
    refused = [r for r in results if isinstance(r, PlatformError)]
    assert refused
    assert {error.code for error in refused} == {Code.UNAVAILABLE}
    assert await count(writer) == 400 - len(refused)


async def test_a_closed_store_takes_no_work(writer: Writer) -> None:
    writer.close()
    with pytest.raises(PlatformError) as caught:
        await writer.run(insert(1))
    assert caught.value.code is Code.UNAVAILABLE


async def test_what_waits_during_a_flush_makes_up_the_next() -> None:
    sizes: list[int] = []

    async def flush(items: list[int]) -> list[int | Exception]:
        sizes.append(len(items))
        await asyncio.sleep(0)
        return [ValueError(str(i)) if i == 5 else i * 2 for i in items]

    batcher: Batcher[int, int] = Batcher(flush, max_batch=4)
    results = await asyncio.gather(*(batcher.submit(i) for i in range(9)), return_exceptions=True)
    assert [r for r in results if isinstance(r, int)] == [0, 2, 4, 6, 8, 12, 14, 16]
    assert sizes == [4, 4, 1]


async def test_a_flush_that_breaks_is_told_to_all_of_its_batch_only() -> None:
    calls = 0

    async def flush(items: list[int]) -> list[int | Exception]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError("gone")
        return list(items)

    batcher: Batcher[int, int] = Batcher(flush, max_batch=2)
    results = await asyncio.gather(*(batcher.submit(i) for i in range(4)), return_exceptions=True)
    assert [type(r) for r in results] == [OSError, OSError, int, int]


async def test_who_is_told_did_not_wait_for_the_rest(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/w.db", connect_args={"check_same_thread": False})
    begun, may_end = threading.Event(), threading.Event()

    def rest(_connection: Connection) -> None:
        begun.set()
        may_end.wait(10)

    one = Writer(engine, rest=rest)
    try:
        await asyncio.gather(*(one.run(lambda _connection: None) for _ in range(REST_AFTER - 1)))
        assert not begun.wait(0.05)
        await one.run(lambda _connection: None)  # is told, though the rest has not ended
        assert await asyncio.to_thread(begun.wait, 5)
    finally:
        may_end.set()
        one.close()
        engine.dispose()


async def test_a_file_has_by_itself_what_was_committed_once_its_writer_rests(
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.db"
    engine = sqlite_file.writer_engine(path)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    one = Writer(engine, rest=sqlite_file.rest)
    try:
        await asyncio.gather(*(one.run(insert(n)) for n in range(REST_AFTER)))
        for _ in range(100):
            if alone(path, tmp_path / "alone.db") == REST_AFTER:
                break
            await asyncio.sleep(0.02)
        assert alone(path, tmp_path / "alone.db") == REST_AFTER
    finally:
        one.close()
        engine.dispose()


def alone(path: Path, copy: Path) -> int:
    """Count what a copy of the file has without the WAL beside it; -1 while it has no table."""
    shutil.copy(path, copy)
    with closing(sqlite3.connect(copy)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])
        except sqlite3.DatabaseError:
            return -1
