"""The check of a whole copy: every tile and the root again from the entries, against the head.

Responsible for what `sextant log fsck` promises. It streams: memory is one row of hashes a level
and a bounded window of pieces, whatever the size. Nothing stops at the first fault; all are told.

A folder is checked by one process: at half a million entries a second the disk is slower, and a
second process takes longer to start than a million entries to check. A server is read by threads,
for their requests wait.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from sextant_client.copies.climbing import Climb
from sextant_client.copies.faults import Fault, Faults, Kind
from sextant_client.copies.pieces import Found, Piece, check_piece, pieces_of
from sextant_client.copies.sources import CHECKPOINT, FolderSource, Source, tile_within
from sextant_client.copies.strays import Beside, check_beside
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.tiles import TILE_WIDTH, Tile, tiles_of
from sextant_shared.models.receipts import Level
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from sextant_shared.protocol.levels import Standing, standing_of
from sextant_shared.protocol.policies import Policy

Progress = Callable[[int, int], None]
FETCHES = 8  # requests at a time: enough to hide a slow line, few enough for a small server
_FOLDER_TILES, _WEB_TILES = 64, 4
_WINDOW = 2  # pieces in work or waiting, for each worker


@dataclass
class CopyReport:
    """What was checked, and everything that is wrong."""

    faults: Faults = field(default_factory=Faults)
    head: Checkpoint | None = None
    level: Level | None = None
    words: str = ""
    entries_checked: bool = False
    entries: int = 0
    tiles: int = 0
    bytes_read: int = 0
    beside: Beside | None = None


@dataclass(frozen=True)
class CopyCheck:
    """How a copy is checked: by which keys and policy, and with how many requests at a time."""

    keys: LogKeys
    policy: Policy | None = None
    hashes_only: bool = False
    parallel: int = FETCHES

    def run(self, source: Source, progress: Progress = lambda _done, _total: None) -> CopyReport:
        """Check a copy whole.

        Raises:
            PlatformError: `E_UNAVAILABLE` and the like: what keeps the copy from being read.
        """
        report = CopyReport()
        standing = self._standing(source, report.faults)
        if standing is None:
            return report
        head = standing.checkpoint
        report.head, report.level, report.words = head, standing.level, standing.words
        report.entries_checked = not self.hashes_only and _serves_entries(source, head.size)
        climb = Climb(source, head.size, report.faults)
        for found in self._found(source, head.size, with_entries=report.entries_checked):
            climb.take(found)
            report.entries += found.entries
            report.bytes_read += found.bytes_read
            progress(report.entries, head.size)
        climb.finish(head.root)
        report.tiles = sum(1 for _ in tiles_of(head.size))
        if isinstance(source, FolderSource):
            report.beside = check_beside(source, head.size, report.faults)
        return report

    def _standing(self, source: Source, faults: Faults) -> Standing | None:
        """Return the head and its level; without a head that the log signed there is no check."""
        data = source.read(CHECKPOINT)
        if data is None:
            faults.add(Fault(Kind.CHECKPOINT, CHECKPOINT, "the head is missing"))
            return None
        try:
            text = data.decode()
            verify_checkpoint(text, self.keys)
        except UnicodeDecodeError:
            faults.add(Fault(Kind.CHECKPOINT, CHECKPOINT, "the head is not UTF-8"))
            return None
        except PlatformError as error:
            faults.add(_of_head(Kind.CHECKPOINT, error))
            return None
        try:
            return standing_of(text, self.keys, self.policy)
        except PlatformError as error:
            faults.add(_of_head(Kind.COSIGNATURE, error))
            return standing_of(text, self.keys, None)

    def _found(self, source: Source, size: int, *, with_entries: bool) -> Iterator[Found]:
        """Yield what the pieces gave, in order, while others are in work."""
        if isinstance(source, FolderSource):
            pieces = pieces_of(size, _FOLDER_TILES, with_entries=with_entries)
            yield from (check_piece(source, piece) for piece in pieces)
            return
        pieces = pieces_of(size, _WEB_TILES, with_entries=with_entries)
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="fetch") as executor:
            yield from in_order(executor, source, pieces, self.parallel * _WINDOW)


def in_order(
    executor: Executor, source: Source, pieces: Iterator[Piece], window: int
) -> Iterator[Found]:
    """Yield the results in the order of the pieces, with at most `window` begun."""
    waiting: deque[Future[Found]] = deque()
    try:
        for piece in pieces:
            waiting.append(executor.submit(check_piece, source, piece))
            if len(waiting) >= window:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _serves_entries(source: Source, size: int) -> bool:
    """Whether this reader gets entries here. One missing bundle among others is a fault instead."""
    if size == 0:
        return True
    last = (size - 1) // TILE_WIDTH
    ends = (0, last) if last else (0,)
    try:
        found = [source.read(f"tile/{_bundle_path(index, size)}") for index in ends]
    except PlatformError as error:
        if error.code in {Code.FORBIDDEN, Code.AUTH}:
            return False
        raise
    return any(data is not None for data in found)


def _bundle_path(index: int, size: int) -> str:
    return Tile(None, index, tile_within(0, index, size).width).path


def _of_head(kind: Kind, error: PlatformError) -> Fault:
    return Fault(kind, CHECKPOINT, error.detail, error.expected, error.received)
