"""Server-sent events (HTML Living Standard §9.2) as an answer that costs little while it waits.

The caller that went away is noticed at the next beat: to listen for it all the time would take a
second task for each stream.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sextant_shared.chassis.places import lent
from sextant_shared.errors import Code, PlatformError

MEDIA_TYPE = "text/event-stream"
BEAT = b":\n\n"
_MAX_DIGITS = 15  # every sequence number below 2 ** 53 - 1 has no more, and some above


class EventStream(Response):
    """Streams blocks of events; before the first one came, an error is still an answer.

    While it streams the request holds no place among those who work.
    """

    media_type = MEDIA_TYPE

    def __init__(self, blocks: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._blocks = blocks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head with the first block, then each block as it comes."""
        request = Request(scope, receive)
        async with aclosing(self._blocks) as blocks:
            with lent(request):
                started = False
                async for block in blocks:
                    if not started:
                        started = True
                        await send(
                            {
                                "type": "http.response.start",
                                "status": self.status_code,
                                "headers": self.raw_headers,
                            }
                        )
                    await send({"type": "http.response.body", "body": block, "more_body": True})
                    if await request.is_disconnected():
                        return
        await send({"type": "http.response.body", "body": b""})


def event(name: str, data: Mapping[str, Any], id_: int | None = None) -> bytes:
    """Return one event: JSON has no line breaks of its own."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    number = "" if id_ is None else f"id: {id_}\n"
    return f"{number}event: {name}\ndata: {text}\n\n".encode()


def retry(seconds: float) -> bytes:
    """Return how long a reader shall wait before it comes back."""
    return f"retry: {seconds * 1000:.0f}\n\n".encode()


def cursor_of(request: Request) -> int:
    """Return behind which number the events shall begin: `Last-Event-ID`, else `after`, else 0.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    text = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise PlatformError(
            Code.MALFORMED,
            "not a number of an event",
            expected="Last-Event-ID, or after=, with the last `id` seen",
            received=text[:40],
        )
    return int(text)
