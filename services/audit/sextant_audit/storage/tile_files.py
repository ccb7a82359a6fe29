"""A folder of tiles as plain files: implements the port of `domain.static_tiles`.

Responsible for who may read what: the bundles of a log whose entries are not public are readable by
the service's own user alone, so a web server under another user cannot give them out by mistake.
"""

import shutil
from pathlib import Path

from sextant_shared.errors import Code, PlatformError
from sextant_shared.files import sync_folder, write_whole
from sextant_shared.merkle.tiles import Tile

_ENTRIES = "tile/entries"
_OPEN, _CLOSED = (0o755, 0o644), (0o700, 0o600)


class TileFolder:
    """One folder. Used by one thread at a time."""

    def __init__(self, folder: Path, *, entries_public: bool) -> None:
        self._folder = folder
        self._entries_public = entries_public
        self._unsynced: set[Path] = set()

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, None when it is not there.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _fault(path, "read", error) from error

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole or not at all.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        is_closed = path.startswith(f"{_ENTRIES}/") and not self._entries_public
        folder_mode, mode = _CLOSED if is_closed else _OPEN
        target = self._folder / path
        try:
            self._make(target.parent, folder_mode)
            write_whole(target, data, mode)
        except OSError as error:
            raise _fault(path, "written", error) from error
        self._unsynced.add(target.parent)

    def sync(self) -> None:
        """Make durable all names written since the last call.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        for folder in sorted(self._unsynced):
            try:
                sync_folder(folder)
            except OSError as error:
                raise _fault(folder.name, "synced", error) from error
            self._unsynced.discard(folder)

    def has_partials(self, tile: Tile) -> bool:
        """Whether there are partial tiles of this full one."""
        return self._partials(tile).is_dir()

    def drop_partials(self, tile: Tile) -> None:
        """Delete the partial tiles of this full one."""
        shutil.rmtree(self._partials(tile), ignore_errors=True)

    def _partials(self, tile: Tile) -> Path:
        return self._folder / "tile" / f"{tile.path}.p"

    def _make(self, folder: Path, mode: int) -> None:
        """Make a folder and those above it; bundles lie below one that only this user enters."""
        if folder.is_dir():
            return
        self._make(folder.parent, _OPEN[0] if folder.name == "entries" else mode)
        folder.mkdir(mode)
        self._unsynced.add(folder.parent)


def _fault(path: str, done: str, error: OSError) -> PlatformError:
    return PlatformError(
        Code.UNAVAILABLE,
        f"static file {path} cannot be {done}: {error.strerror}",
        fix="Make room or correct SEXTANT_AUDIT_TILES_DIR; the service goes on and tries again.",
    )
