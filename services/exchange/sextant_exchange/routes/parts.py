"""The way of a deposit in parts, from guarded requests to the same use case as in one request.

The checks of the envelope specification §2.7 stand in the same order. Steps 1 to 10 come with the
head, before a byte of the body is taken, and again before each later part and before the end: a
key that was revoked, or a day that passed meanwhile, counts. Step 11 reads what was stored.
"""

import asyncio
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request

from sextant_exchange.domain.deposit import Deposited
from sextant_exchange.domain.envelopes import Claim
from sextant_exchange.domain.uploads import Upload, Uploads
from sextant_exchange.routes.arrival import Arrival
from sextant_exchange.routes.intake import Intake
from sextant_shared.chassis.routing import subject_of
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.manifest import Manifest, format_prefix, read_manifest

PART_TYPE = "application/partial-upload"
UPLOAD_OFFSET, UPLOAD_COMPLETE, UPLOAD_LENGTH = "Upload-Offset", "Upload-Complete", "Upload-Length"
YES, NO = "?1", "?0"  # booleans of structured fields, RFC 9651
_INTEGER = re.compile(r"[0-9]{1,15}")
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Ended:
    """An upload that became a deposit, or a claim that was one already."""

    deposited: Deposited
    claim: Claim


@dataclass(frozen=True)
class Parts:
    """Begins uploads, adds to them and ends them; `intake` has what every deposit goes through."""

    intake: Intake
    uploads: Uploads

    async def begin(self, request: Request) -> Upload | Ended:
        """Take a head, and return its upload; or what it was answered with before.

        Raises:
            PlatformError: every code of the envelope specification §2.10 that needs no body.
        """
        intake, subject = self.intake, subject_of(request)
        arrival = Arrival(request, intake.limits)  # 2
        length = _integer(request, UPLOAD_LENGTH)
        if _flag(request):
            raise PlatformError(
                Code.MALFORMED,
                "an upload is begun with the head alone",
                expected=f"{UPLOAD_COMPLETE}: {NO}",
                received=f"{UPLOAD_COMPLETE}: {YES}",
                fix="Send a whole container to POST /v1/envelopes.",
            )
        intake.quota.take(subject.party or "")
        manifest = await arrival.manifest()  # 3, 4
        async for _ in arrival.blocks(0):
            pass
        claim = await intake.accept(manifest, subject, intake.clock())  # 5 to 9
        _check_length(length, manifest)
        repeated = await intake.deposits.repeat(claim)  # 10
        if repeated is not None:
            return Ended(repeated, claim)
        intake.allowance.require(claim.sender, length)
        head = format_prefix(manifest.raw) + manifest.raw
        return await self.uploads.begin(claim, length, head, intake.room)

    async def append(self, request: Request, token: str) -> Upload | Ended:
        """Add a part; with the last one the container is deposited.

        Raises:
            PlatformError: every code of §2.10, `E_NOT_FOUND`, `E_STATE` when the offset is another.
        """
        intake, subject = self.intake, subject_of(request)
        arrival = Arrival(request, intake.limits)
        offset, is_last = _integer(request, UPLOAD_OFFSET), _flag(request)
        _require_part_type(request)
        async with self.uploads.turn(subject.party, token) as upload:
            _check_place(upload, offset, arrival.length, is_last=is_last)
            intake.quota.take(upload.claim.sender)
            intake.room.check()
            await self._recheck(upload, request)
            await self.uploads.append(upload, arrival.blocks(arrival.length))
            if not is_last:
                return upload
            return Ended(await self._complete(upload, request), upload.claim)

    async def _recheck(self, upload: Upload, request: Request) -> Manifest:
        """Do steps 3 to 9 again; an upload whose head is not taken any more ends."""
        try:
            with self.uploads.path(upload).open("rb") as file:
                manifest = read_manifest(file)
            await self.intake.accept(manifest, subject_of(request), self.intake.clock())
        except PlatformError as error:
            if error.code is not Code.UNAVAILABLE:
                await self.uploads.end(upload)
            raise
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, "the upload cannot be read now", retry_after_s=5
            ) from error
        return manifest

    async def _complete(self, upload: Upload, request: Request) -> Deposited:
        """Do steps 5 to 12: what is refused ends, what cannot be stored now may be repeated."""
        manifest = await self._recheck(upload, request)
        path = self.uploads.path(upload)
        digest = await asyncio.to_thread(_digest_of_body, path, manifest)
        if digest != manifest.body_sha256:
            await self.uploads.end(upload)
            raise PlatformError(
                Code.DIGEST,
                "the body is not the one that was signed",
                expected=manifest.body_sha256.hex(),
                received=digest.hex(),
                fix="Check the container on your side, then begin the upload again.",
            )
        try:
            self.intake.still_in_force(manifest)
        except PlatformError:
            await self.uploads.end(upload)
            raise
        self.intake.reached("exchange.after_upload")
        blob = await self.intake.blobs.put(path, manifest.digest)
        self.intake.reached("exchange.after_blob")
        try:
            now = self.intake.clock()
            deposited = await self.intake.hold(upload.claim, manifest, now, blob=blob)
        except PlatformError as error:
            if error.code is Code.DUPLICATE:
                await self.uploads.end(upload)
            raise
        await self.uploads.end(upload)
        return deposited


def _check_place(upload: Upload, offset: int, size: int, *, is_last: bool) -> None:
    if offset != upload.offset:
        raise PlatformError(
            Code.STATE,
            "the part does not begin where the upload ends",
            expected=f"{UPLOAD_OFFSET}: {upload.offset}",
            received=f"{UPLOAD_OFFSET}: {offset}",
            fix="Go on where it ends; HEAD tells the offset at any time.",
        )
    end = offset + size
    if end > upload.length or (is_last and end < upload.length):
        raise PlatformError(
            Code.LENGTH,
            "the last part ends elsewhere than the container"
            if is_last
            else "the part goes beyond the end of the container",
            expected=f"{upload.length - offset} bytes from {offset} to the end",
            received=f"{size} bytes",
        )


def _check_length(length: int, manifest: Manifest) -> None:
    if length != manifest.total_size:
        raise PlatformError(
            Code.LENGTH,
            f"{UPLOAD_LENGTH} is not that of the container the manifest describes",
            expected=str(manifest.total_size),
            received=str(length),
        )


def _integer(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not _INTEGER.fullmatch(text):
        raise _no_such_field(name, "a number of bytes", text)
    return int(text)


def _flag(request: Request) -> bool:
    text = request.headers.get(UPLOAD_COMPLETE, "")
    if text not in {YES, NO}:
        raise _no_such_field(UPLOAD_COMPLETE, f"{YES} or {NO}", text)
    return text == YES


def _require_part_type(request: Request) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != PART_TYPE:
        raise _no_such_field("Content-Type", PART_TYPE, given)


def _no_such_field(name: str, expected: str, received: str) -> PlatformError:
    return PlatformError(
        Code.MALFORMED,
        f"the header {name} is missing or does not fit",
        expected=expected,
        received=received[:40] or "none",
    )


def _digest_of_body(path: Path, manifest: Manifest) -> bytes:
    digest = sha256()
    with path.open("rb") as file:
        file.seek(manifest.total_size - manifest.body_len)
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.digest()
