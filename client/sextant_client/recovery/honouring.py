"""What a restored platform can still honour: its log against everything the world holds of it.

Responsible for three comparisons. The tree, hashed again from every entry, against signed heads:
the backup's own, those of witnesses, mirrors and receipts. The log against the exchange: an
acknowledged envelope has an entry *and* a container. Each receipt that is given, against both.

A log that is shorter than a signed head lost entries that were acknowledged: `lost` says which. One
of the same size with another root holds another history. Nothing here mends anything.

What nobody outside holds cannot be missed: a receipt under a head of the last second before a loss,
seen by no witness, is found here only if its holder shows it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sextant_client.recovery.databases import Database
from sextant_client.recovery.ledger import Ledger
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tiles import TILE_WIDTH, Tile, parse_bundle
from sextant_shared.merkle.tree import Frontier
from sextant_shared.models.entries import EnvelopeAcceptedEntry, parse_entry
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys
from sextant_shared.protocol.logproof import verify_proof
from sextant_shared.protocol.receipts import parse_custody

_ACCEPTED = b'"envelope.accepted"'
_EXCHANGES = (b'"envelope.', b'"party.', b'"delivery.')  # types that the exchange alone writes
_BATCH = 500
_FIND = "SELECT id FROM envelope WHERE id IN ({})"
_BEYOND = "SELECT id, log_index FROM envelope WHERE log_index >= ?"
_LARGE = "SELECT id, log_index, blob FROM envelope WHERE blob IS NOT NULL AND erased IS NULL"
READ_COLUMNS = {"envelope": {"id", "log_index", "blob", "erased"}}


@dataclass(frozen=True, slots=True)
class KnownReceipt:
    """A receipt that somebody holds: its entry, place and the head it stands under."""

    source: str
    envelope: str
    index: int
    leaf: bytes
    head: Checkpoint


@dataclass(frozen=True, slots=True)
class Missing:
    """An acknowledged envelope that cannot be honoured: where it stood, and why."""

    envelope: str
    index: int
    why: str


@dataclass
class Findings:
    """What was compared, and everything that does not hold."""

    size: int = 0
    root: bytes = b""
    heads: int = 0
    newest: Checkpoint | None = None
    lost: tuple[int, int] | None = None
    """First and last index of entries that a signed head covers and the ledger lacks."""
    forked: list[Checkpoint] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    receipts: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    """Entries that the exchange wrote after the newest one it knows, by type."""
    unreadable: list[str] = field(default_factory=list)
    large: int | None = None
    """Containers that were looked for as files; None when there is no folder of them here."""
    containers: int | None = None
    """Containers of which every byte was read; None when only their files were looked for."""
    owed_files: list[str] = field(default_factory=list)
    """Envelopes of which declarations lacks files that the exchange still has."""
    behind: list[str] = field(default_factory=list)
    """Servers that came back older than their backup, in words."""

    @property
    def holds(self) -> bool:
        """Whether every acknowledgement that is known of can be honoured."""
        faults = (self.lost, self.forked, self.missing, self.unreadable, self.behind)
        return not any(faults)


def check_ledger(
    ledger: Ledger, heads: Sequence[Checkpoint], receipts: Sequence[KnownReceipt]
) -> Findings:
    """Return what a ledger holds against signed heads and receipts; every entry is hashed again.

    Raises:
        PlatformError: `E_INTEGRITY` for a gap, or a ledger that cannot be read.
    """
    every = [*heads, *(receipt.head for receipt in receipts)]
    wanted: dict[int, list[Checkpoint]] = {}
    for head in every:
        wanted.setdefault(head.size, []).append(head)
    asked = {receipt.index: receipt.leaf for receipt in receipts}
    held: dict[int, bool] = {}
    found, tree = Findings(heads=len(every), receipts=len(receipts)), Frontier()
    for index, data in ledger.entries():
        leaf = leaf_hash(data)
        tree.append(leaf)
        if index in asked:
            held[index] = leaf == asked[index]
        if tree.size in wanted:
            root = tree.root()
            found.forked += [head for head in wanted[tree.size] if head.root != root]
    found.size, found.root = tree.size, tree.root()
    found.newest = max(every, key=lambda head: head.size, default=None)
    if found.newest is not None and found.newest.size > found.size:
        found.lost = (found.size, found.newest.size - 1)
    found.missing = [_not_held(r, found.size) for r in receipts if not held.get(r.index)]
    return found


def check_exchange(
    found: Findings, ledger: Ledger, database: Database, blobs: Path | None = None
) -> None:
    """Add what the exchange lacks of the log, and knows beyond it; and files that are gone."""
    newest = 0
    for batch in _batches(_accepted(ledger)):
        marks = ",".join("?" * len(batch))
        rows = database.rows(_FIND.format(marks), *(entry.env for _, entry in batch))
        known = {row[0] for row in rows}
        for index, entry in batch:
            if entry.env in known:
                newest = index
            else:
                why = "the log has its entry, the exchange lost its container"
                found.missing.append(Missing(entry.env, index, why))
    for id_, index in database.rows(_BEYOND, found.size):
        why = "the exchange holds its receipt, the log lost its entry"
        found.missing.append(Missing(id_, index, why))
    if blobs is not None:
        large = database.rows(_LARGE)
        found.large = len(large)
        for id_, index, name in large:
            if index is not None and not (blobs / name).is_file():
                why = "the exchange lost the file of its container"
                found.missing.append(Missing(id_, index, why))
    found.unknown = dict(
        Counter(
            parse_entry(data).type
            for _, data in ledger.entries(newest + 1)
            if any(kind in data for kind in _EXCHANGES)
        )
    )


def name_lost(found: Findings, copies: Iterable[Path]) -> None:
    """Add the envelopes in the lost range that copies of the log still name."""
    if found.lost is None:
        return
    first, last = found.lost
    told = {each.index for each in found.missing}
    for folder in copies:
        for index, data in entries_of_copy(folder, first, last + 1):
            if index not in told and _ACCEPTED in data:
                entry: Any = parse_entry(data)
                why = "the log lost its entry, a copy of the log has it"
                found.missing.append(Missing(entry.env, index, why))
                told.add(index)


def entries_of_copy(folder: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield entries of a copy of the log (C2SP tlog-tiles) in a range, as far as it has them."""
    for number in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
        for width in range(TILE_WIDTH, 0, -1):
            path = folder / "tile" / Tile(None, number, width).path
            if path.is_file():
                for place, data in enumerate(parse_bundle(path.read_bytes())):
                    index = number * TILE_WIDTH + place
                    if start <= index < end:
                        yield index, data
                break


