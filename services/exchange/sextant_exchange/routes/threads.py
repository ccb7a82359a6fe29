"""HTTP for threads: what answers or supersedes an envelope, and what it answers itself."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.threads import Threads
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.models.exchange import EnvelopeThread
from sextant_shared.protocol.access import Action


def thread_routes(threads: Threads) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix="/v1/envelopes", tags=["envelopes"])

    @router.get(
        "/{sender}/{envelope_id}/thread",
        response_model=EnvelopeThread,
        **action(Action.ENVELOPE_READ),
    )
    async def read_thread(request: Request, sender: str, envelope_id: str) -> Response:
        """List the envelopes that answer or supersede one another around this one."""
        thread = await threads.thread(subject_of(request), sender, envelope_id)
        return JSONResponse(thread.model_dump(mode="json", by_alias=True))

    return router
