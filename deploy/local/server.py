"""A PostgreSQL server with all rooms for drills: archived by pgBackRest, received at a second site.

Responsible for what an administrator sets up once on a primary (docs/recovery.md), and for losing
it. How a server comes back is the product's own (`sextant ops restore`).
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.local.several import ROOMS
from sextant_client.recovery.pgbackrest import RECEIVED, REPOSITORY
from sextant_client.recovery.servers import LocalServer, Runner, find_programs
from sextant_shared.chassis.database import migrate_server
from sextant_shared.errors import PlatformError

NAME = "main"
USER = "nobody"
RECEIVER = "rcv"
UNPACKED = Path("var/pgbackrest")
_PATIENCE_S = 60.0
_VERSIONS = ("18", "17", "16", "15")


class NoServerError(RuntimeError):
    """PostgreSQL or pgBackRest is not here, or did not do what it should; it says which."""


def pgbackrest() -> Path:
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


@dataclass
class DrillServer:
    """One server in a folder of its own; as root it runs as nobody, for it refuses root."""

    folder: Path
    local: LocalServer
    backups: Path
    name: str = NAME
    receiver: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def made(cls, place: str, backups: Path, name: str = NAME) -> "DrillServer":
        """Return a server that has no files yet, whose backups go to that folder.

        Raises:
            NoServerError: when no PostgreSQL is installed.
        """
        for version in _VERSIONS:
            with suppress(PlatformError):
                programs = find_programs(version)
                break
        else:
            raise NoServerError("apt-get install postgresql")
        runner = Runner(USER)
        folder = runner.own(Path(tempfile.mkdtemp(prefix=f"sextant-drill-{place}-")))
        shutil.copy(pgbackrest(), folder / "pgbackrest")  # where its user can come to it
        (folder / "pgbackrest").chmod(0o755)
        return cls(folder, LocalServer(folder, programs, runner, socket=folder), backups, name)

    @property
    def config(self) -> Path:
        """The configuration of pgBackRest."""
        return self.folder / "pgbackrest.conf"

    def databases(self) -> dict[str, dict[str, str]]:
        """Return the settings of each room that lead to its database."""
        host = quote(str(self.folder))
        found = {}
        for name, room in ROOMS.items():
            roles = {"": room.roles.writer, "READER_": room.roles.reader}
            roles |= {"OFFICER_": room.narrowed} if room.narrowed else {}
            found[name] = {
                f"DATABASE_{kind}URL": f"postgresql+psycopg://{role}@/{room.roles.database}?host={host}"
                for kind, role in roles.items()
            }
        return found

    @property
    def ledger(self) -> str:
        """Where the entries of the log are read."""
        return self.databases()["audit"]["DATABASE_READER_URL"]

    @property
    def command(self) -> list[str]:
        """How the server's user calls pgBackRest."""
        return [str(self.folder / "pgbackrest"), f"--config={self.config}", f"--stanza={self.name}"]

    def create(self) -> None:
        """Make the server, its archive, and a database for each room with its tables."""
        options = ("-A", "trust", "-U", "postgres", "-N", "-k", "--no-locale", "-E", "UTF8")
        self.local.run("initdb", "-D", self.local.data, *options, what="initdb")
        self._configure()
        settings = {
            "archive_mode": "on",
            "archive_command": f"{' '.join(self.command)} archive-push %p",
        }
        self.local.start(settings)
        self.local.runner.run([*self.command, "stanza-create"], what="stanza-create")
        for room in ROOMS.values():
            database = room.roles.database
            statements = room.roles.database_statements(database)
            inside = statements.index(f"\\connect {database}")
            for statement in (*room.roles.statements(), *statements[:inside]):
                self.local.execute(statement)
            for statement in statements[inside + 1 :]:
                self.local.execute(statement, database)
            url = self.local.address(database, room.roles.migrator)
            address = url.replace("postgresql://", "postgresql+psycopg://")
            migrate_server(address, room.roles.owner, room.migrations, after=room.after)

    def _configure(self) -> None:
        runner = self.local.runner
        self.backups.mkdir(parents=True, exist_ok=True)
        self.backups.chmod(0o711)  # the server's user goes through, and sees nothing
        for name in (REPOSITORY, RECEIVED):
            (self.backups / name).mkdir(exist_ok=True)
            runner.own(self.backups / name)
        self.config.write_text(
            f"[global]\nrepo1-path={self.backups / REPOSITORY}\nrepo1-cipher-type=aes-256-cbc\n"
            f"repo1-cipher-pass={secrets.token_urlsafe(32)}\nrepo1-retention-full=2\nstart-fast=y\n"
            f"log-path={self.folder}/log\nlock-path={self.folder}/lock\nlog-level-console=error\n"
            f"[{self.name}]\npg1-path={self.local.data}\npg1-socket-path={self.folder}\n"
            "pg1-user=postgres\n"
        )
        runner.own(self.config)

    def receive(self) -> None:
        """Have a second site confirm every commit: slot, receiver, then the condition."""
        into = self.backups / RECEIVED / self.name
        into.mkdir()
        runner = self.local.runner
        runner.own(into)
        address = f"host={self.folder} user=postgres application_name={RECEIVER}"
        common = ["-D", str(into), "-d", address, "--slot", RECEIVER]
        program = str(self.local.programs / "pg_receivewal")
        runner.run([program, *common, "--create-slot", "--if-not-exists"], what="pg_receivewal")
        with (self.backups.parent / "receiver.log").open("ab") as log:
            self.receiver = subprocess.Popen(
                [program, *common, "--synchronous"],
                stdout=log,
                stderr=log,
                cwd="/",
                **runner.identity(),
            )
        self.local.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{RECEIVER}'")
        self.local.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + _PATIENCE_S
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        while self.local.ask(query) != 1:
            if time.monotonic() > deadline:
                raise NoServerError("the receiver is not synchronous")
            time.sleep(0.05)

    def lose(self) -> None:
        """Kill the server and delete its disk; the receiver stands at the other site."""
        process = self.local.process
        if process is not None:
            process.send_signal(signal.SIGSTOP)  # or it would tell its children apart
            for pid in _children(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.kill()
            process.wait()
            self.local.process = None
        shutil.rmtree(self.local.data, ignore_errors=True)
        if self.receiver is not None:  # it keeps what it confirmed; now it asks nobody for more
            self.receiver.terminate()
            self.receiver.wait()
            self.receiver = None

    def close(self) -> None:
        """End what runs, and remove the folder."""
        self.lose()
        shutil.rmtree(self.folder, ignore_errors=True)


def serving(data: Path, programs: Path) -> LocalServer:
    """Start a server on data that was restored, as people would; return it.

    Raises:
        PlatformError: when it does not start.
    """
    server = LocalServer(data.parent, programs, Runner(USER), socket=data.parent)
    server.start({"archive_mode": "off"})
    return server


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found
