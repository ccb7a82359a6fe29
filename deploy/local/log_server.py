"""A PostgreSQL server for the log's ledger, and a copy of every commit at a second site.

Responsible for a drill on one machine: base copy, `pg_receivewal` that confirms each commit before
the client has its answer, loss, and a second server made from what the receiver has. The same
commands serve on real machines; docs/recovery.md has them.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from sextant_audit.app.ledgers import MIGRATIONS
from sextant_audit.storage.roles import MIGRATOR, OWNER, READER, ROLES, WRITER
from sextant_shared.chassis.database import migrate_server

DATABASE = ROLES.database
RECEIVER = "rcv"
_NOBODY = 65534
_PATIENCE_S = 60.0
_PLACES = Path("/usr/lib/postgresql")


class NoServerError(RuntimeError):
    """PostgreSQL is not here, or did not do what it should; the message says which."""


@dataclass
class LogServer:
    """One server in a folder of its own; as root it runs as nobody, for it refuses root."""

    folder: Path
    programs: Path
    process: subprocess.Popen[bytes] | None = None
    receiver: subprocess.Popen[bytes] | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, place: str) -> "LogServer":
        """Return a server that has no files yet, in a folder that its user can reach.

        Raises:
            NoServerError: when no PostgreSQL is installed.
        """
        found = sorted(_PLACES.glob("*/bin/pg_receivewal"))
        if not found:
            raise NoServerError("apt-get install postgresql")
        folder = Path(tempfile.mkdtemp(prefix=f"sextant-drill-{place}-"))
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        return cls(folder, found[-1].parent)

    @property
    def data(self) -> Path:
        """The disk that a loss takes."""
        return self.folder / "data"

    def url(self, role: str, *, plain: bool = False) -> str:
        """Return the address of the ledger for a role."""
        scheme = "postgresql" if plain else "postgresql+psycopg"
        return f"{scheme}://{role}@/{DATABASE}?host={self.folder}"

    def settings(self) -> dict[str, str]:
        """Return what the audit service needs to be told."""
        return {
            "SEXTANT_AUDIT_DATABASE_URL": self.url(WRITER),
            "SEXTANT_AUDIT_DATABASE_READER_URL": self.url(READER),
        }

    def create(self) -> None:
        """Make the server, its roles, the database and its tables."""
        options = ("-A", "trust", "-U", "postgres", "-N", "--no-locale", "-E", "UTF8")
        self.run("initdb", "-D", str(self.data), *options)
        self.start()
        self.execute("postgres", *ROLES.statements())
        statements = ROLES.database_statements(DATABASE)
        inside = statements.index(f"\\connect {DATABASE}")
        self.execute("postgres", *statements[:inside])
        self.execute(DATABASE, *statements[inside + 1 :])
        migrate_server(self.url(MIGRATOR), OWNER, MIGRATIONS)

    def start(self) -> None:
        """Start it and wait until it takes writes."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "wal_level": "replica",
            **self.extra,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*_as_nobody(), str(self.programs / "postgres"), "-D", str(self.data), *options]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                if self.ask("SELECT pg_is_in_recovery()") is False:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise NoServerError((self.folder / "server.log").read_text()[-2000:])

    def receive(self, site: Path) -> None:
        """Have a second site confirm every commit: slot, receiver, base copy, then the condition.

        The order matters: from the slot on no WAL is lost; the base copy may begin after it.
        """
        wal, base = site / "wal", site / "base"
        for folder in (site, wal):
            folder.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                os.chown(folder, _NOBODY, _NOBODY)
        address = f"host={self.folder} user=postgres application_name={RECEIVER}"
        common = ("-D", str(wal), "-d", address, "--slot", RECEIVER)
        self.run("pg_receivewal", *common, "--create-slot", "--if-not-exists")
        program = str(self.programs / "pg_receivewal")
        with (site / "receiver.log").open("ab") as log:
            self.receiver = subprocess.Popen(
                [*_as_nobody(), program, *common, "--synchronous"], stdout=log, stderr=log, cwd="/"
            )
        self.run("pg_basebackup", "-D", str(base), "-X", "none", "-c", "fast", "-d", address)
        self.execute("postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{RECEIVER}'")
        self.execute("postgres", "SELECT pg_reload_conf()")
        deadline = time.monotonic() + _PATIENCE_S
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        while self.ask(query) != 1:
            if time.monotonic() > deadline:
                raise NoServerError("the receiver is not synchronous")
            time.sleep(0.05)

    def take_over(self, site: Path) -> None:
        """Become what the receiver of a lost server has: base copy, then its WAL to the end."""
        shutil.copytree(site / "base", self.data)
        for partial in (site / "wal").glob("*.partial"):
            partial.rename(partial.with_suffix(""))
        (self.data / "recovery.signal").touch()
        if os.geteuid() == 0:
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)
        self.data.chmod(0o700)
        self.extra = {"restore_command": f"cp {site / 'wal'}/%f %p"}
        self.start()

    def lose(self) -> None:
        """Kill the server and delete its disk; the receiver stands at the other site."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)  # or it would tell its children apart
            for pid in _children(self.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            self.process = None
        shutil.rmtree(self.data, ignore_errors=True)
        if self.receiver is not None:  # it keeps what it confirmed; now it asks nobody for more
            self.receiver.terminate()
            self.receiver.wait()
            self.receiver = None

    def close(self) -> None:
        """End what runs, and remove the folder."""
        self.lose()
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, database: str, *statements: str) -> None:
        """Run statements as administrator, each in a transaction of its own."""
        with closing(self._connect(database)) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, query: str) -> object:
        """Return one value."""
        with closing(self._connect("postgres")) as connection:
            row = connection.execute(query.encode()).fetchone()
            return row[0] if row else None

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        host = str(self.folder)
        return psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True)

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of the server, or one at a path, as the server's user.

        Raises:
            NoServerError: with what it said.
        """
        command = [*_as_nobody(), str(self.programs / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S, cwd="/"
        )
        if done.returncode != 0:
            raise NoServerError(f"{program}: {done.stderr.strip() or done.stdout}")


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found
