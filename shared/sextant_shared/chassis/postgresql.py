"""A room's database on a PostgreSQL server: engines with bounds, the session lock, migrations.

Where a room has one writer, its connection holds an advisory lock as long as its session lives, so
that no second process opens the same database; the server gives the lock back when the session
ends, however it ends. Where several processes share a database none holds it (`sharing`). The
service's roles own nothing: migrations run apart, as the owner.

What the server may take is bounded on every connection, because whoever waits for it holds a place
of the service: a statement, a lock, and a transaction in which nothing happens. The last bound also
ends a paused process's transaction, which would otherwise keep its successor out for ever.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import sleep
from typing import Any

from psycopg.errors import InsufficientPrivilege, InvalidParameterValue
from sqlalchemy import BigInteger, Connection, Engine, Integer, create_engine, event, text
from sqlalchemy.pool import NullPool

from sextant_shared.chassis.fencing import HOLD_LOCK, LOCKS, MIGRATION_LOCK
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.clock import monotonic
from sextant_shared.errors import Code, PlatformError

HOLD_WAIT_S = 10.0  # a predecessor that is stopping finishes its commits meanwhile
RETURN_WAIT_S = 1.0  # a server may need a moment to notice that our own last session is gone
HOLD_POLL_S = 0.05
MIGRATION_WAIT_S = 60  # another process may be migrating
KEEPALIVES = 3  # unanswered ones in a row: the system's own would come after two hours
POOL_WAIT_S = 2.0  # there are as many connections as threads, so nobody should wait at all
SCHEME = "postgresql+psycopg"
EVERYBODY = "*"  # for whom a service reads by itself; a session that names nobody sees no rows
_READ_FOR = text("SELECT set_config('sextant.party', :party, true)")
_TRY_HOLD = f"SELECT pg_try_advisory_lock({LOCKS}, {HOLD_LOCK})"
_TRY_HOLD_TOGETHER = f"SELECT pg_try_advisory_lock_shared({LOCKS}, {HOLD_LOCK})"
_LOSSY = ("fsync", "full_page_writes", "synchronous_commit")  # off: a power cut takes commits back
_STANDBYS = "synchronous_standby_names"
_HOLDER_WAITS = (
    "SELECT bool_or(wait_event = 'SyncRep') FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    " AND classid = %s AND objid = %s AND objsubid = 2"
)


class _Wide(BigInteger):
    """A number as it is told to the server."""

    render_bind_cast = True


@dataclass(frozen=True, slots=True)
class Server:
    """A database on a server: who writes, who reads, and how long anything may take.

    `narrowed_url` is for reads of callers who may not know of everything, in rooms that have such.
    """

    writer_url: str
    reader_url: str
    statement_s: float = 30.0
    lock_s: float = 5.0
    idle_s: float = 10.0
    connect_s: int = 5
    must_be_durable: bool = True
    narrowed_url: str | None = None

    @property
    def name(self) -> str:
        """What messages call it: no address, no role."""
        return "the database on the server"


def writer_engine(server: Server, patience: Callable[[], float]) -> Engine:
    """Return the engine of the one connection that writes; its session holds the lock.

    `patience` says how many seconds a new session may wait for the lock.
    """
    engine = _engine(server.writer_url, **_pool(1), **_options(server))
    _let_hold(engine, _TRY_HOLD, patience)
    return engine


def shared_writer_engine(
    server: Server, sharing: Sharing, patience: Callable[[], float] = lambda: HOLD_WAIT_S
) -> Engine:
    """Return the engine of the connections that write beside other processes.

    Where they write in turns they hold the database together, against one that would alone.
    """
    options = _options(server)
    engine = _engine(
        server.writer_url,
        isolation_level=sharing.isolation,
        **_pool(sharing.hands + sharing.apart),
        **options,
    )
    if sharing.in_turns:
        _let_hold(engine, _TRY_HOLD_TOGETHER, patience)
    return engine


def _let_hold(engine: Engine, statement: str, patience: Callable[[], float]) -> None:
    """Let each new session of an engine hold the database first, or fail."""

    @event.listens_for(engine, "connect")
    def _hold(connection: Any, _record: Any) -> None:
        deadline = monotonic() + patience()
        while not _held(connection, statement):
            if monotonic() >= deadline:
                holds = _why_held(connection)
                connection.close()
                raise holds
            sleep(HOLD_POLL_S)


def reader_engine(server: Server, readers: int) -> Engine:
    """Return the engine of connections that only read, each transaction on one snapshot.

    A connection is tried before it is lent: after a restart of the server, reading just goes on.
    """
    pool = _pool(readers)
    return _engine(server.reader_url, pool_pre_ping=True, **pool, **_reading(server))


def narrowed_engine(server: Server, readers: int) -> Engine:
    """Return an engine of connections that show each caller what it may know of (`row_sight`).

    Raises:
        PlatformError: `E_STATE` without an address for them.
    """
    if server.narrowed_url is None:
        raise PlatformError(
            Code.STATE,
            "there is no address for reads of those who may not know of everything",
            fix="Set DATABASE_OFFICER_URL; the command `roles` prints who logs in.",
        )
    return reader_engine(replace(server, reader_url=server.narrowed_url), readers)


def lone_reader_engine(server: Server) -> Engine:
    """Return an engine that connects for each reading, whoever writes."""
    return _engine(server.reader_url, poolclass=NullPool, **_reading(server))


def read_for(connection: Connection, party: str) -> None:
    """Let the rest of a transaction see what the policies of rows let this party see."""
    connection.execute(_READ_FOR, {"party": party})


def require_durable(server: Server, connection: Connection) -> None:
    """Return if the server keeps what it commits through a power cut.

    Where it names standbys, they must be waited for: else what was answered may be at one site.

    Raises:
        PlatformError: `E_STATE` naming the settings of the server that are off.
    """
    names = (*_LOSSY, _STANDBYS)
    values = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in names}
    lossy = [name for name in _LOSSY if values[name] == "off"]
    if lossy and server.must_be_durable:
        raise PlatformError(
            Code.STATE,
            "the server forgets commits at a power cut",
            expected="on",
            received=", ".join(f"{name} = off" for name in lossy),
            fix="Set them on; an answer promises that what it tells is kept.",
        )
    if values[_STANDBYS] and values["synchronous_commit"] == "local" and server.must_be_durable:
        raise PlatformError(
            Code.STATE,
            "the server names standbys and does not wait for them",
            expected="synchronous_commit = on",
            received=f"synchronous_commit = local, {_STANDBYS} = {values[_STANDBYS]}",
            fix="Set it on, for the server, its databases and roles; or name no standby.",
        )


@contextmanager
def migration(url: str, owner: str) -> Iterator[Connection]:
    """Yield a connection that acts as `owner`, with the lock of migrations held.

    Raises:
        PlatformError: `E_STATE` when the login may not.
    """
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _become(connection: Any, _record: Any) -> None:
        _act_as(connection, owner)
        connection.execute(f"SET lock_timeout = '{MIGRATION_WAIT_S}s'")
        connection.execute(f"SELECT pg_advisory_lock({LOCKS}, {MIGRATION_LOCK})")
        connection.commit()

    with engine.connect() as connection:
        yield connection


def _engine(url: str, **options: Any) -> Engine:
    """Return an engine that tells the server numbers in 64 bits.

    A caller may name a number that no row of a narrower column can have. It finds nothing then, as
    in an embedded file, instead of being a mistake of ours.
    """
    engine = create_engine(url, **options)
    engine.dialect.colspecs = {**engine.dialect.colspecs, Integer: _Wide}
    return engine


def _act_as(connection: Any, owner: str) -> None:
    try:
        connection.execute(f'SET ROLE "{owner}"')
    except (InsufficientPrivilege, InvalidParameterValue) as error:
        connection.close()
        raise PlatformError(
            Code.STATE,
            "this login may not act as the owner of the tables",
            expected=f"a member of {owner}",
            fix="Log in as the role of migrations; the command `roles` prints how it is made.",
        ) from error


def _why_held(connection: Any) -> PlatformError:
    """Say of who holds the database whether it lives, or is a commit that nobody confirms."""
    (waits,) = connection.execute(_HOLDER_WAITS, (LOCKS, HOLD_LOCK)).fetchone()
    if waits:
        return PlatformError(
            Code.UNAVAILABLE,
            "a commit of the process before waits for the server to confirm it",
            fix="Start the receiver that synchronous_standby_names asks for: the commit ends then,"
            " and this process starts. Do not cancel it: it would count as confirmed.",
        )
    return PlatformError(
        Code.UNAVAILABLE,
        "another process holds the database",
        fix="Stop it first; it holds the database for itself.",
    )


def _held(connection: Any, statement: str) -> bool:
    (held,) = connection.execute(statement).fetchone()
    connection.rollback()  # the lock is the session's and stays
    return bool(held)


def _pool(size: int) -> dict[str, Any]:
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": POOL_WAIT_S}


def _reading(server: Server) -> dict[str, Any]:
    own = ("default_transaction_read_only=on", f"sextant.party={EVERYBODY}")
    options = _options(server, *own)
    return {"isolation_level": "REPEATABLE READ", **options}


def _options(server: Server, *more: str) -> dict[str, Any]:
    settings = (
        f"statement_timeout={_ms(server.statement_s)}",
        f"lock_timeout={_ms(server.lock_s)}",
        f"idle_in_transaction_session_timeout={_ms(server.idle_s)}",
        # A session whose client vanished without a word: it would keep its locks, the one on the
        # whole database too, until the server's system tries the line, which is after two hours.
        f"tcp_user_timeout={_ms(server.statement_s)}",
        *(f"tcp_keepalives_{name}={value}" for name, value in _tries(server).items()),
        "jit=off",  # compiling a short statement takes a hundred times as long as running it
        *more,
    )
    return {
        "hide_parameters": True,  # error texts reach the log; values must not
        "connect_args": {
            "connect_timeout": server.connect_s,
            # A server that vanished without a word: unanswered bytes end the line, in as long as
            # any statement may take. While a statement runs there are none, so the line is tried.
            "tcp_user_timeout": _ms(server.statement_s),
            **{f"keepalives_{name}": value for name, value in _tries(server).items()},
            "options": " ".join(f"-c {setting}" for setting in settings),
        },
    }


def _tries(server: Server) -> dict[str, int]:
    """Say when a silent line is tried, how often, and after how many tries it is given up."""
    return {
        "idle": max(1, round(server.statement_s)),
        "interval": max(1, round(server.statement_s / KEEPALIVES)),
        "count": KEEPALIVES,
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
