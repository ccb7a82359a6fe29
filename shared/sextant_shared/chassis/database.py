"""Opens a room's database: held by one process, migrated, one writer, read-only readers.

SQLite in WAL mode with `synchronous=FULL`: what is committed survives a power cut. Only the writer
connection writes and checkpoints, because versions before 3.51.3 can corrupt a WAL file when two
connections checkpoint at the same moment; for the same reason one process holds the file as long
as it is open.
"""

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from time import sleep
from typing import IO, Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from sextant_shared.chassis.faults import damaged, fault_of, is_fault
from sextant_shared.chassis.writer import Writer
from sextant_shared.clock import monotonic
from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")
READERS = 4  # reads are short; more threads only contend for the interpreter
BUSY_TIMEOUT_MS = 5000
PAGE_SIZE = 8192  # a container's manifest fits a page or two
CHECKPOINT_PAGES = 4000  # 32 MiB of WAL between checkpoints keeps them off most commits
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


class Database:
    """One writer and a few readers on one SQLite file."""

    def __init__(self, writer_engine: Engine, reader_engine: Engine, hold: IO[str]) -> None:
        self.writer = Writer(writer_engine)
        self._writer_engine = writer_engine
        self._reader_engine = reader_engine
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._hold = hold

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer's next transaction; on return it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_INTEGRITY`; else what `work` raised.
        """
        return await self.writer.run(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent, read-only view, off the event loop.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_INTEGRITY`; else what `work` raised.
        """
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)
        except RuntimeError as error:
            raise PlatformError(Code.UNAVAILABLE, "the store is closed") from error
        return await reading

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._reader_engine.connect() as connection, connection.begin():
                return work(connection)
        except DBAPIError as error:
            if is_fault(error):
                raise fault_of(error) from error
            raise

    def close(self) -> None:
        """Finish what waits; readers close first so that the writer checkpoints last."""
        self._readers.shutdown(wait=True)
        self.writer.close()
        self._reader_engine.dispose()
        self._writer_engine.dispose()
        self._hold.close()


def open_database(path: Path, metadata: MetaData, migrations: str) -> Database:
    """Hold the file at `path`, migrate it to the newest version and open it.

    `migrations` is the package that holds the versions, `metadata` the tables they must lead to.

    Raises:
        PlatformError: `E_UNAVAILABLE` when another process holds the file or it cannot be opened,
            `E_INTEGRITY` when it is damaged or lacks a declared table.
    """
    hold = _hold(path)
    try:
        writer = _engine(path, _WRITER_PRAGMAS, "IMMEDIATE", pool_size=1)
        with writer.connect() as connection:
            migrate(connection, migrations)
            _require_tables(path, connection, metadata)
        readers = _engine(path, _READER_PRAGMAS, "DEFERRED", pool_size=READERS)
        return Database(writer, readers, hold)
    except DBAPIError as error:
        hold.close()
        raise fault_of(error) from error
    except UnicodeDecodeError as error:  # the driver quotes a damaged schema in its own message
        hold.close()
        raise damaged() from error
    except BaseException:
        hold.close()
        raise


def migrate(connection: Connection, migrations: str) -> None:
    """Bring the database behind `connection` to the newest version of the package `migrations`."""
    config = Config()
    config.set_main_option("script_location", str(files("sextant_shared.chassis") / "migrations"))
    config.set_main_option("version_locations", str(files(migrations) / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _require_tables(path: Path, connection: Connection, metadata: MetaData) -> None:
    missing = set(metadata.tables) - set(inspect(connection).get_table_names())
    if missing:
        raise PlatformError(
            Code.INTEGRITY, f"{path.name} lacks tables", expected=", ".join(sorted(missing))
        )


def _engine(path: Path, pragmas: tuple[str, ...], begin: str, *, pool_size: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # error texts reach the log; values must not
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we alone begin and commit
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    return engine


def _hold(path: Path) -> IO[str]:
    """Take the lock beside the file: one process migrates, writes and checkpoints it.

    The system gives the lock back when the process ends, however it ends.
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


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
