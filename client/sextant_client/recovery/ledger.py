"""Reads a ledger of the log without the service: its entries, published heads and cosignatures.

A restored ledger is read before anything serves it, on the engine it was restored to: a SQLite file
or a PostgreSQL server. The few columns that are read here are held to the service's tables by a
test. Nothing is written.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_shared.errors import Code, PlatformError

CHUNK = 4096
_ENTRIES = "SELECT idx, data FROM entry WHERE idx >= {} AND idx < {} ORDER BY idx"
_SIZE = "SELECT max(idx) FROM entry"
_HEADS = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT {}"
_LINES = "SELECT line FROM cosig WHERE size = {} ORDER BY seq"
_COSIGNED = "SELECT DISTINCT size FROM cosig ORDER BY size DESC LIMIT {}"
_HEAD = "SELECT note FROM checkpoint WHERE size = {}"
READ_COLUMNS = {
    "entry": {"idx", "data"},
    "checkpoint": {"size", "note"},
    "cosig": {"size", "seq", "line"},
}
_LOOKED_AT = 64  # cosigned heads until one has a quorum


@dataclass
class Ledger:
    """An open ledger; `connection` is any DB-API connection."""

    connection: Any

    def size(self) -> int:
        """Return how many entries it holds, if it has no gap."""
        [(last,)] = self._rows(_SIZE)
        return 0 if last is None else int(last) + 1

    def entries(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of each entry from `start` on.

        Raises:
            PlatformError: `E_INTEGRITY` at a gap.
        """
        end = self.size()
        for low in range(start, end, CHUNK):
            high = min(low + CHUNK, end)
            rows = self._rows(_ENTRIES, low, high)
            if [row[0] for row in rows] != list(range(low, high)):
                raise PlatformError(
                    Code.INTEGRITY,
                    f"the ledger has a gap between entries {low} and {high - 1}",
                    fix="Take another backup; tell every holder of checkpoints if there is none.",
                )
            yield from ((int(row[0]), bytes(row[1])) for row in rows)

    def checkpoint(self) -> str | None:
        """Return the newest published head with all its cosignatures."""
        return next(iter(self._notes(_HEADS, 1)), None)

    def cosigned(self) -> list[str]:
        """Return the newest heads that some witness cosigned, largest first."""
        sizes = [int(row[0]) for row in self._rows(_COSIGNED, _LOOKED_AT)]
        return [self._with_lines(size, self._rows(_HEAD, size)[0][0]) for size in sizes]

    def _notes(self, query: str, limit: int) -> list[str]:
        return [self._with_lines(int(size), note) for size, note in self._rows(query, limit)]

    def _with_lines(self, size: int, note: str) -> str:
        return note + "".join(str(row[0]) for row in self._rows(_LINES, size))

    def _rows(self, query: str, *numbers: int) -> list[Any]:
        cursor = self.connection.cursor()
        try:
            cursor.execute(query.format(*(int(number) for number in numbers)))
            return list(cursor.fetchall())
        except Exception as error:  # each driver has errors of its own
            raise PlatformError(
                Code.INTEGRITY, f"the ledger cannot be read: {error}", fix="Take another backup."
            ) from error
        finally:
            cursor.close()


@contextmanager
def open_ledger(place: str | Path) -> Iterator[Ledger]:
    """Open a ledger to read: the path of a SQLite file, or a `postgresql://` address.

    Raises:
        PlatformError: `E_STATE` when there is none, `E_UNAVAILABLE` when no server answers.
    """
    if str(place).startswith("postgresql"):
        with closing(_server(str(place))) as connection:
            yield Ledger(connection)
        return
    with closing(open_file(Path(place))) as connection:
        yield Ledger(connection)


def open_file(path: Path) -> sqlite3.Connection:
    """Open a SQLite file to read alone.

    Raises:
        PlatformError: `E_STATE` when there is none.
    """
    try:
        if not path.is_file():
            raise FileNotFoundError(2, "No such file")
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    except (OSError, sqlite3.Error) as error:
        raise PlatformError(Code.STATE, f"cannot open the database {path}: {error}") from error


def _server(url: str) -> Any:
    try:
        import psycopg  # noqa: PLC0415 -- only a machine that has a server has the driver
    except ImportError as error:
        raise PlatformError(
            Code.STATE,
            "the driver for PostgreSQL is not installed here",
            fix="Run this where the audit service is installed.",
        ) from error
    try:
        return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1))
    except psycopg.Error as error:
        raise PlatformError(
            Code.UNAVAILABLE, f"the server of the ledger does not answer: {error}"
        ) from error
