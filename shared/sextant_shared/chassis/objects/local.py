"""Objects as files of one folder on a local disk.

A file that arrived is not copied: it gets a second name in the folder, by a hard link, when its
bytes are on the disk; then the folder is. A link takes no name that is taken. Where the arrived
file lies on another disk, or the file system has no links, it is copied beside first.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

from sextant_shared.chassis.objects import PAGE, READ_BYTES, Check, Item, away, gone
from sextant_shared.errors import PlatformError
from sextant_shared.files import is_unfinished, sync_folder

TITLE = "the folder of blobs"


class LocalObjects:
    """The object store in one folder; names are names of files in it."""

    title = TITLE

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._device = folder.stat().st_dev

    async def put(self, name: str, source: Path, check: Check) -> bool:
        """Give a file its name here, once it passed the check and is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the disk refuses, and what the check raises.
        """
        try:
            return await asyncio.to_thread(self._put, name, source, check)
        except OSError as error:
            raise away(TITLE, f"takes no more now: {error.strerror}") from error

    async def size(self, name: str) -> int | None:
        """Return the size of an object, None when there is none.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            return (await asyncio.to_thread((self._folder / name).stat)).st_size
        except FileNotFoundError:
            self._require_there()
            return None
        except OSError as error:
            raise _unreadable(error) from error

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of an object from `start` to before `end`.

        Raises:
            PlatformError: `E_INTEGRITY` when it is gone, `E_UNAVAILABLE`.
        """
        try:
            with await asyncio.to_thread((self._folder / name).open, "rb") as file:
                file.seek(start)
                left = READ_BYTES if end is None else end - start
                while block := await asyncio.to_thread(file.read, min(READ_BYTES, left)):
                    left -= len(block) if end is not None else 0
                    yield block
        except FileNotFoundError as error:
            self._require_there()
            raise gone() from error
        except OSError as error:
            raise _unreadable(error) from error

    async def delete(self, names: Sequence[str]) -> None:
        """Remove objects, durably.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            await asyncio.to_thread(self._delete, names)
        except OSError as error:
            raise away(TITLE, f"lets nothing be removed: {error.strerror}") from error

    async def items(self) -> AsyncIterator[list[Item]]:
        """Yield all objects, page by page.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            with closing(_Listing(self._folder)) as listing:
                while (page := await asyncio.to_thread(listing.page)) is not None:
                    yield page
        except OSError as error:
            raise _unreadable(error) from error

    async def unfinished(self, before: float, *, remove: bool) -> int:
        """Return how many copies under way began before then and were not ended; remove them.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            return await asyncio.to_thread(self._unfinished, before, remove=remove)
        except OSError as error:
            raise _unreadable(error) from error

    async def probe(self) -> None:
        """Return if the folder is there.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        await asyncio.to_thread(self._require_there)

    def _require_there(self) -> None:
        """Return if the volume is mounted: below its place files would be lost, not kept."""
        try:
            is_there = self._folder.stat().st_dev == self._device
        except OSError:
            is_there = False
        if not is_there:
            raise away(TITLE, "is not there")

    def _put(self, name: str, source: Path, check: Check) -> bool:
        self._require_there()
        target, partial = self._folder / name, self._folder / f".{name}.new"
        with source.open("rb") as file:
            while block := file.read(READ_BYTES):
                check.add(block)
            check.end()
            # The age of an object counts from here: a file may have been days in arriving.
            os.utime(file.fileno())
            os.fsync(file.fileno())
        try:
            linked = _link(source, partial, target)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(self._folder)
        return linked

    def _delete(self, names: Sequence[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        sync_folder(self._folder)

    def _unfinished(self, before: float, *, remove: bool) -> int:
        found = 0
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # it ended meanwhile
                if _is_left(path.name) and path.stat().st_mtime < before:
                    found += 1
                    if remove:
                        path.unlink()
        return found


def _link(source: Path, partial: Path, target: Path) -> bool:
    """Give the file its second name; return False when that is taken."""
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return False
    except OSError:  # another disk, or no links: EXDEV, EPERM, EMLINK, EOPNOTSUPP …
        with source.open("rb") as file, partial.open("xb") as copy:
            shutil.copyfileobj(file, copy, READ_BYTES)
            copy.flush()
            os.fsync(copy.fileno())
        try:
            target.hardlink_to(partial)
        except FileExistsError:
            return False
        except OSError:
            # No links at all: names are random, so nobody takes it between the look and the move.
            if target.exists():
                return False
            partial.rename(target)
    return True


class _Listing:
    """A look through a folder, page by page in threads.

    The lock is for whoever stops waiting: a folder that is closed while a thread reads it crashes
    the process.
    """

    def __init__(self, folder: Path) -> None:
        self._entries = os.scandir(folder)
        self._lock = threading.Lock()

    def page(self) -> list[Item] | None:
        """Return the next objects, None after the last."""
        with self._lock:
            if not (found := list(islice(self._entries, PAGE))):
                return None
            page = []
            for entry in found:
                with suppress(FileNotFoundError):  # removed meanwhile
                    status = entry.stat()
                    if not _is_left(entry.name):
                        page.append(Item(entry.name, status.st_size, status.st_mtime))
            return page

    def close(self) -> None:
        """Wait for a page that is being read, and end."""
        with self._lock:
            self._entries.close()


def _is_left(name: str) -> bool:
    """Whether a put that a stop cut off left this; earlier versions left `name#number`."""
    return is_unfinished(name) or "#" in name


def _unreadable(error: OSError) -> PlatformError:
    return away(TITLE, f"cannot be read now: {error.strerror}")
