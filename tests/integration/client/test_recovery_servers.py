"""Rooms on PostgreSQL servers: backed up, lost, and back to the last commit or to a moment.

The log has a server of its own, exchange and declarations share another. Both are archived by the
real pgBackRest, and each commit is confirmed by a receiver. One platform for all tests.

`make test-recovery-18` has servers of the pinned wheel's version instead, and the pgBackRest of
Debian's next release: this one's knows no PostgreSQL that is newer than itself.
"""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local.debian import NoProgramError
from deploy.local.postgresql.programs import WANTED, NoPostgresqlError, pinned
from deploy.local.server import DrillServer, pgbackrest
from sextant_client.recovery.choosing import backups_in
from sextant_client.recovery.copying_servers import Servers
from sextant_client.recovery.models import Plan
from sextant_client.recovery.pgbackrest import REPOSITORY, PgBackRest
from sextant_client.recovery.returning import Moment, returned
from sextant_client.recovery.servers import LocalServer, Runner, find_programs
from sextant_shared.errors import PlatformError
from sextant_shared.models.strict import read_model
from tests.support.backups import Backups
from tests.support.command import Done
from tests.support.next_debian import next_pgbackrest
from tests.support.platform import XAL, XBO, Deposited, open_platform
from tests.support.vectors import IN_CI

pytestmark = pytest.mark.long

SHARED = ("exchange", "declarations")
IS_PINNED = WANTED == "postgresql-pinned"


