"""What a witness remembers: the newest head that it cosigned, for each log.

Responsible for deciding and remembering as one durable step, so that neither two requests at once
nor a power cut lead to two histories. Not responsible for the decision itself
(`sextant_shared.protocol.witnessing`) nor for keys.

One SQLite file. Its triggers let a head grow and nothing else. A witness that lost this file must
not go on with its keys: it would sign whatever it is shown first.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import CheckpointBody, Note, format_checkpoint_body, format_note
from sextant_shared.protocol.witnessing import Accepted, Held, Refused

MAX_EVIDENCE = 1000  # the oldest tell how it began; a log that goes on lying adds little
BUSY_TIMEOUT_S = 5.0
VERSION = 1
_SCHEMA = """
CREATE TABLE head (
    origin TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    time INTEGER NOT NULL CHECK (time > 0),
    checkpoint TEXT NOT NULL
) STRICT;
CREATE TRIGGER head_once BEFORE INSERT ON head
    WHEN EXISTS (SELECT 1 FROM head WHERE origin = NEW.origin)
    BEGIN SELECT RAISE(ABORT, 'a head is replaced by a larger one alone'); END;
CREATE TRIGGER head_grows BEFORE UPDATE ON head
    WHEN NEW.origin IS NOT OLD.origin OR NEW.size < OLD.size OR NEW.time < OLD.time
        OR (NEW.size = OLD.size AND NEW.root IS NOT OLD.root)
    BEGIN SELECT RAISE(ABORT, 'a head only grows'); END;
CREATE TRIGGER head_stays BEFORE DELETE ON head
    BEGIN SELECT RAISE(ABORT, 'a head is never forgotten'); END;
CREATE TABLE evidence (
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    time INTEGER NOT NULL,
    detail TEXT NOT NULL,
    held TEXT NOT NULL,
    request TEXT NOT NULL,
    PRIMARY KEY (origin, size, root)
) STRICT;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence
    BEGIN SELECT RAISE(ABORT, 'evidence is never forgotten'); END;
"""


@dataclass(frozen=True, slots=True)
class KnownHead:
    """The newest head of one log; `checkpoint` bears the log's signatures as they were verified."""

    body: CheckpointBody
    time: int
    checkpoint: str


@dataclass(frozen=True, slots=True)
class KeptRefusal:
    """A head that the log signed and that does not continue the one held; with the request."""

    origin: str
    size: int
    time: int
    detail: str
    held: str
    request: str


class Memory:
    """The open file. Safe to use from threads and beside other processes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create the memory of a witness that has signed nothing.

        Raises:
            PlatformError: `E_STATE` when the file exists.
        """
        if path.exists():
            raise PlatformError(Code.STATE, f"{path} exists: a witness lives here already")
        with _faults(path):
            connection = _connect(path)
            connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {VERSION};COMMIT;")
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the memory of a witness.

        Raises:
            PlatformError: `E_INTEGRITY` when it is missing or of another kind.
        """
        if not path.exists():
            raise PlatformError(
                Code.INTEGRITY,
                f"the memory of this witness, {path}, is missing",
                fix="Restore it. If it is lost, retire these keys: begin a witness with new ones.",
            )
        with _faults(path):
            connection = _connect(path)
            found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found != VERSION:
            connection.close()
            raise PlatformError(
                Code.INTEGRITY,
                f"{path} is no memory of a witness",
                expected=f"version {VERSION}",
                received=f"version {found}",
            )
        return cls(connection)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()

    def decide(
        self, origin: str, judge: Callable[[Held], Accepted | Refused], now: float
    ) -> KnownHead | Refused:
        """Judge a request against what is held of its origin; what was accepted is durable.

        The time never goes back, whatever the clock does: each statement is about the largest
        tree at its time.

        Raises:
            PlatformError: `E_UNAVAILABLE` when it cannot be remembered: nothing may be signed.
        """
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT size, root, time FROM head WHERE origin = ?", (origin,)
            ).fetchone()
            verdict = judge(Held(row[0], row[1]) if row else Held())
            if isinstance(verdict, Refused):
                return verdict
            body = verdict.body
            time = max(int(now), row[2] if row else 1)
            text = format_note(Note(format_checkpoint_body(body), verdict.lines))
            values = {
                "origin": origin,
                "size": body.size,
                "root": body.root,
                "time": time,
                "checkpoint": text,
            }
            connection.execute(_UPDATE if row else _INSERT, values)
        return KnownHead(body, time, text)

    def keep_evidence(self, body: CheckpointBody, detail: str, request: str, now: float) -> None:
        """Keep a signed head that was refused, once, beside the one that is held."""
        with self._transaction() as connection:
            count = connection.execute("SELECT count(*) FROM evidence").fetchone()[0]
            if count < MAX_EVIDENCE:
                connection.execute(
                    "INSERT INTO evidence SELECT origin, ?, ?, ?, ?, checkpoint, ? FROM head"
                    " WHERE origin = ? ON CONFLICT DO NOTHING",
                    (body.size, body.root, int(now), detail, request, body.origin),
                )

    def head(self, origin: str) -> KnownHead | None:
        """Return the newest head of one log."""
        return next((head for head in self.heads() if head.body.origin == origin), None)

    def heads(self) -> list[KnownHead]:
        """Return the newest head of each log, by origin."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT origin, size, root, time, checkpoint FROM head ORDER BY origin"
            ).fetchall()
        return [KnownHead(CheckpointBody(r[0], r[1], r[2]), r[3], r[4]) for r in rows]

    def evidence(self) -> list[KeptRefusal]:
        """Return what was kept, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT origin, size, time, detail, held, request FROM evidence ORDER BY rowid"
            ).fetchall()
        return [KeptRefusal(*row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _faults():
            yield self._connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _faults():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


_INSERT = "INSERT INTO head VALUES (:origin, :size, :root, :time, :checkpoint)"
_UPDATE = (
    "UPDATE head SET size = :size, root = :root, time = :time, checkpoint = :checkpoint"
    " WHERE origin = :origin"
)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    # A rollback journal, and its removal synced too: what is committed survives a power cut.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


@contextmanager
def _faults(path: Path | None = None) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise PlatformError(Code.INTEGRITY, f"the memory refuses: {error}") from error
    except sqlite3.Error as error:
        named = f" {path}" if path else ""
        raise PlatformError(
            Code.UNAVAILABLE, f"the memory{named} cannot be used: {error}", retry_after_s=5
        ) from error
