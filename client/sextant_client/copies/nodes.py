"""Proofs from tiles alone: what can be asked of a copy that no service stands behind.

Responsible for `History` (`sextant_client.evidence`) over a source. It proves nothing by itself:
whoever asks checks the proofs against heads that were signed.
"""

from sextant_client.copies.hashing import split
from sextant_client.copies.sources import Source, read_tile, tile_within
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.proofs import consistency_path
from sextant_shared.merkle.tiles import TILE_HEIGHT, levels_of

_KEPT = 64  # tiles of one proof: two a level and some


class TileHistory:
    """The consistency proofs and prefixes of one copy, whose published tree has `size` leaves."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._size = size
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the consistency path between two sizes of this tree.

        Raises:
            PlatformError: `E_NOT_FOUND` beyond the tree or for a tile that is missing.
        """
        if second > self._size:
            raise _beyond(second, self._size)
        return consistency_path(first, second, self._node)

    def prefix_root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves, a power of two."""
        if size > self._size:
            raise _beyond(size, self._size)
        return self._node(size.bit_length() - 1, 0)

    def _node(self, level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index = index >> (TILE_HEIGHT - height)
        rows = self._tiles.get((tile_level, tile_index))
        if rows is None:
            rows = self._load(tile_level, tile_index)
            if len(self._tiles) >= _KEPT:
                self._tiles.clear()
            self._tiles[tile_level, tile_index] = rows
        return rows[height][index & ((1 << (TILE_HEIGHT - height)) - 1)]

    def _load(self, level: int, index: int) -> list[list[bytes]]:
        tile = tile_within(level, index, self._size)
        data = read_tile(self._source, tile)
        if data is None or len(data) != tile.width * HASH_SIZE:
            raise PlatformError(
                Code.NOT_FOUND,
                f"tile/{tile.path} is missing or has another length",
                fix="Check this copy: sextant log fsck.",
            )
        return levels_of(split(data))


def _beyond(wanted: int, size: int) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        f"this copy of the log ends at size {size}",
        expected=f"size {wanted}",
        fix="Ask again when the copy has gone on, or ask the log itself.",
    )
