"""Uploads under way as files, one folder each: what is left of them after a stop is found there.

    <root>/<token>/upload.json   whose it is, written once
    <root>/<token>/container     the bytes so far
    <root>/<token>/offset        how many of them are durable: eight bytes, overwritten in place

No table: an upload is short-lived and belongs to one folder; a row beside it could only disagree.
Bytes are flushed before the offset that speaks of them, so after a power cut what lies behind the
offset may be anything, and is cut off. A folder appears whole, by renaming.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sextant_exchange.domain.envelopes import Claim
from sextant_exchange.domain.uploads import Kept
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, Version1, read_model

MAX_NOTE_BYTES = 4096
_OFFSET_BYTES = 8


class Note(Strict):
    """`upload.json`."""

    v: Version1
    sender: str
    id: str
    manifest: str
    length: int
    opened: int


class UploadFolder:
    """The store of uploads in one folder of a local disk."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root

    def kept(self) -> list[Kept]:
        """Return what is left from before, cut to its offset; what is not whole is removed."""
        found = []
        for folder in sorted(self._root.iterdir()):
            try:
                found.append(_restored(folder))
            except (OSError, PlatformError):
                shutil.rmtree(folder, ignore_errors=True)
        return found

    async def begin(self, kept: Kept, head: bytes) -> None:
        """Store a new upload that begins with `head`.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            await asyncio.to_thread(self._begin, kept, head)
        except OSError as error:
            raise _away(error) from error

    @contextmanager
    def tail(self, token: str, offset: int) -> Iterator["FileTail"]:
        """Open an upload for adding after its first `offset` bytes.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        folder = self._root / token
        try:
            with (
                (folder / "container").open("r+b") as data,
                (folder / "offset").open("r+b") as mark,
            ):
                tail = FileTail(data, mark, offset)
                try:
                    yield tail
                finally:
                    tail.close()
        except OSError as error:  # also of closing: what a full disk did not take
            raise _away(error) from error

    def path(self, token: str) -> Path:
        """Return where the container lies."""
        return self._root / token / "container"

    async def remove(self, token: str) -> None:
        """Remove an upload; one that is gone already is no error."""
        await asyncio.to_thread(shutil.rmtree, self._root / token, ignore_errors=True)

    def _begin(self, kept: Kept, head: bytes) -> None:
        note = Note(
            v=1,
            sender=kept.claim.sender,
            id=kept.claim.id,
            manifest=b64u(kept.claim.manifest_digest),
            length=kept.length,
            opened=kept.opened,
        )
        partial = self._root / f".{kept.token}"
        partial.mkdir()
        files = {
            "upload.json": canonical_json(note.model_dump()),
            "container": head,
            "offset": kept.offset.to_bytes(_OFFSET_BYTES, "big"),
        }
        for name, data in files.items():
            with (partial / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        _sync(partial)
        partial.rename(self._root / kept.token)
        _sync(self._root)


class FileTail:
    """The end of one container. `keep` runs in a thread; the lock keeps two of them apart."""

    def __init__(self, data: IO[bytes], mark: IO[bytes], offset: int) -> None:
        self._data = data
        self._mark = mark
        self._kept = offset
        self._lock = threading.Lock()
        self._is_closed = False
        data.seek(offset)
        data.truncate()  # what was written and never kept, when the disk was full

    def write(self, block: bytes) -> None:
        """Add bytes.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        try:
            self._data.write(block)
        except OSError as error:
            raise _away(error) from error

    async def keep(self) -> int:
        """Make all that was added durable; return the offset.

        Raises:
            PlatformError: `E_UNAVAILABLE`; then the offset is what it was.
        """
        try:
            return await asyncio.to_thread(self._keep)
        except OSError as error:
            raise _away(error) from error

    def close(self) -> None:
        """Wait for a `keep` whose caller was cancelled; nothing is added after this."""
        with self._lock:
            self._is_closed = True

    def _keep(self) -> int:
        with self._lock:
            if self._is_closed:
                return self._kept
            self._data.flush()
            offset = self._data.tell()
            if offset != self._kept:
                os.fsync(self._data.fileno())
                os.pwrite(self._mark.fileno(), offset.to_bytes(_OFFSET_BYTES, "big"), 0)
                os.fsync(self._mark.fileno())
                self._kept = offset
            return self._kept


def _restored(folder: Path) -> Kept:
    note = read_model(
        Note, parse_json((folder / "upload.json").read_bytes(), max_bytes=MAX_NOTE_BYTES)
    )
    offset = int.from_bytes((folder / "offset").read_bytes(), "big")
    container = folder / "container"
    if folder.name.startswith(".") or container.stat().st_size < offset:
        raise PlatformError(Code.INTEGRITY, "the upload is not whole")
    os.truncate(container, offset)
    claim = Claim(note.sender, note.id, b64u_decode(note.manifest, 32))
    return Kept(folder.name, claim, note.length, note.opened, offset)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _away(error: OSError) -> PlatformError:
    return PlatformError(
        Code.UNAVAILABLE, f"the upload cannot be kept now: {error.strerror}", retry_after_s=5
    )
