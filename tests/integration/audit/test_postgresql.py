"""The log on PostgreSQL: what its roles and tables refuse, one writer, faults that pass."""

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event, text

from sextant_audit.__main__ import main
from sextant_audit.app.ledgers import MIGRATIONS, open_ledger
from sextant_audit.storage.ledger import SqlLedger
from sextant_audit.storage.roles import (
    MIGRATOR,
    OWNER,
    WRITER,
    database_statements,
    roles_statements,
)
from sextant_audit.storage.tables import METADATA
from sextant_shared.chassis import postgresql as engine
from sextant_shared.chassis.database import Database, migrate_server, open_database
from sextant_shared.chassis.postgresql import Server
from sextant_shared.errors import Code, PlatformError
from tests.integration.audit.logs import AuditLog
from tests.integration.audit.test_appending import append, prove
from tests.integration.audit.test_history import refuses_to_open
from tests.support.postgresql import PostgresqlServer

pytestmark = pytest.mark.anyio
OWNERS_ACTS = [
    ("UPDATE entry SET data = '0'", "refuses UPDATE"),
    ("DELETE FROM entry", "refuses DELETE"),
    ("TRUNCATE entry", "refuses TRUNCATE"),
    ("TRUNCATE checkpoint, tile, cosig, refused, epoch", "refuses TRUNCATE"),
    ("DELETE FROM epoch", "refuses DELETE"),
    ("INSERT INTO epoch VALUES (99, 0)", "only the next row"),
    ("INSERT INTO tile VALUES (7, 0, decode(repeat('00', 8192), 'hex'))", "only the next row"),
]
NO_UPDATE = "BEFORE UPDATE ON entry FOR EACH ROW EXECUTE FUNCTION refuses()"
NEXT = "BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_only_next()"
ALWAYS = "ALTER TABLE {} ENABLE ALWAYS TRIGGER {}"
REPLICA = "SET ON PARAMETER session_replication_role"
TAMPERING = [  # what weakens the guard, what the log says of it, what mends it
    (
        "DROP TRIGGER entry_no_update ON entry",
        "entry_no_update is gone",
        (f"CREATE TRIGGER entry_no_update {NO_UPDATE}", ALWAYS.format("entry", "entry_no_update")),
    ),
    (
        "DROP TRIGGER entry_only_next ON entry",
        "COPY entry (idx",
        (f"CREATE TRIGGER entry_only_next {NEXT}", ALWAYS.format("entry", "entry_only_next")),
    ),
    (
        "ALTER TABLE tile DISABLE TRIGGER tile_no_truncate",
        "tile_no_truncate is gone",
        (ALWAYS.format("tile", "tile_no_truncate"),),
    ),
    (
        "ALTER TABLE cosig ENABLE TRIGGER cosig_no_delete",
        "does not always fire",
        (ALWAYS.format("cosig", "cosig_no_delete"),),
    ),
    (f"GRANT {OWNER} TO {WRITER}", f"ROLE {OWNER}", (f"REVOKE {OWNER} FROM {WRITER}",)),
    (f"GRANT {REPLICA} TO {WRITER}", "session_repl", (f"REVOKE {REPLICA} FROM {WRITER}",)),
    (
        f"GRANT CREATE ON SCHEMA public TO {WRITER}",
        "CREATE FUNCTION other",
        (f"REVOKE CREATE ON SCHEMA public FROM {WRITER}",),
    ),
]


