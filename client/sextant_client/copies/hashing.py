"""Hashes of whole tiles, as bytes and not as lists: a million entries pass through here.

Two calls of SHA-256 an entry are what the tree costs; everything else is kept out of the loop.
"""

import hashlib

from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.tiles import parse_bundle
from sextant_shared.merkle.tree import Frontier

_PAIR = 2 * HASH_SIZE
_sha256 = hashlib.sha256


def leaf_hashes(bundle: bytes) -> bytes:
    """Return the level 0 tile of an entry bundle.

    Raises:
        PlatformError: `E_MALFORMED` for what is no bundle.
    """
    return b"".join([_sha256(b"\x00" + entry).digest() for entry in parse_bundle(bundle)])


def tile_root(hashes: bytes) -> bytes:
    """Return the root over a full tile, or over any power of two of hashes."""
    row = hashes
    while len(row) > HASH_SIZE:
        row = b"".join(
            [_sha256(b"\x01" + row[at : at + _PAIR]).digest() for at in range(0, len(row), _PAIR)]
        )
    return row


def split(hashes: bytes) -> list[bytes]:
    """Return the hashes of a tile one by one."""
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def edge_root(size: int, rows: list[list[bytes]]) -> bytes:
    """Return the root of a tree of `size` from its partial tiles at the right edge, level 0 first.

    They hold all its peaks: the base-256 digits of the size are their widths.
    """
    peaks: list[bytes] = []
    for row in reversed(rows):
        grown = Frontier()
        grown.extend(row)
        peaks += grown.peaks
    return Frontier(size, peaks).root()
