"""A room's database as one SQLite file: held by one process, its engines, what they refuse.

WAL mode with `synchronous=FULL`: what is committed survives a power cut. Only the writer connection
writes and checkpoints, because versions before 3.51.3 can corrupt a WAL file when two connections
checkpoint at the same moment; for the same reason one process holds the file as long as it is open.
"""

import fcntl
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import IO, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from sextant_shared.chassis.sight import Blinds, Eyes, Sees, narrow
from sextant_shared.clock import monotonic
from sextant_shared.errors import Code, PlatformError

BUSY_TIMEOUT_MS = 5000
EYES = "eyes"  # where a narrowed connection keeps whose sight it has
PAGE_SIZE = 8192  # a container's manifest fits a page or two
# The writer checkpoints when nothing waits for it (`rest`). Where something always does, a commit
# that comes to 8 MiB of WAL waits for it: with four times as much that takes three times as long.
CHECKPOINT_PAGES = 1000
HOLD_WAIT_S = 10.0  # a predecessor that is stopping finishes its commits meanwhile
HOLD_POLL_S = 0.05

_WRITER_PRAGMAS = (
    f"PRAGMA page_size = {PAGE_SIZE}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
)
_READER_PRAGMAS = (
    "PRAGMA query_only = ON",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA trusted_schema = OFF",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)
# The schema changes in migrations alone, which run before the guard stands.
_REFUSED_ACTS = frozenset(
    {
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,  # would stand before the real one of its name
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_VTABLE,
    }
)
_REFUSED_PRAGMAS = frozenset(
    {"writable_schema", "ignore_check_constraints", "journal_mode", "synchronous", "schema_version"}
)


def writer_engine(path: Path) -> Engine:
    """Return the engine of the one connection that writes."""
    return _engine(path, _WRITER_PRAGMAS, "IMMEDIATE", pool_size=1)


def reader_engine(path: Path, readers: int) -> Engine:
    """Return the engine of connections that only read."""
    return _engine(path, _READER_PRAGMAS, "DEFERRED", pool_size=readers)


def narrowed_engine(path: Path, readers: int, blinds: Blinds) -> Engine:
    """Return an engine of connections that show each caller what it may know of (`sight`)."""
    return _engine(path, _READER_PRAGMAS, "DEFERRED", pool_size=readers, blinds=blinds)


def rest(connection: Connection) -> None:
    """Bring what was committed from the WAL into the file, as far as nobody reads what was before.

    What goes wrong is told to the next commit, as if this had been tried inside it.
    """
    with suppress(sqlite3.Error):
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")


@contextmanager
def looking(connection: Connection, sees: Sees) -> Iterator[None]:
    """Let a connection of `narrowed_engine` show what a caller may know of."""
    eyes: Eyes = connection.info[EYES]
    eyes.sees = sees
    try:
        yield
    finally:
        eyes.sees = None


def lone_reader_engine(path: Path) -> Engine:
    """Return an engine that opens the file for reading alone, whoever writes it."""
    return create_engine(
        f"sqlite:///file:{path}?mode=ro&uri=true",
        poolclass=NullPool,
        connect_args={"check_same_thread": False},
    )


def guard(engine: Engine, connection: Connection) -> None:
    """Have `connection`, and all that `engine` opens from now on, leave the schema alone."""
    _guard(connection.connection.dbapi_connection)
    event.listen(engine, "connect", _guard)


def hold_file(path: Path) -> IO[str]:
    """Take the lock beside the file: one process migrates, writes and checkpoints it.

    The system gives the lock back when the process ends, however it ends.

    Raises:
        PlatformError: `E_UNAVAILABLE` when another process keeps it, or the folder cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_suffix(".lock").open("w")
    except OSError as error:
        raise PlatformError(
            Code.UNAVAILABLE, f"the folder of {path.name} cannot be used: {error.strerror}"
        ) from error
    deadline = monotonic() + HOLD_WAIT_S
    while not _locked(file):
        if monotonic() > deadline:
            file.close()
            raise PlatformError(
                Code.UNAVAILABLE,
                f"another process holds {path.name}",
                fix="Stop it first; two processes on one file would damage it.",
            )
        sleep(HOLD_POLL_S)
    return file


def _engine(
    path: Path,
    pragmas: tuple[str, ...],
    begin: str,
    *,
    pool_size: int,
    blinds: Blinds | None = None,
) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # error texts reach the log; values must not
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # we alone begin and commit
        if blinds is not None:  # before the pragmas: afterwards nothing can be made
            record.info[EYES] = narrow(connection, blinds)
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    return engine


def _guard(connection: Any, _record: Any = None) -> None:
    connection.set_authorizer(_authorize)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)


def _authorize(act: int, first: str | None, second: str | None, *_places: str | None) -> int:
    """Answer SQLite's question whether a statement that it compiles may do an act."""
    if act == sqlite3.SQLITE_PRAGMA:
        # A pragma without a value only reads.
        refused = second is not None and (first or "").lower() in _REFUSED_PRAGMAS
    else:
        refused = act in _REFUSED_ACTS
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
