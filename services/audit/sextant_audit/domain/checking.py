"""The check of the whole log: everything rebuilt from the entries and compared with everything.

Responsible for what `python -m sextant_audit verify` promises; tests end their scenarios with it.
It trusts no stored hash: leaves are hashed from the entries, the tree is grown twice (by the tiles
the service uses and by the shared frontier), and each published checkpoint must be a prefix of it.
Cosignatures must be what their rows say, and hold where the key of their witness is known. Not
responsible for the table `refused`: nobody signed what is written there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sextant_audit.domain.ports import (
    ReadableLedger,
    Rows,
    StoredCosignature,
    StoredEntry,
    StoredHead,
)
from sextant_audit.domain.tree import TileTree
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.notes import (
    MAX_TREE_SIZE,
    CheckpointBody,
    format_signatures,
    parse_signatures,
)
from sextant_shared.merkle.tiles import TILE_WIDTH, tiles_of
from sextant_shared.merkle.tree import Frontier
from sextant_shared.models.entries import GenesisEntry, parse_entry
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from sextant_shared.protocol.cosignatures import Cosigner, find_cosignatures

CHUNK = 4096  # entries read at a time: bounded memory, few trips


@dataclass(frozen=True)
class LogReport:
    """What was found: all of it agrees."""

    size: int
    root: bytes
    tiles: int
    checkpoints: int


@dataclass
class _Check:
    """The state of a running check; each chunk runs in a worker thread, one at a time."""

    keys: LogKeys
    heads: dict[int, bytes]
    cosigners: Sequence[Cosigner] = ()
    frontier: Frontier = field(default_factory=Frontier)
    tree: TileTree = field(default_factory=TileTree)
    tiles: int = 0
    checkpoints: int = 0

    def chunk(self, rows: Rows, end: int) -> None:
        """Check the entries up to `end`, the tiles they fill and the checkpoints over them."""
        start = self.frontier.size
        entries = rows.entries(start, end)
        if [entry.index for entry in entries] != list(range(start, end)):
            raise _broken(f"entries {start} to {end - 1} are not contiguous")
        bodies = {head.size: self._expect_head(head) for head in rows.heads(start, end)}
        self.checkpoints += len(bodies)
        for cosignature in rows.cosignatures(start, end):
            self._cosignature(cosignature, bodies.get(cosignature.size))
        leaves = [self._leaf(entry) for entry in entries]
        for leaf in leaves:
            self.frontier.append(leaf)
            wanted = self.heads.pop(self.frontier.size, None)
            if wanted is not None and wanted != self.frontier.root():
                raise _broken(
                    f"the head of size {self.frontier.size} that was signed is not that of the"
                    f" entries: signed {b64(wanted)}, computed {b64(self.frontier.root())}"
                )
        self.tree, full = self.tree.grown(leaves)
        for tile in full:
            if rows.tile(tile.level, tile.index) != tile.data:
                raise _broken(f"tile {tile.index} of level {tile.level} is not that of the entries")
        self.tiles += len(full)

    def _expect_head(self, stored: StoredHead) -> CheckpointBody:
        """Have the tree compared with a published head when it has grown to its size."""
        checkpoint = verify_checkpoint(stored.note, self.keys)
        if (checkpoint.size, checkpoint.root) != (stored.size, stored.root):
            raise _broken(f"the checkpoint of size {stored.size} is not what its row says")
        known = self.heads.setdefault(checkpoint.size, checkpoint.root)
        if known != checkpoint.root:
            raise _broken(f"two heads of size {checkpoint.size} were signed")
        return CheckpointBody(checkpoint.origin, checkpoint.size, checkpoint.root)

    def _cosignature(self, stored: StoredCosignature, body: CheckpointBody | None) -> None:
        """Compare a line with its row; whose key is known, its signature must hold."""
        lines = parse_signatures(stored.line)
        timed = lines[0].signature[:8]
        told = lines[0].name, lines[0].key_id.hex(), int.from_bytes(timed, "big")
        is_row = told == (stored.name, stored.key_id, stored.time)
        if body is None or len(lines) != 1 or format_signatures(lines) != stored.line or not is_row:
            raise _broken(
                f"a cosignature by {stored.name} of size {stored.size} is not what its row says"
            )
        find_cosignatures(self.cosigners, body, lines)

    def _leaf(self, stored: StoredEntry) -> bytes:
        entry = parse_entry(stored.data)
        leaf = leaf_hash(stored.data)
        if entry.id != stored.id or leaf != stored.hash:
            raise _broken(f"entry {stored.index} is not what its row says")
        if isinstance(entry, GenesisEntry) != (stored.index == 0):
            raise _broken(f"entry {stored.index} is {entry.type}; genesis stands at 0 alone")
        if isinstance(entry, GenesisEntry) and entry.origin != self.keys.origin:
            raise _broken(f"the log began as {entry.origin}, not as {self.keys.origin}")
        return leaf


async def check_log(
    ledger: ReadableLedger,
    keys: LogKeys,
    signed: tuple[int, bytes],
    cosigners: Sequence[Cosigner] = (),
) -> LogReport:
    """Rebuild the log from its entries and compare it with all that was stored and signed.

    `signed` is the size and root that the signer remembers; `cosigners` are the witnesses whose
    keys are known.

    Raises:
        PlatformError: `E_INTEGRITY` naming the first thing that does not agree; `E_KEY` or
            `E_SIGNATURE` for a checkpoint that the log's keys did not sign, or a cosignature that
            its witness did not make; `E_MALFORMED` for what is none.
    """
    size, tiles, beyond = await ledger.read(_extent)
    if size < max(signed[0], 1):
        raise _broken(f"the ledger holds {size} entries, the signer signed {signed[0]}")
    check = _Check(keys, dict([signed]) if signed[0] else {}, cosigners)
    for start in range(0, size, CHUNK):
        end = min(start + CHUNK, size)
        await ledger.read(lambda rows, end=end: check.chunk(rows, end))  # type: ignore[misc]
    expected = sum(tile.width == TILE_WIDTH for tile in tiles_of(size))
    if beyond or (check.tiles, tiles) != (expected, expected):
        raise _broken(
            f"{size} entries have {expected} full tiles and no checkpoint beyond them; the ledger"
            f" holds {tiles} tiles and {len(beyond)} such checkpoints"
        )
    if check.tree.root() != check.frontier.root():
        raise _broken("tiles and frontier disagree about the root")
    return LogReport(size, check.frontier.root(), check.tiles, check.checkpoints)


def _extent(rows: Rows) -> tuple[int, int, list[str]]:
    """Return size, full tiles and checkpoints beyond the size, of one moment: a log may grow."""
    size = rows.size()
    return size, rows.tile_count(), rows.checkpoints(size, MAX_TREE_SIZE)


def _broken(detail: str) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY, detail, fix="Stop the service, keep the files, restore the newest ledger."
    )
