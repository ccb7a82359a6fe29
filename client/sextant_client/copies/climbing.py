"""The levels above: tiles of roots against the tiles that stand there, up to the signed root.

Responsible for every hash tile from level 1 on, the partial tiles at the right edge, and the root.
It holds one row of at most 256 hashes a level, however large the log is.
"""

from dataclasses import dataclass

from sextant_client.copies.faults import Fault, Faults, Kind
from sextant_client.copies.hashing import edge_root, split, tile_root
from sextant_client.copies.pieces import (
    Found,
    entry_faults,
    hash_above,
    read_hashes,
    tile_faults,
)
from sextant_client.copies.sources import Source
from sextant_shared.encoding import b64
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile

_Row = list[bytes | None]


@dataclass(frozen=True, slots=True)
class _Edge:
    """A partial tile at the right edge: as it follows from below, and as it stands there."""

    tile: Tile
    derived: bytes | None
    stored: bytes | None


class Climb:
    """Grows the levels of a tree of `size` from the roots of its level 0 tiles, in order."""

    def __init__(self, source: Source, size: int, faults: Faults) -> None:
        self._source = source
        self._size = size
        self._faults = faults
        self._rows: dict[int, _Row] = {}
        self._last = Found()
        self.tiles = 0

    def take(self, found: Found) -> None:
        """Add what the next piece gave."""
        self._faults.extend(found.faults)
        for index, root in enumerate(found.roots, start=self.tiles):
            self._push(1, index, root)
        self.tiles += len(found.roots)
        self._last = found

    def finish(self, root: bytes) -> None:
        """Compare the right edge with the tiles there, and the root with the one that was signed.

        Both readings of the edge are tried: the one that leads to the signed root is right, and
        the other one is at fault.
        """
        edges = [self._edge(level) for level in range(self._height)]
        derived = self._root([edge.derived for edge in edges])
        stored = self._root([edge.stored for edge in edges])
        for edge in edges:
            if None not in (edge.derived, edge.stored) and edge.derived != edge.stored:
                self._tell(edge, is_stored_signed=stored == root != derived)
        if root not in (derived, stored):
            computed = derived or stored
            self._faults.add(
                Fault(
                    Kind.ROOT,
                    "checkpoint",
                    "the tree is not the one that was signed"
                    if computed
                    else "the root cannot be computed: what it is made of is missing",
                    expected=b64(root),
                    received=b64(computed or b""),
                )
            )

    @property
    def _height(self) -> int:
        return -(-self._size.bit_length() // TILE_HEIGHT)

    def _push(self, level: int, index: int, root: bytes | None) -> None:
        """Add the hash at `index` of a level; what fills a tile is compared and goes up."""
        row = self._rows.setdefault(level, [])
        row.append(root)
        if len(row) < TILE_WIDTH:
            return
        self._rows[level] = []
        tile = Tile(level, index // TILE_WIDTH)
        self._push(level + 1, tile.index, self._close(tile, row))

    def _close(self, tile: Tile, row: _Row) -> bytes | None:
        """Return the root of a full tile, from the reading of it that was signed."""
        stored = self._read(tile)
        derived = _filled(row, stored)
        if derived is None or stored is None or derived == stored:
            known = derived or stored
            return tile_root(known) if known else None
        stored_root = tile_root(stored)
        if hash_above(self._source, self._size, tile) == stored_root:
            self._tell(_Edge(tile, derived, stored), is_stored_signed=True)
            return stored_root
        self._tell(_Edge(tile, derived, stored), is_stored_signed=False)
        return tile_root(derived)

    def _edge(self, level: int) -> _Edge:
        width = (self._size >> (TILE_HEIGHT * level)) % TILE_WIDTH
        tile = Tile(level, self._size >> (TILE_HEIGHT * (level + 1)), width)
        if width == 0:
            return _Edge(tile, b"", b"")
        if level == 0:
            derived, stored = self._last.derived, self._last.stored
        else:
            stored = self._read(tile)
            derived = _filled(self._rows.get(level, []), stored)
        return _Edge(tile, derived or stored, stored or derived)

    def _read(self, tile: Tile) -> bytes | None:
        faults: list[Fault] = []
        data = read_hashes(self._source, tile, faults)
        self._faults.extend(faults)
        return data

    def _root(self, rows: list[bytes | None]) -> bytes | None:
        known = [row for row in rows if row is not None]
        if len(known) != len(rows):
            return None
        return edge_root(self._size, [split(row) for row in known])

    def _tell(self, edge: _Edge, *, is_stored_signed: bool) -> None:
        """Name what is wrong where a tile is not what follows from below it."""
        tile, derived, stored = edge.tile, edge.derived or b"", edge.stored or b""
        if tile.level == 0:
            tell = entry_faults if is_stored_signed else tile_faults
            self._faults.extend(tell(tile, derived, stored))
        elif is_stored_signed:
            self._faults.extend(_below(fault) for fault in tile_faults(tile, derived, stored))
        else:
            self._faults.extend(tile_faults(tile, derived, stored))


def _below(fault: Fault) -> Fault:
    """Return the fault of a tile that was signed, with other things below it than were hashed."""
    return Fault(
        Kind.ENTRY,
        fault.path,
        "what lies below this hash is not what was hashed",
        expected=fault.received,
        received=fault.expected,
        entry=fault.entry,
        position=fault.position,
    )


def _filled(row: _Row, stored: bytes | None) -> bytes | None:
    """Return a row as bytes; what could not be computed is taken from the tile there."""
    whole: list[bytes] = []
    for at, node in enumerate(row):
        known = node
        if known is None and stored is not None:
            known = stored[at * HASH_SIZE : (at + 1) * HASH_SIZE]
        if known is None:
            return None
        whole.append(known)
    return b"".join(whole)
