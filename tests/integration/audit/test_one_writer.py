"""One writer of the embedded file, also when its lock is lost; what its connections refuse."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from sextant_audit.app import create_app
from sextant_audit.app.ledgers import open_ledger
from sextant_audit.storage.ledger import SqlLedger
from sextant_shared.chassis.database import Database
from sextant_shared.errors import Code, PlatformError
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append, prove

pytestmark = pytest.mark.anyio
REFUSED = [
    "DROP TRIGGER entry_no_update",
    "DROP TABLE refused",
    "DROP INDEX cosig_by_key",
    "ALTER TABLE entry RENAME TO other",
    "ALTER TABLE entry DROP COLUMN hash",
    "ATTACH ':memory:' AS other",
    "CREATE TEMP TABLE entry (idx INTEGER)",
    "CREATE TEMP TRIGGER other BEFORE INSERT ON entry BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER other BEFORE INSERT ON entry BEGIN SELECT RAISE(IGNORE); END",
    "PRAGMA writable_schema = ON",
    "PRAGMA WRITABLE_SCHEMA(1)",
    "PRAGMA ignore_check_constraints = ON",
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode = DELETE",
]


async def write_nothing(database: Database) -> int:
    return await SqlLedger(database).write(lambda rows: rows.size())


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_open_file_keeps_its_schema(tmp_path: Path, statement: str) -> None:
    database = open_ledger(tmp_path / "log.sqlite3")

    def attempt(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    with pytest.raises(DatabaseError, match="not authorized"):
        await database.write(attempt)
    assert await write_nothing(database) == 0
    database.close()


async def test_readers_write_nothing(tmp_path: Path) -> None:
    database = open_ledger(tmp_path / "log.sqlite3")

    def attempt(connection: Connection) -> None:
        connection.execute(text("INSERT INTO epoch VALUES (2, 0)"))

    with pytest.raises(PlatformError) as caught:
        await database.read(attempt)
    assert caught.value.code is Code.UNAVAILABLE
    database.close()


async def test_a_writer_whose_lock_was_removed_writes_nothing_after_another_came(
    tmp_path: Path,
) -> None:
    first = open_ledger(tmp_path / "log.sqlite3")
    (tmp_path / "log.lock").unlink()
    second = open_ledger(tmp_path / "log.sqlite3")
    for _ in range(2):
        with pytest.raises(PlatformError, match="another process took the store over") as caught:
            await write_nothing(first)
        assert caught.value.code is Code.UNAVAILABLE
    assert (first.is_fenced_off, second.is_fenced_off) == (True, False)
    assert await write_nothing(second) == 0
    first.close()
    second.close()


async def test_a_log_that_was_taken_over_says_that_it_is_not_ready(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, server=None)
    keys = await log.begin()
    async with log.serve() as served:
        assert prove(await append(served, 1), keys, 1) == [1]
        (tmp_path / "log.lock").unlink()
        open_ledger(log.settings.place).close()
        with pytest.raises(PlatformError) as caught:
            await append(served, 2)
        assert caught.value.code is Code.UNAVAILABLE
        ready = (await served.get("/readyz")).json()
        assert (ready["ready"], "took it over" in ready["checks"]["log"]) == (False, True)
        assert (await served.get("/checkpoint")).status_code == 200
    async with log.serve() as served:
        assert prove(await append(served, 2), keys, 2) == [2]


async def test_a_stop_in_which_something_breaks_lets_go_of_the_log(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    broken: list[str] = []

    def reach(step: str) -> None:
        if step in broken:
            raise RuntimeError("nobody thought of this")

    app = create_app(log.settings, crash_point=reach)
    running = app.router.lifespan_context(app)
    await running.__aenter__()
    broken.append("audit.before_publish")
    served = Served(app)
    await append(served, 1)
    await served.clients[0].close()
    with pytest.raises(RuntimeError, match="nobody thought of this"):
        await running.__aexit__(None, None, None)
    async with log.serve() as served:
        assert prove(await append(served, 1), keys, 1) == [1]
