"""The growing tree, kept as its right edge, and the nodes that proofs are made of.

Responsible for tiles as values: the partial tiles at the right edge live in memory, full tiles come
from a cache or are asked for. Not responsible for rows or signatures.

Nodes are immutable: a full subtree never changes, so nothing here is ever invalidated. A tree is a
value too: growing returns another tree, and a transaction that fails leaves the old one in force.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE, node_hash
from sextant_shared.merkle.proofs import subtree_root
from sextant_shared.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, levels_of

Levels = list[list[bytes]]  # hashes of a tile, then each inner level above them
TileKey = tuple[int, int]
_MISSING = b""


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that has just become full."""

    level: int
    index: int
    levels: Levels

    @property
    def data(self) -> bytes:
        """The 256 hashes, as served and stored."""
        return b"".join(self.levels[0])


@dataclass(frozen=True, slots=True)
class TileTree:
    """A tree of `size` leaves; `edges` holds the rightmost partial tile of each tile level."""

    size: int = 0
    edges: tuple[Levels, ...] = ()

    @classmethod
    def from_edges(cls, size: int, hashes: Sequence[Sequence[bytes]]) -> "TileTree":
        """Return the tree whose rightmost partial tiles hold these hashes, level 0 first.

        Raises:
            PlatformError: `E_INTEGRITY` when they are not as many as a tree of `size` has.
        """
        widths = edge_widths(size)
        if [len(row) for row in hashes] != widths:
            raise PlatformError(
                Code.INTEGRITY,
                f"the edge of the tree does not fit its size {size}",
                expected=f"widths {widths}",
                received=f"widths {[len(row) for row in hashes]}",
            )
        return cls(size, tuple(_filled(_empty(), row) for row in hashes))

    def grown(self, leaves: Sequence[bytes]) -> tuple["TileTree", list[FullTile]]:
        """Return the tree with these leaf hashes added, and the tiles that became full."""
        edges: list[Levels] = []
        full: list[FullTile] = []
        rising = list(leaves)
        level = 0
        while rising or level < len(self.edges):
            edge = self.edges[level] if level < len(self.edges) else _empty()
            index = (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            roots: list[bytes] = []
            while rising:
                room = TILE_WIDTH - len(edge[0])
                edge = _filled(edge, rising[:room])
                rising = rising[room:]
                if len(edge[0]) == TILE_WIDTH:
                    full.append(FullTile(level, index, edge))
                    roots.append(edge[TILE_HEIGHT][0])
                    edge, index = _empty(), index + 1
            edges.append(edge)
            rising = roots
            level += 1
        return TileTree(self.size + len(leaves), tuple(edges)), full

    def root(self) -> bytes:
        """Return the RFC 6962 root; the edges hold every node it needs."""
        return subtree_root(0, self.size, Nodes(self, lambda _: None))

    def edge(self, level: int, index: int) -> list[bytes] | None:
        """Return the hashes of a tile if it is the partial one at the right edge."""
        if level >= len(self.edges) or index != (self.size >> (TILE_HEIGHT * (level + 1))):
            return None
        return self.edges[level][0]


class Nodes:
    """The node function of a tree; what it could not find stands in `missing` afterwards.

    A proof made while tiles were missing is worthless; load them and make it again.
    """

    __slots__ = ("_find", "_tree", "missing")

    def __init__(self, tree: TileTree, find: Callable[[TileKey], Levels | None]) -> None:
        self._tree = tree
        self._find = find
        self.missing: set[TileKey] = set()

    def __call__(self, level: int, index: int) -> bytes:
        """Return the root of the full subtree over leaves `index * 2**level` and on."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index = index >> (TILE_HEIGHT - height)
        position = index & ((1 << (TILE_HEIGHT - height)) - 1)
        if tile_index == self._tree.size >> (TILE_HEIGHT * (tile_level + 1)):
            return self._tree.edges[tile_level][height][position]
        tile = self._find((tile_level, tile_index))
        if tile is None:
            self.missing.add((tile_level, tile_index))
            return _MISSING
        return tile[height][position]


class TileCache:
    """The most recently used full tiles with their inner nodes (about 40 KiB each).

    Owned by the event loop; never shared with a thread.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._tiles: OrderedDict[TileKey, Levels] = OrderedDict()

    def get(self, key: TileKey) -> Levels | None:
        """Return a tile if it is kept."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def put(self, key: TileKey, levels: Levels) -> None:
        """Keep a tile, and forget the least recently used beyond the capacity."""
        self._tiles[key] = levels
        self._tiles.move_to_end(key)
        while len(self._tiles) > self._capacity:
            self._tiles.popitem(last=False)


def edge_widths(size: int) -> list[int]:
    """Return how many hashes the partial tile at the right edge holds, for each tile level."""
    widths: list[int] = []
    while size:
        widths.append(size % TILE_WIDTH)
        size //= TILE_WIDTH
    return widths


def split_tile(data: bytes) -> Levels:
    """Return the hashes of a stored full tile and the inner levels above them.

    Raises:
        PlatformError: `E_INTEGRITY` when it is not 256 hashes long.
    """
    if len(data) != TILE_WIDTH * HASH_SIZE:
        raise PlatformError(Code.INTEGRITY, "a stored tile is not 256 hashes long")
    return levels_of([data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)])


def _empty() -> Levels:
    return [[] for _ in range(TILE_HEIGHT + 1)]


def _filled(edge: Levels, hashes: Sequence[bytes]) -> Levels:
    """Return a copy of a partial tile with hashes added and every new full subtree hashed."""
    filled = [[*edge[0], *hashes], *(list(row) for row in edge[1:])]
    for height in range(1, TILE_HEIGHT + 1):
        below, row = filled[height - 1], filled[height]
        row.extend(
            node_hash(below[i], below[i + 1]) for i in range(2 * len(row), len(below) - 1, 2)
        )
    return filled
