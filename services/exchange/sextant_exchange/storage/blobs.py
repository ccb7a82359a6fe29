"""Containers too large for a row: objects with random names, checked on their way in and out."""

import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import structlog

from sextant_exchange.domain.containers import WholeContainer
from sextant_shared.chassis.objects import ObjectStore, checked
from sextant_shared.clock import random_bytes, system_clock
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError

WATCH_EVERY_S = 30.0
_log = structlog.get_logger("sextant.exchange")


class BlobStore:
    """Large containers by name; a name is random and never reused.

    `trouble` says what the store lacked when it was asked last, empty when nothing.
    """

    def __init__(self, objects: ObjectStore, disk: Path) -> None:
        self._objects = objects
        self._disk = disk
        self.trouble = ""
        self._is_told = False

    def free_bytes(self) -> int:
        """Return how much room is left on the disk of the database, where containers arrive too."""
        return shutil.disk_usage(self._disk).free

    async def require(self) -> None:
        """Return if there was no trouble last time, or there is none now.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        if self.trouble:
            await self._objects.probe()
            self.trouble = ""

    async def put(self, arrived: Path, manifest_digest: bytes) -> str:
        """Store the file that arrived; return its name once it is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store does not take it, or its bytes are not
                those of the manifest any more.
        """
        name = b64u(random_bytes(18))
        try:
            # A name that is taken was taken by ourselves: the answer to the first try was lost.
            await self._objects.put(name, arrived, WholeContainer(manifest_digest))
        except PlatformError as error:
            if error.code is not Code.INTEGRITY:
                self.trouble = error.detail
                raise
            # The sender did nothing wrong, and has the bytes still.
            raise PlatformError(
                Code.UNAVAILABLE, "the container was damaged here", retry_after_s=5
            ) from error
        return name

    async def open(
        self,
        name: str,
        manifest_digest: bytes | None = None,
        *,
        start: int = 0,
        end: int | None = None,
    ) -> AsyncIterator[bytes]:
        """Return a container's pieces; with a digest, the last only when all are as deposited.

        Without a digest also those of a range.

        Raises:
            PlatformError: `E_INTEGRITY` when it is gone, `E_UNAVAILABLE`.
        """
        pieces = self._objects.read(name, start, end)
        if manifest_digest is not None:
            pieces = checked(pieces, WholeContainer(manifest_digest))
        first = await anext(pieces, b"")  # so that an object that is gone is told before a status
        return _with(first, pieces)

    async def delete(self, names: Sequence[str]) -> None:
        """Remove blobs that nothing refers to any more; what stays is swept later."""
        try:
            await self._objects.delete(names)
        except PlatformError as error:
            self.trouble = error.detail
            _log.warning("blobs wait for the sweep", count=len(names), detail=error.detail)

    async def names(self, age_s: float) -> AsyncIterator[list[str]]:
        """Yield the names of blobs that are as old as that, page by page.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        before = system_clock() - age_s
        async for page in self._objects.items():
            if old := [item.name for item in page if item.modified <= before]:
                yield old

    async def remove(self, names: Sequence[str]) -> None:
        """Remove blobs.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        await self._objects.delete(names)

    async def unfinished(self, age_s: float, *, remove: bool) -> int:
        """Return how many puts older than that nobody ended; remove what they left.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        return await self._objects.unfinished(system_clock() - age_s, remove=remove)

    async def watch(self) -> None:
        """Look whether the store answers, and tell when that changes."""
        self.trouble = await self._asked()
        if self.trouble and not self._is_told:
            _log.error("large deposits are refused", detail=self.trouble)
        if self._is_told and not self.trouble:
            _log.info("large deposits are taken again")
        self._is_told = bool(self.trouble)

    def notes(self) -> dict[str, str]:
        """Say what readiness should tell: small deposits go on without the store."""
        return {"blobs": self.trouble} if self.trouble else {}

    async def _asked(self) -> str:
        try:
            await self._objects.probe()
        except PlatformError as error:
            return error.detail
        return ""


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece
