"""Opens a room's database: migrated, checked, one writer, read-only readers.

SQLite in WAL mode with `synchronous=FULL`: what is committed survives a power cut. Only the writer
connection writes and checkpoints, because versions before 3.51.3 can corrupt a WAL file when two
connections checkpoint at the same moment.
"""

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from sextant_shared.chassis.writer import Writer, unavailable
from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")
READERS = 4  # reads are short; more threads only contend for the interpreter
BUSY_TIMEOUT_MS = 5000
PAGE_SIZE = 8192  # a container's manifest fits a page or two
CHECKPOINT_PAGES = 4000  # 32 MiB of WAL between checkpoints keeps them off most commits

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

    def __init__(self, writer_engine: Engine, reader_engine: Engine) -> None:
        self.writer = Writer(writer_engine)
        self._engines = (reader_engine, writer_engine)
        self._reader_engine = reader_engine
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer's next transaction; on return it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE`; else what `work` raised.
        """
        return await self.writer.run(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent, read-only view, off the event loop.

        Raises:
            PlatformError: `E_UNAVAILABLE`; else what `work` raised.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._reader_engine.connect() as connection, connection.begin():
                return work(connection)
        except OperationalError as error:
            raise unavailable(error) from error

    def close(self) -> None:
        """Finish what waits; readers close first so that the writer checkpoints last."""
        self._threads.shutdown(wait=True)
        self.writer.close()
        for engine in self._engines:
            engine.dispose()


def open_database(path: Path, metadata: MetaData, migrations: str) -> Database:
    """Migrate the file at `path` to the newest version and open it.

    `migrations` is the package that holds the versions, `metadata` the tables they must lead to.

    Raises:
        PlatformError: `E_UNAVAILABLE` when the file cannot be opened, `E_INTEGRITY` when the
            migrated file lacks a declared table.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = _engine(path, _WRITER_PRAGMAS, "IMMEDIATE", pool_size=1)
    try:
        with _migration_lock(path), writer.connect() as connection:
            migrate(connection, migrations)
            missing = set(metadata.tables) - set(inspect(connection).get_table_names())
    except OperationalError as error:
        raise unavailable(error) from error
    if missing:
        raise PlatformError(
            Code.INTEGRITY, f"{path.name} lacks tables", expected=", ".join(sorted(missing))
        )
    return Database(writer, _engine(path, _READER_PRAGMAS, "DEFERRED", pool_size=READERS))


def migrate(connection: Connection, migrations: str) -> None:
    """Bring the database behind `connection` to the newest version of the package `migrations`."""
    config = Config()
    config.set_main_option("script_location", str(files("sextant_shared.chassis") / "migrations"))
    config.set_main_option("version_locations", str(files(migrations) / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _engine(path: Path, pragmas: tuple[str, ...], begin: str, *, pool_size: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
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


@contextmanager
def _migration_lock(path: Path) -> Iterator[None]:
    """Let one process migrate at a time; the others find the work done."""
    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