@dataclass
class Lost:
    """What is left: backups, receipts that people hold, what came before and after a moment."""

    backups: Backups
    receipts: Path
    moment: str
    before: list[str]
    after: list[str]
    plan: dict[str, Any]

    def restore(self, into: Path, *options: str | Path) -> Done:
        return self.backups.restore(into, *self.backups.shares("ONE", "TWO"), *options)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Yield a folder that the servers' user can come to."""
    made = Path(tempfile.mkdtemp(prefix="sextant-lost-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def lost(folder: Path) -> Iterator[Lost]:
    """Yield what is left of a platform that ran on two servers, which are gone."""
    servers: list[DrillServer] = []
    path = pytest.MonkeyPatch()
    try:
        if IS_PINNED:
            path.setenv("PATH", f"{next_pgbackrest()}:{pinned()}", prepend=os.pathsep)
        for name in ("log", "main"):
            servers.append(DrillServer.made(name, folder / "backups", name))
            servers[-1].create()
        path.setenv("PATH", str(servers[0].folder), prepend=os.pathsep)
        yield asyncio.run(_live_and_lose(folder, *servers))
    except (NoProgramError, NoPostgresqlError) as error:
        if IN_CI:
            pytest.fail(str(error))
        pytest.skip(str(error))
    finally:
        path.undo()
        for server in servers:
            server.close()


def _settings(server: DrillServer, room: str) -> dict[str, str]:
    return {key.lower(): url for key, url in server.databases()[room].items()}


async def _live_and_lose(folder: Path, log: DrillServer, main: DrillServer) -> Lost:
    overrides = {"audit": _settings(log, "audit")}
    overrides |= {room: _settings(main, room) for room in SHARED}
    async with open_platform(folder / "platform", **overrides) as platform:
        backups = Backups(folder, platform)
        plan = _plan(backups, log, main)
        await platform.declare(XAL, b"{}")
        await platform.declare(XBO, b"{}" * 200_000)  # too large for a row: a blob
        await platform.settled()
        done = await asyncio.to_thread(backups.back_up, **plan)
        assert done.status == 0, done.stdout + done.stderr
        for server in (log, main):
            await asyncio.to_thread(server.receive)
        await platform.declare(XAL, b"{ }")
        await platform.settled()
        moment = main.local.ask(
            """SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
        )
        before = [each.id for each in platform.handed]
        await platform.declare(XBO, b"{  }")
        await platform.settled()
        receipts = _receipts(folder / "held", platform.handed)
        for server in (log, main):
            server.lose()
    after = [each.id for each in platform.handed if each.id not in before]
    return Lost(backups, receipts, moment, before, after, plan)


def _plan(backups: Backups, log: DrillServer, main: DrillServer) -> dict[str, Any]:
    exchange = backups.platform.exchange_settings()
    declarations = backups.platform.declarations_settings()
    folders = {
        "exchange": {"blobs": str(exchange.data_dir / "blobs")},
        "declarations": {"vault": str(declarations.data_dir / "vault")},
    }
    rooms: list[dict[str, Any]] = [{"name": "audit", "server": "log", "ledger": log.ledger}]
    rooms += [{"name": name, "server": "main", "folders": folders[name]} for name in SHARED]
    servers = {
        each.name: {"pgbackrest": str(each.config), "user": "nobody"} for each in (log, main)
    }
    return {"rooms": rooms, "servers": servers}


def _receipts(folder: Path, handed: list[Deposited]) -> Path:
    for each in handed:
        assert each.custody is not None
        (folder / each.id).mkdir(parents=True)
        (folder / each.id / "custody.json").write_bytes(each.custody)
    return folder


def _into(folder: Path, name: str) -> Path:
    return folder / "restored" / name


def test_all_rooms_come_back_to_the_last_commit_and_honour_every_receipt(
    lost: Lost, folder: Path
) -> None:
    into = _into(folder, "newest")
    done = lost.restore(into, "--receipts", lost.receipts)
    assert done.status == 0, done.stdout
    found = done.json()
    assert (found["honours"], found["receipts"], found["missing"]) == (True, 4, [])
    assert found["large_containers"] == 1
    assert len(found["owed_files"]) == 2  # taken in after the backup; the exchange has them
    for name in ("log", "main"):
        data = into / "servers" / name / "data"
        assert (data / "PG_VERSION").is_file()
        assert not (data / "postmaster.pid").exists()
        assert not (data.parent / "pgbackrest.conf").exists()


def test_exchange_and_declarations_go_back_to_a_moment_and_the_log_stays_whole(
    lost: Lost, folder: Path
) -> None:
    options = ("--to", lost.moment, "--receipts", lost.receipts)
    done = lost.restore(_into(folder, "moment"), *options)
    assert done.status == 4, done.stdout
    found = done.json()
    assert found["lost"] is None
    named = {each["envelope"] for each in found["missing"]}
    assert set(lost.after) <= named
    assert not named & set(lost.before)
    assert all("the exchange lost its container" in each["why"] for each in found["missing"])


def test_a_moment_after_the_last_commit_is_refused_with_what_to_do(
    lost: Lost, folder: Path
) -> None:
    done = lost.restore(_into(folder, "later"), "--to", "2099-01-01T00:00:00Z")
    assert done.status == 3, done.stdout
    assert "leave out --to" in done.json()["error"]["fix"]


def test_a_server_does_not_come_back_without_the_custodians(lost: Lost, folder: Path) -> None:
    done = lost.backups.restore(_into(folder, "nobody"))
    assert done.status == 3, done.stdout
    assert "shares of the keys" in done.json()["error"]["expected"]
    assert lost.backups.verify().status == 5


def test_verify_reads_every_entry_container_and_page_and_leaves_nothing(
    lost: Lost, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = folder / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    done = lost.backups.verify(*lost.backups.shares("ONE", "THREE"))
    assert done.status == 0, done.stdout
    found = done.json()
    assert (found["sound"], found["keys"], found["faults"]) == (True, True, [])
    assert found["containers"] >= 4
    assert list(scratch.iterdir()) == []


def test_the_backup_says_how_far_each_server_came_and_that_it_is_encrypted(lost: Lost) -> None:
    [made] = backups_in(lost.backups.root, None)
    assert {server.name: server.encrypted for server in made.servers} == {"log": True, "main": True}
    assert re.fullmatch(r"2\.\d+(\.\d+)?", made.tools["pgbackrest"])
    if IS_PINNED:
        assert {server.version for server in made.servers} == {"18"}
    assert made.log is not None
    assert made.log.size > 0


def test_wal_in_clear_beside_a_sealed_room_is_refused_unless_the_disk_is_encrypted(
    lost: Lost,
) -> None:
    rooms = [{**room, "sealed": room["name"] == "declarations"} for room in lost.plan["rooms"]]
    done = lost.backups.back_up(rooms=rooms, servers=lost.plan["servers"])
    assert done.status == 3, done.stdout
    assert "pg_receivewal" in done.json()["error"]["received"]
    assert "--clear" in done.json()["error"]["fix"]


def test_a_restored_server_is_archived_on_and_comes_back_once_more(
    lost: Lost, folder: Path
) -> None:
    again = folder / "again"
    subprocess.run(["cp", "-a", lost.backups.root, again], check=True)
    copied = backups_in(again, None)[-1].server("main")
    assert copied is not None
    into = _into(folder, "primary")
    assert lost.restore(into).status == 0
    data, config = into / "servers" / "main" / "data", folder / "pgbackrest.conf"
    sealed = (into / "keys" / "servers" / "main" / "pgbackrest.conf").read_text()
    runner, programs = Runner(copied.user), find_programs(copied.version)
    server = LocalServer(data.parent, programs, runner, socket=data.parent)
    places = {"pg1-path": data, "pg1-socket-path": data.parent, "repo1-path": again / REPOSITORY}
    for name, place in places.items():
        sealed = re.sub(rf"(?m)^{name}=.*$", f"{name}={place}", sealed)
    config.write_text(sealed)
    runner.own(config)
    pgbackrest = PgBackRest(config, "main", runner)
    push = f"{' '.join(pgbackrest.words())} archive-push %p"
    try:
        server.start({"archive_mode": "on", "archive_command": push})
        assert server.ask("SHOW synchronous_standby_names") == ""
        pgbackrest.back_up()
        server.execute("CREATE TABLE later AS SELECT 42 AS n")
        runner.run([*pgbackrest.words(), "check"], what="check")  # archives what there is
    finally:
        server.stop()
    third = folder / "third"
    third.mkdir()
    with returned(again, copied, config, third, Moment()) as back:
        assert back.local.ask("SELECT n FROM later") == 42
        assert back.behind is None


def test_an_18_server_is_refused_at_once_by_a_pgbackrest_that_does_not_know_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        programs, old = pinned(), pgbackrest()
    except NoPostgresqlError as error:
        if IN_CI:
            pytest.fail(str(error))
        pytest.skip(str(error))
    runner = Runner("nobody")
    if not runner.run([old, "version"], what="version").startswith("pgBackRest 2.4"):
        pytest.skip("this pgBackRest knows 18")
    place = runner.own(Path(tempfile.mkdtemp(dir=folder)))
    shutil.copy(old, place / "pgbackrest")
    (place / "pgbackrest").chmod(0o755)
    monkeypatch.setenv("PATH", str(place), prepend=os.pathsep)
    runner.run([programs / "initdb", "-D", place / "data", "-N"], what="initdb")
    config = place / "pgbackrest.conf"
    config.write_text(f"[global]\nrepo1-path={place}/repository\n[main]\npg1-path={place}/data\n")
    runner.own(config)
    servers = {"main": {"pgbackrest": str(config), "user": "nobody"}}
    rooms = [{"name": name, "server": "main"} for name in SHARED]
    members = {"v": 1, "rooms": rooms, "servers": servers, "keys": {}, "trust": "t"}
    plan = read_model(Plan, {**members, "custodians": ["a", "b"]})
    with pytest.raises(PlatformError, match="does not know PostgreSQL 18") as caught:
        Servers(plan, folder).require_known()
    assert caught.value.received.startswith("pgBackRest 2.")
    assert not (place / "repository").exists()
