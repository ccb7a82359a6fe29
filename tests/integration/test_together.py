"""Processes that write in turns on one PostgreSQL database: turns, leaders, turnstiles, guards."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, closing
from functools import partial

import pytest
from sqlalchemy import Connection, MetaData, text

from deploy.local.postgresql.server import PostgresqlServer
from sextant_shared.chassis import postgresql as engine
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.guarding import guarded
from sextant_shared.chassis.leading import Leading, lease_table
from sextant_shared.chassis.led import lead
from sextant_shared.chassis.postgresql import Server, writer_engine
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.errors import Code, PlatformError
from tests.integration.test_sharing import TABLE, counts, opened
from tests.support.postgresql import SERVER

pytestmark = pytest.mark.anyio
SHARING = Sharing(hands=1, in_turns=True, apart=3)
METADATA = MetaData()
LEASES = lease_table(METADATA)
MADE = (
    TABLE,
    "CREATE TABLE IF NOT EXISTS task_lease (task text PRIMARY KEY, holder text, until float8)",
    "TRUNCATE tally, task_lease",
    "INSERT INTO tally VALUES ('a', 0), ('b', 0)",
)
PATIENCE_S = 20.0  # a server lets go of a session's locks a little after it was told goodbye
Two = tuple[Database, Database]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> PostgresqlServer:
    return SERVER.required()


@pytest.fixture
def place(server: PostgresqlServer) -> Server:
    server.execute("postgres", *MADE)
    url = server.url("postgres", "postgres")
    return Server(url, url, must_be_durable=False)


@pytest.fixture
def two(place: Server) -> Iterator[Two]:
    both = opened(place, SHARING), opened(place, SHARING)
    yield both
    for one in both:
        one.close()


def careless(connection: Connection) -> None:
    """Read, then write what was read and one more, as works of a single writer may."""
    n = connection.execute(text("SELECT n FROM tally WHERE name = 'a'")).scalar_one()
    connection.execute(text("UPDATE tally SET n = :n WHERE name = 'a'"), {"n": n + 1})


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- what is waited for happens in a database
            await asyncio.sleep(0.02)


async def test_works_made_for_one_writer_lose_nothing_when_processes_write_in_turns(
    two: Two,
) -> None:
    await asyncio.gather(*(database.write(careless) for database in two for _ in range(15)))
    assert await counts(two[0]) == {"a": 30, "b": 0}


async def test_who_holds_the_database_alone_keeps_out_those_who_share_it(
    place: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of a version before writes without turns: the two never run side by side."""
    alone = writer_engine(place, lambda: PATIENCE_S)
    with alone.connect(), monkeypatch.context() as impatient:
        impatient.setattr(engine, "HOLD_WAIT_S", 0.0)
        with pytest.raises(PlatformError) as refused:
            opened(place, SHARING)
        assert refused.value.detail == "another process holds the database"
    alone.dispose()
    with closing(opened(place, SHARING)), closing(opened(place, SHARING)):
        late = writer_engine(place, lambda: 0.0)
        with pytest.raises(PlatformError):
            late.connect()
        late.dispose()


async def test_one_at_a_time_passes_a_turnstile_and_the_next_is_let_in_at_its_end(
    two: Two,
) -> None:
    order: list[str] = []
    first, second = (database.turnstile("gate").passed for database in two)
    other = two[1].turnstile("another gate").passed

    async def pass_second() -> None:
        async with second():
            order.append("second")

    async with first():
        waiting = asyncio.create_task(pass_second())
        async with other():
            await asyncio.sleep(0.1)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_who_goes_away_while_it_waits_at_a_turnstile_holds_nobody_up(two: Two) -> None:
    first, second = (database.turnstile("gate").passed for database in two)
    async with first():
        waiting = asyncio.create_task(_passing(second))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(5), first():
        pass


async def test_who_stands_in_a_turnstile_when_the_server_ends_its_session_is_passed(
    server: PostgresqlServer, two: Two
) -> None:
    first, second = (database.turnstile("gate").passed for database in two)
    async with first():
        server.execute(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND datname = 'postgres'",
        )
        async with asyncio.timeout(5), second():
            pass


async def test_a_guard_refuses_one_work_and_those_beside_it_are_done(two: Two) -> None:
    def never(_connection: Connection) -> None:
        raise PlatformError(Code.UNAVAILABLE, "not any more")

    with guarded(never):
        refused = asyncio.create_task(two[0].write(careless))
    results = await asyncio.gather(refused, two[0].write(careless), return_exceptions=True)
    assert isinstance(results[0], PlatformError)
    assert await counts(two[1]) == {"a": 1, "b": 0}


async def test_a_loop_runs_in_one_process_and_goes_on_in_another_with_a_fresh_memory(
    two: Two,
) -> None:
    began: list[str] = []
    leading = [Leading(database, LEASES, lease_s=0.4) for database in two]

    async def loop() -> None:
        await asyncio.Event().wait()

    def run(n: int) -> asyncio.Task[None]:
        anew = partial(began.append, f"process {n}")
        return asyncio.create_task(lead(leading[n], "x", loop, anew, lease_s=0.4, look_s=0.05))

    first = run(0)
    await until(lambda: began)
    second = run(1)
    await asyncio.sleep(0.6)  # longer than a lease: it is prolonged
    assert began == ["process 0"]
    first.cancel()  # without a word, as if it had died
    await until(lambda: len(began) == 2)
    assert began == ["process 0", "process 1"]
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)


async def test_a_leader_that_was_paused_writes_nothing_once_another_leads(two: Two) -> None:
    leading = [Leading(database, LEASES, lease_s=0.1) for database in two]
    outcome: list[object] = []
    taken_over = asyncio.Event()

    async def loop() -> None:
        await two[0].write(careless)
        await taken_over.wait()
        outcome.extend(await asyncio.gather(two[0].write(careless), return_exceptions=True))

    assert await leading[0].leads("x")
    with guarded(partial(leading[0].require, name="x")):
        paused = asyncio.create_task(loop())
    await asyncio.sleep(0.2)
    assert await leading[1].leads("x")
    taken_over.set()
    await paused
    (refused,) = outcome
    assert isinstance(refused, PlatformError)
    assert "another process leads the task x" in refused.detail
    assert (await counts(two[1]))["a"] == 1


async def test_a_loop_that_ends_by_a_defect_is_told(two: Two) -> None:
    async def loop() -> None:
        raise RuntimeError("defect")

    with pytest.raises(RuntimeError, match="defect"):
        await lead(Leading(two[0], LEASES), "x", loop)


async def _passing(passed: Callable[[], AbstractAsyncContextManager[None]]) -> None:
    async with passed():
        pytest.fail("it was passed twice")
