"""The log on PostgreSQL: one writer, also a paused one; faults that pass by themselves."""

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event, text

from deploy.local.postgresql.server import PostgresqlServer
from sextant_audit.app.ledgers import MIGRATIONS, open_ledger
from sextant_audit.storage.ledger import SqlLedger
from sextant_audit.storage.roles import (
    WRITER,
)
from sextant_audit.storage.tables import METADATA
from sextant_shared.chassis import postgresql as engine
from sextant_shared.chassis.database import Database, open_database
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import AppendAnswer
from tests.integration.audit.logs import AuditLog, Served, name_of, place_of
from tests.integration.audit.test_appending import append, prove
from tests.integration.audit.test_history import refuses_to_open

pytestmark = pytest.mark.anyio


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody wait for a predecessor."""
    monkeypatch.setattr(engine, "HOLD_WAIT_S", 0.0)


async def size(database: Database) -> int:
    return await SqlLedger(database).read(lambda rows: rows.size())


async def write_nothing(database: Database) -> None:
    await SqlLedger(database).write(lambda rows: rows.size())


async def test_a_log_lives_on_a_server_as_it_does_in_a_file(log: AuditLog) -> None:
    keys = await log.begin()
    numbers = list(range(1, 301))
    async with log.serve() as served:
        answers = await asyncio.gather(
            *(append(served, *numbers[i : i + 50]) for i in range(0, 300, 50))
        )
        for i, answer in enumerate(answers):
            prove(answer, keys, *numbers[i * 50 : i * 50 + 50])
        assert (await served.get("/readyz")).json()["ready"]
    async with log.serve() as served:
        again = prove(await append(served, *numbers[:200]), keys, *numbers[:200])
        assert set(again) <= set(numbers)
        report = await log.check()
    assert (report.size, report.tiles) == (301, 1)


async def test_a_server_that_dies_refuses_entries_and_the_log_goes_on_by_itself(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    keys = await log.begin()
    async with log.serve() as served:
        assert prove(await append(served, 1), keys, 1) == [1]
        postgresql.stop()
        try:
            for _ in range(2):
                with pytest.raises(PlatformError) as caught:
                    await append(served, 2)
                assert caught.value.code is Code.UNAVAILABLE
                assert caught.value.retry_after_s
            assert not (await served.get("/readyz")).json()["ready"]
        finally:
            postgresql.start()
        assert prove(await append(served, 2), keys, 2) == [2]
        assert (await served.get("/readyz")).json()["ready"]
        assert (await log.check()).size == 3


async def repeated(served: Served, *numbers: int) -> AppendAnswer:
    """Append as a caller does: a 503 is asked again. A write beside ours may meet the cut line."""
    for _ in range(4):
        try:
            return await append(served, *numbers)
        except PlatformError as error:
            if error.code is not Code.UNAVAILABLE or not error.retry_after_s:
                raise
    return await append(served, *numbers)


async def test_a_commit_whose_answer_was_lost_is_found_by_the_next_batch(log: AuditLog) -> None:
    keys = await log.begin()

    def cut(connection: Connection) -> None:
        if connection.engine.url.username == WRITER:
            line: Any = connection.connection.dbapi_connection
            line.commit()
            line.close()
            raise psycopg.OperationalError("the line was cut")

    async with log.serve() as served:
        assert prove(await append(served, 1), keys, 1) == [1]
        event.listen(Engine, "commit", cut)
        try:
            with pytest.raises(PlatformError, match="E_UNAVAILABLE"):
                await append(served, 2, 3)
        finally:
            event.remove(Engine, "commit", cut)
        assert prove(await repeated(served, 2, 3, 4), keys, 2, 3, 4) == [2, 3, 4]
    assert (await log.check()).size == 5


@pytest.mark.usefixtures("at_once")
async def test_a_second_writer_is_refused_while_the_first_lives(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_ledger(place_of(log))
    with pytest.raises(PlatformError, match="another process holds the database"):
        open_ledger(place_of(log))
    await write_nothing(first)
    first.close()
    monkeypatch.setattr(engine, "HOLD_WAIT_S", 10.0)  # the server takes a moment to notice
    open_ledger(place_of(log)).close()


@pytest.mark.usefixtures("at_once")
async def test_of_writers_that_race_one_opens(log: AuditLog) -> None:
    place = place_of(log)

    def attempt() -> Database | PlatformError:
        try:
            return open_ledger(place)
        except PlatformError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        outcomes = [each.result() for each in [pool.submit(attempt) for _ in range(4)]]
    opened = [each for each in outcomes if isinstance(each, Database)]
    assert len(opened) == 1
    await write_nothing(opened[0])
    opened[0].close()


@pytest.mark.usefixtures("at_once")
async def test_a_writer_that_lost_its_session_writes_nothing_after_another_came(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    first = open_ledger(place_of(log))
    end_sessions(postgresql, name_of(log))
    second = open_ledger(place_of(log))
    for _ in range(2):  # the dead session, then one that cannot have the lock
        with pytest.raises(PlatformError) as caught:
            await write_nothing(first)
        assert caught.value.code is Code.UNAVAILABLE
    second.close()
    with pytest.raises(PlatformError, match="another process took the store over"):
        await write_nothing(first)
    assert first.is_fenced_off
    first.close()


async def test_a_writer_that_lost_its_session_goes_on_when_nobody_came(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    only = open_ledger(place_of(log))
    end_sessions(postgresql, name_of(log))
    with pytest.raises(PlatformError):
        await write_nothing(only)
    await write_nothing(only)
    assert (await size(only), only.is_fenced_off) == (0, False)
    only.close()


PAUSED = """
import asyncio, sys
from sqlalchemy import text
from sextant_audit.app.ledgers import open_ledger
from sextant_shared.chassis.postgresql import Server
from sextant_shared.errors import PlatformError

