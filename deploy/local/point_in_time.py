"""`python -m deploy.local.point_in_time`: a log on PostgreSQL is lost, and back by pgBackRest.

A real log appends to a server whose WAL is archived, encrypted, by pgBackRest. Then the data folder
is gone. It is restored twice: to a moment in the middle, which loses acknowledged entries and must
be found out by the newest signed head; and to the end of the archive, which must hold.
"""

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deploy.local.log_server import LogServer, NoServerError
from deploy.local.screen import Screen
from sextant_audit.app.opening import begin_log, open_log
from sextant_audit.domain.ports import NewEntry
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.roles import READER, WRITER
from sextant_client.recovery.honouring import Findings, check_ledger
from sextant_client.recovery.ledger import open_ledger
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import random_bytes, system_clock, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import format_entry
from sextant_shared.models.service_entries import HeartbeatEntry
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint

ORIGIN = "log.sextant.example/point-in-time"
UNPACKED = Path("var/pgbackrest")
_FIRST, _SECOND = 500, 300
_BATCH = 50
STANZA = "log"


def program() -> Path:
    """Return pgBackRest, fetching Debian's package when the machine has none.

    Raises:
        NoServerError: with what stands in the way.
    """
    found = shutil.which("pgbackrest")
    unpacked = UNPACKED / "usr/bin/pgbackrest"
    if found is None and not unpacked.exists():
        UNPACKED.mkdir(parents=True, exist_ok=True)
        for command in (
            ["apt-get", "download", "-q", "pgbackrest"],
            ["sh", "-c", "dpkg-deb -x pgbackrest_*.deb . && rm pgbackrest_*.deb"],
        ):
            done = subprocess.run(
                command, cwd=UNPACKED, capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise NoServerError(f"apt-get install pgbackrest\n{done.stderr}")
    return Path(found) if found else unpacked.resolve()


class Archive:
    """One repository of pgBackRest, for one server; its files belong to the server's user."""

    def __init__(self, server: LogServer) -> None:
        self._server = server
        self._program = server.folder / "pgbackrest"
        shutil.copy(program(), self._program)
        self._config = server.folder / "pgbackrest.conf"
        self._write(server.data)
        call = f"{self._program} --config={self._config} --stanza={STANZA}"
        server.extra = {"archive_mode": "on", "archive_command": f"{call} archive-push %p"}

    def _write(self, data: Path) -> None:
        folder = self._server.folder
        self._config.write_text(
            f"[global]\nrepo1-path={folder}/repo\nrepo1-cipher-type=aes-256-cbc\n"
            f"repo1-cipher-pass={secrets.token_urlsafe(32)}\nlog-path={folder}/log\n"
            f"lock-path={folder}/lock\nlog-level-console=error\nstart-fast=y\n"
            f"[{STANZA}]\npg1-path={data}\npg1-socket-path={folder}\npg1-user=postgres\n"
        )
        if os.geteuid() == 0:
            owner = folder.stat()
            for path in (self._config, self._program):
                os.chown(path, owner.st_uid, owner.st_gid)

    def call(self, *arguments: str) -> float:
        """Run one command; return how long it took.

        Raises:
            NoServerError: with what it said.
        """
        begun = time.monotonic()
        fixed = (f"--config={self._config}", f"--stanza={STANZA}")
        self._server.run(str(self._program), *fixed, *arguments)
        return time.monotonic() - begun


async def _append(settings: AuditSettings, count: int) -> str:
    """Append entries to the log; return its newest signed head."""
    log = await open_log(settings, Telemetry("audit"), system_clock, lambda _name: None)
    try:
        for _ in range(0, count, _BATCH):
            await log.append([_entry() for _ in range(_BATCH)])
        return log.sequencer.head.checkpoint
    finally:
        await log.close()


def _entry() -> NewEntry:
    made = HeartbeatEntry(
        v=1,
        type="heartbeat",
        id=b64u(random_bytes(16)),
        t=timestamp_ms(system_clock()),
        nonce=b64u(random_bytes(16)),
        size=0,
        head=None,
        scrubbed=0,
        tst=None,
    )
    data = format_entry(made)
    return NewEntry(made.id, data, leaf_hash(data))


def _held(server: LogServer, head: Checkpoint) -> Findings:
    with open_ledger(server.url("postgres", plain=True)) as ledger:
        return check_ledger(ledger, [head], ())


def _restored(
    server: LogServer, archive: Archive, head: Checkpoint, *target: str
) -> tuple[Findings, float]:
    begun = time.monotonic()
    server.lose()
    archive.call(*target, "restore")
    server.extra = {"archive_mode": "off"}  # what is only tried is not archived
    server.start()
    return _held(server, head), time.monotonic() - begun


def play(screen: Screen, server: LogServer, folder: Path) -> tuple[list[tuple[str, str]], bool]:
    """Play it; return what was measured, and whether all was as it must be."""
    settings = AuditSettings(
        data_dir=folder,
        origin=ORIGIN,
        port=1,
        base_url="http://audit.example",
        database_url=server.url(WRITER),
        database_reader_url=server.url(READER),
    )
    with screen.step("A server whose WAL is archived; a log begins"):
        archive = Archive(server)
        server.create()
        archive.call("stanza-create")
        keys: LogKeys = asyncio.run(begin_log(settings))
    with screen.step("Entries, a full backup, entries, a moment, entries; the disk is deleted"):
        asyncio.run(_append(settings, _FIRST))
        took = archive.call("--type=full", "backup")
        asyncio.run(_append(settings, _FIRST))
        moment = str(server.ask("SELECT clock_timestamp()::text"))
        time.sleep(0.01)
        head = verify_checkpoint(asyncio.run(_append(settings, _SECOND)), keys)
        server.ask("SELECT pg_switch_wal()::text")
        _wait_archived(server)
    with screen.step("Back to the moment, then to the end of the archive"):
        timed = ("--type=time", f"--target={moment}", "--target-action=promote")
        middle, middle_s = _restored(server, archive, head, *timed)
        newest, newest_s = _restored(server, archive, head)
    lost = middle.lost or (0, -1)
    rows = [
        ("full backup, encrypted", f"{took:.1f} s"),
        ("restored to the moment, RTO", f"{middle_s:.1f} s"),
        ("it lost, and the head found", f"entries {lost[0]} to {lost[1]} of {head.size}"),
        ("restored to the end, RTO", f"{newest_s:.1f} s"),
        ("it holds", f"{newest.size} of {head.size} entries, the signed root: {newest.holds}"),
    ]
    as_expected = newest.holds and middle.lost == (head.size - _SECOND, head.size - 1)
    return rows, as_expected


def _wait_archived(server: LogServer) -> None:
    """Wait for the segment that was switched away from; what is archived can come back."""
    newest = "pg_walfile_name(pg_current_wal_lsn() - 1)"
    query = f"SELECT last_archived_wal >= {newest} FROM pg_stat_archiver"  # noqa: S608 -- no input
    deadline = time.monotonic() + 30
    while not server.ask(query):
        if time.monotonic() > deadline:
            raise NoServerError("the archive does not take the last segment")
        time.sleep(0.05)


def main() -> int:
    """Play it once; return 0 when the loss was found and the whole log came back."""
    server = None
    try:
        server = LogServer.made("archive")
        with tempfile.TemporaryDirectory(prefix="sextant-drill-") as folder:
            rows, as_expected = play(Screen(), server, Path(folder))
    except NoServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        if server is not None:
            server.close()
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print("\n| postgresql, point in time by pgBackRest | |\n| --- | --- |")
    for what, value in rows:
        print(f"| {what} | {value} |")
    print(f"| load of the machine (1, 5, 15 min), cores | {load}; {os.cpu_count()} |")
    return 0 if as_expected else 1


if __name__ == "__main__":
    sys.exit(main())
