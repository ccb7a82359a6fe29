"""Proofs on demand and the log's identity, for callers that do not compute from tiles."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from sextant_audit.domain.reading import Reading
from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.models.log import ConsistencyProof, InclusionProof, LogDiscovery
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.cose_receipts import ReceiptKey

_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_AN_HOUR = {"Cache-Control": "public, max-age=3600"}
_REASON = "computed from hashes that all may read"
Size = Annotated[int, Query(ge=0, le=2**63 - 1)]


def proofs_router(reading: Callable[[], Reading]) -> APIRouter:
    """Return the router of the proofs."""
    router = guarded_router(tags=["proofs"])

    @router.get(
        "/v1/proofs/inclusion",
        **open_to_all(_REASON, responses={200: {"model": InclusionProof}}),
    )
    async def inclusion(index: Size, size: Size) -> Response:
        """Return the path of entry `index` in the published tree of `size` (RFC 6962 §2.1.1)."""
        proof = await reading().inclusion(index, size)
        return Response(proof.model_dump_json(), media_type="application/json", headers=_FOREVER)

    @router.get(
        "/v1/proofs/consistency",
        **open_to_all(_REASON, responses={200: {"model": ConsistencyProof}}),
    )
    async def consistency(first: Size, second: Size) -> Response:
        """Return the proof that the tree of `second` continues that of `first` (§2.1.2)."""
        proof = await reading().consistency(first, second)
        return Response(proof.model_dump_json(), media_type="application/json", headers=_FOREVER)

    return router


def discovery_router(
    keys: Callable[[], LogKeys], receipt_key: Callable[[], ReceiptKey | None]
) -> APIRouter:
    """Return the router of the log's identity."""
    router = guarded_router(tags=["discovery"])

    @router.get(
        "/.well-known/sextant-log",
        **open_to_all("compare with pinned keys", responses={200: {"model": LogDiscovery}}),
    )
    async def discovery() -> Response:
        """Return the log's origin and verifier keys; pin them out of band, do not trust them."""
        receipts = receipt_key()
        found = LogDiscovery(
            origin=keys().origin,
            vkeys=list(keys().vkeys),
            receipt_key=receipts.verifier.jwk if receipts else None,
        )
        return Response(found.model_dump_json(), media_type="application/json", headers=_AN_HOUR)

    return router
