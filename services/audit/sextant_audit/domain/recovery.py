"""Start of a log: rebuild the edge of the tree from rows, and refuse to go on with any doubt.

Responsible for comparing ledger, signer and the newest published checkpoint. The signer's memory is
kept apart from the ledger and its backups, so an old backup shows itself here as a ledger shorter
than what was signed: a fork that must never be continued.
"""

from dataclasses import dataclass

from sextant_audit.domain.ports import Head, HeadSigner, Ledger, Rows
from sextant_audit.domain.proving import Prover
from sextant_audit.domain.tree import TileCache, TileTree, edge_widths, split_tile
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tiles import TILE_HEIGHT, TILE_WIDTH
from sextant_shared.protocol.checkpoints import verify_checkpoint


@dataclass(frozen=True)
class Recovered:
    """A log that may go on: its proofs, its newest head, and the size published before."""

    prover: Prover
    head: Head
    published_size: int


async def recover(ledger: Ledger, signer: HeadSigner, cache: TileCache) -> Recovered:
    """Return the log in force, with its newest head signed.

    Raises:
        PlatformError: `E_INTEGRITY` when ledger, signer and checkpoint contradict each other, or
            the log was never begun; both states are in the evidence.
    """
    tree = await ledger.read(load_tree)
    _check_begun(tree, signer)
    prover = Prover(ledger, tree, cache)
    if await prover.root(signer.size) != signer.root:
        raise _fork(
            f"the ledger's first {signer.size} entries are not those that were signed",
            signed=f"{signer.size}\n{b64(signer.root)}",
            held=f"{signer.size}\n{b64(await prover.root(signer.size))}",
        )
    published_size = await _check_published(ledger, signer, prover)
    path = await prover.consistency(signer.size, tree.size)
    return Recovered(prover, signer.sign(tree.size, tree.root(), path), published_size)


def load_tree(rows: Rows) -> TileTree:
    """Return the tree at the ledger's size, its right edge rebuilt from entries and full tiles.

    Level 0 is hashed from the entries themselves, each level above from the tiles below it.

    Raises:
        PlatformError: `E_INTEGRITY` when a row is missing or a stored hash is not that of its
            entry.
    """
    size = rows.size()
    hashes: list[list[bytes]] = []
    for level, width in enumerate(edge_widths(size)):
        start = (size >> (TILE_HEIGHT * level)) - width
        if level == 0:
            hashes.append(_entry_hashes(rows, start, size))
        else:
            hashes.append([_tile_root(rows, level - 1, start + i) for i in range(width)])
    if size >= TILE_WIDTH:
        _check_last_full_tile(rows, size)
    return TileTree.from_edges(size, hashes)


def _entry_hashes(rows: Rows, start: int, end: int) -> list[bytes]:
    entries = rows.entries(start, end)
    hashes = [leaf_hash(entry.data) for entry in entries]
    if len(entries) != end - start or hashes != [entry.hash for entry in entries]:
        raise _damaged(f"entries {start} to {end - 1} are not what was hashed")
    return hashes


def _tile_root(rows: Rows, level: int, index: int) -> bytes:
    data = rows.tile(level, index)
    if data is None:
        raise _damaged(f"full tile {index} of level {level} is missing")
    return split_tile(data)[TILE_HEIGHT][0]


def _check_last_full_tile(rows: Rows, size: int) -> None:
    """Compare the newest full tile of level 0 with its entries."""
    index = size // TILE_WIDTH - 1
    hashes = _entry_hashes(rows, index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
    if rows.tile(0, index) != b"".join(hashes):
        raise _damaged(f"full tile {index} of level 0 is not that of its entries")


def _check_begun(tree: TileTree, signer: HeadSigner) -> None:
    if signer.size == 0:
        raise PlatformError(
            Code.INTEGRITY,
            "this log was not begun: its signer has signed nothing",
            fix="Run `python -m sextant_audit init` once.",
        )
    if tree.size < signer.size:
        raise _fork(
            "the ledger is older than what was signed: it would begin a second history",
            signed=f"{signer.size}\n{b64(signer.root)}",
            held=f"{tree.size}\n{b64(tree.root())}",
            missing=f"entries {tree.size} to {signer.size - 1}, and every receipt under a head of"
            f" size {tree.size + 1} to {signer.size}",
        )


async def _check_published(ledger: Ledger, signer: HeadSigner, prover: Prover) -> int:
    """Return the size of the newest published checkpoint, once the tree agrees with it."""
    text = await ledger.read(lambda rows: rows.checkpoint())
    if text is None:
        return 0
    published = verify_checkpoint(text, signer.keys)
    if published.size > prover.tree.size or await prover.root(published.size) != published.root:
        raise _fork(
            "the ledger does not continue the newest published checkpoint",
            signed=text,
            held=f"{prover.tree.size}\n{b64(prover.tree.root())}",
        )
    return published.size


def _fork(detail: str, **evidence: str) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        detail,
        fix="Keep both files, restore the newest ledger, and tell every holder of checkpoints.",
        evidence=evidence,
    )


def _damaged(detail: str) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        f"the ledger is damaged: {detail}",
        fix="Run `python -m sextant_audit verify` and restore the ledger.",
    )
