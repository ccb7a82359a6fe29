"""What `sextant ops check` finds in rooms that were restored and are not whole."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from deploy.local.postgresql.rooms import EXCHANGE
from sextant_client.recovery.databases import open_database
from sextant_shared.errors import Code, PlatformError
from tests.integration.client.lost_platform import Lost
from tests.support.command import Done, sextant
from tests.support.postgresql import SERVER, embedded

pytestmark = embedded  # what was restored is changed in its files


def _change(path: Path, *statements: str) -> None:
    """Change a restored database as its service never would."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            database.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            database.execute(statement)
        database.commit()


def _check(lost: Lost, into: Path, *options: str) -> Done:
    pins = ("--trust", lost.backups.trust, "--exchange", into / "exchange" / "exchange.db")
    places = ("--declarations", into / "declarations" / "declarations.sqlite3")
    vault = ("--vault", into / "declarations" / "vault")
    ledger = into / "audit" / "log.sqlite3"
    return sextant("ops", "check", ledger, *pins, *places, *vault, *options, "--json")


def test_a_byte_of_a_container_that_changed_is_found_when_each_is_read(
    lost: Lost, tmp_path: Path
) -> None:
    into = tmp_path / "site"
    assert lost.backups.restore(into).status == 0
    assert _check(lost, into, "--every-byte").json()["containers"] >= 4
    _change(
        into / "exchange" / "exchange.db",
        "UPDATE content SET data = CAST(substr(data, 1, length(data) - 1) AS BLOB)"
        " WHERE number = (SELECT min(number) FROM content)",
    )
    [blob] = (into / "exchange" / "blobs").iterdir()
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    assert _check(lost, into).status == 0
    done = _check(lost, into, "--every-byte")
    assert done.status == 4
    told = [each["why"] for each in done.json()["missing"]]
    assert len(told) == 2
    assert all("its body is another one" in why for why in told)


def test_what_declarations_lost_is_named_and_files_the_exchange_has_are_owed(
    lost: Lost, tmp_path: Path
) -> None:
    into = tmp_path / "site"
    assert lost.backups.restore(into).status == 0
    for path in (into / "declarations" / "vault").rglob("*.dxe"):
        path.write_bytes(b"DXE1")
    done = _check(lost, into, "--every-byte")
    assert (done.status, len(done.json()["owed_files"])) == (0, 4)
    erased, gone = lost.late_ids
    _change(
        into / "exchange" / "exchange.db",
        f"UPDATE envelope SET erased = 1 WHERE id = '{erased}'",
    )
    _change(
        into / "declarations" / "declarations.sqlite3",
        f"DELETE FROM inbox WHERE envelope_id = '{gone}'",
    )
    done = _check(lost, into, "--every-byte")
    assert done.status == 4
    assert {each["envelope"]: each["why"] for each in done.json()["missing"]} == {
        erased: "declarations lost the file of its container, the exchange has erased it",
        gone: "the exchange has it as delivered, declarations lost it",
    }


def test_declarations_are_held_against_an_exchange_or_not_at_all(lost: Lost) -> None:
    done = sextant("ops", "check", "x", "--trust", lost.backups.trust, "--declarations", "y")
    assert done.status == 3
    assert "--exchange" in done.stderr


def test_hidden_rows_are_not_taken_for_lost_ones() -> None:
    server = SERVER.required()
    database = server.database(EXCHANGE)
    query = "SELECT id FROM envelope"
    with open_database(server.url(EXCHANGE.roles.reader, database)) as hiding:
        with pytest.raises(PlatformError, match="does not see every row") as caught:
            hiding.rows(query)
        assert caught.value.code is Code.FORBIDDEN
    with open_database(server.url("postgres", database)) as whole:
        assert whole.rows(query) == []
