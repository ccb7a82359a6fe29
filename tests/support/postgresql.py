"""PostgreSQL, the real thing: a throw-away server for a test run, and databases in it.

Its programs come from `postgresql_programs`. Where they can be neither found nor fetched, tests
that need them skip on a developer's machine and fail in CI. PostgreSQL refuses to run as root: then
it runs as `nobody`.
"""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

import sextant_audit.app.ledgers
import sextant_audit.storage.roles
import sextant_declarations.app.migrating
import sextant_declarations.storage.roles
import sextant_declarations.storage.row_security
import sextant_exchange.app
import sextant_exchange.storage.roles
from sextant_shared.chassis.database import migrate_server
from sextant_shared.chassis.postgresql import Server
from sextant_shared.chassis.roles import Roles
from tests.support.postgresql_programs import (
    WANTED,
    NoPostgresqlError,
    find_programs,
    run,
    within_reach,
)
from tests.support.vectors import IN_CI

__all__ = ["NoPostgresqlError", "find_programs"]  # who needs a server needs these as well
_NOBODY = 65534
_PATIENCE_S = 120
EVERYWHERE = bool(WANTED)  # the rooms' tests run on PostgreSQL
embedded = pytest.mark.skipif(EVERYWHERE, reason="this opens or damages the embedded file")
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


@dataclass(frozen=True)
class Room:
    """What a room needs on a server: its roles, the package of its migrations, what comes after.

    `narrowed` is the role of reads for callers who may not know of everything.
    """

    roles: Roles
    migrations: str
    after: Callable[[Connection], None] | None = None
    narrowed: str | None = None

    @property
    def template(self) -> str:
        """The database with the room's tables and no row, which others are copies of."""
        return f"template_{self.roles.database}"


AUDIT = Room(sextant_audit.storage.roles.ROLES, sextant_audit.app.ledgers.MIGRATIONS)
DECLARATIONS = Room(
    sextant_declarations.storage.roles.ROLES,
    sextant_declarations.app.migrating.MIGRATIONS,
    after=sextant_declarations.storage.row_security.protect,
    narrowed=sextant_declarations.storage.roles.ROLES.officer,
)
EXCHANGE = Room(sextant_exchange.storage.roles.ROLES, sextant_exchange.app.MIGRATIONS)
ROOMS = (AUDIT, EXCHANGE, DECLARATIONS)  # those that a run on PostgreSQL puts there


