"""Fences off a writer that another has replaced: an epoch of its own, checked in each transaction.

A lock keeps a second writer from starting. It does not keep a first one from going on that lost the
lock without noticing: it was paused, its line to the server was cut, or somebody removed the lock's
file. So each opening adds a row with the next epoch, and each transaction begins by asking whether
its writer's epoch is still the newest. On PostgreSQL both wait for one another through an advisory
lock, so that a take-over comes before or after a transaction and never into it; SQLite's
transactions that write exclude each other anyway.

Responsible for the epoch alone; the locks at opening are those of `sqlite` and `postgresql`.
"""

from sqlalchemy import Connection, column, func, insert, select, table, text

from sextant_shared.clock import Clock, system_clock
from sextant_shared.errors import Code, PlatformError

LOCKS = 0x5E87  # our class among the advisory locks of one database
HOLD_LOCK = 1  # of a session: one writer at a time
EPOCH_LOCK = 2  # of a transaction: take-over and write exclude each other
MIGRATION_LOCK = 3  # of a session: one migration at a time
WRITING_LOCK = 4  # of a transaction: processes that write in turns
_TURN = text(f"SELECT pg_advisory_xact_lock({LOCKS}, {EPOCH_LOCK})")


class Fence:
    """The epoch of one open database. Belongs to the writer's thread once it runs.

    `name` is a table with the columns `number` and `taken`, which its room creates.
    """

    def __init__(self, name: str, clock: Clock = system_clock) -> None:
        self._table = table(name, column("number"), column("taken"))
        self._clock = clock
        self._newest = select(func.max(self._table.c.number))
        self._epoch = 0
        self._lost = False

    @property
    def is_lost(self) -> bool:
        """Whether another writer was met that came later; this one writes nothing any more."""
        return self._lost

    def take(self, connection: Connection) -> None:
        """Begin the next epoch in the caller's transaction; whoever wrote before is fenced off."""
        self._wait_for_turn(connection)
        newest = connection.execute(self._newest).scalar() or 0
        self._epoch = newest + 1
        row = {"number": self._epoch, "taken": int(self._clock())}
        connection.execute(insert(self._table), [row])

    def require(self, connection: Connection) -> None:
        """Return if this writer's epoch is the newest; stands first in each transaction.

        Raises:
            PlatformError: `E_UNAVAILABLE` when another writer came later, now and ever after.
        """
        self._wait_for_turn(connection)
        newest = connection.execute(self._newest).scalar()
        if newest == self._epoch:
            return
        self._lost = True
        raise PlatformError(
            Code.UNAVAILABLE,
            "another process took the store over",
            expected=f"epoch {self._epoch}",
            received=f"epoch {newest}",
            fix="Stop this process; the one that came later goes on.",
        )

    def _wait_for_turn(self, connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(_TURN)
