"""What stands around every request, as plain ASGI: bounds, time-outs, trace context, problems.

Plain ASGI because the framework's own middleware base class triples the cost of a request.
"""

import asyncio
from typing import Any

import structlog
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sextant_shared.chassis.problems import problem_response
from sextant_shared.chassis.telemetry import current_trace_id
from sextant_shared.errors import Code, PlatformError

_TRACE_HEADERS = (b"traceparent", b"tracestate", b"baggage")
CALLER_TRACE = "sextant.caller_traceparent"
_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
_log = structlog.get_logger("sextant.request")


class TraceGate:
    """Keeps a caller's trace context out of ours unless the operator accepts it.

    A stranger's context as parent would let the stranger force sampling and guess trace ids; it is
    kept in the scope so that a span can link to it. `baggage` is never taken.
    """

    def __init__(self, app: ASGIApp, *, accept: bool) -> None:
        self._app = app
        self._accept = accept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Strip, then pass on."""
        if scope["type"] == "http":
            dropped = _TRACE_HEADERS[2:] if self._accept else _TRACE_HEADERS
            for name, value in scope["headers"]:
                if name == b"traceparent":
                    scope[CALLER_TRACE] = value.decode("latin-1")
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in dropped]
        await self._app(scope, receive, send)


class Bounds:
    """Bounds what is under way and how long a body may take; adds the headers of every answer.

    Stands inside the framework's telemetry, so the trace id of the request's span is known.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_in_flight: int,
        body_read_timeout_s: float,
    ) -> None:
        self._app = app
        self._free = max_in_flight
        self._timeout_s = body_read_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in if there is room, and answer for whatever goes wrong inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._free <= 0 and not scope["path"].endswith(("/healthz", "/readyz")):
            error = PlatformError(Code.UNAVAILABLE, "too many requests at once", retry_after_s=1)
            await problem_response(error)(scope, receive, send)
            return
        self._free -= 1
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *_SECURITY_HEADERS, *_trace_header()]
            await send(message)

        try:
            await self._app(scope, self._timed(receive), send_with_headers)
        except Exception as error:
            if started:
                raise
            await self._unexpected(error)(scope, receive, send_with_headers)
        finally:
            self._free += 1

    def _timed(self, receive: Receive) -> Receive:
        body_ended = False

        async def timed_receive() -> Message:
            nonlocal body_ended
            if body_ended:
                return await receive()  # waiting for a disconnect has no limit
            try:
                async with asyncio.timeout(self._timeout_s):
                    message = await receive()
            except TimeoutError as error:
                raise PlatformError(
                    Code.LENGTH,
                    f"no byte of the body came for {self._timeout_s:g} s",
                    fix="Send the body without long pauses, or repeat the same bytes.",
                ) from error
            body_ended = message["type"] == "http.request" and not message.get("more_body")
            return message

        return timed_receive

    def _unexpected(self, error: Exception) -> ASGIApp:
        if isinstance(error, PlatformError):
            return problem_response(error)
        _log.error("unexpected error", kind=type(error).__name__, exc_info=error)
        trace.get_current_span().set_attribute("error.type", type(error).__name__)
        return problem_response(PlatformError(Code.INTERNAL, "an unexpected error; it was logged"))


def _trace_header() -> list[tuple[bytes, bytes]]:
    trace_id = current_trace_id()
    return [(b"x-trace-id", trace_id.encode("ascii"))] if trace_id else []


def caller_traceparent(scope: Any) -> str | None:
    """Return the trace context that the caller sent, whether it was accepted or not."""
    value: str | None = scope.get(CALLER_TRACE)
    return value
