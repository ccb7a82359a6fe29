"""A copy of the log that is kept: verified before it is written, and served as it stands.

Responsible for what `sextant log mirror` promises: a folder that any web server can serve, byte for
byte what the log serves, whose head moves forward only. Not responsible for single files
(`folder`) nor for what makes a byte right (`signed`).

Durable steps of one update, and what the folder is if we stop after them:

1. The new head is verified and continues the copy's own; nothing is written. The old copy.
2. Full tiles and bundles, each whole or not at all (`mirror.tile`). The old copy: its head says
   nothing of what lies beyond. The next update finds them and goes on.
3. The partial tiles of the new size, and all folders synced (`mirror.edge`). The old copy still:
   the partial tiles of its size stay.
4. The head (`mirror.head`). The new copy.
5. Partial tiles of sizes before the old one are deleted: who read the old head finds its tiles
   until the next update.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sextant_client.copies.folder import CopyFolder, Written
from sextant_client.copies.nodes import TileHistory
from sextant_client.copies.signed import SignedTree, Step, edge_tiles
from sextant_client.copies.sources import CHECKPOINT, Source
from sextant_client.evidence import contact
from sextant_client.home import Home
from sextant_client.trust import Trust
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.tiles import TILE_WIDTH, Tile
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint
from sextant_shared.protocol.levels import Standing, standing_of

Progress = Callable[[int, int], None]
_WINDOW = 2


@dataclass(frozen=True)
class Update:
    """What one update did; `before` is the size that the copy had."""

    before: int
    standing: Standing
    written: Written


@dataclass(frozen=True)
class Mirror:
    """One copy in a folder, of the log that `trust` pins. Evidence of a fork goes into `home`."""

    folder: Path
    home: Home
    trust: Trust
    parallel: int
    hashes_only: bool = False
    step: Step = lambda _: None

    def head(self) -> Checkpoint | None:
        """Return the head of the copy; None before its first update was done.

        Raises:
            PlatformError: `E_INTEGRITY` when it is not a head that the pinned log signed.
        """
        data = CopyFolder(self.folder).source.read(CHECKPOINT)
        if data is None:
            return None
        try:
            return verify_checkpoint(data.decode("utf-8", "replace"), self.trust.log_keys)
        except PlatformError as error:
            raise PlatformError(
                Code.INTEGRITY,
                f"the head of the copy does not verify: {error.detail}",
                expected=error.expected,
                received=error.received,
                fix="Is it a copy of another log? Name another folder, or restore this one.",
            ) from error

    def update(
        self,
        source: Source,
        progress: Progress = lambda _done, _total: None,
        *,
        whole: bool = False,
    ) -> Update:
        """Bring the copy to the head that the source serves; with `whole`, look at every file.

        Raises:
            PlatformError: `E_INTEGRITY` when the head does not continue the copy's, with an
                evidence file, or bytes are not those that were signed; `E_KEY`, `E_SIGNATURE`,
                `E_UNAVAILABLE`. The copy is as it was, or has new files beyond its head.
        """
        held = self.head()
        standing = standing_of(_note(source), self.trust.log_keys, self.trust.policy)
        seen, folder = standing.checkpoint, CopyFolder(self.folder)
        self._continue(held, seen, source, folder)
        if held is not None and (seen.size < held.size or (seen.text == held.text and not whole)):
            return Update(held.size, standing, folder.written)  # an older head, or the same
        before = held.size if held else 0
        tree = SignedTree(source, folder, seen, self.step)
        first = 0 if whole else before // TILE_WIDTH
        self._bring(tree, range(first, seen.size // TILE_WIDTH), progress)
        tree.bring_edge(with_entries=not self.hashes_only)
        folder.sync()
        self.step("mirror.edge")
        if held is None or held.text != seen.text:
            folder.write(CHECKPOINT, seen.text.encode())
            folder.sync()
            self.step("mirror.head")
        folder.drop_partials([*_partials(before), *_partials(seen.size)])
        return Update(before, standing, folder.written)

    def _continue(
        self, held: Checkpoint | None, seen: Checkpoint, source: Source, folder: CopyFolder
    ) -> None:
        """Refuse a head that no history holds beside the copy's, or beside the newest one known."""
        history = TileHistory(source, seen.size)
        if held is not None:
            known = Trust(self.trust.file.model_copy(update={"checkpoint": held.text}))
            older = held.size > seen.size
            own = TileHistory(folder.source, held.size)
            contact(self.home, known, seen, own if older else history)
        newest = self.trust.checkpoint()
        if newest is None or newest.size <= seen.size:  # a copy may lag behind what we know
            contact(self.home, self.trust, seen, history)

    def _bring(self, tree: SignedTree, tiles: range, progress: Progress) -> None:
        """Have all full tiles of a range in the folder, a bounded number in work at a time."""
        work = tree.bring_tile if self.hashes_only else tree.bring_bundle
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="fetch") as executor:
            waiting: deque[Future[None]] = deque()
            try:
                for index in tiles:
                    waiting.append(executor.submit(work, index, tree.root_of(0, index)))
                    if len(waiting) >= self.parallel * _WINDOW:
                        waiting.popleft().result()
                    progress((index + 1) * TILE_WIDTH, tiles.stop * TILE_WIDTH)
                while waiting:
                    waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def _note(source: Source) -> str:
    data = source.read(CHECKPOINT)
    if data is None:
        raise PlatformError(
            Code.NOT_FOUND,
            "there is no log at this address: it serves no checkpoint",
            fix="Give the address before /checkpoint.",
        )
    return data.decode("utf-8", "replace")


def _partials(size: int) -> list[Tile]:
    """Return the partial tiles of a size, and the partial bundle."""
    tiles = [tile for tile in edge_tiles(size) if tile.width]
    width = size % TILE_WIDTH
    return [*tiles, Tile(None, size // TILE_WIDTH, width)] if width else tiles
