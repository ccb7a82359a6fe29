"""From what a server comes back, to which moment, and what may not lie in clear beside it."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sextant_client.recovery.choosing import prune
from sextant_client.recovery.copying_servers import Servers
from sextant_client.recovery.models import CopiedRoom, CopiedServer, Manifest, Plan
from sextant_client.recovery.pgbackrest import PgBackRest, Set, lsn_number, require_as_new
from sextant_client.recovery.replicas import newer_replica
from sextant_client.recovery.restoring import restored
from sextant_client.recovery.returning import Moment, begin_with, fetching, lagging
from sextant_client.recovery.servers import Runner, find_programs
from sextant_shared.clock import parse_timestamp, system_clock, timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import read_model

T0 = int(parse_timestamp("2026-03-01T00:00:00Z"))
PIECE = "000000010000000000000009"
SETS = (
    Set("F", T0, "0/9000100", PIECE, "18"),
    Set("I", T0 + 3600, "1/200", "000000010000000100000000", "18"),
)
BEFORE = Set("BEFORE", T0 - 3600, "7/0", "000000010000000700000000", "15")
INFO = [  # as pgBackRest 2.45 says it, without what is not read here
    {
        "name": "main",
        "cipher": "aes-256-cbc",
        "db": [
            {"id": 1, "repo-key": 1, "system-id": 7713481846541193151, "version": "14"},
            {"id": 2, "repo-key": 1, "system-id": 7713481846541193152, "version": "15"},
        ],
        "backup": [
            {
                "label": "20260228-000000F",
                "error": False,
                "database": {"id": 1, "repo-key": 1},
                "archive": {
                    "start": "000000010000000000000007",
                    "stop": "000000010000000000000007",
                },
                "lsn": {"start": "0/7000028", "stop": "0/7000138"},
                "timestamp": {"start": T0 - 9000, "stop": T0 - 8000},
            },
            {
                "label": "20260301-000000F",
                "database": {"id": 2, "repo-key": 1},
                "error": False,
                "archive": {
                    "start": "000000010000000000000002",
                    "stop": "000000010000000000000002",
                },
                "lsn": {"start": "0/2000028", "stop": "0/2000138"},
                "timestamp": {"start": T0 - 5, "stop": T0},
            },
            {
                "label": "20260302-000000F",
                "database": {"id": 2, "repo-key": 1},
                "error": True,
                "archive": {
                    "start": "000000010000000000000004",
                    "stop": "000000010000000000000004",
                },
                "lsn": {"start": "0/4000028", "stop": "0/4000138"},
                "timestamp": {"start": T0 - 5, "stop": T0},
            },
        ],
    }
]


@pytest.fixture
def pgbackrest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder from which a stand-in for pgBackRest gives `info` and pieces of WAL."""
    archive = tmp_path / "archive"
    archive.mkdir()
    program = tmp_path / "bin" / "pgbackrest"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\nfor word; do case $word in\n"
        f"version) cat {archive}/version; exit;;\n"
        f"stanza-create) cat {archive}/begins >&2 && exit 46; exit 0;;\n"
        f"info) cat {archive}/info; exit;;\n"
        f'archive-get) shift $(($# - 2)); cp "{archive}/$1" "$2"; exit;;\nesac; done\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (archive / "info").write_text(json.dumps(INFO))
    (archive / "version").write_text("pgBackRest 2.45\n")
    return archive


@pytest.fixture
def driven(pgbackrest: Path, monkeypatch: pytest.MonkeyPatch) -> PgBackRest:
    """Return pgBackRest of a server, run as ourselves."""
    assert pgbackrest.is_dir()
    monkeypatch.setattr(Runner, "identity", lambda _self: {})
    return PgBackRest(Path("/etc/pgbackrest/pgbackrest.conf"), "main", Runner("postgres"))


@pytest.mark.parametrize(
    ("moment", "label"),
    [
        (Moment(), "I"),
        (Moment(time="2026-03-01T00:30:00Z"), "F"),
        (Moment(time="2026-03-01T01:00:00.000Z"), "I"),
        (Moment(lsn="0/9000100"), "F"),
        (Moment(lsn="1/1FF"), "F"),
        (Moment(lsn="2/0"), "I"),
    ],
)
def test_recovery_begins_with_the_newest_backup_that_ended_before_the_moment(
    moment: Moment, label: str
) -> None:
    assert begin_with((BEFORE, *SETS), moment, "18").label == label


@pytest.mark.parametrize("moment", [Moment(time="2026-02-28T23:59:59Z"), Moment(lsn="0/1")])
def test_a_moment_before_each_backup_is_refused(moment: Moment) -> None:
    with pytest.raises(PlatformError) as caught:
        begin_with((BEFORE, *SETS), moment, "18")  # one of 15 is no beginning for 18
    assert caught.value.code is Code.NOT_FOUND