@dataclass
class PostgresqlServer:
    """One server of our own, in a folder of its own, with the roles of all rooms.

    Where no room is named it is the log's. A `durable` one loses no commit at a power cut. What it
    `listens` at is an address beside its socket.
    """

    programs: Path
    folder: Path
    durable: bool = False
    listens: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _databases: dict[tuple[Path, Room], str] = field(default_factory=dict)
    _templates: set[Room] = field(default_factory=set)

    def create(self) -> None:
        """Make the server's files, start it, make the roles."""
        options = ("-A", "trust", "-U", "postgres", "-N", "--no-locale", "-E", "UTF8")
        run([*_as_nobody(), str(self.programs / "initdb"), "-D", str(self._data), *options])
        self.start()
        for room in ROOMS:
            self.execute("postgres", *room.roles.statements())

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = {**_SETTINGS, **(_DURABLE if self.durable else {})}
        settings |= {"unix_socket_directories": str(self.folder), "listen_addresses": self.listens}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*_as_nobody(), str(self.programs / "postgres"), "-D", str(self._data), *options]
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=log,  # a pipe that nobody empties would hold the server up
                start_new_session=True,  # Ctrl-C reaches those who use it, who stop before it
            )
        ready = [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder)]
        while subprocess.run(ready, check=False, timeout=_PATIENCE_S).returncode != 0:
            if self._process.poll() is not None:
                raise NoPostgresqlError((self.folder / "server.log").read_text())

    def stop(self, how: str = "immediate") -> None:
        """Stop the server, as a crash by default."""
        if self._process is None:
            return
        pg_ctl = str(self.programs / "pg_ctl")
        run([*_as_nobody(), pg_ctl, "stop", "-D", str(self._data), "-m", how])
        self._process.wait()
        self._process = None

    def signal(self, what: signal.Signals) -> None:
        """Send a signal to the server and to all its processes, the server first."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for process in (self.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(process, what)

    def kill(self) -> None:
        """End the server and all its processes in the middle of whatever they do."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def execute(self, database: str, *statements: str) -> None:
        """Run statements as the server's administrator, each in a transaction of its own."""
        with closing(self.connect("postgres", database)) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def connect(self, role: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """Connect past our own code."""
        return psycopg.connect(host=str(self.folder), user=role, dbname=database, autocommit=True)

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
        return f"postgresql+psycopg://{role}@/{database}?host={self.folder}"

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
        return self._process.pid if self._process else 0

    @property
    def version(self) -> int:
        """The major version."""
        with closing(self.connect("postgres", "postgres")) as connection:
            return connection.info.server_version // 10_000

    @property
    def _data(self) -> Path:
        return self.folder / "data"


@contextmanager
def started_server(*, durable: bool = False) -> Iterator[PostgresqlServer]:
    """Yield a server of the block's own, set as for a test run or as for real data.

    Raises:
        NoPostgresqlError: with what stands in the way.
    """
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # pytest's own folders are closed to `nobody`
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        server = PostgresqlServer(
            within_reach(programs, folder, _as_nobody()), folder, durable=durable
        )
        try:
            server.create()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class CommonServer:
    """The one server of a test process, started when it is asked for."""

    _life: ExitStack = field(default_factory=ExitStack)
    _one: PostgresqlServer | None = None

    def started(self) -> PostgresqlServer:
        """Return the server.

        Raises:
            NoPostgresqlError: with what stands in the way.
        """
        if self._one is None:
            self._one = self._life.enter_context(started_server())
        return self._one

    def required(self) -> PostgresqlServer:
        """Return the server; end a test that cannot have it as `skip_or_fail` says."""
        try:
            return self.started()
        except NoPostgresqlError as error:
            skip_or_fail(error)
            raise

    def if_wanted(self) -> PostgresqlServer | None:
        """Return the server when the run wants all rooms on PostgreSQL."""
        try:
            return self.started() if EVERYWHERE else None
        except NoPostgresqlError as error:
            skip_or_fail(error)
            return None

    def settings_of(self, folder: Path, room: Room = AUDIT) -> dict[str, Any]:
        """Return the settings that put a folder's room there, none unless the run wants it."""
        server = self.if_wanted()
        return server.settings(server.database_of(folder, room), room=room) if server else {}

    def place_of(self, file: Path, room: Room = AUDIT) -> Path | Server:
        """Return the file, or a database in its stead when the run wants all rooms there."""
        server = self.if_wanted()
        return server.place(server.database_of(file, room), room) if server else file

    def copy_all(self, template: Path, folder: Path) -> None:
        """Let the copy of a platform's folder have copies of its databases, if the run has any."""
        if server := self.if_wanted():
            for room in ROOMS:
                server.put(folder, server.copy_of(server.database_of(template, room), room), room)

    def drop_within(self, folder: Path) -> None:
        """Drop the databases of a folder that nobody uses any more: a run makes a thousand."""
        if self._one is not None:
            self._one.drop_within(folder)

    def close(self) -> None:
        """Stop it, if it was started."""
        self._one = None
        self._life.close()


SERVER = CommonServer()


def skip_or_fail(error: NoPostgresqlError) -> None:
    """End a test that cannot run: a developer's machine may lack PostgreSQL, CI may not."""
    if IN_CI or EVERYWHERE:
        pytest.fail(f"PostgreSQL is needed here: {error}")
    pytest.skip(f"PostgreSQL is not here: {error}")


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
