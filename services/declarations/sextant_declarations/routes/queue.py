"""HTTP for the verification queue: what waits at the exchange, what failed, what we still owe."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.domain.queue import QueueView, VerificationQueue
from sextant_declarations.routes.asking import officer_of
from sextant_declarations.routes.declarations import DEFAULT_PAGE
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.acts import DiscardRequest
from sextant_shared.models.exchange import MAX_PAGE, DeliveryPage
from sextant_shared.protocol.access import Action

After = Annotated[int, Query(ge=0, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


def queue_router(queue: Callable[[], VerificationQueue]) -> APIRouter:
    """Return the routes of the queue."""
    router = guarded_router(prefix="/v1", tags=["queue"])

    @router.get("/queue", **action(Action.QUEUE_READ))
    async def read_queue(after: After = 0, limit: Limit = DEFAULT_PAGE) -> QueueView:
        """Show what waits, what the worker does, what is owed; also while the exchange is down."""
        return await queue().view(after, limit)

    @router.get("/dead-letters", **action(Action.DEAD_LETTER_READ))
    async def read_dead_letters(after: After = 0, limit: Limit = DEFAULT_PAGE) -> DeliveryPage:
        """Show the deliveries that failed too often, each with its reason."""
        return await queue().dead_letters(after, limit)

    @router.post("/dead-letters/{seq}/replay", status_code=204, **action(Action.DEAD_LETTER_REPLAY))
    async def replay(request: Request, seq: Annotated[int, Path(ge=1)]) -> Response:
        """Let a dead letter come again, once its cause is mended. Leaves an entry in the log."""
        await queue().replay(seq, officer_of(request))
        return Response(status_code=204)

    @router.post(
        "/dead-letters/{seq}/discard", status_code=204, **action(Action.DEAD_LETTER_DISCARD)
    )
    async def discard(
        request: Request, seq: Annotated[int, Path(ge=1)], body: DiscardRequest
    ) -> Response:
        """Give up a dead letter for good. Leaves a line among officers' acts and an entry."""
        await queue().discard(seq, body, officer_of(request))
        return Response(status_code=204)

    return router