def test_places_in_the_wal_are_compared_as_numbers() -> None:
    assert lsn_number("1/200") > lsn_number("0/FFFFFFFF") > lsn_number("0/9000100")


def test_the_moment_that_is_wanted_is_told_last() -> None:
    told = list(Moment(time="2026-03-01T12:00:00.250Z").settings().items())
    assert told[-1] == ("recovery_target_time", "2026-03-01 12:00:00.250+00")
    assert {value for _, value in told[:-1]} == {""}
    assert set(Moment().settings().values()) == {""}


def test_a_backup_with_damaged_pages_is_none(driven: PgBackRest) -> None:
    found = driven.look()
    assert (found.version, found.cipher) == ("15", "aes-256-cbc")
    assert [(each.label, each.version) for each in found.sets] == [
        ("20260228-000000F", "14"),
        ("20260301-000000F", "15"),
    ]


def test_a_server_that_the_repository_does_not_know_is_told(
    driven: PgBackRest, pgbackrest: Path
) -> None:
    (pgbackrest / "info").write_text('[{"name": "main", "db": [], "backup": []}]')
    with pytest.raises(PlatformError, match="no server main") as caught:
        driven.look()
    assert "stanza-create" in caught.value.fix


def _of_18(driven: PgBackRest, folder: Path, more: str = "") -> PgBackRest:
    data, config = folder / "18" / "main", folder / "pgbackrest.conf"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    config.write_text(f"[global]\nrepo1-cipher-pass=a%b\n[main]\npg1-path={data}\n{more}")
    return replace(driven, config=config)


def test_a_server_that_pgbackrest_is_too_old_for_is_told_before_anything_is_copied(
    driven: PgBackRest, pgbackrest: Path, tmp_path: Path
) -> None:
    of_18 = _of_18(driven, tmp_path)
    of_18.require_known()
    (pgbackrest / "begins").write_text(
        "ERROR: [046]: unexpected control version = 1800 and catalog version = 202506291\n"
    )
    with pytest.raises(PlatformError, match="does not know PostgreSQL 18") as caught:
        of_18.require_known()
    assert caught.value.code is Code.STATE
    assert (caught.value.expected, caught.value.received) == (
        "a pgBackRest that knows PostgreSQL 18",
        "pgBackRest 2.45",
    )
    assert "newer pgBackRest" in caught.value.fix
    (pgbackrest / "begins").write_text("ERROR: [055]: unable to open missing file\n")
    of_18.require_known()  # its own commands tell that


def test_of_a_server_elsewhere_nothing_is_asked(
    driven: PgBackRest, pgbackrest: Path, tmp_path: Path
) -> None:
    (pgbackrest / "begins").write_text("ERROR: [046]: unexpected control version = 1800\n")
    _of_18(driven, tmp_path, "pg1-host=db.example\n").require_known()
    driven.require_known()  # nobody may read its configuration here, or there is none


@pytest.mark.parametrize("made_by", ["2.45.1", "2.60.0", "3.0"])
@pytest.mark.usefixtures("driven")
def test_an_older_pgbackrest_than_that_of_the_backup_restores_nothing(made_by: str) -> None:
    with pytest.raises(PlatformError, match="older here") as caught:
        require_as_new(made_by, Runner("postgres"))
    assert caught.value.expected == f"pgBackRest {made_by} or newer"
    assert caught.value.received == "pgBackRest 2.45"


@pytest.mark.parametrize("made_by", ["2.45", "2.9", "2.44.3"])
@pytest.mark.usefixtures("driven")
def test_a_pgbackrest_as_new_as_that_of_the_backup_restores_it(made_by: str) -> None:
    require_as_new(made_by, Runner("postgres"))


def test_wal_comes_whole_from_the_receiver_then_from_the_archive_and_last_unfinished(
    driven: PgBackRest, pgbackrest: Path, tmp_path: Path
) -> None:
    received = tmp_path / "what 100% was received"
    received.mkdir()
    for name in ("A", "B.partial", "C.partial"):
        (received / name).write_text(f"received {name}")
    for name in ("A", "B"):
        (pgbackrest / name).write_text(f"archived {name}")
    command, out = fetching(received, driven), tmp_path / "out"

    def fetch(name: str) -> str | None:
        out.unlink(missing_ok=True)
        words = command.replace("%f", name).replace("%p", str(out)).replace("%%", "%")
        done = subprocess.run(["sh", "-c", words], check=False, capture_output=True)
        return out.read_text() if done.returncode == 0 else None

    found = [fetch(name) for name in "ABCD"]
    assert found == ["received A", "archived B", "received C.partial", None]


def _copied(lsn: str = "0/9000100", piece: str = PIECE) -> CopiedServer:
    return CopiedServer(
        name="main",
        user="postgres",
        version="15",
        label="F",
        lsn=lsn,
        piece=piece,
        encrypted=True,
    )


