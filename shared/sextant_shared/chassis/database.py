"""Opens a room's database, on either engine: one writer, a few readers, nobody else.

A room whose works are made for it (`sharing`) may have several processes on one server's database.

An embedded SQLite file is migrated when it is opened; a database on a PostgreSQL server is migrated
by its owner beforehand, and opening only checks that this was done. What an engine needs stands in
`sqlite` and `postgresql`; what a room does with the open database is the same on both.
"""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, MetaData, inspect
from sqlalchemy.exc import DBAPIError

from sextant_shared.chassis import postgresql, sqlite
from sextant_shared.chassis.confirming import within
from sextant_shared.chassis.faults import damaged, fault_of, is_fault, told_of
from sextant_shared.chassis.fencing import Fence
from sextant_shared.chassis.guarding import under_guard
from sextant_shared.chassis.postgresql import Server, shared_writer_engine
from sextant_shared.chassis.row_sight import Signer
from sextant_shared.chassis.schema import migrate, note_served, require_served
from sextant_shared.chassis.sharing import TRIES, Sharing, confirm, take_turn_at_all
from sextant_shared.chassis.sight import Blinds, Sees, asking, sight
from sextant_shared.chassis.turnstiles import Turnstile
from sextant_shared.chassis.writer import Writer
from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")
Place = Path | Server
Looking = Callable[[Connection, Sees], AbstractContextManager[None]]
READERS = 4  # reads are short; more threads only contend for the interpreter


