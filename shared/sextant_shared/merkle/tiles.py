"""Arithmetic of C2SP tlog-tiles: which tiles a tree has, how wide they are, how they are named.

Responsible for integers and strings only. Not responsible for bytes of tiles or for HTTP.

    tile path   = ( level / "entries" ) "/" index [ ".p/" width ]
    level       = "0" … "63"                       ; no leading zeroes
    index       = *( "x" 3DIGIT "/" ) 3DIGIT       ; 1234067 is x001/x234/067
    width       = "1" … "255"                      ; only on partial tiles
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535  # a uint16 length stands before each entry of a bundle
_INDEX_GROUPS = 7  # 10**21 tiles, more than 2**63 leaves fill
_PATH = re.compile(
    rf"(?P<level>[0-9]{{1,2}}|entries)"
    rf"/(?P<index>(?:x[0-9]{{3}}/){{0,{_INDEX_GROUPS - 1}}}[0-9]{{3}})"
    r"(?:\.p/(?P<width>[0-9]{1,3}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """The address of a tile: hashes at `level`, or the bundle of entries (`level` is None)."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The path after `tile/`."""
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{level}/{format_index(self.index)}{partial}"

    def is_within(self, size: int) -> bool:
        """Whether a tree of `size` holds every hash, or entry, of this tile."""
        level = self.level or 0
        return self.index * TILE_WIDTH + self.width <= size >> (TILE_HEIGHT * level)


def parse_tile_path(path: str) -> Tile:
    """Return the tile that `path` (after `tile/`) names.

    Raises:
        PlatformError: `E_NOT_FOUND` for every other spelling: nothing is served there.
    """
    match = _PATH.fullmatch(path)
    if match is not None:
        level = None if match["level"] == "entries" else int(match["level"])
        width = TILE_WIDTH if match["width"] is None else int(match["width"])
        tile = Tile(level, int(re.sub("[x/]", "", match["index"])), width)
        # One tile has one name: what does not format back to itself does not exist.
        if (level or 0) <= MAX_LEVEL and 1 <= width <= TILE_WIDTH and tile.path == path:
            return tile
    raise PlatformError(
        Code.NOT_FOUND,
        "no tile has this path",
        expected="tile/<level 0-63, or entries>/<index as x001/x234/067>[.p/<width 1-255>]",
        received=path[:80],
    )


def format_index(index: int) -> str:
    """Return a tile index as three-digit path elements, all but the last marked by `x`."""
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield the hash tiles of a tree: on each level the full ones, then the partial one if any."""
    level = 0
    while (width := size >> (TILE_HEIGHT * level)) > 0:
        for index in range(width // TILE_WIDTH):
            yield Tile(level, index)
        if width % TILE_WIDTH:
            yield Tile(level, width // TILE_WIDTH, width % TILE_WIDTH)
        level += 1


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """Return the entry bundle: each entry after its big-endian uint16 length.

    Raises:
        PlatformError: `E_TOO_LARGE` for an entry that no length prefix can announce.
    """
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise PlatformError(Code.TOO_LARGE, f"an entry is longer than {MAX_ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle, in order.

    Raises:
        PlatformError: `E_MALFORMED` when the bundle ends inside an entry or holds more than 256.
    """
    entries: list[bytes] = []
    position = 0
    while position < len(data) and len(entries) < TILE_WIDTH:
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        entries.append(data[start:position])
    if position != len(data):
        raise PlatformError(
            Code.MALFORMED,
            "the entry bundle does not end with its last entry",
            expected=f"at most {TILE_WIDTH} entries in {len(data)} bytes",
            received=f"{len(entries)} entries up to byte {position}",
        )
    return entries


def levels_of(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes of a full tile and the inner levels above them, the root's level last."""
    levels = [list(hashes)]
    for _ in range(TILE_HEIGHT):
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return levels
