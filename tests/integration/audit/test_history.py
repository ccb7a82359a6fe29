"""One history: beginnings, restored backups, lost files, dropped triggers, the outer check."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from sextant_audit.__main__ import main
from sextant_audit.app.ledgers import open_ledger
from sextant_audit.storage.tables import METADATA
from sextant_shared.errors import Code, PlatformError
from tests.integration.audit.logs import AuditLog
from tests.integration.audit.test_appending import append
from tests.support.postgresql import embedded

pytestmark = pytest.mark.anyio

FORBIDDEN = [
    "UPDATE entry SET data = x'00' WHERE idx = 1",
    "UPDATE OR REPLACE entry SET idx = 0 WHERE idx = 1",
    "UPDATE OR IGNORE entry SET data = x'00'",
    "DELETE FROM entry",
    "INSERT OR REPLACE INTO entry SELECT idx, id, hash, x'00' FROM entry WHERE idx = 1",
    "REPLACE INTO entry SELECT 3, id, hash, x'00' FROM entry WHERE idx = 1",
    "INSERT OR REPLACE INTO entry SELECT 1, 'new', hash, data FROM entry WHERE idx = 1",
    "INSERT INTO entry SELECT 9, 'new', hash, data FROM entry WHERE idx = 1",
    "UPDATE tile SET hashes = zeroblob(8192)",
    "DELETE FROM tile",
    "REPLACE INTO tile VALUES (0, 0, zeroblob(8192))",
    "INSERT INTO tile VALUES (0, 5, zeroblob(8192))",
    "INSERT INTO tile VALUES (0, 1, zeroblob(8192))",
    "UPDATE checkpoint SET note = ''",
    "DELETE FROM checkpoint",
    "REPLACE INTO checkpoint SELECT size, root, '' FROM checkpoint",
    "INSERT INTO checkpoint VALUES (1000, zeroblob(32), '')",
]


async def begun(folder: Path, entries: int = 300) -> AuditLog:
    log = AuditLog(folder)
    await log.begin()
    async with log.serve() as served:
        for start in range(1, entries, 100):
            await append(served, *range(start, start + 100))
    return log


async def refuses_to_open(log: AuditLog) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        async with log.serve():
            pass
    return caught.value


@embedded
@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_tables_refuse(tmp_path: Path, statement: str) -> None:
    log = await begun(tmp_path)
    with sqlite3.connect(log.settings.database) as connection:
        before = list(connection.iterdump())
        with pytest.raises(sqlite3.IntegrityError, match=r"refuses|only the next row"):
            connection.execute(statement)
        assert list(connection.iterdump()) == before
    connection.close()


@embedded
async def test_a_ledger_whose_triggers_were_dropped_does_not_open(tmp_path: Path) -> None:
    log = await begun(tmp_path)
    with sqlite3.connect(log.settings.database) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(query).fetchall()
    assert len(triggers) == 18
    for name, sql in triggers:
        connection.execute(f"DROP TRIGGER {name}")
        connection.commit()
        error = await refuses_to_open(log)
        assert error.code is Code.INTEGRITY
        assert "forbidden statement" in error.detail
        connection.execute(sql)
        connection.commit()
    connection.close()
    async with log.serve():
        pass
    assert (await log.check()).size == 301


@embedded
async def test_a_restored_backup_is_refused_and_signs_nothing(tmp_path: Path) -> None:
    log = await begun(tmp_path)
    shutil.copy(log.settings.database, tmp_path / "backup")
    async with log.serve() as served:
        await append(served, 9001)
    signed = (log.settings.signer_folder / "state.json").read_bytes()
    shutil.copy(tmp_path / "backup", log.settings.database)
    error = await refuses_to_open(log)
    assert (error.code, "second history" in error.detail) == (Code.INTEGRITY, True)
    assert (log.settings.signer_folder / "state.json").read_bytes() == signed
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*the signer signed 302"):
        await log.check()


@embedded
async def test_a_missing_ledger_is_never_begun_again(tmp_path: Path) -> None:
    log = await begun(tmp_path)
    log.settings.database.unlink()
    assert (await refuses_to_open(log)).code is Code.INTEGRITY
    with pytest.raises(PlatformError, match="E_STATE"):
        await log.begin()
    assert not log.settings.database.exists()


async def test_a_lost_signers_memory_is_never_replaced(tmp_path: Path) -> None:
    log = await begun(tmp_path)
    shutil.rmtree(log.settings.signer_folder)
    with pytest.raises(PlatformError, match=r"E_STATE.*remembers no log"):
        await log.begin()
    assert (await refuses_to_open(log)).code is Code.KEY


async def test_a_log_that_was_not_begun_does_not_open(tmp_path: Path) -> None:
    error = await refuses_to_open(AuditLog(tmp_path))
    assert error.code is Code.STATE
    assert "init" in error.fix
    assert not AuditLog(tmp_path).settings.database.exists()


async def test_a_log_is_served_by_one_process(tmp_path: Path) -> None:
    log = await begun(tmp_path, entries=1)
    async with log.serve():
        error = await refuses_to_open(log)
        assert "another process" in error.detail


@embedded
async def test_a_ledger_with_a_changed_entry_does_not_pass_the_check(tmp_path: Path) -> None:
    log = await begun(tmp_path)
    with sqlite3.connect(log.settings.database) as connection:
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute(
            "UPDATE entry SET data = (SELECT data FROM entry WHERE idx = 8) WHERE idx = 7"
        )
    connection.close()
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*entry 7"):
        await log.check()


@embedded
async def test_the_tables_are_those_that_are_declared(tmp_path: Path) -> None:
    log = await begun(tmp_path, entries=1)
    with sqlite3.connect(log.settings.database) as connection:
        for table in METADATA.sorted_tables:
            found = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
            assert [row[1] for row in found] == [column.name for column in table.columns]
            listing = f"SELECT strict FROM pragma_table_list WHERE name = '{table.name}'"
            beside = table.name in {"note", "detail", "shred_order"}  # these may change
            assert connection.execute(listing).fetchone() == (0 if beside else 1,)
    connection.close()
    open_ledger(log.settings.place).close()


async def test_a_sound_log_passes_the_check_while_it_is_served(tmp_path: Path) -> None:
    log = await begun(tmp_path)
    async with log.serve() as served:
        await append(served, 9001)
        report = await log.check()
    assert (report.size, report.tiles) == (302, 1)


def test_the_commands_begin_check_and_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "DATA_DIR": str(tmp_path),
        "PORT": "1",
        "BASE_URL": "http://audit.example",
        "ORIGIN": "log.example/sextant",
    }.items():
        monkeypatch.setenv(f"SEXTANT_AUDIT_{name}", value)
    assert main(["verify"]) == 1
    assert main([]) == 2
    assert main(["init"]) == 0
    assert '"origin": "log.example/sextant"' in capsys.readouterr().out
    assert main(["init"]) == 1
    assert main(["add-receipt-key"]) == 1  # it has one since it began
    (tmp_path / "signer" / "es384.json").unlink()  # as a log of before
    assert main(["add-receipt-key"]) == 0
    assert '"crv": "P-384"' in capsys.readouterr().out
    assert main(["verify"]) == 0
    assert "1 entries" in capsys.readouterr().out
    assert main(["check-config"]) == 0
    monkeypatch.setenv("SEXTANT_AUDIT_ORIGN", "typo")
    assert main(["verify"]) == 1
    assert "ORIGN" in capsys.readouterr().err