def test_a_server_that_lacks_wal_of_its_own_backup_is_told() -> None:
    copied = _copied(lsn="1/200")
    assert lagging(copied, "1/200", Moment()) is None
    assert lagging(copied, "0/9000100", Moment(lsn="0/9000100")) is None
    assert lagging(copied, "1/1FF", Moment()) == (
        "main came back to 1/1FF of its WAL; its backup noted 1/200"
    )


def _manifest(*rooms: str) -> Manifest:
    return Manifest(
        v=1,
        id="one",
        t="2026-03-01T00:00:00.000Z",
        rooms=[
            CopiedRoom(
                name=name,  # type: ignore[arg-type]  # one of the three
                engine="postgresql",
                schema_version="server",
                files=[],
                server="main",
                database=f"sextant_{name}",
            )
            for name in rooms
        ],
        keys=None,
        keys_until=None,
        others=[],
        log=None,
        custodians=["ONE", "TWO"],
        threshold=2,
        tools={},
        servers=[_copied()],
    )


def test_the_log_goes_back_to_no_moment_and_neither_does_what_shares_its_server(
    tmp_path: Path,
) -> None:
    backups = [_manifest("audit", "exchange", "declarations")]
    going = restored(tmp_path, backups, "2026-03-02T00:00:00Z", tmp_path / "into")
    with pytest.raises(PlatformError, match="comes back whole") as caught, going:
        pass
    assert caught.value.code is Code.POLICY
    assert "audit, exchange, declarations" in caught.value.received
    assert not (tmp_path / "into").exists()


def test_received_pieces_go_once_the_archive_had_them_at_the_backup_before(tmp_path: Path) -> None:
    received = tmp_path / "received" / "main"
    received.mkdir(parents=True)
    old, last = "000000010000000000000008", "00000001000000000000000A"
    kept = {PIECE, last, f"{old}.partial", "00000002.history", f"{last}.partial"}
    for name in (*kept, old):
        (received / name).touch()
    later = _manifest("exchange").model_copy(update={"id": "two", "servers": [_copied(piece=last)]})
    assert prune(tmp_path, [_manifest("exchange")], 14, system_clock) == 0
    assert prune(tmp_path, [_manifest("exchange"), later], 14, system_clock) == 1
    assert {path.name for path in received.iterdir()} == kept
    next_timeline = [_copied(piece="0000000200000000000000FF")]
    newest = later.model_copy(update={"id": "three", "servers": next_timeline})
    assert prune(tmp_path, [newest, newest], 14, system_clock) == 0


def _plan(**room: Any) -> Plan:
    members = {
        "v": 1,
        "rooms": [{"name": "declarations", "sealed": True, **room}],
        "servers": {"main": {"pgbackrest": "/etc/pgbackrest/pgbackrest.conf"}}
        if "server" in room
        else {},
        "keys": {},
        "trust": "t",
        "custodians": ["a", "b"],
    }
    return read_model(Plan, members)


@pytest.mark.usefixtures("driven")
def test_a_sealed_room_lies_nowhere_in_clear_beside_its_backup(
    tmp_path: Path, pgbackrest: Path
) -> None:
    root = tmp_path / "backups"
    on_file, on_server = _plan(database="d.sqlite3"), _plan(server="main")
    for plan in (on_file, on_server):
        Servers(plan, root).require_sealed()
    (root / "replicas" / "declarations").mkdir(parents=True)
    (root / "received" / "main").mkdir(parents=True)
    (pgbackrest / "info").write_text(json.dumps([{**INFO[0], "cipher": "none"}]))
    with pytest.raises(PlatformError) as by_litestream:
        Servers(on_file, root).require_sealed()
    assert by_litestream.value.received == f"{root}/replicas/declarations, by Litestream"
    with pytest.raises(PlatformError) as everything:
        Servers(on_server, root).require_sealed()
    assert [part.split()[-1] for part in everything.value.received.split("; ")] == [
        "Litestream",
        "pg_receivewal",
        "/etc/pgbackrest/pgbackrest.conf",
    ]


def test_a_replica_that_ended_before_the_backup_is_not_taken_for_newer(tmp_path: Path) -> None:
    now = system_clock()
    assert newer_replica(tmp_path, "exchange", timestamp_ms(now)) is None
    (tmp_path / "replicas" / "exchange").mkdir(parents=True)
    (tmp_path / "replicas" / "exchange" / "piece").write_text("x")
    assert newer_replica(tmp_path, "exchange", timestamp_ms(now + 60)) is None
    assert newer_replica(tmp_path, "exchange", timestamp_ms(now - 60)) is not None


def test_a_version_that_is_not_installed_is_told() -> None:
    with pytest.raises(PlatformError, match=r"PostgreSQL 9\.2 is not installed"):
        find_programs("9.2")
