"""The keys of COSE receipts where SCITT tools look for them: `/.well-known/scitt-keys` (SCRAPI).

The name stands in IANA's registry of well-known URIs. Not responsible for trust: who pins the key
out of band, with the trust file, is not told anything new here.
"""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from sextant_shared.cbor import encode_cbor
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.encoding import b64u
from sextant_shared.protocol.cose_receipts import ReceiptKey, published_key

_CBOR = "application/cbor"
_PROBLEM = "application/concise-problem-details+cbor"  # RFC 9290
_TITLE, _DETAIL = -1, -2
_AN_HOUR = {"Cache-Control": "public, max-age=3600"}
_NOT_FOUND = 404


def scitt_router(receipt_key: Callable[[], ReceiptKey | None]) -> APIRouter:
    """Return the router; a log without a key of receipts has an empty set."""
    router = guarded_router(tags=["discovery"])
    both = {200: binary("COSE_Key", _CBOR), _NOT_FOUND: binary("No such key", _PROBLEM)}

    @router.get(
        "/.well-known/scitt-keys",
        response_class=Response,
        **open_to_all("compare with pinned keys", responses={200: binary("COSE_KeySet", _CBOR)}),
    )
    async def scitt_keys() -> Response:
        """Return the keys that sign COSE receipts, as a COSE_KeySet (RFC 9052 §7)."""
        key = receipt_key()
        found = [published_key(key)] if key else []
        return Response(encode_cbor(found), media_type=_CBOR, headers=_AN_HOUR)

    @router.get(
        "/.well-known/scitt-keys/{kid}",
        response_class=Response,
        **open_to_all("compare with pinned keys", responses=both),
    )
    async def scitt_key(kid: str) -> Response:
        """Return the key of a receipt by its `kid` in base64url, as a COSE_Key."""
        key = receipt_key()
        if key is None or kid != b64u(key.kid):
            problem = {_TITLE: "No such key", _DETAIL: "No receipt of this log names this kid."}
            return Response(encode_cbor(problem), _NOT_FOUND, media_type=_PROBLEM)
        return Response(encode_cbor(published_key(key)), media_type=_CBOR, headers=_AN_HOUR)

    return router
