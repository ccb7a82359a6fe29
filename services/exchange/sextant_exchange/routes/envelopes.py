"""HTTP for envelopes: deposit, look up, fetch."""

from typing import Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from sextant_exchange.domain.deposit import Deposited
from sextant_exchange.domain.envelopes import Claim, Stored
from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.ports import Blobs, Envelopes
from sextant_exchange.routes.drills import TakeIn
from sextant_exchange.routes.ranges import asked_range, content_range, etag_of
from sextant_shared.chassis.api_docs import Responses, binary
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.exchange import EnvelopeEvents, EnvelopeStatus
from sextant_shared.models.receipts import CustodyDocument
from sextant_shared.protocol.access import Action
from sextant_shared.protocol.scenarios import HEADER as SCENARIO
from sextant_shared.protocol.scenarios import Scenario

RECEIPT_TYPE = "application/json"
PENDING_RETRY_S = "2"
_CREATED, _OK, _ACCEPTED, _PART = 201, 200, 202, 206
_RECEIPT = {"model": CustodyDocument, "description": "Custody receipt, the same bytes every time"}
_PENDING = {"model": EnvelopeStatus, "description": "Held; the log owes its proof: ask again"}

DEPOSIT_ANSWERS: Responses = {_CREATED: _RECEIPT, _OK: _RECEIPT, _ACCEPTED: _PENDING}


def envelope_routes(
    intake: TakeIn, lookup: Lookup, envelopes: Envelopes, blobs: Blobs
) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix="/v1/envelopes", tags=["envelopes"])

    @router.post("", status_code=_CREATED, **_deposit())
    async def deposit_envelope(request: Request) -> Response:
        """Deposit a DXE container; the answer is its custody receipt.

        201 the first time, 200 with the same bytes on every repeat, 202 while the log lags.
        """
        deposited, claim = await intake(request)
        return await answer_to(request, lookup, deposited, claim)

    @router.get("", response_model=EnvelopeStatus, **action(Action.ENVELOPE_READ))
    async def find_envelope(request: Request, manifest: str = Query(max_length=43)) -> Response:
        """Look an envelope up by the SHA-256 of its manifest."""
        digest = b64u_decode(manifest, 32)
        status = await lookup.status_by_manifest(subject_of(request), digest)
        return _json(status)

    @router.get(
        "/{sender}/{envelope_id}", response_model=EnvelopeStatus, **action(Action.ENVELOPE_READ)
    )
    async def read_envelope(request: Request, sender: str, envelope_id: str) -> Response:
        """Say where an envelope stands."""
        return _json(await lookup.status(subject_of(request), sender, envelope_id))

    @router.get(
        "/{sender}/{envelope_id}/receipt",
        **action(Action.ENVELOPE_READ, responses={_OK: _RECEIPT, _ACCEPTED: _PENDING}),
    )
    async def read_receipt(request: Request, sender: str, envelope_id: str) -> Response:
        """Return the custody receipt, byte for byte as it was first given; 202 while pending."""
        subject = subject_of(request)
        stored = await lookup.find(subject, sender, envelope_id)
        if stored.receipt is None:
            return _pending(await lookup.status(subject, sender, envelope_id))
        return Response(stored.receipt, media_type=RECEIPT_TYPE)

    @router.get(
        "/{sender}/{envelope_id}/content",
        response_class=Response,
        **_content(),
    )
    async def read_content(request: Request, sender: str, envelope_id: str) -> Response:
        """Return the sealed container, or the range of it that is asked for.

        The whole is compared with the signed head on its way out; of a range that is the caller's.
        """
        subject = subject_of(request)
        stored = await lookup.fetch(subject, sender, envelope_id)
        try:
            return await _container(request, stored, envelopes, blobs)
        except PlatformError:  # erased between the two looks, perhaps: then that is said
            await lookup.fetch(subject, sender, envelope_id)
            raise

    @router.get(
        "/{sender}/{envelope_id}/events",
        response_model=EnvelopeEvents,
        **action(Action.ENVELOPE_READ),
    )
    async def read_events(request: Request, sender: str, envelope_id: str) -> Response:
        """List what happened to an envelope, oldest first; reasons only to those who gave them."""
        return _json(await lookup.events(subject_of(request), sender, envelope_id))

    return router


async def answer_to(
    request: Request, lookup: Lookup, deposited: Deposited, claim: Claim
) -> Response:
    """Return the answer to a deposit, however its bytes arrived."""
    if deposited.receipt is None:
        return _pending(await lookup.status(subject_of(request), claim.sender, claim.id))
    code = _OK if deposited.is_repeat else _CREATED
    location = {"Location": f"/v1/envelopes/{claim.sender}/{claim.id}"}
    return Response(deposited.receipt, code, location, media_type=RECEIPT_TYPE)


def _deposit() -> dict[str, Any]:
    options = action(Action.ENVELOPE_DEPOSIT, streams=True, responses=DEPOSIT_ANSWERS)
    container = binary("DXE container", MEDIA_TYPE)
    drill = {
        "name": SCENARIO,
        "in": "header",
        "description": "Drill of a sandbox; refused where drills are off.",
        "schema": {"type": "string", "enum": [str(name) for name in Scenario]},
    }
    options["openapi_extra"] |= {
        "requestBody": {"required": True, **container},
        "parameters": [drill],
    }
    return options


def _content() -> dict[str, Any]:
    whole = binary("Sealed container", MEDIA_TYPE)
    part = binary("The range of it that was asked for", MEDIA_TYPE)
    options = action(Action.ENVELOPE_READ, responses={_OK: whole, _PART: part})
    ranged = {
        "name": "Range",
        "in": "header",
        "description": "One range of bytes; anything else is answered with the whole.",
        "schema": {"type": "string"},
    }
    options["openapi_extra"] |= {"parameters": [ranged]}
    return options


async def _container(
    request: Request, stored: Stored, envelopes: Envelopes, blobs: Blobs
) -> Response:
    size, digest = stored.size, stored.claim.manifest_digest
    headers = {"ETag": etag_of(digest), "Accept-Ranges": "bytes", "Content-Length": str(size)}
    asked = asked_range(request, size, headers["ETag"])
    start, end = asked or (0, size)
    if asked is not None:
        headers |= {
            "Content-Range": content_range(start, end, size),
            "Content-Length": str(end - start),
        }
    status = _OK if asked is None else _PART
    if stored.blob is not None:
        pieces = (
            await blobs.open(stored.blob, digest)
            if asked is None
            else await blobs.open(stored.blob, start=start, end=end)
        )
        return StreamingResponse(pieces, status, headers, MEDIA_TYPE)
    data = await envelopes.content(stored.number)
    if data is None:
        raise PlatformError(Code.INTEGRITY, "a stored container is gone")
    return Response(data[start:end], status, headers, MEDIA_TYPE)


def _json(model: EnvelopeStatus | EnvelopeEvents) -> Response:
    return JSONResponse(model.model_dump(mode="json", by_alias=True))


def _pending(status: EnvelopeStatus) -> Response:
    return JSONResponse(
        status.model_dump(mode="json", by_alias=True),
        _ACCEPTED,
        {
            "Location": f"/v1/envelopes/{status.sender}/{status.id}",
            "Retry-After": PENDING_RETRY_S,
        },
    )
