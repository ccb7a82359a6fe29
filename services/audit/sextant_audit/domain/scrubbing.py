"""The scrubber: reads the whole log again, for ever and slowly, and is loud about what changed.

Responsible for finding a byte that changed on the disk before somebody asks for it, and for what
follows: the fault is told at once, and what it touches is given out no more. Not responsible for
stopping the log: to record what happens now matters more than an old byte that can be restored,
and no new receipt rests on a row that is read again (the right edge of the tree is in memory).

One pass goes from the first entry to the published head of its beginning, in slices with a pause
after each. It trusts no stored hash: each entry is hashed, the tree is grown from the leaves, each
full tile compared, and the root with the head. Where entry, stored leaf hash and tile disagree, the
two that agree are right; the tree goes on with them, so that one flipped bit is one fault.

A fault stays until a whole pass has not met it again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from sextant_audit.domain.ports import Head, ReadableLedger, Rows
from sextant_audit.domain.tree import FullTile, TileTree
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE, leaf_hash
from sextant_shared.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile

MAX_FAULTS = 100  # all are counted; a wrecked disk is not told byte by byte
_TRIES = 3  # of a slice that cannot be read now: a busy disk is no fault
_FIX = "Run `python -m sextant_audit verify`, then restore the ledger; appending goes on meanwhile."


@dataclass(frozen=True, slots=True)
class ScrubFault:
    """Something that is not what it was; `tile` is given out no more. None for the root."""

    place: str
    detail: str
    tile: Tile | None = None


class Withholding(Protocol):
    """Who knows what must not be given out."""

    def require_tile(self, tile: Tile) -> None:
        """Refuse, with `E_INTEGRITY`, a tile or bundle that is known to be wrong."""
        ...

    def require_nodes(self, *positions: int) -> None:
        """Refuse, with `E_INTEGRITY`, proofs from these entries or sizes, made of wrong hashes."""
        ...


@dataclass
class Scrubbed:
    """What the scrubber knows; `through` is how many entries the last sound pass read."""

    passes: int = 0
    through: int = 0
    at: int = 0
    last_pass: float | None = None
    count: int = 0
    faults: dict[str, ScrubFault] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """`ok`, or the first fault, for people who look at the service's state."""
        if not self.count:
            return "ok"
        first = next(iter(self.faults.values()))
        return f"{Code.INTEGRITY}: {self.count} fault(s), first {first.place}: {first.detail}"


