"""Which backup a moment means, what a plan may say, what a ledger has lost."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

import sextant_exchange.storage.tables  # noqa: F401 -- fills the metadata of SQLModel
from sextant_audit.storage.tables import METADATA
from sextant_client.recovery import containers, honouring, ledger
from sextant_client.recovery.choosing import chosen
from sextant_client.recovery.honouring import check_ledger
from sextant_client.recovery.ledger import open_ledger
from sextant_client.recovery.models import (
    CopiedRoom,
    LogPosition,
    Manifest,
    Plan,
    redacted,
)
from sextant_declarations.storage.tables import INBOX
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import format_entry
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import verify_checkpoint
from tests.support.logs import MemoryLog, log_keys, make_accepted
from tests.support.vectors import ROOT


def backup(t: str, size: int) -> Manifest:
    return Manifest(
        v=1,
        id=t.replace(":", ""),
        t=t,
        rooms=[CopiedRoom(name="exchange", engine="sqlite", schema_version="7", files=[])],
        keys=None,
        keys_until=None,
        others=[],
        log=LogPosition(origin="o", size=size, root="", checkpoint=None, witnessed=None),
        custodians=["ONE", "TWO"],
        threshold=2,
        tools={},
    )


BACKUPS = [
    backup("2026-03-01T00:00:00.000Z", 10),
    backup("2026-03-02T00:00:00.000Z", 20),
    backup("2026-03-03T00:00:00.000Z", 20),
]


@pytest.mark.parametrize(
    ("to", "place"),
    [
        (None, 2),
        ("2026-03-02T23:59:59Z", 1),
        ("2026-03-02T00:00:00Z", 1),
        ("2026-03-01T12:00:00Z", 0),
        ("size:19", 0),
        ("size:20", 2),
        ("size:900", 2),
    ],
)
def test_the_newest_backup_up_to_a_moment_is_taken(to: str | None, place: int) -> None:
    assert chosen(BACKUPS, to) is BACKUPS[place]


@pytest.mark.parametrize("to", ["2026-02-28T00:00:00Z", "size:9"])
def test_no_backup_is_old_enough(to: str) -> None:
    with pytest.raises(PlatformError, match="newer than") as caught:
        chosen(BACKUPS, to)
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("to", ["yesterday", "size:", "size:-1", "2026-03-02"])
def test_what_is_no_moment_is_refused(to: str) -> None:
    with pytest.raises(PlatformError) as caught:
        chosen(BACKUPS, to)
    assert caught.value.code is Code.MALFORMED


SERVER = {"y": {"pgbackrest": "/etc/pgbackrest/pgbackrest.conf"}}
LEDGER = "postgresql://sextant_audit_reader@/sextant_audit"


def plan(**changes: Any) -> dict[str, Any]:
    room = {"name": "audit", "database": "/var/lib/sextant-audit/log.sqlite3"}
    people = {"custodians": ["a", "b"], "trust": "t", "keys": {}}
    return {"v": 1, "rooms": [room], **people, **changes}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"custodians": ["a"]}, "/custodians: has too few"),
        ({"threshold": 1}, "/threshold: is too small"),
        ({"threshold": 3}, "larger than the number"),
        ({"rooms": [{"name": "audit"}]}, "a database file, or"),
        ({"rooms": [plan()["rooms"][0]] * 2}, "stands twice"),
        ({"rooms": [{"name": "audit", "server": "y"}], "servers": SERVER}, "address of its ledger"),
        ({"rooms": [{"name": "exchange", "server": "x"}], "servers": SERVER}, "that rooms name"),
        ({"servers": SERVER}, "that rooms name"),
        ({"rooms": [{"name": "exchange", "database": "x", "ledger": LEDGER}]}, "nothing else"),
    ],
    ids=[
        "one custodian",
        "threshold one",
        "out of reach",
        "no engine",
        "twice",
        "a log that nobody can read",
        "an unknown server",
        "a server of no room",
        "a ledger of no log",
    ],
)
def test_a_plan_that_cannot_hold_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(PlatformError, match=word):
        read_model(Plan, plan(**changes))


def test_settings_are_kept_without_what_looks_like_a_secret() -> None:
    told = redacted(
        "SEXTANT_AUDIT_PORT=8001\nDB_PASSWORD=hunter2\nURL=postgresql://me:hunter2@host/x\n"
        "SEXTANT_SIGNER_PASSPHRASE_FILE=/run/p\n"
    )
    assert "hunter2" not in told
    assert "SEXTANT_AUDIT_PORT=8001" in told
    assert "PASSPHRASE_FILE=/run/p" in told
    assert "://me:(redacted)@host/x" in told


@pytest.mark.parametrize(
    ("columns", "tables"),
    [
        (ledger.READ_COLUMNS, METADATA.tables),
        (honouring.READ_COLUMNS, SQLModel.metadata.tables),
        (containers.READ_COLUMNS, SQLModel.metadata.tables),
        (containers.READ_OF_DECLARATIONS, INBOX.metadata.tables),
    ],
    ids=["log", "exchange", "containers", "declarations"],
)
def test_columns_that_are_read_are_columns_of_the_services(columns: Any, tables: Any) -> None:
    for table, names in columns.items():
        assert names <= {column.name for column in tables[table].columns}


@pytest.fixture
def held(tmp_path: Path) -> tuple[Path, MemoryLog]:
    """Return a ledger of six entries, and the log of eight that it is the beginning of."""
    log, path = MemoryLog(), tmp_path / "log.sqlite3"
    entries = [format_entry(make_accepted(number)) for number in range(8)]
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, data BLOB)")
        database.execute("CREATE TABLE checkpoint (size INTEGER, note TEXT)")
        database.execute("CREATE TABLE cosig (seq INTEGER, size INTEGER, line TEXT)")
        for index, data in enumerate(entries):
            log.append(data)
            if index < 6:
                database.execute("INSERT INTO entry VALUES (?, ?)", (index, data))
    database.close()
    return path, log


@pytest.mark.parametrize(
    ("sizes", "lost"),
    [([1, 6], None), ([7], (6, 6)), ([3, 8, 7], (6, 7)), ([], None)],
    ids=["all there", "one lost", "two lost", "nothing known"],
)
def test_the_lost_range_is_what_signed_heads_cover_and_the_ledger_lacks(
    held: tuple[Path, MemoryLog], sizes: list[int], lost: tuple[int, int] | None
) -> None:
    path, log = held
    heads = [verify_checkpoint(log.checkpoint(size), log_keys()) for size in sizes]
    with open_ledger(path) as opened:
        found = check_ledger(opened, heads, [])
    assert (found.size, found.lost, found.forked) == (6, lost, [])
    assert found.holds is (lost is None)


def test_another_history_of_the_same_size_is_no_loss_but_a_fork(
    held: tuple[Path, MemoryLog],
) -> None:
    path, _ = held
    other = MemoryLog()
    for number in range(6):
        other.append(make_accepted(number + 100))
    head = verify_checkpoint(other.checkpoint(6), log_keys())
    with open_ledger(path) as opened:
        found = check_ledger(opened, [head], [])
    assert (found.lost, found.forked, found.holds) == (None, [head], False)


def test_a_gap_in_the_ledger_is_no_ledger(held: tuple[Path, MemoryLog]) -> None:
    path, _ = held
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM entry WHERE idx = 2")
    database.close()
    with open_ledger(path) as opened, pytest.raises(PlatformError, match="a gap"):
        check_ledger(opened, [], [])


def test_the_plans_of_the_documentation_are_plans() -> None:
    found = re.findall(r"```json\n(.*?)```", (ROOT / "docs/recovery.md").read_text(), re.DOTALL)
    files, servers = map(json.loads, found)
    for members in (files, {**files, **servers}):
        planned = read_model(Plan, members)
        assert [room.name for room in planned.rooms if room.sealed] == ["declarations"]
        assert "signer" in planned.keys
        assert bool(planned.servers) is ("servers" in members)