def read_receipts(folders: Iterable[Path], keys: LogKeys) -> tuple[list[KnownReceipt], list[str]]:
    """Return the custody receipts below folders (`custody.json` of homes), and what is none.

    Each is verified offline: one that the pinned log did not sign is told, not believed.
    """
    receipts: list[KnownReceipt] = []
    unreadable: list[str] = []
    for folder in folders:
        paths = [folder] if folder.is_file() else sorted(folder.rglob("custody.json"))
        for path in paths:
            try:
                receipts.append(read_receipt(path, keys))
            except (PlatformError, OSError) as error:
                unreadable.append(f"{path}: {error}")
    return receipts, unreadable


def read_receipt(path: Path, keys: LogKeys) -> KnownReceipt:
    """Return what one receipt claims, verified against the pinned log.

    Raises:
        PlatformError: `E_MALFORMED`, `E_KEY`, `E_SIGNATURE`, `E_INTEGRITY`.
    """
    document = parse_custody(path.read_bytes())
    logged = verify_proof(b64u_decode(document.entry), document.proof, keys)
    entry = parse_entry(logged.leaf)
    envelope = entry.env if isinstance(entry, EnvelopeAcceptedEntry) else entry.id
    return KnownReceipt(
        str(path), envelope, logged.index, leaf_hash(logged.leaf), logged.checkpoint
    )


def _not_held(receipt: KnownReceipt, size: int) -> Missing:
    why = "the log lost its entry" if receipt.index >= size else "another entry stands in its place"
    return Missing(receipt.envelope, receipt.index, f"{why}; receipt {receipt.source}")


def _accepted(ledger: Ledger) -> Iterator[tuple[int, EnvelopeAcceptedEntry]]:
    for index, data in ledger.entries():
        if _ACCEPTED in data:
            entry = parse_entry(data)
            if isinstance(entry, EnvelopeAcceptedEntry):
                yield index, entry


def _batches(
    entries: Iterator[tuple[int, EnvelopeAcceptedEntry]],
) -> Iterator[list[tuple[int, EnvelopeAcceptedEntry]]]:
    batch: list[tuple[int, EnvelopeAcceptedEntry]] = []
    for each in entries:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
