"""What several processes on one PostgreSQL database need: turns, retries, and inserts that yield.

Each work of a shared database is a transaction of its own, at READ COMMITTED. It is right because
it locks what it decides about before it looks: rows by `with_for_update`, what has no row yet by
`take_turns`, and what must exist once by a unique constraint. Whoever locks several things locks
them in one order; if two works still wait for one another, the server ends one and the writer
repeats it (`is_race`). So a work may be run again, and changes nothing but the database.

SQLite has one writer: there `take_turns` does nothing and locks of rows are not even compiled.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import func

from sextant_shared.chassis.faults import state_of
from sextant_shared.chassis.fencing import LOCKS, WRITING_LOCK
from sextant_shared.encoding import sha256

# PostgreSQL's spelling of an insert with ON CONFLICT is compiled for SQLite as well, which has the
# same words; SQLite's own is not compiled for PostgreSQL.
upsert = postgresql.insert

Isolation = Literal["READ COMMITTED", "SERIALIZABLE"]
TRIES = 6  # of one work: beyond it the server is so busy that its caller had better come back
_RACES = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_LOCK_BYTES = 4
_TURN = select(func.pg_advisory_xact_lock(bindparam("space"), bindparam("key")))
_TURN_TOGETHER = select(func.pg_advisory_xact_lock_shared(bindparam("space"), bindparam("key")))
_CONFIRM = text("SELECT pg_logical_emit_message(true, 'sextant', '')")
_NAMES = LOCKS + 1  # our own locks have `LOCKS`, names a space of their own


@dataclass(frozen=True, slots=True)
class Sharing:
    """How a room's processes share its database on a server; without meaning for a file.

    `hands` transactions of one process are under way at once. At SERIALIZABLE the server itself
    finds works that do not fit together, and one of them is repeated: for rooms whose works look at
    much and collide rarely. Then every writing work of the room is at this level.

    With `in_turns` one transaction at a time writes, whichever process it is of: for rooms whose
    works were made for one writer. Then one hand joins many works, as it does with a file, and a
    process of before, which held the database for itself, keeps these out until it ends. `apart`
    connections are for what takes longer than a transaction (`turnstiles`).
    """

    hands: int = 4
    isolation: Isolation = "READ COMMITTED"
    in_turns: bool = False
    apart: int = 0


def is_race(error: Exception) -> bool:
    """Return whether the server undid a transaction because of another: it may be repeated."""
    return state_of(error) in _RACES


def is_shared(connection: Connection) -> bool:
    """Return whether other processes may write at the same time."""
    return connection.dialect.name == "postgresql"


def take_turns(connection: Connection, names: Iterable[str], *, together: bool = False) -> None:
    """Wait until no other transaction has a turn at any of these names; keep them until the end.

    Those who take one `together` keep each other out no more than readers do, only the others.
    """
    if not is_shared(connection):
        return
    statement = _TURN_TOGETHER if together else _TURN
    for key in sorted({_key(name) for name in names}):
        connection.execute(statement, {"space": _NAMES, "key": key})


def take_turn_at_all(connection: Connection) -> None:
    """Wait until no other process of the room writes; keep them out until this transaction ends."""
    connection.execute(_TURN, {"space": LOCKS, "key": WRITING_LOCK})


def confirm(connection: Connection) -> None:
    """Let the commit of this transaction wait as one does that stores something.

    It writes a line of WAL that nobody reads. When a server with a second site has confirmed it, it
    has confirmed all that this transaction could see.
    """
    if is_shared(connection):
        connection.execute(_CONFIRM)


def numbers(connection: Connection, sequence: str, count: int) -> list[int]:
    """Return so many fresh numbers of a sequence on a server: no other process gets them."""
    taken = text("SELECT nextval(CAST(:name AS regclass)) FROM generate_series(1, :count)")
    return list(connection.execute(taken, {"name": sequence, "count": count}).scalars())


def _key(name: str) -> int:
    return int.from_bytes(sha256(name.encode())[:_LOCK_BYTES], "big", signed=True)
