"""Trees small enough to hold in memory, and the right edge of trees that are not.

Responsible for the compact range (`Frontier`) that grows a tree without its leaves, and for roots
and proofs over a list of leaf hashes. Not responsible for storage.
"""

from collections.abc import Iterable, Sequence

from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT, HASH_SIZE, node_hash
from sextant_shared.merkle.proofs import Node, consistency_path, inclusion_path


class Frontier:
    """The roots of the full subtrees that make up a tree, largest first: all that growth needs."""

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if size < 0 or size.bit_count() != len(peaks) or any(len(p) != HASH_SIZE for p in peaks):
            raise PlatformError(
                Code.INTEGRITY,
                "the peaks do not fit the size of the tree",
                expected=f"{size.bit_count() if size >= 0 else 0} hashes for size {size}",
                received=str(len(peaks)),
            )
        self._size = size
        self._peaks = list(peaks)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the full subtrees, largest first."""
        return tuple(self._peaks)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        node, size = leaf, self._size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes at the right, in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Return the RFC 6962 root."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over a sequence of leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion path of one leaf in the tree over all `leaves`.

    Raises:
        PlatformError: `E_INTEGRITY` when the index lies outside the tree.
    """
    return inclusion_path(index, len(leaves), node_of(leaves))


def consistency_path_of(leaves: Sequence[bytes], size1: int) -> list[bytes]:
    """Return the proof that the tree over all `leaves` continues that over the first `size1`.

    Raises:
        PlatformError: `E_INTEGRITY` when no proof exists from that size.
    """
    return consistency_path(size1, len(leaves), node_of(leaves))


def node_of(leaves: Sequence[bytes]) -> Node:
    """Return the node function over a list of leaf hashes, all full subtrees hashed once."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = range(0, len(below) - 1, 2)
        levels.append([node_hash(below[i], below[i + 1]) for i in pairs])

    def node(level: int, index: int) -> bytes:
        return levels[level][index]

    return node
