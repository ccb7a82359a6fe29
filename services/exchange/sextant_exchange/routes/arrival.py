"""Reads a container from a request: the head first, the body only when the head is accepted."""

import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MAX_MANIFEST_BYTES
from sextant_shared.protocol.manifest import (
    PREFIX_SIZE,
    Manifest,
    format_prefix,
    parse_manifest,
    parse_prefix,
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole, verified container: in memory when small, else in a file that is durable."""

    content: bytes | None
    path: Path | None


class Arrival:
    """One request body, read in order and never further than announced."""

    def __init__(self, request: Request, max_bytes: int) -> None:
        self.length = _content_length(request, max_bytes)
        self._blocks: AsyncIterator[bytes] = request.stream().__aiter__()
        self._buffer = bytearray()

    async def manifest(self) -> Manifest:
        """Read and parse prefix and manifest; nothing of the body is needed for it.

        Raises:
            PlatformError: `E_MALFORMED`, `E_VERSION`, `E_TOO_LARGE`, `E_KEY`.
        """
        length = parse_prefix(await self._take(PREFIX_SIZE))
        return parse_manifest(await self._take(min(length, MAX_MANIFEST_BYTES)))

    async def container(self, manifest: Manifest, small: int, folder: Path) -> Arrived:
        """Read the body and compare it with the manifest; on failure nothing is left behind.

        Raises:
            PlatformError: `E_LENGTH`, `E_DIGEST`.
        """
        head = format_prefix(manifest.raw) + manifest.raw
        if manifest.total_size <= small:
            body = await self._take(manifest.body_len)
            await self._expect_end()
            _compare(sha256(body).digest(), manifest)
            return Arrived(head + body, None)
        return Arrived(None, await self._to_file(manifest, head, folder))

    async def _to_file(self, manifest: Manifest, head: bytes, folder: Path) -> Path:
        handle, name = tempfile.mkstemp(dir=folder)
        path = Path(name)
        digest = sha256()
        left = manifest.body_len
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(head)
                while left:
                    block = await self._some(left)
                    digest.update(block)
                    file.write(block)
                    left -= len(block)
            await self._expect_end()
            _compare(digest.digest(), manifest)
        except BaseException:
            path.unlink()  # noqa: ASYNC240 -- a directory entry, microseconds
            raise
        return path

    async def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            block = await self._next()
            if not block:
                raise _cut(size, len(self._buffer))
            self._buffer += block
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _some(self, most: int) -> bytes:
        block = bytes(self._buffer) or await self._next()
        self._buffer.clear()
        if not block:
            raise _cut(most, 0)
        self._buffer += block[most:]
        return block[:most]

    async def _expect_end(self) -> None:
        if self._buffer or await self._next():
            raise PlatformError(Code.LENGTH, "there are bytes after the body")

    async def _next(self) -> bytes:
        """Return the next block that holds something; empty only at the end."""
        try:
            async for block in self._blocks:
                if block:
                    return block
        except ClientDisconnect as error:
            raise PlatformError(Code.LENGTH, "the sender went away inside the body") from error
        return b""


def _content_length(request: Request, max_bytes: int) -> int:
    text = request.headers.get("content-length", "")
    if not (text.isascii() and text.isdigit()):
        raise PlatformError(Code.LENGTH_REQUIRED, "a deposit announces its Content-Length")
    length = int(text[:16])
    if length > max_bytes:
        raise PlatformError(
            Code.TOO_LARGE,
            "the container is too large",
            expected=f"at most {max_bytes} bytes",
            received=text[:16],
        )
    return length


def _compare(digest: bytes, manifest: Manifest) -> None:
    if digest != manifest.body_sha256:
        raise PlatformError(
            Code.DIGEST,
            "the body is not the one that was signed",
            expected=manifest.body_sha256.hex(),
            received=digest.hex(),
        )


def _cut(expected: int, received: int) -> PlatformError:
    return PlatformError(
        Code.LENGTH,
        "the container ends too early",
        expected=f"{expected} more bytes",
        received=f"{received} bytes",
    )
