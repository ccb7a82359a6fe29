"""Proofs of one entry that other tools take: tlog-proof (C2SP) and COSE receipts (RFC 9942)."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from sextant_audit.domain.receipts import EntryProofs
from sextant_shared.chassis.api_docs import answer, binary
from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.cose_receipts import MEDIA_TYPE

_TEXT = "text/plain; charset=utf-8"
_COSE = "application/cose"
_FRESH = "no-cache"
_REASON = "computed from hashes that all may read"
_MAX = 2**63 - 1
Index = Annotated[int, Path(ge=0, le=_MAX)]
Size = Annotated[int, Query(ge=1, le=_MAX)]


class Form(StrEnum):
    """In which form a proof is wanted."""

    TLOG = "tlog"
    COSE = "cose"


def receipts_router(proofs: Callable[[], EntryProofs]) -> APIRouter:
    """Return the router of proofs as documents."""
    router = guarded_router(tags=["proofs"])
    text = answer("tlog-proof, or COSE_Sign1 when asked for", "text/plain", {"type": "string"})
    cose = binary("COSE_Sign1", _COSE)
    either = {**text, "content": {**text["content"], **cose["content"]}}

    @router.get(
        "/v1/entries/{index}/proof",
        response_class=Response,
        **open_to_all(_REASON, responses={200: either}),
    )
    async def entry_proof(
        request: Request,
        index: Index,
        form: Form | None = None,
        size: Size | None = None,
        witnessed: bool = False,  # noqa: FBT001, FBT002 -- a query parameter
    ) -> Response:
        """Return the proof that an entry stands in the log, as a file to keep.

        A tlog-proof under the published head, with `witnessed` under the newest head that has a
        quorum. A COSE receipt when `form` is cose, or without `form` when `Accept` names
        application/cose; under the published head, or with `size` under a published head of that
        size.
        """
        if (form or _accepted(request)) is Form.TLOG:
            _refuse(size is not None, "size", "COSE receipts")
            return _vary(
                cacheable(
                    request,
                    (await proofs().text(index, witnessed=witnessed)).encode(),
                    _TEXT,
                    _FRESH,
                )
            )
        _refuse(witnessed, "witnessed", "tlog-proofs: no COSE receipt carries a cosignature")
        return _vary(cacheable(request, await proofs().inclusion(index, size), MEDIA_TYPE, _FRESH))

    @router.get(
        "/v1/receipts/consistency",
        response_class=Response,
        **open_to_all(_REASON, responses={200: cose}),
    )
    async def consistency_receipt(request: Request, first: Size, second: Size) -> Response:
        """Return the COSE receipt that a published tree continues a smaller one (RFC 9942 §5.3)."""
        return cacheable(request, await proofs().consistency(first, second), MEDIA_TYPE, _FRESH)

    return router


def _accepted(request: Request) -> Form:
    """Return the form that `Accept` names; text for everything that does not name COSE."""
    named = (part.split(";")[0].strip() for part in request.headers.get("accept", "").split(","))
    return Form.COSE if _COSE in {name.lower() for name in named} else Form.TLOG


def _vary(response: Response) -> Response:
    response.headers["Vary"] = "Accept"
    return response


def _refuse(wrong: bool, name: str, only: str) -> None:  # noqa: FBT001 -- a condition
    if wrong:
        raise PlatformError(Code.MALFORMED, f"`{name}` is for {only}", fix=f"Leave out `{name}`.")