@pytest.fixture
def log(tmp_path: Path, postgresql: PostgresqlServer) -> AuditLog:
    return AuditLog(tmp_path, server=postgresql)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody wait for a predecessor."""
    monkeypatch.setattr(engine, "HOLD_WAIT_S", 0.0)


def name_of(log: AuditLog) -> str:
    assert log.server is not None
    return log.server.database_of(log.folder)


def place_of(log: AuditLog, **bounds: float) -> Server:
    assert log.server is not None
    return log.server.place(name_of(log), **bounds)


async def size(database: Database) -> int:
    return await SqlLedger(database).read(lambda rows: rows.size())


async def write_nothing(database: Database) -> None:
    await SqlLedger(database).write(lambda rows: rows.size())


@pytest.mark.parametrize("role", ["postgres", OWNER])
async def test_owner_and_administrator_meet_the_triggers_too(
    log: AuditLog, postgresql: PostgresqlServer, role: str
) -> None:
    await log.begin()
    with closing(postgresql.connect("postgres", name_of(log))) as connection:
        if role == "postgres":
            connection.execute("SET session_replication_role = replica")
        connection.execute(f"SET ROLE {role}".encode())
        for statement, words in OWNERS_ACTS:
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=words):
                connection.execute(statement.encode())


async def test_a_log_whose_guard_was_weakened_does_not_open_until_it_is_mended(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    await log.begin()
    for statement, told, mending in TAMPERING:
        if REPLICA in statement and postgresql.version < 15:
            continue  # such versions grant no parameters
        postgresql.execute(name_of(log), statement)
        try:
            error = await refuses_to_open(log)
        finally:  # roles belong to the whole server
            postgresql.execute(name_of(log), *mending)
        assert (error.code, told in error.received) == (Code.INTEGRITY, True), statement
    async with log.serve():
        pass


async def test_a_service_that_is_the_administrator_does_not_open(log: AuditLog) -> None:
    await log.begin()
    log.role = "postgres"
    error = await refuses_to_open(log)
    assert error.code is Code.INTEGRITY
    for statement in ("DISABLE TRIGGER ALL", "session_replication_role", "COPY entry FROM PROGRAM"):
        assert statement in error.received


async def test_the_self_test_leaves_no_trace(log: AuditLog, postgresql: PostgresqlServer) -> None:
    await log.begin()
    async with log.serve():
        pass
    with closing(postgresql.connect("postgres", name_of(log))) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            for table in METADATA.tables
        }
    assert counts["entry"] == (1,)
    assert counts["tile"] == counts["cosig"] == counts["refused"] == (0,)


def test_a_database_that_was_not_migrated_is_not_opened(
    postgresql: PostgresqlServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    postgresql.create_database("bare")
    with pytest.raises(PlatformError) as caught:
        open_ledger(postgresql.place("bare"))
    assert (caught.value.code, "migrate" in caught.value.fix) == (Code.STATE, True)
    addresses = {
        **postgresql.settings("bare"),
        "database_owner_url": postgresql.url(MIGRATOR, "bare"),
    }
    common = {"data_dir": str(tmp_path), "port": "1", "base_url": "http://a.example"}
    for name, value in {**common, "origin": "log.example/x", **addresses}.items():
        monkeypatch.setenv(f"SEXTANT_AUDIT_{name.upper()}", value)
    assert main(["init"]) == 1
    assert main(["migrate"]) == 0
    assert main(["init"]) == 0
    assert main(["verify"]) == 0
    assert "1 entries" in capsys.readouterr().out


def test_the_script_for_operators_is_what_this_server_was_made_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["roles"]) == 0
    script = capsys.readouterr().out
    for statement in (*roles_statements(), *database_statements("sextant_audit")):
        assert f"{statement}\n" in script
    assert "PASSWORD" not in script


def test_migrations_at_the_same_time_wait_for_one_another(postgresql: PostgresqlServer) -> None:
    postgresql.create_database("contested")
    url = postgresql.url(MIGRATOR, "contested")
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(migrate_server, url, OWNER, MIGRATIONS) for _ in range(3)]
        assert [each.result() for each in done] == [None] * 3
    open_ledger(postgresql.place("contested")).close()


def test_a_role_that_may_not_act_as_the_owner_does_not_migrate(
    postgresql: PostgresqlServer,
) -> None:
    postgresql.create_database("foreign_one")
    with pytest.raises(PlatformError, match="may not act as the owner"):
        migrate_server(postgresql.url(WRITER, "foreign_one"), OWNER, MIGRATIONS)


async def test_an_old_database_is_refused_and_an_empty_one_is_not_begun_again(
    log: AuditLog, postgresql: PostgresqlServer
) -> None:
    keys = await log.begin()
    old = postgresql.copy_of(name_of(log))
    async with log.serve() as served:
        prove(await append(served, 1), keys, 1)
    postgresql.put(log.folder, old)
    error = await refuses_to_open(log)
    assert (error.code, "second history" in error.detail) == (Code.INTEGRITY, True)
    postgresql.put(log.folder, postgresql.database())
    error = await refuses_to_open(log)
    assert (error.code, "is missing" in error.detail) == (Code.INTEGRITY, True)
    with pytest.raises(PlatformError, match=r"E_STATE.*begun already"):
        await log.begin()


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
        assert prove(await append(served, 2, 3, 4), keys, 2, 3, 4) == [2, 3, 4]
    assert (await log.check()).size == 5


@pytest.mark.usefixtures("at_once")
async def test_a_second_writer_is_refused_while_the_first_lives(log: AuditLog) -> None:
    first = open_ledger(place_of(log))
    with pytest.raises(PlatformError, match="another process holds the database"):
        open_ledger(place_of(log))
    await write_nothing(first)
    first.close()
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

database = open_ledger(Server(sys.argv[1], sys.argv[2], idle_s=0.3, must_be_durable=False))

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
    database = open_ledger(place_of(log, statement_s=0.05))

    def sleep(connection: Connection) -> None:
        connection.execute(text("SELECT pg_sleep(5)"))

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
