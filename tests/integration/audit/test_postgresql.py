"""The log on PostgreSQL: what its roles and tables refuse, and who may make its tables."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from deploy.local.postgresql.server import PostgresqlServer
from sextant_audit.__main__ import main
from sextant_audit.app.ledgers import MIGRATIONS, open_ledger
from sextant_audit.storage.roles import (
    MIGRATOR,
    OWNER,
    ROLES,
    WRITER,
)
from sextant_audit.storage.tables import METADATA
from sextant_shared.chassis.database import migrate_server
from sextant_shared.errors import Code, PlatformError
from tests.integration.audit.logs import AuditLog, name_of
from tests.integration.audit.test_appending import append, prove
from tests.integration.audit.test_history import refuses_to_open

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
    assert main(["init", "--once"]) == 0
    begun = capsys.readouterr().out
    assert main(["init"]) == 1  # a log is begun once
    assert main(["init", "--once"]) == 0
    assert capsys.readouterr().out == begun
    assert main(["verify"]) == 0
    assert "1 entries" in capsys.readouterr().out


def test_the_script_for_operators_is_what_this_server_was_made_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["roles"]) == 0
    script = capsys.readouterr().out
    for statement in (*ROLES.statements(), *ROLES.database_statements("sextant_audit")):
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
