"""The files of a folder that the check of the tree does not meet.

Responsible for older partial tiles, which must be the beginning of what replaced them, and for
files that no log has. What lies beyond the published size is only counted: a log writes its tiles
first and its head last.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sextant_client.copies.faults import Fault, Faults, Kind
from sextant_client.copies.sources import CHECKPOINT, FolderSource, Source
from sextant_shared.errors import PlatformError
from sextant_shared.files import is_unfinished
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    bundle_of,
    parse_bundle,
    parse_tile_path,
)


@dataclass
class Beside:
    """What stands in a folder beside the published tree."""

    older: int = 0
    ahead: int = 0
    unfinished: int = 0


def check_beside(source: FolderSource, size: int, faults: Faults) -> Beside:
    """Look at every file that is not of the published tree itself."""
    beside = Beside()
    for path in _files(source.folder):
        if is_unfinished(path.rpartition("/")[2]):
            beside.unfinished += 1
            continue
        tile = _tile_of(path)
        if tile is None:
            if path != CHECKPOINT:
                faults.add(Fault(Kind.STRAY, path, "no log has a file of this name"))
        elif not tile.is_within(size):
            beside.ahead += 1
        elif tile.width < TILE_WIDTH and not _is_edge(tile, size):
            beside.older += 1
            _check_older(source, tile, size, faults)
    return beside


def _files(folder: Path) -> Iterator[str]:
    """Yield the paths of all files, one folder in memory at a time."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(parent, name).relative_to(folder).as_posix()


def _tile_of(path: str) -> Tile | None:
    if not path.startswith("tile/"):
        return None
    try:
        return parse_tile_path(path.removeprefix("tile/"))
    except PlatformError:
        return None


def _is_edge(tile: Tile, size: int) -> bool:
    """Whether this is the partial tile of the published size: the tree's own check met it."""
    at_level = size >> (TILE_HEIGHT * (tile.level or 0))
    return (tile.index, tile.width) == divmod(at_level, TILE_WIDTH)


def _check_older(source: Source, tile: Tile, size: int, faults: Faults) -> None:
    """Compare an older partial tile with the beginning of the one that holds it now."""
    at_level = size >> (TILE_HEIGHT * (tile.level or 0))
    width = min(TILE_WIDTH, at_level - tile.index * TILE_WIDTH)
    path = f"tile/{Tile(tile.level, tile.index, width).path}"
    data, now = source.read(f"tile/{tile.path}"), source.read(path)
    if data is None or now is None or any(fault.path == path for fault in faults.kept):
        return  # the tree's own check named what is missing or wrong
    try:
        wanted = _beginning(now, tile)
    except PlatformError:
        return  # and what is no bundle
    if data != wanted:
        faults.add(
            Fault(
                Kind.ENTRY if tile.level is None else Kind.TILE,
                f"tile/{tile.path}",
                "the older partial tile is not the beginning of the one that replaced it",
                expected=f"the first {tile.width} of {width}",
                received=f"{len(data)} other bytes",
            )
        )


def _beginning(now: bytes, tile: Tile) -> bytes:
    if tile.level is None:
        return bundle_of(parse_bundle(now)[: tile.width])
    return now[: tile.width * HASH_SIZE]
