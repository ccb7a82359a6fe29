"""Containers too large for a row, through obstore: a local folder now, any object store later."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore

from sextant_shared.clock import random_bytes
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError

READ_BYTES = 1 << 18
# A file is stored in pieces of the least size that object stores take. The library would have a
# dozen of them in memory at once, eighty megabytes; one after the other they need fourteen.
PIECE_BYTES, PIECES_AT_ONCE = 5 << 20, 1
PAGE = 500  # names in one look-up of what rows refer to


class BlobStore:
    """Large containers by name; a name is random and never reused."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for staged in folder.glob("*#*"):  # a put that a stop cut off; never listed
            staged.unlink()
        self._folder = folder
        self._disk = folder.stat().st_dev
        self._store = LocalStore(prefix=str(folder))

    def free_bytes(self) -> int:
        """Return how much room is left on the disk that blobs share with the database."""
        # Of the folder around it: a volume of blobs that is away refuses by itself.
        return shutil.disk_usage(self._folder.parent).free

    async def put(self, arrived: Path) -> str:
        """Store the file that arrived; return its name once it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store does not take it.
        """
        name = b64u(random_bytes(18))
        self._check_there()
        try:
            await obstore.put_async(
                self._store,
                name,
                arrived,
                chunk_size=PIECE_BYTES,
                max_concurrency=PIECES_AT_ONCE,
            )
            await asyncio.to_thread(self._make_durable, name)
        except (BaseError, OSError) as error:
            raise _away("does not take more now") from error
        return name

    async def open(self, name: str) -> AsyncIterator[bytes]:
        """Return a container's pieces.

        Raises:
            PlatformError: `E_INTEGRITY` when it is gone, `E_UNAVAILABLE`.
        """
        try:
            result = await obstore.get_async(self._store, name)
        except (NotFoundError, FileNotFoundError) as error:
            self._check_there()
            raise PlatformError(Code.INTEGRITY, "a stored container is gone") from error
        except BaseError as error:
            raise _away("does not answer") from error
        return _pieces(result)

    async def delete(self, names: Sequence[str]) -> None:
        """Remove blobs.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            await obstore.delete_async(self._store, list(names))
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError as error:
            raise _away("does not answer") from error

    async def names(self) -> AsyncIterator[list[str]]:
        """Yield the names of all blobs, page by page."""
        async for page in obstore.list(self._store, chunk_size=PAGE):
            yield [item["path"] for item in page]

    def _check_there(self) -> None:
        """Refuse while the volume is not mounted: below it files would be lost, not kept."""
        try:
            is_there = self._folder.stat().st_dev == self._disk
        except OSError:
            is_there = False
        if not is_there:
            raise _away("is not there")

    def _make_durable(self, name: str) -> None:
        """Flush file and folder: the local store renames into place without either."""
        for path in (self._folder / name, self._folder):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


async def _pieces(result: "obstore.GetResult") -> AsyncIterator[bytes]:
    try:
        async for block in result.stream(min_chunk_size=READ_BYTES):
            yield bytes(block)
    except BaseError as error:
        raise _away("stopped answering") from error


def _away(what: str) -> PlatformError:
    return PlatformError(Code.UNAVAILABLE, f"the blob store {what}", retry_after_s=5)
