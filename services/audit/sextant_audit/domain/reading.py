"""What the world may read: tiles and bundles of the published tree, proofs of every signed one.

Responsible for refusing what lies beyond. Not responsible for who may ask.
"""

from sextant_audit.domain.growth import Growth
from sextant_audit.domain.ports import Ledger
from sextant_audit.domain.proving import Prover
from sextant_audit.domain.publishing import Publisher
from sextant_audit.domain.scrubbing import Withholding
from sextant_audit.domain.witnessing import Witnessing
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.tiles import TILE_WIDTH, Tile, bundle_of
from sextant_shared.models.log import (
    ConsistencyProof,
    InclusionProof,
    LogGrowth,
    WitnessedHead,
    WitnessReport,
)


class Reading:
    """Answers reads from the ledger and the tree."""

    def __init__(
        self,
        ledger: Ledger,
        prover: Prover,
        publisher: Publisher,
        witnessing: Witnessing | None = None,
    ) -> None:
        self._ledger = ledger
        self._prover = prover
        self._publisher = publisher
        self._witnessing = witnessing
        self._growth = Growth(ledger)
        self._withholding: Withholding | None = None

    def guarded_by(self, withholding: Withholding) -> None:
        """Give out nothing that `withholding` refuses."""
        self._withholding = withholding

    def checkpoint(self) -> str:
        """Return the published checkpoint, with the cosignatures that have come.

        Raises:
            PlatformError: `E_UNAVAILABLE` before the first is published.
        """
        head = self._publisher.head
        if head is None:
            raise PlatformError(Code.UNAVAILABLE, "no checkpoint is published yet", retry_after_s=1)
        return self._witnessing.cosigned(head) if self._witnessing else head.checkpoint

    @property
    def size(self) -> int:
        """Size of the published tree."""
        return self._publisher.size

    def newest_witnessed(self) -> str | None:
        """Return the newest checkpoint with a quorum, if there is one."""
        head = self._witnessing.witnessed if self._witnessing else None
        return None if head is None else head.checkpoint

    async def growth(self) -> LogGrowth:
        """Return published heads from the first to the newest, thinned out.

        Raises:
            PlatformError: `E_INTEGRITY`, as `Growth.of`.
        """
        return await self._growth.of(self._publisher.size)

    def witnesses(self) -> WitnessReport:
        """Return what is known of each witness that the log asks.

        Raises:
            PlatformError: `E_NOT_FOUND` when it asks none.
        """
        return self._asked().report()

    async def witnessed(self, first: int) -> WitnessedHead:
        """Return the newest head with a quorum, and the proof that it continues size `first`.

        Raises:
            PlatformError: `E_NOT_FOUND` when no witnesses are asked, or none is that large yet.
        """
        head = self._asked().witnessed
        if head is None or not 0 < first <= head.size:
            raise PlatformError(
                Code.NOT_FOUND,
                f"no head that continues size {first} has been witnessed yet",
                expected=f"a size from 1 to {head.size}" if head else "a quorum of witnesses",
                received=str(first),
                fix="Ask again later; the receipt you have holds by itself.",
            )
        path = await self._prover.consistency(first, head.size)
        return WitnessedHead(
            v=1,
            kind="witnessed",
            first=first,
            second=head.size,
            path=[b64(node) for node in path],
            checkpoint=head.checkpoint,
        )

    def _asked(self) -> Witnessing:
        if self._witnessing is None:
            raise PlatformError(Code.NOT_FOUND, "this log asks no witnesses")
        return self._witnessing

    async def tile(self, tile: Tile) -> bytes:
        """Return the hashes of a tile, or the entry bundle when `tile.level` is None.

        Raises:
            PlatformError: `E_NOT_FOUND` beyond the published tree; `E_INTEGRITY` for one that is
                known to be damaged.
        """
        if not tile.is_within(self._publisher.size):
            raise PlatformError(
                Code.NOT_FOUND,
                "the published tree does not have this tile",
                expected=f"a tile of a tree of {self._publisher.size} entries",
                received=f"tile/{tile.path}",
            )
        if self._withholding:
            self._withholding.require_tile(tile)
        if tile.level is None:
            start = tile.index * TILE_WIDTH
            end = start + tile.width
            entries = await self._ledger.read(lambda rows: rows.entries(start, end))
            _expect(len(entries), tile.width)
            return bundle_of([entry.data for entry in entries])
        return await self._hashes(tile.level, tile.index, tile.width)

    async def _hashes(self, level: int, index: int, width: int) -> bytes:
        edge = self._prover.tree.edge(level, index)
        if edge is not None:
            return b"".join(edge[:width])
        data = await self._ledger.read(lambda rows: rows.tile(level, index))
        _expect(len(data or b""), TILE_WIDTH * HASH_SIZE)
        return (data or b"")[: width * HASH_SIZE]

    async def inclusion(self, index: int, size: int) -> InclusionProof:
        """Return the path of one entry in the tree of `size`.

        Raises:
            PlatformError: `E_NOT_FOUND` outside the signed tree.
        """
        self._check_size(size)
        if not 0 <= index < size:
            raise PlatformError(
                Code.NOT_FOUND,
                f"a tree of {size} entries has no entry {index}",
                expected=f"0 to {size - 1}",
                received=str(index),
            )
        self._check_nodes(index, size)
        [path] = await self._prover.inclusion([index], size)
        return InclusionProof(index=index, size=size, path=[b64(node) for node in path])

    async def consistency(self, first: int, second: int) -> ConsistencyProof:
        """Return the proof that the tree of `second` continues the tree of `first`.

        Raises:
            PlatformError: `E_NOT_FOUND` outside the signed tree or for `first > second`.
        """
        self._check_size(second)
        if not 0 < first <= second:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no consistency proof from size {first} to size {second}",
                expected=f"a first size from 1 to {second}",
                received=str(first),
            )
        self._check_nodes(first, second)
        path = await self._prover.consistency(first, second)
        return ConsistencyProof(first=first, second=second, path=[b64(node) for node in path])

    def _check_nodes(self, *positions: int) -> None:
        if self._withholding:
            self._withholding.require_nodes(*positions)

    def _check_size(self, size: int) -> None:
        # Receipts bear signed heads that were never published; their holders ask from them on.
        if not 0 < size <= self._publisher.signed_size:
            raise PlatformError(
                Code.NOT_FOUND,
                f"no tree of {size} entries is signed",
                expected=f"a size from 1 to {self._publisher.signed_size}",
                received=str(size),
            )


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise PlatformError(
            Code.INTEGRITY,
            "the ledger lacks what the published tree contains",
            expected=str(wanted),
            received=str(found),
            fix="Run `python -m sextant_audit verify` and restore the ledger.",
        )