class Database:
    """One writer and a few readers on one database. `release` lets the next process have it."""

    def __init__(
        self,
        writer_engine: Engine,
        reader_engine: Engine,
        *,
        fence: Fence | None,
        release: Callable[[], None],
        narrowed_engine: Engine | None = None,
        looking: Looking = sqlite.looking,
        sharing: Sharing | None = None,
        commit_s: float = math.inf,
    ) -> None:
        self.is_shared = sharing is not None
        self.writer = _writer(writer_engine, fence, sharing, commit_s)
        self._fence = fence
        self._writer_engine = writer_engine
        self._reader_engine = reader_engine
        self._narrowed_engine = narrowed_engine
        self._looking = looking
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._release = release

    @property
    def is_fenced_off(self) -> bool:
        """Whether another process took the database over; then nothing more is written here."""
        return self._fence is not None and self._fence.is_lost

    @property
    def commits(self) -> str:
        """What readiness says of commits: `ok`, or why none ends."""
        return self.writer.commits.word()

    async def confirm(self) -> None:
        """Return once all that others can see here now is where commits must be.

        A server that crashed while its second site was away shows what that site lacks.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        if self._writer_engine.dialect.name == "postgresql":
            await self.writer.run(confirm)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer's next transaction; on return it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_INTEGRITY`; else what `work` raised.
        """
        return await self.writer.run(under_guard(work))

    def turnstile(self, name: str) -> Turnstile:
        """Return a place that one process at a time passes; a room says how many it has (`apart`).

        Not for an embedded file, which has one process: there nobody waits.
        """
        return Turnstile(self._writer_engine if self.is_shared else None, name)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent, read-only view, off the event loop.

        While a request is answered whose caller may not know everything (`sight`), `work` finds
        what that caller may know of, and nothing else. On a server that knows policies for rows it
        finds, while a party's request is answered, what they let that party see.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_INTEGRITY`; else what `work` raised.
        """
        return await self._off_the_loop(work, sight(), asking())

    async def overlook(self, work: Callable[[Connection], T]) -> T:
        """Run `work` as `read` does, for the service itself: it finds everything.

        Whoever shows something of it to a caller answers for what that caller may know.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_INTEGRITY`; else what `work` raised.
        """
        return await self._off_the_loop(work, None, None)

    async def _off_the_loop(
        self, work: Callable[[Connection], T], sees: Sees | None, party: str | None
    ) -> T:
        loop = asyncio.get_running_loop()
        try:
            if sees is None:
                reading = loop.run_in_executor(self._readers, self._read, work, party)
            else:
                reading = loop.run_in_executor(self._readers, self._read_narrowed, sees, work)
        except RuntimeError as error:
            raise PlatformError(Code.UNAVAILABLE, "the store is closed") from error
        return await reading

    def _read_narrowed(self, sees: Sees, work: Callable[[Connection], T]) -> T:
        if self._narrowed_engine is None:
            raise PlatformError(Code.INTERNAL, "this database cannot narrow what is seen of it")
        try:
            with (
                self._narrowed_engine.connect() as connection,
                connection.begin(),
                self._looking(connection, sees),
            ):
                return work(connection)
        except DBAPIError as error:
            if told := told_of(error):
                raise told from error
            raise

    def _read(self, work: Callable[[Connection], T], party: str | None) -> T:
        try:
            with self._reader_engine.connect() as connection, connection.begin():
                if party is not None and self.is_shared:
                    postgresql.read_for(connection, party)
                return work(connection)
        except DBAPIError as error:
            if told := told_of(error):
                raise told from error
            raise

    def narrow(self, engine: Engine, looking: Looking) -> None:
        """Read for callers who may not know of everything with `engine`, before the first read."""
        self._narrowed_engine, self._looking = engine, looking

    def close(self) -> None:
        """Finish what waits; readers close first so that the writer checkpoints last."""
        self._readers.shutdown(wait=True)
        self.writer.close()
        self._reader_engine.dispose()
        if self._narrowed_engine is not None:
            self._narrowed_engine.dispose()
        self._writer_engine.dispose()
        self._release()


def open_database(
    place: Place,
    metadata: MetaData,
    migrations: str,
    *,
    fence: str | None = None,
    blinds: Blinds | None = None,
    sharing: Sharing | None = None,
) -> Database:
    """Hold the database at `place` and open it, at the newest version of its schema.

    `migrations` is the package that holds the versions, `metadata` the tables they must lead to,
    `fence` the table of epochs when the room has one, `blinds` what callers may not see of a file.
    With `sharing` a server's database is not held: other processes may open it as well.

    Raises:
        PlatformError: `E_UNAVAILABLE` when another process holds it or it cannot be opened,
            `E_INTEGRITY` when it is damaged or lacks a declared table, `E_STATE` when a server's
            database was not migrated.
    """
    guarded = Fence(fence) if fence else None
    if isinstance(place, Server):
        engine = _held_engine(place) if sharing is None else shared_writer_engine(place, sharing)
        opened = _open_server(place, metadata, migrations, guarded, engine, sharing)
        return opened if blinds is None else _narrowed(opened, place, blinds)
    return _open_file(place, metadata, migrations, guarded, blinds)


def open_reader(place: Place) -> Engine:
    """Return an engine that only reads, beside the process that writes or without it."""
    if isinstance(place, Server):
        return postgresql.lone_reader_engine(place)
    return sqlite.lone_reader_engine(place)


def require_migrated(server: Server, migrations: str) -> None:
    """Return if a server's database has a version that serves the package `migrations`.

    Raises:
        PlatformError: `E_STATE` when it has another or none, `E_UNAVAILABLE`.
    """
    try:
        with postgresql.lone_reader_engine(server).connect() as connection:
            require_served(server.name, connection, migrations)
    except DBAPIError as error:
        raise fault_of(error) from error


def migrate_server(
    url: str,
    owner: str,
    migrations: str,
    after: Callable[[Connection], None] | None = None,
) -> None:
    """Migrate a server's database as `owner`, one process at a time; then do `after`, at one go.

    Raises:
        PlatformError: `E_STATE` when the login may not act as the owner, `E_UNAVAILABLE` when the
            server cannot be had.
    """
    try:
        with postgresql.migration(url, owner) as connection:
            migrate(connection, migrations)
            connection.commit()  # what looking at the version began
            if after is not None:
                after(connection)
            note_served(connection, migrations)
            connection.commit()
    except DBAPIError as error:
        if not is_fault(error):
            raise
        raise fault_of(error) from error


def _open_file(
    path: Path, metadata: MetaData, migrations: str, fence: Fence | None, blinds: Blinds | None
) -> Database:
    hold = sqlite.hold_file(path)
    try:
        writer = sqlite.writer_engine(path)
        with writer.connect() as connection:
            migrate(connection, migrations)
            _require_tables(path.name, connection, metadata)
            sqlite.guard(writer, connection)
        _take(fence, writer)
        readers = sqlite.reader_engine(path, READERS)
        narrowed = sqlite.narrowed_engine(path, READERS, blinds) if blinds else None
        return Database(writer, readers, fence=fence, release=hold.close, narrowed_engine=narrowed)
    except DBAPIError as error:
        hold.close()
        raise fault_of(error) from error
    except UnicodeDecodeError as error:  # the driver quotes a damaged schema in its own message
        hold.close()
        raise damaged() from error
    except BaseException:
        hold.close()
        raise


def _held_engine(server: Server) -> Engine:
    patience = [postgresql.HOLD_WAIT_S]  # for the first session; later ones only come back
    return postgresql.writer_engine(
        server, lambda: patience.pop() if patience else postgresql.RETURN_WAIT_S
    )


def _open_server(
    server: Server,
    metadata: MetaData,
    migrations: str,
    fence: Fence | None,
    writer: Engine,
    sharing: Sharing | None,
) -> Database:
    try:
        with writer.connect() as connection:
            postgresql.require_durable(server, connection)
            require_served(server.name, connection, migrations)
            _require_tables(server.name, connection, metadata)
        within(server.statement_s, lambda: _take(fence, writer))
        readers = postgresql.reader_engine(server, READERS)
        return Database(
            writer,
            readers,
            fence=fence,
            release=lambda: None,
            sharing=sharing,
            commit_s=server.statement_s,
        )
    except BaseException as error:
        writer.dispose()
        if isinstance(error, Exception) and is_fault(error):
            raise fault_of(error) from error
        raise


def _narrowed(opened: Database, server: Server, blinds: Blinds) -> Database:
    """Let an open database of a server show callers what they may know of."""
    try:
        with postgresql.lone_reader_engine(server).connect() as connection:
            signer = Signer.of(connection, blinds)
        opened.narrow(postgresql.narrowed_engine(server, READERS), signer.seeing)
    except BaseException as error:
        opened.close()
        if isinstance(error, Exception) and is_fault(error):
            raise fault_of(error) from error
        raise
    return opened


def _writer(
    engine: Engine, fence: Fence | None, sharing: Sharing | None, commit_s: float
) -> Writer:
    if sharing is None:
        rest = sqlite.rest if engine.dialect.name == "sqlite" else None
        before = fence.require if fence else None
        return Writer(engine, before=before, rest=rest, commit_s=commit_s)
    if sharing.in_turns:
        return Writer(engine, before=take_turn_at_all, commit_s=commit_s)
    return Writer(engine, max_batch=1, hands=sharing.hands, tries=TRIES, commit_s=commit_s)


def _take(fence: Fence | None, writer: Engine) -> None:
    if fence is not None:
        with writer.begin() as connection:
            fence.take(connection)


def _require_tables(name: str, connection: Connection, metadata: MetaData) -> None:
    missing = set(metadata.tables) - set(inspect(connection).get_table_names())
    if missing:
        raise PlatformError(
            Code.INTEGRITY, f"{name} lacks tables", expected=", ".join(sorted(missing))
        )
