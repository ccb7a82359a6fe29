"""A PostgreSQL server of our own, and databases in it: for tests, benches, drills and the demo.

Its programs come from `programs`; it is started and stopped as one that is restored is, by the
product's own `LocalServer`. PostgreSQL refuses to run as root: then it runs as `nobody`.
"""

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from deploy.local.postgresql.programs import NoPostgresqlError, find_programs, within_reach
from deploy.local.postgresql.rooms import AUDIT, ROOMS, Room
from sextant_client.recovery.servers import ADMINISTRATOR, LocalServer, Runner
from sextant_shared.chassis.database import migrate_server
from sextant_shared.chassis.postgresql import Server
from sextant_shared.errors import PlatformError

USER = "nobody"
_SETTINGS = {
    "fsync": "off",  # the machine of a test run does not lose power
    "full_page_writes": "off",
    "jit": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
}
_DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",  # a server's own default
}
_STOPS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


@dataclass
class PostgresqlServer:
    """One server of our own, in a folder of its own, with the roles of all rooms.

    Where no room is named it is the log's. A `durable` one loses no commit at a power cut. What it
    `listens` at is an address beside its socket. `more` settings stand over all others.
    """

    programs: Path
    folder: Path
    durable: bool = False
    listens: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    local: LocalServer = field(init=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _databases: dict[tuple[Path, Room], str] = field(default_factory=dict)
    _templates: set[Room] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.local = LocalServer(self.folder, self.programs, Runner(USER), socket=self.folder)

    def create(self, *options: str) -> None:
        """Make the server's files, start it, make the roles; `options` are more for `initdb`.

        Raises:
            NoPostgresqlError: with what it said.
        """
        every = ("-A", "trust", "-U", ADMINISTRATOR, "-N", "--no-locale", "-E", "UTF8", *options)
        with _or_none():
            self.local.run("initdb", "-D", self.local.data, *every, what="initdb")
        self.start()
        for room in ROOMS.values():
            self.execute("postgres", *room.roles.statements())

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            NoPostgresqlError: with the end of its log.
        """
        settings = {**_SETTINGS, **(_DURABLE if self.durable else {})}
        settings |= {"listen_addresses": self.listens, **self.more}
        # initdb's own file lets who comes by that address in as well.
        settings |= {"hba_file": str(self.local.data / "pg_hba.conf")}
        with _or_none():
            self.local.start(settings)

    def stop(self, how: str = "immediate") -> None:
        """Stop the server, as a crash by default."""
        self.local.stop(_STOPS[how])

    def signal(self, what: signal.Signals) -> None:
        """Send a signal to the server and to all its processes, the server first."""
        _send(self.pid, what)

    def kill(self) -> None:
        """End the server and all its processes in the middle of whatever they do, if it runs."""
        process, self.local.process = self.local.process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGSTOP)  # it gets no more children meanwhile
            _send(process.pid, signal.SIGKILL)
            process.wait()

    def execute(self, database: str, *statements: str) -> None:
        """Run statements as the server's administrator, each in a transaction of its own."""
        with closing(self.connect(ADMINISTRATOR, database)) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def connect(self, role: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """Connect past our own code."""
        return psycopg.connect(self.local.address(database, role), autocommit=True)

    def create_database(self, name: str, room: Room = AUDIT) -> None:
        """Make an empty database, as the script for operators says."""
        statements = room.roles.database_statements(name)
        inside = statements.index(f"\\connect {name}")
        self.execute("postgres", *statements[:inside])
        self.execute(name, *statements[inside + 1 :])

    def database(self, room: Room = AUDIT) -> str:
        """Return the name of a fresh database with the room's tables and no row."""
        if room not in self._templates:
            self.create_database(room.template, room)
            self.migrate(room.template, room)
            self._templates.add(room)
        return self.copy_of(room.template, room)

    def migrate(self, database: str, room: Room = AUDIT) -> None:
        """Bring a database to the newest version, as the command `migrate` does."""
        url = self.url(room.roles.migrator, database)
        migrate_server(url, room.roles.owner, room.migrations, after=room.after)

    def copy_of(self, database: str, room: Room = AUDIT) -> str:
        """Return the name of a copy, as a backup is one; nobody may be connected meanwhile."""
        name = f"copy_{next(self._numbers)}"
        self.execute(
            "postgres",
            f"CREATE DATABASE {name} OWNER {room.roles.owner} TEMPLATE {database}",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {', '.join(room.roles.logins)}",
        )
        return name

    def put(self, folder: Path, database: str, room: Room = AUDIT) -> None:
        """Let a room's folder have another database from now on."""
        self._databases[folder, room] = database

    def database_of(self, folder: Path, room: Room = AUDIT) -> str:
        """Return the database that belongs to a room's folder."""
        if (folder, room) not in self._databases:
            self._databases[folder, room] = self.database(room)
        return self._databases[folder, room]

    def drop_within(self, folder: Path) -> None:
        """Drop the databases that belong to a folder and what is in it."""
        for place in [place for place in self._databases if place[0].is_relative_to(folder)]:
            database = self._databases.pop(place)
            self.execute("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def url(self, role: str, database: str) -> str:
        """Return the address that a setting takes."""
        return self.local.address(database, role).replace("postgresql:", "postgresql+psycopg:", 1)

    def settings(
        self, database: str, writer: str | None = None, room: Room = AUDIT
    ) -> dict[str, Any]:
        """Return the settings of a room in `database`."""
        return {
            "database_url": self.url(writer or room.roles.writer, database),
            "database_reader_url": self.url(room.roles.reader, database),
            **(
                {"database_officer_url": self.url(room.narrowed, database)} if room.narrowed else {}
            ),
        }

    def environment(self, database: str, room: Room) -> dict[str, str]:
        """Return those settings as a room's environment names them, behind its prefix."""
        return {name.upper(): url for name, url in self.settings(database, room=room).items()}

    def place(self, database: str, room: Room = AUDIT, **bounds: float) -> Server:
        """Return the place that such settings lead to."""
        reader = self.url(room.roles.reader, database)
        writer = self.url(room.roles.writer, database)
        narrowed = self.url(room.narrowed, database) if room.narrowed else None
        made = Server(writer, reader, must_be_durable=False, narrowed_url=narrowed)
        return replace(made, **bounds)  # type: ignore[arg-type]  # floats all

    @property
    def pid(self) -> int:
        """The process that all others of the server are children of; 0 while it is stopped."""
        return self.local.process.pid if self.local.process else 0

    @property
    def version(self) -> int:
        """The major version."""
        with closing(self.connect(ADMINISTRATOR, "postgres")) as connection:
            return connection.info.server_version // 10_000


@contextmanager
def started_server(*, durable: bool = False) -> Iterator[PostgresqlServer]:
    """Yield a server of the block's own, set as for a test run or as for real data.

    Raises:
        NoPostgresqlError: with what stands in the way.
    """
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # pytest's own folders are closed to `nobody`
    try:
        with _or_none():
            runner = Runner(USER)
            runner.own(folder)
        server = PostgresqlServer(within_reach(programs, folder, runner), folder, durable=durable)
        try:
            server.create()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _send(server: int, what: signal.Signals) -> None:
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    for process in (server, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(process, what)


@contextmanager
def _or_none() -> Iterator[None]:
    try:
        yield
    except PlatformError as error:
        raise NoPostgresqlError(f"{error}") from error
