"""Reads a ledger of the log without the service: its entries, published heads and cosignatures.

The few columns that are read here are held to the service's tables by a test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sextant_client.recovery.databases import Database, open_database
from sextant_shared.errors import Code, PlatformError

CHUNK = 4096
_ENTRIES = "SELECT idx, data FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx"
_SIZE = "SELECT max(idx) FROM entry"
_HEADS = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT ?"
_LINES = "SELECT line FROM cosig WHERE size = ? ORDER BY seq"
_COSIGNED = "SELECT DISTINCT size FROM cosig ORDER BY size DESC LIMIT ?"
_HEAD = "SELECT note FROM checkpoint WHERE size = ?"
READ_COLUMNS = {
    "entry": {"idx", "data"},
    "checkpoint": {"size", "note"},
    "cosig": {"size", "seq", "line"},
}
_LOOKED_AT = 64  # cosigned heads until one has a quorum


@dataclass
class Ledger:
    """An open ledger, in a file or on a server."""

    database: Database

    def size(self) -> int:
        """Return how many entries it holds, if it has no gap."""
        [(last,)] = self.database.rows(_SIZE)
        return 0 if last is None else int(last) + 1

    def entries(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of each entry from `start` on.

        Raises:
            PlatformError: `E_INTEGRITY` at a gap.
        """
        end = self.size()
        for low in range(start, end, CHUNK):
            high = min(low + CHUNK, end)
            rows = self.database.rows(_ENTRIES, low, high)
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
        sizes = [int(row[0]) for row in self.database.rows(_COSIGNED, _LOOKED_AT)]
        heads = [(size, self.database.rows(_HEAD, size)[0][0]) for size in sizes]
        return [self._with_lines(size, note) for size, note in heads]

    def _notes(self, query: str, limit: int) -> list[str]:
        found = self.database.rows(query, limit)
        return [self._with_lines(int(size), note) for size, note in found]

    def _with_lines(self, size: int, note: str) -> str:
        return note + "".join(str(row[0]) for row in self.database.rows(_LINES, size))


@contextmanager
def open_ledger(place: str | Path) -> Iterator[Ledger]:
    """Open a ledger to read: the path of a SQLite file, or a `postgresql://` address.

    Raises:
        PlatformError: `E_STATE` when there is none, `E_UNAVAILABLE` when no server answers.
    """
    with open_database(place) as database:
        yield Ledger(database)
