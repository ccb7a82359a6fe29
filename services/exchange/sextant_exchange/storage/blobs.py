"""Containers too large for a row, through obstore: a local folder now, any object store later."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from sextant_shared.clock import random_bytes
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError

READ_BYTES = 1 << 20


class BlobStore:
    """Large containers by name; a name is random and never reused."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._store = LocalStore(prefix=str(folder))

    async def put(self, arrived: Path) -> str:
        """Store the file that arrived; return its name once it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store does not take it.
        """
        name = b64u(random_bytes(18))
        try:
            await obstore.put_async(self._store, name, arrived)
            await asyncio.to_thread(self._make_durable, name)
        except (BaseError, OSError) as error:
            raise PlatformError(
                Code.UNAVAILABLE, "the blob store does not take more now", retry_after_s=5
            ) from error
        return name

    async def stream(self, name: str) -> AsyncIterator[bytes]:
        """Yield a container piece by piece.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store does not give it.
        """
        try:
            result = await obstore.get_async(self._store, name)
            async for block in result.stream(min_chunk_size=READ_BYTES):
                yield bytes(block)
        except BaseError as error:
            raise PlatformError(
                Code.UNAVAILABLE, "the blob store does not answer", retry_after_s=5
            ) from error

    async def delete_orphans(self, known: set[str]) -> int:
        """Remove what no row refers to: bodies whose deposit stopped before step A."""
        orphans = [
            item["path"]
            async for page in obstore.list(self._store)
            for item in page
            if item["path"] not in known
        ]
        if orphans:
            await obstore.delete_async(self._store, orphans)
        return len(orphans)

    def _make_durable(self, name: str) -> None:
        """Flush file and folder: the local store renames into place without either."""
        for path in (self._folder / name, self._folder):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
