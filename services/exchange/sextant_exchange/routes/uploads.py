"""HTTP for deposits in parts: resumable uploads as the IETF describes them (ADR 0051).

Creation is the draft's careful one: the head first and alone, its answer names the upload. So no
interim answers are needed, and the manifest is verified before a byte of the body is taken.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.uploads import Upload
from sextant_exchange.routes.envelopes import DEPOSIT_ANSWERS, answer_to
from sextant_exchange.routes.parts import (
    NO,
    PART_TYPE,
    UPLOAD_COMPLETE,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
    YES,
    Ended,
    Parts,
)
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.problems import on_platform_error
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.clock import timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.exchange import UploadStatus
from sextant_shared.protocol.access import Action

PREFIX = "/v1/uploads"
UPLOAD_LIMIT = "Upload-Limit"
_CREATED, _OK, _NO_CONTENT = 201, 200, 204


def upload_routes(parts: Parts, lookup: Lookup) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix=PREFIX, tags=["uploads"])
    answers = _Answers(parts, lookup)

    @router.post("", status_code=_CREATED, **_creation())
    async def begin_upload(request: Request) -> Response:
        """Begin a deposit in parts with the head of its container: prefix and manifest.

        201 and the upload in `Location`, the same one for the same manifest while it is under way;
        200 or 202, as a deposit, when the envelope was deposited before.
        """
        begun = await parts.begin(request)
        if isinstance(begun, Ended):
            return await answers.deposited(request, begun)
        headers = {"Location": f"{PREFIX}/{begun.token}", **answers.standing(begun)}
        return JSONResponse(answers.status(begun).model_dump(), _CREATED, headers)

    @router.options("", status_code=_NO_CONTENT, **_discovery())
    async def describe_uploads() -> Response:
        """Say that uploads may be resumed here, and up to which size."""
        headers = {
            "Accept-Patch": PART_TYPE,
            UPLOAD_LIMIT: answers.max_size,
            "Allow": "OPTIONS, POST",
        }
        return Response(status_code=_NO_CONTENT, headers=headers)

    @router.head("/{token}", status_code=_NO_CONTENT, **_of_one("Where the upload stands"))
    async def find_offset(request: Request, token: str) -> Response:
        """Tell how many bytes need not be sent again; a part that is on its way is cut short."""
        async with parts.uploads.turn(subject_of(request).party, token) as upload:
            return Response(status_code=_NO_CONTENT, headers=answers.standing(upload))

    @router.patch("/{token}", status_code=_NO_CONTENT, **_appending())
    async def append_part(request: Request) -> Response:
        """Add a part to an upload, where it ends; the last part is answered as a deposit.

        204 and the new offset while it is not the last; 201, 200 or 202, as a deposit, when it is.
        409 with `Upload-Offset` when the upload ends elsewhere. What arrived of a part that was
        cut off is kept.
        """
        token: str = request.path_params["token"]
        try:
            added = await parts.append(request, token)
        except PlatformError as error:
            return await answers.refused(request, token, error)
        if isinstance(added, Ended):
            return await answers.deposited(request, added)
        return Response(status_code=_NO_CONTENT, headers=answers.standing(added))

    @router.delete("/{token}", status_code=_NO_CONTENT, **_of_one("Ended"))
    async def cancel_upload(request: Request, token: str) -> Response:
        """Cancel an upload; nothing of it is kept."""
        async with parts.uploads.turn(subject_of(request).party, token) as upload:
            await parts.uploads.end(upload)
        return Response(status_code=_NO_CONTENT)

    return router


@dataclass(frozen=True)
class _Answers:
    """The answers that routes share."""

    parts: Parts
    lookup: Lookup

    async def deposited(self, request: Request, ended: Ended) -> Response:
        response = await answer_to(request, self.lookup, ended.deposited, ended.claim)
        response.headers[UPLOAD_COMPLETE] = YES
        return response

    async def refused(self, request: Request, token: str, error: PlatformError) -> Response:
        """Answer with the problem, and with the offset where the caller may go on by it."""
        response = await on_platform_error(request, error)
        if error.code is Code.STATE:
            offset = self.parts.uploads.offset(subject_of(request).party, token)
            response.headers[UPLOAD_OFFSET] = str(offset)
            response.headers[UPLOAD_COMPLETE] = NO
        return response

    def standing(self, upload: Upload) -> dict[str, str]:
        left = self.parts.uploads.seconds_left(upload)
        return {
            UPLOAD_OFFSET: str(upload.offset),
            UPLOAD_COMPLETE: NO,
            UPLOAD_LENGTH: str(upload.length),
            UPLOAD_LIMIT: f"{self.max_size}, max-age={left}",
            "Cache-Control": "no-store",
        }

    def status(self, upload: Upload) -> UploadStatus:
        return UploadStatus(
            id=upload.claim.id,
            sender=upload.claim.sender,
            offset=upload.offset,
            length=upload.length,
            expires=timestamp_s(self.parts.uploads.expires(upload)),
        )

    @property
    def max_size(self) -> str:
        return f"max-size={self.parts.intake.limits.max_bytes}"


def _creation() -> dict[str, Any]:
    begun = {
        "model": UploadStatus,
        "description": "Begun, or under way",
        "headers": _HEADERS | {"Location": _TEXT},
    }
    answers = {**DEPOSIT_ANSWERS, _CREATED: begun}
    options = action(Action.ENVELOPE_DEPOSIT, streams=True, responses=answers)
    head = binary("Prefix and manifest of a DXE container", MEDIA_TYPE)
    options["openapi_extra"] |= {
        "requestBody": {"required": True, **head},
        "parameters": [
            _parameter(UPLOAD_LENGTH, "Bytes of the whole container."),
            _parameter(UPLOAD_COMPLETE, f"`{NO}`: the body follows in parts."),
        ],
    }
    return options


def _appending() -> dict[str, Any]:
    added = {"description": "Added; more is to come", "headers": _HEADERS}
    answers = {**DEPOSIT_ANSWERS, _NO_CONTENT: added}
    options = action(Action.ENVELOPE_DEPOSIT, streams=True, responses=answers)
    options["openapi_extra"] |= {
        "requestBody": {"required": True, **binary("The next bytes", PART_TYPE)},
        "parameters": [
            {"name": "token", "in": "path", "required": True, "schema": _STRING},
            _parameter(UPLOAD_OFFSET, "Where the part begins: where the upload ends."),
            _parameter(UPLOAD_COMPLETE, f"`{YES}` for the last part, else `{NO}`."),
        ],
    }
    return options


def _of_one(description: str) -> dict[str, Any]:
    answer = {"description": description, "headers": _HEADERS}
    return action(Action.ENVELOPE_DEPOSIT, responses={_NO_CONTENT: answer})


def _discovery() -> dict[str, Any]:
    limit = {"description": "Limits", "headers": {"Accept-Patch": _TEXT, UPLOAD_LIMIT: _TEXT}}
    return action(Action.ENVELOPE_DEPOSIT, responses={_NO_CONTENT: limit})


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": _STRING,
    }


_STRING = {"type": "string"}
_TEXT = {"schema": _STRING}
_HEADERS = dict.fromkeys((UPLOAD_OFFSET, UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_LIMIT), _TEXT)
