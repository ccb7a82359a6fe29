"""The keys of details: one for each entry, wrapped under the key of its owner, in a file apart.

The file stands in a folder of its own, so that a backup of the room's database holds no key and a
backup of this folder no detail. A key that is destroyed is overwritten (`secure_delete`) and gone
from the rollback journal, which ends with each transaction; copies of this folder are the one place
where it may live on, so they must be few and short-lived.

Order: a key is durable before the detail that it seals. A stop in between leaves a key of nothing.
Durable is a transaction once the journal's end is, in the folder too: else a power cut brings the
journal back, and the next start undoes with it what was committed.
"""

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.details import KEY_BYTES, unwrap_key, wrap_key
from sextant_shared.errors import Code, PlatformError

KEYS_FILE = "details.keys"
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_PREPARE = """
PRAGMA journal_mode = DELETE;
PRAGMA synchronous = EXTRA;
PRAGMA secure_delete = ON;
PRAGMA trusted_schema = OFF;
CREATE TABLE IF NOT EXISTS owner (name TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS wrapped (
    leaf BLOB PRIMARY KEY, owner TEXT NOT NULL REFERENCES owner (name), key BLOB NOT NULL
) STRICT
"""

_FIND = """
SELECT w.key, o.key FROM wrapped AS w JOIN owner AS o ON o.name = w.owner WHERE w.leaf = ?
"""


class DetailKeys:
    """The file, open; used from the threads of the database, one at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the file, or begin it.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the folder cannot be used.
        """
        try:
            folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            path = folder / KEYS_FILE
            path.touch(mode=_PRIVATE_FILE)
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._file.executescript(_PREPARE)
        except (OSError, sqlite3.Error) as error:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"the keys of details in {folder.name} cannot be used: {error}",
                fix="Restore the folder, or correct SIDECAR_DIR.",
            ) from error
        self._lock = threading.Lock()

    def make(self, owners: Mapping[bytes, str]) -> dict[bytes, bytes]:
        """Return a new key for each leaf; durable on return."""
        made = {leaf: random_bytes(KEY_BYTES) for leaf in owners}
        with self._lock, self._transaction():
            for name in sorted(set(owners.values())):
                self._file.execute(
                    "INSERT OR IGNORE INTO owner VALUES (?, ?)", (name, random_bytes(KEY_BYTES))
                )
            wrapping = dict(self._file.execute("SELECT name, key FROM owner").fetchall())
            self._file.executemany(
                "INSERT OR REPLACE INTO wrapped VALUES (?, ?, ?)",
                [
                    (leaf, owners[leaf], wrap_key(wrapping[owners[leaf]], made[leaf]))
                    for leaf in made
                ],
            )
        return made

    def find(self, leaf: bytes) -> bytes | None:
        """Return the key of a leaf's detail; None for one that was destroyed, or never was."""
        with self._lock:
            row = self._file.execute(_FIND, (leaf,)).fetchone()
        return unwrap_key(row[1], row[0]) if row else None

    def destroy(self, leaves: Iterable[bytes]) -> None:
        """Destroy keys, for ever; one that is gone already is no error."""
        with self._lock, self._transaction():
            self._file.executemany("DELETE FROM wrapped WHERE leaf = ?", [(x,) for x in leaves])

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._file.close()

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._file)


class _Transaction:
    """Begins and commits; rolls back what failed and tells it as a fault of the store."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    def __enter__(self) -> None:
        try:
            self._file.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise _unwritable(error) from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            try:
                self._file.execute("COMMIT")
            except sqlite3.Error as failed:
                error = failed
            else:
                return
        if self._file.in_transaction:  # a full disk ends it by itself
            self._file.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise _unwritable(error) from error


def _unwritable(error: sqlite3.Error) -> PlatformError:
    return PlatformError(
        Code.UNAVAILABLE, f"the keys of details cannot be written: {error}", retry_after_s=5
    )