@dataclass
class _Pass:
    """One pass; each slice runs in a worker thread, one at a time."""

    tree: TileTree | None = field(default_factory=TileTree)
    found: list[ScrubFault] = field(default_factory=list)

    def slice(self, rows: Rows, start: int, end: int) -> list[ScrubFault]:
        """Check the entries of one tile of level 0, and the tiles that it completes."""
        tile = Tile(0, start // TILE_WIDTH, end - start)
        stored = rows.tile(0, tile.index) if tile.width == TILE_WIDTH else None
        faults, leaves = _check_entries(rows, start, end, stored)
        if self.tree is None or leaves is None:
            self.tree = None
            return faults
        grown, full = self.tree.grown(leaves)
        faults += [fault for each in full if (fault := _check_tile(rows, each))]
        self.tree = grown  # last: a slice that could not be read is tried again
        return faults

    def skip(self) -> None:
        """Go on without a tree: a slice could not be read, so the levels above cannot be made."""
        self.tree = None


class Scrubber:
    """Scrubs one log. Owned by the event loop; `run` is the only one that changes anything."""

    def __init__(
        self,
        ledger: ReadableLedger,
        head: Callable[[], Head | None],
        *,
        entries_per_s: float,
        pause_s: float,
        clock: Clock,
        on_fault: Callable[[ScrubFault], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._head = head
        self._entries_per_s = entries_per_s
        self._pause_s = pause_s
        self._clock = clock
        self._on_fault = on_fault
        self._sleep = sleep
        self.state = Scrubbed()

    def scrubbed(self) -> int:
        """Return the index through which all entries were last found as they were, 0 for none."""
        return max(0, self.state.through - 1)

    async def run(self) -> None:
        """Scrub for ever, with a pause after each pass."""
        while True:
            await self.scrub()
            await self._sleep(self._pause_s)

    async def scrub(self) -> None:
        """Read the log once, up to the head that is published now."""
        head = self._head()
        if head is None:
            return
        running = _Pass()
        for start in range(0, head.size, TILE_WIDTH):
            end = min(start + TILE_WIDTH, head.size)
            self._meet(running, await self._slice(running, start, end))
            self.state.at = end
            await self._sleep((end - start) / self._entries_per_s)
        if running.tree is not None and running.tree.root() != head.root:
            self._meet(running, [ScrubFault("root", "the tree is not the one that was signed")])
        self._end(head, running.found)

    async def _slice(self, running: _Pass, start: int, end: int) -> list[ScrubFault]:
        """Check one slice; one that cannot be read several times, or is damaged, is a fault."""
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._ledger.read(lambda rows: running.slice(rows, start, end))
            except PlatformError as error:
                if error.code is Code.INTEGRITY or attempt == _TRIES:
                    running.skip()
                    place = f"entries {start} to {end - 1}"
                    bundle = Tile(None, start // TILE_WIDTH)
                    return [ScrubFault(place, f"cannot be read: {error.detail}", bundle)]
                await self._sleep(self._pause_s)
        return []

    def _meet(self, running: _Pass, faults: list[ScrubFault]) -> None:
        """Remember faults from now on, and tell those that are new."""
        for fault in faults:
            running.found.append(fault)
            if fault.place not in self.state.faults:
                self.state.count += 1
                if len(self.state.faults) < MAX_FAULTS:
                    self.state.faults[fault.place] = fault
                    self._on_fault(fault)

    def _end(self, head: Head, found: list[ScrubFault]) -> None:
        """Forget what this pass has not met again."""
        state = self.state
        state.passes += 1
        state.last_pass = self._clock()
        state.count = len(found)
        state.faults = {fault.place: fault for fault in found[:MAX_FAULTS]}
        if not found:
            state.through = head.size

    def require_tile(self, tile: Tile) -> None:
        """Refuse a tile or bundle in which a fault was found.

        Raises:
            PlatformError: `E_INTEGRITY`.
        """
        for fault in self.state.faults.values():
            if fault.tile and (fault.tile.level, fault.tile.index) == (tile.level, tile.index):
                raise _withheld(fault)

    def require_nodes(self, *positions: int) -> None:
        """Refuse proofs that would be made of hashes in which a fault was found.

        Only what lies under a tile is proved by its hashes; others are by its root, which the tile
        above keeps.

        Raises:
            PlatformError: `E_INTEGRITY`.
        """
        for fault in self.state.faults.values():
            if fault.tile is None or fault.tile.level is None:
                continue
            height = TILE_HEIGHT * (fault.tile.level + 1)
            if any(position >> height == fault.tile.index for position in positions):
                raise _withheld(fault)


def _check_entries(
    rows: Rows, start: int, end: int, tile: bytes | None
) -> tuple[list[ScrubFault], list[bytes] | None]:
    """Return the faults of a slice, and for each leaf the hash that two of three agree on.

    No leaves where one is lost: the levels above cannot be made then.
    """
    entries = {entry.index: entry for entry in rows.entries(start, end)}
    faults: list[ScrubFault] = []
    leaves: list[bytes] = []
    is_whole = True
    bundle, hashes = Tile(None, start // TILE_WIDTH), Tile(0, start // TILE_WIDTH)
    for at, index in enumerate(range(start, end)):
        signed = tile[at * HASH_SIZE : (at + 1) * HASH_SIZE] if tile else None
        entry = entries.get(index)
        if entry is None:
            faults.append(ScrubFault(f"entry {index}", "is missing", bundle))
            is_whole = is_whole and signed is not None
            leaves.append(signed or b"")
            continue
        computed = leaf_hash(entry.data)
        if computed == entry.hash and signed in {None, computed}:
            leaves.append(computed)
        elif computed == signed:
            faults.append(ScrubFault(f"entry {index}", "its stored hash changed", bundle))
            leaves.append(computed)
        elif computed == entry.hash:
            place = f"tile/{hashes.path} at {at}"
            faults.append(ScrubFault(place, f"is not the hash of entry {index}", hashes))
            leaves.append(computed)
        else:
            faults.append(ScrubFault(f"entry {index}", "is not what was hashed", bundle))
            leaves.append(entry.hash)
    return faults, leaves if is_whole else None


def _check_tile(rows: Rows, tile: FullTile) -> ScrubFault | None:
    """Compare a tile that has just become full with the stored one; level 0 was compared before."""
    stored = rows.tile(tile.level, tile.index)
    address = Tile(tile.level, tile.index)
    if stored is None:
        return ScrubFault(f"tile/{address.path}", "is missing", address)
    if tile.level == 0 or stored == tile.data:
        return None
    return ScrubFault(f"tile/{address.path}", "is not that of the tiles below it", address)


def _withheld(fault: ScrubFault) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        f"not given out: {fault.place} {fault.detail}",
        fix=f"Ask a mirror of this log. The operator: {_FIX}",
    )
