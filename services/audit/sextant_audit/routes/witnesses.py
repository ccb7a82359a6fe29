"""What the witnesses have done: the newest head with a quorum, and how far each of them is."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from sextant_audit.domain.reading import Reading
from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.models.log import WitnessedHead, WitnessReport

_FRESH = {"Cache-Control": "no-cache"}
_REASON = "signed by the witnesses themselves"
Size = Annotated[int, Query(ge=1, le=2**63 - 1)]


def witnesses_router(reading: Callable[[], Reading]) -> APIRouter:
    """Return the router of the witnesses."""
    router = guarded_router(tags=["witnesses"])

    @router.get("/v1/witnessed", **open_to_all(_REASON, responses={200: {"model": WitnessedHead}}))
    async def witnessed(first: Size = 1) -> Response:
        """Return the newest head with a quorum, and the proof that it continues size `first`."""
        found = await reading().witnessed(first)
        return Response(found.model_dump_json(), media_type="application/json", headers=_FRESH)

    @router.get("/v1/witnesses", **open_to_all(_REASON, responses={200: {"model": WitnessReport}}))
    async def witnesses() -> Response:
        """Return each witness, the newest head it cosigned with that cosignature, and its lag."""
        found = reading().witnesses()
        return Response(found.model_dump_json(), media_type="application/json", headers=_FRESH)

    return router
