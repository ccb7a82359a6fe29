"""HTTP for those who follow their mailbox: server-sent events beside the long poll."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sextant_exchange.domain.following import Following
from sextant_shared.chassis.api_docs import answer
from sextant_shared.chassis.events import BEAT, MEDIA_TYPE, EventStream, cursor_of, event, retry
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.protocol.access import Action

RETRY_S = 2.0  # as long as a service takes to start
_EVENT = {  # what readers of streams, and tools that check them, take each event for
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "The delivery's `seq`."},
        "event": {"enum": ["delivery", "end"]},
        "data": {"type": "string", "description": "A Delivery, or where to go on, as JSON."},
        "retry": {"description": "Milliseconds to pause before coming back."},
    },
}


def event_routes(following: Following) -> APIRouter:
    """Return the route."""
    router = guarded_router(prefix="/v1/mailbox", tags=["mailbox"])

    @router.get("/events", response_class=Response, **_options())
    async def follow_mailbox(request: Request) -> Response:
        """Follow the mailbox as server-sent events: each delivery with its `seq` as `id`.

        A comment is a beat. The stream ends after some minutes, and when the service stops, with
        an event `end`; come back with `Last-Event-ID` after the time that `retry` gave.
        """
        after = cursor_of(request)
        return EventStream(_blocks(following, subject_of(request).party or "", after))

    return router


async def _blocks(following: Following, party: str, after: int) -> AsyncGenerator[bytes, None]:
    opening = retry(RETRY_S)
    async with aclosing(following(party, after)) as pages:
        async for found in pages:
            lines = [
                event("delivery", d.model_dump(mode="json", by_alias=True), d.seq) for d in found
            ]
            after = found[-1].seq if found else after
            yield opening + (b"".join(lines) or BEAT)
            opening = b""
    yield event("end", {"next": after})


def _options() -> dict[str, Any]:
    events = answer(
        "Events `delivery` (a Delivery as JSON) and `end`; comments are beats", MEDIA_TYPE, _EVENT
    )
    options = action(Action.MAILBOX_READ, streams=True, responses={200: events})
    where = [("after", "query"), ("Last-Event-ID", "header")]
    options["openapi_extra"] |= {
        "parameters": [
            {
                "name": name,
                "in": place,
                "required": False,
                "description": "The last `id` seen.",
                "schema": {"type": "integer", "minimum": 0},
            }
            for name, place in where
        ]
    }
    return options
