"""Several writers on one PostgreSQL database: turns, repeats, and a server that goes and comes."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    select,
    text,
)

from deploy.local.postgresql.programs import NoPostgresqlError
from deploy.local.postgresql.server import PostgresqlServer, started_server
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.postgresql import Server, reader_engine, shared_writer_engine
from sextant_shared.chassis.sharing import Sharing, numbers, take_turns, upsert
from sextant_shared.errors import Code, PlatformError
from tests.support.postgresql import SERVER, skip_or_fail

pytestmark = pytest.mark.anyio
TABLE = "CREATE TABLE IF NOT EXISTS tally (name text PRIMARY KEY, n integer NOT NULL)"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> PostgresqlServer:
    return SERVER.required()


@pytest.fixture
def place(server: PostgresqlServer) -> Server:
    server.execute(
        "postgres", TABLE, "TRUNCATE tally", "INSERT INTO tally VALUES ('a', 0), ('b', 0)"
    )
    url = server.url("postgres", "postgres")
    return Server(url, url, must_be_durable=False)


def opened(place: Server, sharing: Sharing) -> Database:
    return Database(
        shared_writer_engine(place, sharing),
        reader_engine(place, 4),
        fence=None,
        release=lambda: None,
        sharing=sharing,
    )


@pytest.fixture
def two(place: Server) -> Iterator[tuple[Database, Database]]:
    both = opened(place, Sharing()), opened(place, Sharing())
    yield both
    for one in both:
        one.close()


async def counts(database: Database) -> dict[str, int]:
    rows = await database.read(lambda c: c.execute(text("SELECT name, n FROM tally")).all())
    return {row.name: row.n for row in rows}


def add_one(connection: Connection) -> None:
    """Read, then write what was read and one more: wrong unless it has a turn."""
    take_turns(connection, ["tally a"])
    n = connection.execute(text("SELECT n FROM tally WHERE name = 'a'")).scalar_one()
    connection.execute(text("UPDATE tally SET n = :n WHERE name = 'a'"), {"n": n + 1})


async def test_whoever_has_a_turn_is_not_overtaken(two: tuple[Database, Database]) -> None:
    await asyncio.gather(*(database.write(add_one) for database in two for _ in range(15)))
    assert await counts(two[0]) == {"a": 30, "b": 0}


async def test_works_that_wait_for_one_another_are_both_done_in_the_end(
    two: tuple[Database, Database],
) -> None:
    meet = asyncio.Barrier(2)
    loop = asyncio.get_running_loop()

    def crossing(first: str, second: str) -> Callable[[Connection], int]:
        tries: list[int] = []

        def work(connection: Connection) -> int:
            tries.append(1)
            raise_it = text("UPDATE tally SET n = n + 1 WHERE name = :name")
            connection.execute(raise_it, {"name": first})
            if len(tries) == 1:  # both hold one row before either asks for the other's
                asyncio.run_coroutine_threadsafe(meet.wait(), loop).result(timeout=10)
            connection.execute(raise_it, {"name": second})
            return len(tries)

        return work

    one, other = two
    tried = await asyncio.gather(one.write(crossing("a", "b")), other.write(crossing("b", "a")))
    assert sorted(tried) == [1, 2]
    assert await counts(one) == {"a": 2, "b": 2}


async def test_serializable_works_need_no_turn(place: Server) -> None:
    sharing = Sharing(hands=2, isolation="SERIALIZABLE")
    with closing(opened(place, sharing)) as one, closing(opened(place, sharing)) as other:

        def careless(connection: Connection) -> None:
            n = connection.execute(text("SELECT n FROM tally WHERE name = 'a'")).scalar_one()
            connection.execute(text("UPDATE tally SET n = :n WHERE name = 'a'"), {"n": n + 1})

        await asyncio.gather(*(database.write(careless) for database in (one, other)))
        assert (await counts(one))["a"] == 2


async def test_what_one_work_breaks_is_no_matter_of_another(
    two: tuple[Database, Database],
) -> None:
    def fails(connection: Connection) -> None:
        connection.execute(text("UPDATE tally SET n = 9 WHERE name = 'b'"))
        raise PlatformError(Code.STATE, "no")

    results = await asyncio.gather(
        two[0].write(fails), two[0].write(add_one), return_exceptions=True
    )
    assert isinstance(results[0], PlatformError)
    assert await counts(two[1]) == {"a": 1, "b": 0}


async def test_an_insert_that_yields_is_the_same_on_both_engines(place: Server) -> None:
    table = Table(
        "tally", MetaData(), Column("name", String, primary_key=True), Column("n", Integer)
    )
    for url in (place.writer_url, "sqlite://"):
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(TABLE))
            added = upsert(table)
            added = added.on_conflict_do_update(
                index_elements=["name"], set_={"n": table.c.n + added.excluded.n}
            )
            for _ in range(2):
                connection.execute(added, [{"name": "c", "n": 2}, {"name": "d", "n": 3}])
            found = connection.execute(
                text("SELECT name, n FROM tally WHERE name > 'b' ORDER BY n")
            )
            assert [tuple(row) for row in found] == [("c", 4), ("d", 6)]
        engine.dispose()


def test_numbers_are_given_out_once(place: Server, server: PostgresqlServer) -> None:
    server.execute("postgres", "CREATE SEQUENCE IF NOT EXISTS counted")
    engine = create_engine(place.writer_url, pool_size=4)

    def take(_n: int) -> list[int]:
        with engine.begin() as connection:
            return numbers(connection, "counted", 20)

    with ThreadPoolExecutor(4) as pool:
        taken = [number for some in pool.map(take, range(8)) for number in some]
    engine.dispose()
    assert len(set(taken)) == len(taken) == 160


async def test_a_number_that_no_row_can_have_is_found_nowhere(
    two: tuple[Database, Database],
) -> None:
    tally = Table("tally", MetaData(), Column("name", String), Column("n", Integer))
    for finds, names in (
        (tally.c.n == 1 << 40, []),
        (tally.c.n > (1 << 53) - 1, []),
        (tally.c.n.in_([0, 1 << 40]), ["a", "b"]),
    ):
        query = select(tally.c.name).where(finds).order_by(tally.c.name).limit(1 << 40)
        assert await two[0].read(partial(_names, query)) == names


def _names(query: Select[str], connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(query)]


async def test_a_text_that_a_server_cannot_keep_is_refused_to_who_sent_it(
    two: tuple[Database, Database],
) -> None:
    tally = Table("tally", MetaData(), Column("name", String), Column("n", Integer))
    wrong = "a\0"
    acts = (
        two[0].read(lambda c: c.execute(select(tally).where(tally.c.name == wrong)).all()),
        two[0].write(lambda c: c.execute(tally.insert().values(name=wrong, n=1)).rowcount),
    )
    for act in acts:
        with pytest.raises(PlatformError, match="NUL") as caught:
            await act
        assert caught.value.code is Code.MALFORMED
    await two[0].write(add_one)
    assert await counts(two[0]) == {"a": 1, "b": 0}


async def test_a_server_that_stopped_is_unavailable_and_comes_back_by_itself() -> None:
    try:
        with started_server() as own:
            url = own.url("postgres", "postgres")
            own.execute("postgres", TABLE, "INSERT INTO tally VALUES ('a', 0)")
            with closing(opened(Server(url, url, must_be_durable=False), Sharing())) as database:
                await database.write(add_one)
                own.stop()
                for act in (database.write(add_one), counts(database)):
                    with pytest.raises(PlatformError) as caught:
                        await act
                    assert caught.value.code is Code.UNAVAILABLE
                    assert caught.value.retry_after_s
                own.start()
                await asyncio.gather(*(database.write(add_one) for _ in range(6)))
                assert (await counts(database))["a"] == 7
    except NoPostgresqlError as error:
        skip_or_fail(error)


@pytest.mark.parametrize(("statement_s", "idle", "every"), [(30.0, "30", "10"), (0.5, "1", "1")])
def test_a_line_on_which_a_statement_runs_is_tried_as_often_as_it_may_take(
    place: Server, statement_s: float, idle: str, every: str
) -> None:
    engine = reader_engine(replace(place, statement_s=statement_s), 1)
    with closing(engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        asked = driver.info.get_parameters()
    engine.dispose()
    found = [asked[f"keepalives_{name}"] for name in ("idle", "interval", "count")]
    assert found == [idle, every, "3"]
    assert asked["tcp_user_timeout"] == str(round(statement_s * 1000))


def test_the_server_lets_go_of_a_client_that_vanished_as_soon(place: Server) -> None:
    engine = reader_engine(replace(place, statement_s=6.0), 1)
    with closing(engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        options = driver.info.options
    engine.dispose()
    for setting in ("user_timeout=6000", "keepalives_idle=6", "keepalives_interval=2"):
        assert f"-c tcp_{setting}" in options
    assert "-c tcp_keepalives_count=3" in options
