"""What a caller may know of, kept by the database itself: rows out of sight are not there.

Responsible for the context in which a request reads, and for connections that show no table as it
is. Not responsible for who may know what: a room says so (`Sees`), and which of its tables are
narrowed how (`Blinds`).

On a connection of `narrow` each narrowed table is hidden by a temporary view of the same name,
which asks `sees` about every row: a query that forgets who asks is answered all the same with what
that caller may know of. SQLite's authorizer refuses what would go round the views. Without a caller
`sees` says no to everything. Reads of the service itself use other connections (`Database`).
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

Sees = Callable[..., bool]
"""Says whether a row may be seen; it is given what the view of the table says about the row."""
Function = Callable[..., Any]

_SIGHT: ContextVar[Sees | None] = ContextVar("sight", default=None)
_ASKING: ContextVar[str | None] = ContextVar("asking", default=None)
_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_TRANSACTIONS = frozenset({sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT})


@dataclass(frozen=True, slots=True)
class Blinds:
    """Which tables are narrowed: name to the condition on a row, called `t` there.

    The condition asks `sees(...)`; it may name other narrowed tables as `temp.x`, and any table as
    it is as `main.x`. `open` tables show everything, each for a reason that the room states;
    whatever is in neither cannot be read at all. `functions` are for conditions. A server keeps the
    conditions itself (`row_sight`): `require` looks that it does, `tell` says what a caller sees.
    """

    narrowed: Mapping[str, str]
    open: frozenset[str]
    functions: Mapping[str, tuple[int, Function]] = field(default_factory=dict)
    tell: "Callable[[Sees], str] | None" = None
    require: Callable[[Any], None] | None = None


class Eyes:
    """The sight of one connection: whose it is now, nobody's at first."""

    def __init__(self) -> None:
        self.sees: Sees | None = None

    def __call__(self, *about: Any) -> bool:
        """Answer a view's question about a row."""
        return self.sees is not None and self.sees(*about)


def sight() -> Sees | None:
    """Return what the request that is answered may see; None when the service itself reads."""
    return _SIGHT.get()


@contextmanager
def seeing(sees: Sees | None) -> Iterator[None]:
    """Let everything inside read with this sight; None is the service's own."""
    token = _SIGHT.set(sees)
    try:
        yield
    finally:
        _SIGHT.reset(token)


def asking() -> str | None:
    """Return the party whose request is answered; None when no party asks."""
    return _ASKING.get()


@contextmanager
def asked_by(party: str | None) -> Iterator[None]:
    """Let everything inside be read on behalf of this party."""
    token = _ASKING.set(party)
    try:
        yield
    finally:
        _ASKING.reset(token)


def narrow(connection: sqlite3.Connection, blinds: Blinds) -> Eyes:
    """Hide the narrowed tables of a new connection behind views; return its eyes."""
    eyes = Eyes()
    connection.create_function("sees", -1, eyes)
    for name, (count, function) in blinds.functions.items():
        connection.create_function(name, count, function, deterministic=True)
    for table, condition in blinds.narrowed.items():
        connection.execute(
            f"CREATE TEMP VIEW {table} AS SELECT t.* FROM main.{table} AS t WHERE {condition}"  # noqa: S608 -- names and conditions of the room's own code
        )
    connection.set_authorizer(_authorizer(blinds))
    return eyes


def _authorizer(blinds: Blinds) -> Callable[..., int]:
    def authorize(
        act: int, first: str | None, second: str | None, place: str | None, inner: str | None
    ) -> int:
        """Answer SQLite's question whether a statement that it compiles may do an act."""
        if act == sqlite3.SQLITE_READ:
            known = place == "temp" or inner in blinds.narrowed or first in blinds.open
            return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY
        if act == sqlite3.SQLITE_PRAGMA:  # those of opening; without a value one only reads
            return sqlite3.SQLITE_OK if second is None or _is_ours(first) else sqlite3.SQLITE_DENY
        is_reading = act in _READS or act in _TRANSACTIONS
        return sqlite3.SQLITE_OK if is_reading else sqlite3.SQLITE_DENY

    return authorize


def _is_ours(pragma: str | None) -> bool:
    return (pragma or "") in {"query_only", "wal_autocheckpoint", "trusted_schema", "busy_timeout"}
