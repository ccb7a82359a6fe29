"""Time-stamps of published heads by an outside authority, for anybody to verify."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from sextant_audit.domain.timestamping import Timestamping
from sextant_shared.chassis.api_docs import binary
from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.models.log import StampedHeads
from sextant_shared.protocol.timestamps import REPLY_TYPE

_FRESH = {"Cache-Control": "no-cache"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_REASON = "signed by an outside authority over a head that all may read"
After = Annotated[int, Query(ge=0, le=2**63 - 1)]
Size = Annotated[int, Path(ge=1, le=2**63 - 1)]


def timestamps_router(timestamping: Callable[[], Timestamping]) -> APIRouter:
    """Return the router of the time-stamps."""
    router = guarded_router(tags=["timestamps"])

    @router.get("/v1/timestamps", **open_to_all(_REASON, responses={200: {"model": StampedHeads}}))
    async def timestamps(after: After = 0) -> Response:
        """Return time-stamped heads larger than `after`, smallest first, each with its reply."""
        found = await timestamping().list(after)
        return Response(found.model_dump_json(), media_type="application/json", headers=_FRESH)

    reply = {200: binary("TimeStampResp", REPLY_TYPE)}

    @router.get(
        "/v1/timestamps/{size}",
        response_class=Response,
        **open_to_all(_REASON, responses=reply),
    )
    async def timestamp(size: Size) -> Response:
        """Return the authority's reply over the head of `size` (RFC 3161), as it was sent."""
        return Response(await timestamping().reply(size), media_type=REPLY_TYPE, headers=_FOREVER)

    return router
