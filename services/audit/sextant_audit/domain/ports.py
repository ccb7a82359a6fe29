"""What the log needs from outside: a ledger of rows, a signer that refuses forks, crash points.

Each method says what its caller may rely on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.cose_receipts import ReceiptKey, SignedRoot

T = TypeVar("T")
CrashPoint = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry that was read strictly and has no index yet; `hash` is its leaf hash."""

    id: str
    data: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as the ledger holds it; `hash` is what was stored, not what was recomputed."""

    index: int
    id: str
    data: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Located:
    """Where an entry id stands, and the leaf hash stored there."""

    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head that the signer signed: `checkpoint` is the note, `time` when it was signed."""

    size: int
    root: bytes
    checkpoint: str
    time: float


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A published head as its row says: `note` says it too, and is signed."""

    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class StoredCosignature:
    """A verified cosignature of a published head: whose key, when, and the whole line."""

    size: int
    name: str
    key_id: str
    time: int
    line: str


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A call that a witness did not answer with a cosignature that holds; kept as evidence."""

    time: int
    url: str
    status: int
    size: int
    old: int
    detail: str
    request: str


@dataclass(frozen=True, slots=True)
class WitnessCall:
    """A request for a cosignature; `lag` is how many entries the witness is behind."""

    name: str
    url: str
    body: bytes
    lag: int


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness answered, whatever it was."""

    status: int
    content_type: str
    body: bytes


class Rows(Protocol):
    """What may be read in one consistent view of the ledger."""

    def size(self) -> int:
        """Return the number of entries."""
        ...

    def locate(self, ids: Sequence[str]) -> dict[str, Located]:
        """Return those of the ids that are in the log."""
        ...

    def entries(self, start: int, end: int) -> list[StoredEntry]:
        """Return the entries `start … end - 1`, in order, as far as they exist."""
        ...

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the 8,192 bytes of a full tile, or None."""
        ...

    def tile_count(self) -> int:
        """Return the number of full tiles on all levels."""
        ...

    def checkpoint(self) -> str | None:
        """Return the newest published checkpoint."""
        ...

    def checkpoints(self, after: int, until: int) -> list[str]:
        """Return the published checkpoints of `after < size <= until`, smallest first."""
        ...

    def checkpoint_from(self, size: int) -> str | None:
        """Return the smallest published checkpoint of at least `size`, or None."""
        ...

    def heads(self, after: int, until: int) -> list[StoredHead]:
        """Return the rows of the published heads of `after < size <= until`, smallest first."""
        ...

    def cosignatures(self, after: int, until: int) -> list[StoredCosignature]:
        """Return all cosignatures of the heads of `after < size <= until`."""
        ...

    def newest_cosignatures(self) -> list[StoredCosignature]:
        """Return the newest cosignature of each key."""
        ...

    def cosigned(self, limit: int) -> list[tuple[str, list[StoredCosignature]]]:
        """Return the newest `limit` cosigned checkpoints, largest first, with all cosignatures."""
        ...


class WritableRows(Rows, Protocol):
    """One transaction: all of it becomes durable, or nothing."""

    def add_entries(self, start: int, entries: Sequence[NewEntry]) -> None:
        """Add entries at the indexes from `start` on; a gap or an index in use is refused."""
        ...

    def add_tiles(self, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        """Add full tiles: level, index, hashes."""
        ...

    def add_checkpoint(self, size: int, root: bytes, checkpoint: str) -> None:
        """Add a published checkpoint, larger than all before."""
        ...

    def add_cosignatures(self, cosignatures: Sequence[StoredCosignature]) -> None:
        """Add cosignatures of published checkpoints."""
        ...

    def add_refused_call(self, refused: RefusedCall) -> None:
        """Keep a call that a witness refused."""
        ...


class ReadableLedger(Protocol):
    """A ledger opened to be checked."""

    async def read(self, work: Callable[[Rows], T]) -> T:
        """Run `work` in a worker thread on one consistent view."""
        ...


class Ledger(ReadableLedger, Protocol):
    """The one durable store of the log: it can be read and appended to, never changed."""

    async def write(self, work: Callable[[WritableRows], T]) -> T:
        """Run `work` in the writer thread; on return its rows are durable."""
        ...


class HeadSigner(Protocol):
    """Who holds the keys and remembers the newest head it signed, outside the ledger."""

    @property
    def keys(self) -> LogKeys:
        """The public identity of the log."""
        ...

    @property
    def size(self) -> int:
        """Size of the newest head it agreed to sign; 0 before the first."""
        ...

    @property
    def root(self) -> bytes:
        """Root of that head."""
        ...

    def sign(self, size: int, root: bytes, path: Sequence[bytes]) -> Head:
        """Return the signed head; `path` is the consistency proof from `self.size`.

        Blocks for a durable write and two signatures. Refuses, with `E_INTEGRITY`, a smaller
        size, another root of the same size, and a proof that does not hold.
        """
        ...

    @property
    def receipt_key(self) -> ReceiptKey | None:
        """The public key of the log's COSE receipts, if it has one."""
        ...

    def sign_root(self, size: int, root: bytes, path: Sequence[bytes]) -> SignedRoot:
        """Return a signature over a root of the past; `path` is the proof from it to `self.size`.

        Blocks for one signature. Refuses, with `E_INTEGRITY`, what the head remembered does not
        continue, and with `E_NOT_FOUND` when there is no key of receipts.
        """
        ...
