"""The lowest level of a copy, piece by piece: entries against the hashes of level 0.

Responsible for the work that one worker does for one run of tiles, alone and in any order. It says
what it found and hands up one root a tile; `climbing` does the rest.

Where an entry bundle and its tile disagree, the tile above is asked which of the two was signed:
the other one is at fault, and the signed one is handed up, so that one fault is told once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sextant_client.copies.faults import Fault, Kind
from sextant_client.copies.hashing import leaf_hashes, split, tile_root
from sextant_client.copies.sources import Source, read_tile, tile_within
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.tiles import TILE_WIDTH, Tile

_TILE_BYTES = TILE_WIDTH * HASH_SIZE


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of tiles of level 0 of a tree of `size`."""

    first: int
    end: int
    size: int
    with_entries: bool


@dataclass
class Found:
    """What a piece gave: a root for each full tile, the two readings of the partial one, faults."""

    roots: list[bytes | None] = field(default_factory=list)
    derived: bytes | None = None
    stored: bytes | None = None
    faults: list[Fault] = field(default_factory=list)
    entries: int = 0
    bytes_read: int = 0


def pieces_of(size: int, tiles: int, *, with_entries: bool) -> Iterator[Piece]:
    """Yield the pieces of a tree, in order, of `tiles` tiles each."""
    count = -(-size // TILE_WIDTH)
    for first in range(0, count, tiles):
        yield Piece(first, min(first + tiles, count), size, with_entries)


def check_piece(source: Source, piece: Piece) -> Found:
    """Return what the entries and the tiles of a piece are.

    Raises:
        PlatformError: what keeps the source from being read at all.
    """
    found = Found()
    for index in range(piece.first, piece.end):
        tile = tile_within(0, index, piece.size)
        derived = _derive(source, tile, found) if piece.with_entries else None
        stored = read_hashes(source, tile, found.faults)
        found.entries += tile.width
        found.bytes_read += len(stored or b"")
        if tile.width < TILE_WIDTH:
            found.derived, found.stored = derived, stored
        else:
            found.roots.append(_root(source, piece.size, tile, (derived, stored), found.faults))
    return found


def read_hashes(source: Source, tile: Tile, faults: list[Fault]) -> bytes | None:
    """Return the hashes of a tile as they stand there; None, and a fault, if they cannot be."""
    path = f"tile/{tile.path}"
    data = read_tile(source, tile)
    if data is None:
        faults.append(Fault(Kind.MISSING, path, "the tile is missing", entry=first_entry(tile)))
        return None
    if len(data) != tile.width * HASH_SIZE:
        faults.append(
            Fault(
                Kind.TILE,
                path,
                "the tile has another length",
                expected=f"{tile.width * HASH_SIZE} bytes",
                received=f"{len(data)} bytes",
                entry=first_entry(tile),
            )
        )
        return None
    return data


def first_entry(tile: Tile, position: int = 0) -> int:
    """Return the first entry below a hash of a tile."""
    return (tile.index * TILE_WIDTH + position) << (8 * (tile.level or 0))


def different(one: bytes, other: bytes) -> list[int]:
    """Return the positions at which two tiles of one width differ."""
    pairs = zip(split(one), split(other), strict=True)
    return [at for at, (left, right) in enumerate(pairs) if left != right]


def entry_faults(tile: Tile, derived: bytes, stored: bytes) -> list[Fault]:
    """Return one fault for each entry whose hash is not that of its tile."""
    bundle = f"tile/{Tile(None, tile.index, tile.width).path}"
    return [
        Fault(
            Kind.ENTRY,
            bundle,
            "the entry is not the one that was hashed",
            expected=f"leaf hash {b64(stored[at * HASH_SIZE : (at + 1) * HASH_SIZE])}",
            received=f"leaf hash {b64(derived[at * HASH_SIZE : (at + 1) * HASH_SIZE])}",
            entry=first_entry(tile, at),
            position=at,
        )
        for at in different(derived, stored)
    ]


def tile_faults(tile: Tile, derived: bytes, stored: bytes) -> list[Fault]:
    """Return one fault for each hash of a tile that is not that of what lies below it."""
    return [
        Fault(
            Kind.TILE,
            f"tile/{tile.path}",
            "the hash is not that of what lies below it",
            expected=b64(derived[at * HASH_SIZE : (at + 1) * HASH_SIZE]),
            received=b64(stored[at * HASH_SIZE : (at + 1) * HASH_SIZE]),
            entry=first_entry(tile, at),
            position=at,
        )
        for at in different(derived, stored)
    ]


def _derive(source: Source, tile: Tile, found: Found) -> bytes | None:
    """Return the level 0 tile that the entries make; None, and a fault, if they make none."""
    bundle = Tile(None, tile.index, tile.width)
    path, entry = f"tile/{bundle.path}", first_entry(tile)
    try:
        data = read_tile(source, bundle)
        if data is None:
            message = "the entry bundle is missing"
            found.faults.append(Fault(Kind.MISSING, path, message, entry=entry))
            return None
        found.bytes_read += len(data)
        derived = leaf_hashes(data)
    except PlatformError as error:
        if error.code is not Code.MALFORMED:
            raise
        found.faults.append(
            Fault(Kind.ENTRY, path, error.detail, error.expected, error.received, entry)
        )
        return None
    if len(derived) != tile.width * HASH_SIZE:
        found.faults.append(
            Fault(
                Kind.ENTRY,
                path,
                "the bundle holds another number of entries",
                expected=str(tile.width),
                received=str(len(derived) // HASH_SIZE),
                entry=entry,
            )
        )
        return None
    return derived


def _root(
    source: Source,
    size: int,
    tile: Tile,
    readings: tuple[bytes | None, bytes | None],
    faults: list[Fault],
) -> bytes | None:
    """Return the root of a full tile, from the reading of it that was signed."""
    derived, stored = readings
    if derived is None or stored is None or derived == stored:
        known = derived if derived is not None else stored
        return None if known is None else tile_root(known)
    above = hash_above(source, size, tile)
    stored_root, derived_root = tile_root(stored), tile_root(derived)
    if above == derived_root:
        faults += tile_faults(tile, derived, stored)
        return derived_root
    faults += entry_faults(tile, derived, stored)
    return stored_root if above == stored_root else derived_root


def hash_above(source: Source, size: int, tile: Tile) -> bytes | None:
    """Return the root of a full tile as the tile above it has it, if that can be read."""
    above = tile_within((tile.level or 0) + 1, tile.index // TILE_WIDTH, size)
    data = read_tile(source, above)
    if data is None or len(data) != above.width * HASH_SIZE:
        return None
    at = (tile.index % TILE_WIDTH) * HASH_SIZE
    return data[at : at + HASH_SIZE]
