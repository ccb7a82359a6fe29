"""The published tree as plain files, for any web server: what the routes serve, byte for byte.

Responsible for when a file is written, mended and deleted. Not responsible for files (`TileFiles`)
nor for what stands in a tile (`Reading`). It has its own task: no append waits for it, and how far
it is behind is a number (`lag`).

Durable steps of one head, and what the folder is if we stop after them:

1. Its rows are committed and it is published (others' work). The folder of the head before.
2. Full tiles, bundles, then the partial tiles of its size, each whole or absent, from committed
   rows whose hashes were computed again. The folder of the head before, with files ahead of it.
3. All folders are synced, then the head is written and synced. The folder of this head.

What was lost or written wrongly, by whatever cause, is mended by a sweep over all files after each
start. A file is replaced only by rows that hash to what the tree says: damaged rows never displace
a sound file. Partial tiles are deleted a grace time after their full tile is out.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sextant_audit.domain.ports import Head
from sextant_audit.domain.reading import Reading
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE, leaf_hash
from sextant_shared.merkle.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    levels_of,
    parse_bundle,
)
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint

CHECKPOINT = "checkpoint"
_SLICE = 16  # files looked at between two pauses of the sweep
_PAUSE_S = 0.02


class TileFiles(Protocol):
    """A folder of files; blocking, called in worker threads, one call at a time."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, None when it is not there."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole or not at all; `E_UNAVAILABLE` when the disk does not take it."""
        ...

    def sync(self) -> None:
        """Make durable all names written since the last call."""
        ...

    def has_partials(self, tile: Tile) -> bool:
        """Whether there are partial tiles of this full one."""
        ...

    def drop_partials(self, tile: Tile) -> None:
        """Delete the partial tiles of this full one."""
        ...


@dataclass
class Laid:
    """What was done: `size` is that of the head in the folder."""

    size: int = 0
    written: int = 0
    mended: int = 0
    swept: bool = False
    faults: int = 0
    fault: PlatformError | None = None


class StaticTiles:
    """Lays out one log. Owned by the event loop; `run` is the only one that changes anything."""

    def __init__(
        self,
        reading: Reading,
        head: Callable[[], Head | None],
        files: TileFiles,
        keys: LogKeys,
        *,
        interval_s: float,
        grace_s: float,
        clock: Clock,
        on_fault: Callable[[PlatformError], None],
    ) -> None:
        self._reading = reading
        self._head = head
        self._files = files
        self._keys = keys
        self._interval_s = interval_s
        self._grace_s = grace_s
        self._clock = clock
        self._on_fault = on_fault
        self._note: str | None = None
        self._sweep: Iterator[Tile] | None = None
        self._due: list[tuple[float, Tile]] = []
        self._unmended: PlatformError | None = None  # what the sweep of this start had to leave
        self.state = Laid()

    @property
    def lag(self) -> int:
        """How many published entries are not in the folder yet."""
        head = self._head()
        return max(0, head.size - self.state.size) if head else 0

    async def run(self) -> None:
        """Lay out for ever; what fails is told and tried again."""
        while True:
            try:
                await self.update()
                self.state.fault = self._unmended
            except PlatformError as error:
                self._tell(error)
            await asyncio.sleep(self._interval_s)

    async def update(self) -> None:
        """Bring the folder to the published head; when it is there, go on with the sweep."""
        head = self._head()
        if head is None:
            return
        if self._sweep is None:
            await self._begin(head.size)
        note = self._reading.checkpoint()
        if note != self._note:
            await self._advance(self.state.size, head.size, note)
        await self._drop_due()
        while not self.state.swept and self._reading.checkpoint() == self._note:
            await self._sweep_on()
            await asyncio.sleep(_PAUSE_S)

    async def _begin(self, published: int) -> None:
        """Go on from the head in the folder, if it is one of this log; else from the beginning."""
        data = await asyncio.to_thread(self._files.read, CHECKPOINT)
        try:
            found = verify_checkpoint((data or b"").decode("utf-8", "replace"), self._keys)
            self.state.size = found.size if found.size <= published else 0
        except PlatformError:
            self.state.size = 0
        self._sweep = full_tiles(0, self.state.size)

    async def _advance(self, laid: int, size: int, note: str) -> None:
        for tile in full_tiles(laid, size):
            await self._lay(tile)
            if tile.index == laid >> (TILE_HEIGHT * ((tile.level or 0) + 1)):
                self._due.append((self._clock() + self._grace_s, tile))
        for tile in partial_tiles(size):
            await self._lay(tile)
        await asyncio.to_thread(self._files.sync)
        await asyncio.to_thread(self._files.write, CHECKPOINT, note.encode())
        await asyncio.to_thread(self._files.sync)
        self.state.size, self._note = size, note

    async def _lay(self, tile: Tile) -> bool:
        """Have a file hold what the tree says; return whether it was written now."""
        path = f"tile/{tile.path}"
        data, held = await asyncio.gather(
            self._reading.tile(tile), asyncio.to_thread(self._files.read, path)
        )
        if held == data:
            return False
        if not await self._is_sound(tile, data):
            raise PlatformError(
                Code.INTEGRITY,
                f"{path} is not written: its rows are not what was hashed",
                fix="Run `python -m sextant_audit verify` and restore the ledger; the file that"
                " stands there, if any, was left as it is.",
            )
        await asyncio.to_thread(self._files.write, path, data)
        self.state.written += 1
        return True

    async def _is_sound(self, tile: Tile, data: bytes) -> bool:
        """Hash the rows again, against the hashes above them."""
        if tile.level is None:
            leaves = b"".join([leaf_hash(entry) for entry in parse_bundle(data)])
            return leaves == await self._reading.tile(Tile(0, tile.index, tile.width))
        if tile.width < TILE_WIDTH:
            return True  # the right edge is in memory, and was signed
        row = [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]
        at = tile.index % TILE_WIDTH + 1
        above = await self._reading.tile(Tile(tile.level + 1, tile.index // TILE_WIDTH, at))
        return levels_of(row)[TILE_HEIGHT][0] == above[-HASH_SIZE:]

    async def _sweep_on(self) -> None:
        """Look at some of the files that were there at the start, and mend those that are wrong."""
        for _ in range(_SLICE):
            tile = next(self._sweep, None) if self._sweep else None
            if tile is None:
                await asyncio.to_thread(self._files.sync)
                self.state.swept = True
                return
            try:
                self.state.mended += await self._lay(tile)
            except PlatformError as error:
                if error.code is not Code.INTEGRITY:
                    raise
                self._tell(error)
                self._unmended = error
            if await asyncio.to_thread(self._files.has_partials, tile):
                self._due.append((self._clock() + self._grace_s, tile))

    async def _drop_due(self) -> None:
        now = self._clock()
        for _, tile in [each for each in self._due if each[0] <= now]:
            await asyncio.to_thread(self._files.drop_partials, tile)
        self._due = [each for each in self._due if each[0] > now]

    def _tell(self, error: PlatformError) -> None:
        if self.state.fault is None or self.state.fault.detail != error.detail:
            self._on_fault(error)
        self.state.faults += 1
        self.state.fault = error


def full_tiles(laid: int, size: int) -> Iterator[Tile]:
    """Yield what becomes full between two sizes: each bundle, its tile, then the levels above."""
    for index in range(laid // TILE_WIDTH, size // TILE_WIDTH):
        yield Tile(None, index)
        yield Tile(0, index)
    level = 1
    while size >> (TILE_HEIGHT * (level + 1)):
        above = TILE_HEIGHT * (level + 1)
        yield from (Tile(level, index) for index in range(laid >> above, size >> above))
        level += 1


def partial_tiles(size: int) -> Iterator[Tile]:
    """Yield the partial bundle of a size, and the partial tile of each level that has one."""
    if size % TILE_WIDTH:
        yield Tile(None, size // TILE_WIDTH, size % TILE_WIDTH)
    level = 0
    while at_level := size >> (TILE_HEIGHT * level):
        if at_level % TILE_WIDTH:
            yield Tile(level, at_level // TILE_WIDTH, at_level % TILE_WIDTH)
        level += 1
