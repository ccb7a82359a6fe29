"""A PostgreSQL server with all rooms for drills: archived by pgBackRest, received at a second site.

Responsible for what an administrator sets up once on a primary (docs/recovery.md), and for losing
it. How a server comes back is the product's own (`sextant ops restore`).
"""

import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.debian import NoProgramError, fetch
from deploy.local.postgresql.programs import NoPostgresqlError, installed
from deploy.local.postgresql.receiver import Receiver
from deploy.local.postgresql.rooms import ROOMS
from deploy.local.postgresql.server import USER, PostgresqlServer
from sextant_client.recovery.pgbackrest import RECEIVED, REPOSITORY
from sextant_client.recovery.servers import LocalServer, Runner

NAME = "main"
UNPACKED = Path("var/pgbackrest")


class NoServerError(NoPostgresqlError):
    """PostgreSQL or pgBackRest is not here, or did not do what it should; it says which."""


def pgbackrest() -> Path:
    """Return pgBackRest, fetching Debian's package when the machine has none.

    Raises:
        NoServerError: with what stands in the way.
    """
    found = shutil.which("pgbackrest")
    unpacked = UNPACKED / "usr/bin/pgbackrest"
    if found is None and not unpacked.exists():
        try:
            fetch(("pgbackrest",), UNPACKED)
        except NoProgramError as error:
            raise NoServerError(f"apt-get install pgbackrest\n{error}") from error
    return Path(found) if found else unpacked.resolve()


@dataclass
class DrillServer:
    """One server in a folder of its own; as root it runs as nobody, for it refuses root."""

    server: PostgresqlServer
    backups: Path
    name: str = NAME
    receiver: Receiver | None = None

    @classmethod
    def made(cls, place: str, backups: Path, name: str = NAME) -> "DrillServer":
        """Return a server that has no files yet, whose backups go to that folder.

        Raises:
            NoServerError: when none is installed; what comes back runs on the machine's own.
        """
        programs = installed()
        if programs is None:
            raise NoServerError("apt-get install postgresql")
        folder = Runner(USER).own(Path(tempfile.mkdtemp(prefix=f"sextant-drill-{place}-")))
        shutil.copy(pgbackrest(), folder / "pgbackrest")  # where its user can come to it
        (folder / "pgbackrest").chmod(0o755)
        return cls(PostgresqlServer(programs, folder, durable=True), backups, name)

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.server.folder

    @property
    def local(self) -> LocalServer:
        """The server itself."""
        return self.server.local

    @property
    def config(self) -> Path:
        """The configuration of pgBackRest."""
        return self.folder / "pgbackrest.conf"

    def databases(self) -> dict[str, dict[str, str]]:
        """Return the settings of each room that lead to its database."""
        return {
            name: self.server.environment(room.roles.database, room) for name, room in ROOMS.items()
        }

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
        self._configure()
        self.server.more = {
            "log_min_messages": "warning",  # an archive that fails says so there alone
            "archive_mode": "on",
            "archive_command": f"{' '.join(self.command)} archive-push %p",
        }
        self.server.create("-k")
        self.local.runner.run([*self.command, "stanza-create"], what="stanza-create")
        for room in ROOMS.values():
            self.server.create_database(room.roles.database, room)
            self.server.migrate(room.roles.database, room)

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
        self.local.runner.own(into)
        self.receiver = Receiver(self.local, into, self.backups.parent / "receiver.log")
        self.receiver.start()

    def lose(self) -> None:
        """Kill the server and delete its disk; the receiver stands at the other site."""
        self.server.kill()
        shutil.rmtree(self.local.data, ignore_errors=True)
        if self.receiver is not None:  # it keeps what it confirmed; now it asks nobody for more
            self.receiver.stop()
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