database = open_ledger(Server(sys.argv[1], sys.argv[2], idle_s=1.5, must_be_durable=False))

def work(connection):
    row = {"h": bytes(32)}
    connection.execute(text(
        "INSERT INTO entry VALUES (0, 'paused-in-transaction0', :h, '0')"), row)
    print("in", flush=True)
    sys.stdin.readline()

for _ in range(2):
    try:
        asyncio.run(database.write(work))
    except PlatformError as error:
        print(error.code, flush=True)
database.close()
"""


@pytest.mark.processes
def test_a_writer_paused_in_its_transaction_is_replaced_and_writes_nothing_when_it_wakes(
    log: AuditLog,
) -> None:
    place = place_of(log)
    command = [sys.executable, "-c", PAUSED, place.writer_url, place.reader_url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as paused:
        assert paused.stdout is not None
        assert paused.stdout.readline() == "in\n"
        os.kill(paused.pid, signal.SIGSTOP)
        try:
            second = open_ledger(place)  # waits until the server has ended the first's transaction
        finally:
            os.kill(paused.pid, signal.SIGCONT)
        said, _ = paused.communicate("\n\n")
        told = [line for line in said.splitlines() if line.startswith("E_")]
        assert told == ["E_UNAVAILABLE"] * 2
        assert asyncio.run(size(second)) == 0
        second.close()


async def test_what_takes_too_long_is_ended_and_told_as_unavailable(log: AuditLog) -> None:
    database = open_ledger(place_of(log, statement_s=0.5))

    def sleep(connection: Connection) -> None:
        connection.execute(text("SELECT pg_sleep(60)"))

    for act in (database.write, database.read):
        with pytest.raises(PlatformError) as caught:
            await act(sleep)
        assert (caught.value.code, bool(caught.value.retry_after_s)) == (Code.UNAVAILABLE, True)
    await write_nothing(database)
    database.close()


async def test_one_failing_work_does_not_sink_the_others(log: AuditLog) -> None:
    database = open_ledger(place_of(log))

    def work(index: int, connection: Connection) -> int:
        connection.execute(text(f"SELECT 1 / {index - 3}"))
        return index

    works = [database.write(partial(work, index)) for index in range(6)]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [each for each in results if isinstance(each, int)] == [0, 1, 2, 4, 5]
    database.close()


async def test_a_server_that_is_not_there_is_told_and_not_a_missing_log(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    await log.begin()
    postgresql.stop()
    try:
        error = await refuses_to_open(log)
    finally:
        postgresql.start()
    assert (error.code, bool(error.retry_after_s)) == (Code.UNAVAILABLE, True)
    with pytest.raises(PlatformError, match="E_UNAVAILABLE"):
        open_ledger(postgresql.place("no_such_database"))


async def test_production_refuses_a_server_that_forgets_at_a_power_cut(log: AuditLog) -> None:
    lossy = replace(place_of(log), must_be_durable=True)
    with pytest.raises(PlatformError, match="forgets commits"):
        open_database(lossy, METADATA, MIGRATIONS)


def end_sessions(server: PostgresqlServer, database: str) -> None:
    server.execute(
        "postgres",
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        f" WHERE datname = '{database}'",
    )
