"""The folder of a copy: files written whole, in the layout of C2SP tlog-tiles.

Not responsible for whether the bytes are right (`signed`).
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from sextant_client.copies.sources import FolderSource
from sextant_shared.errors import Code, PlatformError
from sextant_shared.files import sync_folder, write_whole
from sextant_shared.merkle.tiles import Tile


@dataclass
class Written:
    """What an update wrote."""

    files: int = 0
    bytes_written: int = 0
    found: int = 0  # files that lay there already, and were right


@dataclass(frozen=True)
class CopyFolder:
    """The folder of a copy: reads what lies there, writes files whole."""

    folder: Path
    written: Written = field(default_factory=Written)
    _unsynced: set[Path] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def source(self) -> FolderSource:
        """The copy as something to be read."""
        return FolderSource(self.folder)

    def write(self, path: str, data: bytes) -> None:
        """Write one file; `sync` makes its name durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the disk does not take it.
        """
        target = self.folder / path
        try:
            for parent in reversed(target.relative_to(self.folder).parents):
                place = self.folder / parent
                if not place.is_dir():
                    place.mkdir(exist_ok=True)
                    self._unsynced.add(place.parent)
            write_whole(target, data)
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"{path} cannot be written: {error.strerror}",
                fix="Make room or correct the folder, and run the command again: it goes on.",
            ) from error
        with self._lock:
            self._unsynced.add(target.parent)
            self.written.files += 1
            self.written.bytes_written += len(data)

    def sync(self) -> None:
        """Make all names written since the last call durable."""
        for folder in sorted(self._unsynced):
            sync_folder(folder)
        self._unsynced.clear()

    def found(self) -> None:
        """Count a file that lay here already and was right."""
        with self._lock:
            self.written.found += 1

    def drop_partials(self, keep: Collection[Tile]) -> None:
        """Delete the partial tiles beside those to keep: same level, same thousand of tiles."""
        kept = {self.folder / "tile" / tile.path for tile in keep}
        for beside in {path.parent.parent for path in kept}:
            for place in beside.glob("*.p"):
                for file in place.iterdir():
                    if file not in kept:
                        file.unlink(missing_ok=True)
                if not any(place.iterdir()):
                    place.rmdir()
