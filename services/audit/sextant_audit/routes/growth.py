"""How the log grew, as a short list of its published heads."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from sextant_audit.domain.reading import Reading
from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.models.log import LogGrowth

_FRESH = {"Cache-Control": "no-cache"}
_REASON = "the heads were public when they were published"


def growth_router(reading: Callable[[], Reading]) -> APIRouter:
    """Return the router of the log's growth."""
    router = guarded_router(tags=["growth"])

    @router.get("/v1/growth", **open_to_all(_REASON, responses={200: {"model": LogGrowth}}))
    async def growth() -> Response:
        """Return published heads with their times, thinned out evenly by size."""
        found = await reading().growth()
        return Response(found.model_dump_json(), media_type="application/json", headers=_FRESH)

    return router
