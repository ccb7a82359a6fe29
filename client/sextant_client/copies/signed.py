"""The tree under one signed head, brought into a folder: checked first, written then.

The partial tiles at the right edge give the root that was signed; each full tile must have the root
that the tile above it says; each entry bundle must make the tile that was so reached. What lies in
the folder already is checked in the same way, and fetched only when it is not right.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from sextant_client.copies.folder import CopyFolder
from sextant_client.copies.hashing import edge_root, leaf_hashes, split, tile_root
from sextant_client.copies.sources import Source, read_tile
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from sextant_shared.protocol.checkpoints import Checkpoint

Step = Callable[[str], None]
_KEPT_TILES = 16  # tiles above the one in work; runs go from left to right


class SignedTree:
    """The tree of one signed head, reached from its root down: no hash of it is not signed."""

    def __init__(self, source: Source, folder: CopyFolder, head: Checkpoint, step: Step) -> None:
        self._source = source
        self._folder = folder
        self._head = head
        self._step = step
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self.edges = self._read_edges()

    def _read_edges(self) -> list[bytes]:
        """Return the partial tiles at the right edge, once their root is the signed one."""
        edges: list[bytes] = []
        for tile in edge_tiles(self._head.size):
            data = read_tile(self._source, tile) if tile.width else b""
            if data is None or len(data) != tile.width * HASH_SIZE:
                raise _not_served(tile)
            edges.append(data)
        root = edge_root(self._head.size, [split(edge) for edge in edges])
        if root != self._head.root:
            raise PlatformError(
                Code.INTEGRITY,
                "the tiles at the right edge do not give the root that was signed",
                expected=b64(self._head.root),
                received=b64(root),
                fix="Try again; if it repeats, the server is at fault. The copy stays as it was.",
                evidence={"checkpoint": self._head.text},
            )
        return edges

    def root_of(self, level: int, index: int) -> bytes:
        """Return the root that the full tile has by the signed head."""
        above, at = divmod(index, TILE_WIDTH)
        if above == self._head.size >> (TILE_HEIGHT * (level + 2)):
            row = self.edges[level + 1]
        else:
            row = self.tile(level + 1, above)
        return row[at * HASH_SIZE : (at + 1) * HASH_SIZE]

    def tile(self, level: int, index: int) -> bytes:
        """Return a full hash tile, which then lies in the folder."""
        key = (level, index)
        if key not in self._kept:
            self._kept[key] = self._fetched(Tile(level, index), self.root_of(level, index))
            while len(self._kept) > _KEPT_TILES:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _fetched(self, tile: Tile, root: bytes) -> bytes:
        path = f"tile/{tile.path}"
        here = self._folder.source.read(path)
        if here is not None and _has_root(here, root):
            self._folder.found()
            return here
        data = self._source.read(path)
        if data is None:
            raise _not_served(tile)
        if not _has_root(data, root):
            raise _not_signed(tile)
        self._folder.write(path, data)
        self._step("mirror.tile")
        return data

    def bring_bundle(self, index: int, root: bytes) -> None:
        """Have a full entry bundle and its level 0 tile lie in the folder. Safe in any thread."""
        bundle, tile = Tile(None, index), Tile(0, index)
        path = f"tile/{bundle.path}"
        derived = _derived(self._folder.source.read(path))
        if derived is None or not _has_root(derived, root):
            data = self._source.read(path)
            if data is None:
                raise _not_served(bundle)
            derived = _derived(data)
            if derived is None or not _has_root(derived, root):
                raise _not_signed(bundle)
            self._folder.write(path, data)
        else:
            self._folder.found()
        if self._folder.source.read(f"tile/{tile.path}") != derived:
            self._folder.write(f"tile/{tile.path}", derived)
        self._step("mirror.tile")

    def bring_tile(self, index: int, root: bytes) -> None:
        """Have a full level 0 tile lie in the folder. Safe in any thread."""
        self._fetched(Tile(0, index), root)

    def bring_edge(self, *, with_entries: bool) -> None:
        """Have the partial tiles of this size lie in the folder, and the partial bundle."""
        for tile, data in zip(edge_tiles(self._head.size), self.edges, strict=True):
            if tile.width:
                self._folder.write(f"tile/{tile.path}", data)
        width = self._head.size % TILE_WIDTH
        if with_entries and width:
            bundle = Tile(None, self._head.size // TILE_WIDTH, width)
            entries = read_tile(self._source, bundle)
            if entries is None:
                raise _not_served(bundle)
            if _derived(entries) != self.edges[0]:
                raise _not_signed(bundle)
            self._folder.write(f"tile/{bundle.path}", entries)


def edge_tiles(size: int) -> Iterator[Tile]:
    """Yield the partial tile at the right edge of each level; a width of 0 is an empty one."""
    level = 0
    while size >> (TILE_HEIGHT * level):
        at_level = size >> (TILE_HEIGHT * level)
        yield Tile(level, at_level // TILE_WIDTH, at_level % TILE_WIDTH)
        level += 1


def _derived(bundle: bytes | None) -> bytes | None:
    """Return the level 0 tile of a bundle; None for what is no bundle."""
    if bundle is None:
        return None
    try:
        return leaf_hashes(bundle)
    except PlatformError:
        return None


def _has_root(hashes: bytes, root: bytes) -> bool:
    return len(hashes) == TILE_WIDTH * HASH_SIZE and tile_root(hashes) == root


def _not_served(tile: Tile) -> PlatformError:
    return PlatformError(
        Code.UNAVAILABLE,
        f"the server does not serve tile/{tile.path}, which its head needs",
        fix="Run the command again; if it repeats, tell whoever serves this copy.",
    )


def _not_signed(tile: Tile) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        f"tile/{tile.path} is not the one that the log signed; nothing of it was kept",
        fix="Run the command again; if it repeats, the server is at fault. The copy is as it was.",
    )
