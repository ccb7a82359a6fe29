"""HTTP to destroy the detail behind an entry: the same route in every room that keeps details."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from sextant_shared.chassis.examples import Examples
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.models.details import ShredAnswer, ShredOrder
from sextant_shared.models.entry_members import MAX_INDEX
from sextant_shared.models.service_entries import ShredReason
from sextant_shared.protocol.access import Action

_ACCEPTED = 202
_ANSWERS = {
    200: {"model": ShredAnswer, "description": "Destroyed; the log has or owes the entry"},
    _ACCEPTED: {"model": ShredAnswer, "description": "Kept; another person must order the same"},
}
EXAMPLES: Examples = {
    "details_shred_detail": {
        "the time to keep it is over": ShredOrder(
            authority="SEC", reason=ShredReason.PERIOD_OVER, note="Kept for ten years."
        )
    }
}


def details_router(shredding: Callable[[], Shredding]) -> APIRouter:
    """Return the route."""
    router = guarded_router(prefix="/v1", tags=["details"])

    @router.post(
        "/entries/{index}/shred",
        response_class=Response,
        **action(Action.DETAIL_SHRED, responses=_ANSWERS),
    )
    async def shred_detail(
        request: Request, index: Annotated[int, Path(ge=0, le=MAX_INDEX)], body: ShredOrder
    ) -> Response:
        """Destroy what the entry at this index of the log commits to; its commitment stays.

        Classes of the policy need two persons who give the same authority and reason.
        """
        answer = await shredding()(index, body, subject_of(request).client_id)
        code = 200 if answer.state == "shredded" else _ACCEPTED
        return Response(answer.model_dump_json(), code, media_type="application/json")

    return router
