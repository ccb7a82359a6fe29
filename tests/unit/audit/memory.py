"""A ledger and a signer in memory, for tests of the log without files."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sextant_audit.domain.genesis import begin, make_genesis
from sextant_audit.domain.ports import (
    Head,
    Located,
    NewEntry,
    RefusedCall,
    Rows,
    StoredCosignature,
    StoredEntry,
    StoredHead,
    WritableRows,
)
from sextant_audit.domain.proving import Prover
from sextant_audit.domain.publishing import Publisher
from sextant_audit.domain.reading import Reading
from sextant_audit.domain.receipts import EntryProofs
from sextant_audit.domain.recovery import recover
from sextant_audit.domain.sequencing import Sequencer
from sextant_audit.domain.tree import TileCache
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT, leaf_hash
from sextant_shared.merkle.proofs import verify_consistency
from sextant_shared.models.entries import format_entry
from sextant_shared.protocol.checkpoints import LogKeys, sign_checkpoint
from sextant_shared.protocol.cose_receipts import ReceiptKey, SignedRoot, sign_root
from tests.support.logs import (
    NOW,
    ORIGIN,
    log_keys,
    log_signers,
    make_accepted,
    receipt_key,
    receipt_signer,
)

T = TypeVar("T")


def new_entry(number: int) -> NewEntry:
    entry = make_accepted(number)
    data = format_entry(entry)
    return NewEntry(entry.id, data, leaf_hash(data))


@dataclass
class MemoryRows:
    stored: list[StoredEntry] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    cosigs: list[StoredCosignature] = field(default_factory=list)
    refused: list[RefusedCall] = field(default_factory=list)

    def copy(self) -> "MemoryRows":
        return MemoryRows(
            [*self.stored],
            {**self.tiles},
            {**self.notes},
            {**self.roots},
            [*self.cosigs],
            [*self.refused],
        )

    def size(self) -> int:
        return len(self.stored)

    def locate(self, ids: Sequence[str]) -> dict[str, Located]:
        return {e.id: Located(e.index, e.hash) for e in self.stored if e.id in set(ids)}

    def entries(self, start: int, end: int) -> list[StoredEntry]:
        return self.stored[start:end]

    def tile(self, level: int, index: int) -> bytes | None:
        return self.tiles.get((level, index))

    def tile_count(self) -> int:
        return len(self.tiles)

    def checkpoint(self) -> str | None:
        return self.notes[max(self.notes)] if self.notes else None

    def checkpoints(self, after: int, until: int) -> list[str]:
        return [self.notes[size] for size in sorted(self.notes) if after < size <= until]

    def checkpoint_from(self, size: int) -> str | None:
        found = [each for each in self.notes if each >= size]
        return self.notes[min(found)] if found else None

    def heads(self, after: int, until: int) -> list[StoredHead]:
        sizes = [size for size in sorted(self.notes) if after < size <= until]
        return [StoredHead(size, self.roots[size], self.notes[size]) for size in sizes]

    def cosignatures(self, after: int, until: int) -> list[StoredCosignature]:
        return [each for each in self.cosigs if after < each.size <= until]

    def newest_cosignatures(self) -> list[StoredCosignature]:
        newest: dict[tuple[str, str], StoredCosignature] = {}
        for each in sorted(self.cosigs, key=lambda c: (c.size, c.time)):
            newest[each.name, each.key_id] = each
        return list(newest.values())

    def cosigned(self, limit: int) -> list[tuple[str, list[StoredCosignature]]]:
        sizes = sorted({each.size for each in self.cosigs}, reverse=True)[:limit]
        return [(self.notes[s], [c for c in self.cosigs if c.size == s]) for s in sizes]

    def add_cosignatures(self, cosignatures: Sequence[StoredCosignature]) -> None:
        assert {each.size for each in cosignatures} <= set(self.notes)
        self.cosigs += cosignatures

    def add_refused_call(self, refused: RefusedCall) -> None:
        self.refused.append(refused)

    def add_entries(self, start: int, entries: Sequence[NewEntry]) -> None:
        if start != len(self.stored) or self.locate([e.id for e in entries]):
            raise PlatformError(Code.INTEGRITY, "a gap or an id in use")
        for i, entry in enumerate(entries):
            self.stored.append(StoredEntry(start + i, entry.id, entry.data, entry.hash))

    def add_tiles(self, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        for level, index, data in tiles:
            self.tiles[level, index] = data

    def add_checkpoint(self, size: int, root: bytes, checkpoint: str) -> None:
        assert size > max(self.notes, default=0)
        assert len(root) == 32
        self.notes[size], self.roots[size] = checkpoint, root


@dataclass
class MemoryLedger:
    """Commits a copy of the rows, so a transaction that raises leaves nothing behind."""

    rows: MemoryRows = field(default_factory=MemoryRows)
    reads: int = 0

    async def read(self, work: Callable[[Rows], T]) -> T:
        self.reads += 1
        return work(self.rows)

    async def write(self, work: Callable[[WritableRows], T]) -> T:
        rows = self.rows.copy()
        result = work(rows)
        self.rows = rows
        return result


@dataclass
class MemorySigner:
    """Signs what continues what it signed."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    signatures: int = 0
    roots: int = 0
    now: float = NOW

    @property
    def keys(self) -> LogKeys:
        return log_keys()

    def sign(self, size: int, root: bytes, path: Sequence[bytes]) -> Head:
        if self.size:
            verify_consistency(self.size, size, path, self.root, root)
        self.size, self.root = size, root
        self.signatures += 1
        return Head(
            size, root, sign_checkpoint(ORIGIN, size, root, log_signers(), self.now), self.now
        )

    @property
    def receipt_key(self) -> ReceiptKey | None:
        return receipt_key()

    def sign_root(self, size: int, root: bytes, path: Sequence[bytes]) -> SignedRoot:
        verify_consistency(size, self.size, path, root, self.root)
        self.roots += 1
        return sign_root(ORIGIN, root, receipt_signer(), self.now)


class Crash(BaseException):
    """Stands for the process being killed."""


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class TestLog:
    """The whole log around a ledger and a signer; `start` again to see what recovery makes."""

    __test__ = False

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    signer: MemorySigner = field(default_factory=MemorySigner)
    clock: Clock = field(default_factory=Clock)
    crash_at: str = ""
    cache_size: int = 8

    def _crash_point(self, name: str) -> None:
        if name == self.crash_at:
            self.crash_at = ""
            raise Crash(name)

    async def start(self) -> "TestLog":
        if self.signer.size == 0:
            await begin(
                self.ledger, self.signer, make_genesis(self.signer.keys, self.clock, bytes(32))
            )
        recovered = await recover(self.ledger, self.signer, TileCache(self.cache_size))
        self.prover: Prover = recovered.prover
        self.publisher = Publisher(
            self.ledger,
            interval_s=1,
            crash_point=self._crash_point,
            stored_size=recovered.published_size,
        )
        self.sequencer = Sequencer(
            ledger=self.ledger,
            signer=self.signer,
            prover=self.prover,
            head=recovered.head,
            offer=self.publisher.offer,
            clock=self.clock,
            refresh_s=600,
            crash_point=self._crash_point,
        )
        self.reading = Reading(self.ledger, self.prover, self.publisher)
        self.proofs = EntryProofs(self.ledger, self.prover, self.publisher, self.signer)
        self.publisher.offer(recovered.head)
        await self.publisher.publish()
        return self
