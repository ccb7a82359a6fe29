"""Sends a sealed container: a small one in one request, a large one in parts.

In parts, as resumable uploads of the IETF (ADR 0051): the head first, whose answer names the
upload; then the body, part by part. Which upload it is lies beside the envelope before the first
part leaves, so that a process that was killed goes on where the exchange's durable bytes end. The
exchange alone says where that is; what it has is never sent again.

A container is read from the disk as it is sent, a block at a time.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
from pydantic import Field

from sextant_client.home import as_json, read_json, write_file
from sextant_client.session import BACKOFF_CAP_S, BACKOFF_S, Body, Session
from sextant_client.stored import StoredEnvelope
from sextant_client.transfer import Progress
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.scenarios import HEADER

ENVELOPES, UPLOADS = "/v1/envelopes", "/v1/uploads"
PART_TYPE = "application/partial-upload"
PART_BYTES = 16 << 20  # each is answered, also by a proxy that passes on whole requests only
BLOCK_BYTES = 1 << 16
MAX_STALLS = 7  # tries in a row that bring nothing, half a minute in all
OFFSET, COMPLETE, LENGTH = "Upload-Offset", "Upload-Complete", "Upload-Length"
YES, NO = "?1", "?0"
DRAFT = {"Upload-Draft-Interop-Version": "8"}
_LOST = (Code.UNAVAILABLE, Code.RATE, Code.LENGTH)  # the line broke, here or at the other end
_MOVED = (Code.STATE, Code.NOT_FOUND)  # it stands elsewhere, or ended: ask


class UploadNote(Strict):
    """`upload.json`: where the exchange keeps what arrived."""

    v: Version1
    path: Annotated[str, Field(pattern=r"^/v1/uploads/[A-Za-z0-9_-]{1,64}$")]


def send(
    session: Session, envelope: StoredEnvelope, resumable_from: int, progress: Progress
) -> httpx.Response:
    """Send a container and return the exchange's answer to the deposit; safe to repeat.

    Raises:
        PlatformError: what the exchange refuses with; `E_UNAVAILABLE`.
    """
    size = envelope.container.stat().st_size
    if size < resumable_from or session.scenario:
        drill = {HEADER: str(session.scenario)} if session.scenario else {}
        return session.request(
            "POST",
            ENVELOPES,
            content=_reader(envelope.container, 0, size, lambda done: progress(done, size)),
            content_type=MEDIA_TYPE,
            headers={"Content-Length": str(size), **drill},
        )
    return _Upload(session, envelope, size, progress)()


@dataclass
class _Upload:
    """One container on its way in parts."""

    session: Session
    envelope: StoredEnvelope
    size: int
    progress: Progress
    stalls: int = 0
    furthest: int = -1

    def __call__(self) -> httpx.Response:
        """Go on until the exchange answers as to a deposit."""
        while True:
            try:
                return self._go_on()
            except PlatformError as error:
                self._pause(error)

    def _go_on(self) -> httpx.Response:
        """Find out where the upload stands, then send parts until the answer is the deposit's."""
        answer = self._standing() or self._begun()
        while answer.headers.get(COMPLETE) == NO:
            offset = _offset_of(answer, self.size)
            if offset > self.furthest:
                self.furthest, self.stalls = offset, 0
            answer = self._add(offset)
        return answer

    def _standing(self) -> httpx.Response | None:
        """Return how the upload of an earlier try stands, None when there is none any more."""
        if not self.envelope.upload.exists():
            return None
        try:
            return self._request("HEAD", self._path())
        except PlatformError as error:
            if error.code not in (Code.NOT_FOUND, Code.MALFORMED):  # it ended, or the note is none
                raise
            self.envelope.upload.unlink()
            return None

    def _begun(self) -> httpx.Response:
        """Begin with the head; the answer names the upload, or is that to an earlier deposit."""
        manifest = self.envelope.manifest()
        if manifest.total_size != self.size:
            raise PlatformError(
                Code.INTEGRITY,
                f"{self.envelope.container} is not whole on this disk",
                expected=f"{manifest.total_size} bytes",
                received=f"{self.size} bytes",
                fix="Seal it again: sextant submit FILE. Nothing of this one was accepted.",
            )
        head = self.size - manifest.body_len
        fields = {LENGTH: str(self.size), COMPLETE: NO}
        answer = self._request("POST", UPLOADS, fields, MEDIA_TYPE, (0, head))
        if answer.headers.get(COMPLETE) == NO:
            note = read_model(UploadNote, {"v": 1, "path": answer.headers.get("Location", "")})
            write_file(self.envelope.upload, as_json(note.model_dump()))
        return answer

    def _add(self, offset: int) -> httpx.Response:
        size = min(PART_BYTES, self.size - offset)
        fields = {OFFSET: str(offset), COMPLETE: YES if offset + size == self.size else NO}
        return self._request("PATCH", self._path(), fields, PART_TYPE, (offset, size))

    def _request(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        content_type: str | None = None,
        part: tuple[int, int] | None = None,
    ) -> httpx.Response:
        """Send one request, once: `_go_on` repeats it, after asking what arrived."""
        headers = {**DRAFT, **(fields or {})}
        if part:
            headers["Content-Length"] = str(part[1])
        return self.session.request(
            method,
            path,
            content=_reader(self.envelope.container, *part, self._told) if part else None,
            content_type=content_type,
            headers=headers,
            repeatable=False,
        )

    def _path(self) -> str:
        return read_model(UploadNote, read_json(self.envelope.upload)).path

    def _told(self, done: int) -> None:
        self.progress(done, self.size)

    def _pause(self, error: PlatformError) -> None:
        """Wait after a failure that may pass; raise one that does not, or that goes on too long."""
        passes = error.code in _LOST or (error.code in _MOVED and self.envelope.upload.exists())
        self.stalls += 1
        if not passes or self.stalls >= MAX_STALLS:
            raise error
        pause = min(BACKOFF_CAP_S, BACKOFF_S * 2**self.stalls)
        jittered = pause * random.uniform(0.5, 1)  # noqa: S311 -- jitter, no secret
        time.sleep(max(jittered, float(error.retry_after_s or 0)))


def _reader(path: Path, start: int, size: int, told: Callable[[int], None]) -> Body:
    """Return the body of one request: these bytes of the file, told as they leave."""

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(start)
            done = start
            while block := file.read(min(BLOCK_BYTES, start + size - done)):
                yield block
                done += len(block)
                told(done)

    return blocks


def _offset_of(answer: httpx.Response, size: int) -> int:
    text = answer.headers.get(OFFSET, "")
    if not (text.isascii() and text.isdigit() and int(text) <= size):
        raise PlatformError(
            Code.INTEGRITY,
            "the exchange does not say how much of the envelope it has",
            expected=f"{OFFSET}: a number up to {size}",
            received=text[:40] or "none",
        )
    return int(text)
