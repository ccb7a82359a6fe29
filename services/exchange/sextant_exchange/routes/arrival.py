"""Reads a container from a request: the head first, the body only when the head is accepted."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MAX_MANIFEST_BYTES
from sextant_shared.protocol.manifest import (
    PREFIX_SIZE,
    Manifest,
    format_prefix,
    parse_manifest,
    parse_prefix,
)

_MAX_DIGITS = 16  # of a Content-Length that is worth converting


@dataclass(frozen=True, slots=True)
class Limits:
    """What one arrival may take: `min_bytes_s` on average, after a grace of `grace_s`."""

    max_bytes: int
    grace_s: float
    min_bytes_s: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole container that fits its manifest: in memory when small, else in a file."""

    content: bytes | None
    path: Path | None


class Arrival:
    """One request body, read in order and never further or longer than announced.

    The server bounds each silence; this bounds the whole, so that a sender of one byte now and then
    cannot hold its place for ever.
    """

    def __init__(self, request: Request, limits: Limits) -> None:
        self.length = _content_length(request, limits.max_bytes)
        self._receive = request.receive
        self._more = True
        self._buffer = bytearray()
        self._allowed_s = limits.grace_s + self.length / limits.min_bytes_s
        self._deadline = asyncio.get_running_loop().time() + self._allowed_s

    async def manifest(self) -> Manifest:
        """Read and parse prefix and manifest; nothing of the body is needed for it.

        Raises:
            PlatformError: `E_MALFORMED`, `E_VERSION`, `E_TOO_LARGE`, `E_KEY`, `E_LENGTH`.
        """
        length = parse_prefix(await self._take(PREFIX_SIZE))
        return parse_manifest(await self._take(min(length, MAX_MANIFEST_BYTES)))

    async def container(self, manifest: Manifest, small: int, folder: Path) -> Arrived:
        """Read the body and compare it with the manifest; on failure nothing is left behind.

        Raises:
            PlatformError: `E_LENGTH`, `E_DIGEST`, `E_UNAVAILABLE` when it cannot be stored.
        """
        head = format_prefix(manifest.raw) + manifest.raw
        if manifest.total_size <= small:
            body = await self._take(manifest.body_len)
            await self._expect_end()
            _compare(sha256(body).digest(), manifest)
            return Arrived(head + body, None)
        try:
            return Arrived(None, await self._to_file(manifest, head, folder))
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, "the container cannot be stored now", retry_after_s=5
            ) from error

    async def blocks(self, size: int) -> AsyncIterator[bytes]:
        """Yield the next `size` bytes as they come; after them the body must end.

        Raises:
            PlatformError: `E_LENGTH`.
        """
        while size:
            block = await self._some(size)
            size -= len(block)
            yield block
        await self._expect_end()

    async def _to_file(self, manifest: Manifest, head: bytes, folder: Path) -> Path:
        handle, name = tempfile.mkstemp(dir=folder)
        path = Path(name)
        digest = sha256()
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(head)
                async for block in self.blocks(manifest.body_len):
                    digest.update(block)
                    file.write(block)
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
        if len(self._buffer) == size:  # the rest of a small container: nothing has to move up
            taken, self._buffer = bytes(self._buffer), bytearray()
            return taken
        taken = bytes(memoryview(self._buffer)[:size])
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
        while self._more:
            message = await self._receive()  # each silence is bounded by the server
            if message["type"] == "http.disconnect":
                raise PlatformError(Code.LENGTH, "the sender went away inside the body")
            if asyncio.get_running_loop().time() > self._deadline:
                raise PlatformError(
                    Code.LENGTH,
                    f"the container did not arrive within {self._allowed_s:.0f} s",
                    fix="Repeat the same bytes over a faster line.",
                )
            self._more = message.get("more_body", False)
            block: bytes = message.get("body", b"")
            if block:
                return block
        return b""


def _content_length(request: Request, max_bytes: int) -> int:
    text = request.headers.get("content-length", "")
    if not (text.isascii() and text.isdigit()):
        raise PlatformError(Code.LENGTH_REQUIRED, "a deposit announces its Content-Length")
    length = int(text) if len(text) <= _MAX_DIGITS else max_bytes + 1
    if length > max_bytes:
        raise PlatformError(
            Code.TOO_LARGE,
            "the container is too large",
            expected=f"at most {max_bytes} bytes",
            received=text[:_MAX_DIGITS],
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
