"""Fills a ledger that lost its newest entries from a copy of the log that has them.

Responsible for adding nothing that was not signed: the entries of the copy must grow the ledger's
own tree into exactly the head that both keys signed, before a single row is written. Then they are
the entries that were acknowledged, and their receipts verify as before. Not responsible for reading
the copy, nor for signing: the signer remembers that head, and the next start continues it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sextant_audit.domain.ports import Ledger, NewEntry, WritableRows
from sextant_audit.domain.recovery import load_tree
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import parse_entry
from sextant_shared.protocol.checkpoints import Checkpoint


@dataclass(frozen=True)
class Refilled:
    """How many entries the ledger had, and how many it has."""

    before: int
    size: int


async def refill(ledger: Ledger, entries: Sequence[bytes], head: Checkpoint) -> Refilled:
    """Add the entries that follow the ledger's own; durable, or nothing at all.

    `entries` are all that the copy has from the ledger's size up to that of the head.

    Raises:
        PlatformError: `E_STATE` when the ledger lacks nothing, `E_INTEGRITY` when they are not
            those of the signed head.
    """

    def work(rows: WritableRows) -> Refilled:
        tree = load_tree(rows)
        if tree.size >= head.size:
            raise PlatformError(
                Code.STATE,
                "the ledger lacks nothing that this copy has",
                expected=f"fewer than {head.size} entries",
                received=str(tree.size),
                fix="Start the log.",
            )
        new = [NewEntry(parse_entry(data).id, data, leaf_hash(data)) for data in entries]
        grown, full = tree.grown([entry.hash for entry in new])
        if (grown.size, grown.root()) != (head.size, head.root):
            raise PlatformError(
                Code.INTEGRITY,
                "ledger and copy together are not the log that was signed",
                expected=f"{head.size} entries, root {b64(head.root)}",
                received=f"{grown.size} entries, root {b64(grown.root())}",
                fix="Check the copy (sextant log fsck); keep both as evidence.",
            )
        rows.add_entries(tree.size, new)
        rows.add_tiles((tile.level, tile.index, tile.data) for tile in full)
        rows.add_checkpoint(head.size, head.root, head.text)
        return Refilled(tree.size, grown.size)

    return await ledger.write(work)
