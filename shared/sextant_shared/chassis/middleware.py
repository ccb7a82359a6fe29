"""What stands around every request, as plain ASGI: bounds, time-outs, trace context, problems.

Plain ASGI because the framework's own middleware base class triples the cost of a request.
"""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

import structlog
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sextant_shared.chassis.headers import with_security
from sextant_shared.chassis.metrics import Metrics
from sextant_shared.chassis.places import KindOf, Places
from sextant_shared.chassis.problems import problem_response
from sextant_shared.chassis.telemetry import (
    ERROR_TYPE,
    Telemetry,
    current_trace_id,
    link_current,
)
from sextant_shared.clock import monotonic, random_bytes
from sextant_shared.errors import Code, PlatformError

_TRACE_HEADERS = (b"traceparent", b"tracestate", b"baggage")
_CALLER_TRACE = "sextant.caller_traceparent"
_UNSEEN = "sextant.unseen"
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/docs", "/openapi.json"})
_PROBES = frozenset({"/healthz", "/readyz"})  # answered also when all places are taken
_log = structlog.get_logger("sextant.request")


class TraceGate:
    """Keeps a caller's trace context out of ours unless the operator accepts it, and samples.

    What comes from one of `peers` goes on: the log is called by our own services, and by parties.

    A stranger's context as parent would let the stranger force sampling and guess trace ids; our
    span only links to it. `baggage` is never taken.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        accept: bool,
        telemetry: Telemetry,
        peers: frozenset[str] = frozenset(),
        unseen: ASGIApp | None = None,
    ) -> None:
        """`unseen` answers, in place of `app`, the requests of which nothing is recorded."""
        self._app = app
        self._accept = accept
        self._peers = peers
        self._telemetry = telemetry
        self._unseen = unseen or app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Strip, draw whether the request is recorded, then pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_taken = self._accept or (scope.get("client") or ("",))[0] in self._peers
        caller = _strip(scope, is_taken=is_taken)
        if not self._telemetry.enabled or scope["path"] in QUIET_PATHS:
            await self._unseen(scope, receive, send)
            return
        with self._telemetry.request(caller if is_taken else None) as is_recorded:
            scope[_UNSEEN] = not is_recorded
            await (self._app if is_recorded else self._unseen)(scope, receive, send)


def has_no_span(scope: Scope) -> bool:
    """Return whether the framework's telemetry passes this request by."""
    return scope.get("path") in QUIET_PATHS or scope.get(_UNSEEN, False)


class Bounds:
    """Bounds what is under way and how long a body may pause; adds the headers of every answer.

    Counts each answer when it begins: how long an event stream or a download lasts is its reader's.

    Stands where the trace id of the request's span is known: inside the framework's telemetry, or,
    for a request that is not recorded, inside the gate.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        places: Places,
        kind_of: KindOf,
        metrics: Metrics,
        body_read_timeout_s: float,
    ) -> None:
        self._app = app
        self._places = places
        self._kind_of = kind_of
        self._metrics = metrics
        self._timeout_s = body_read_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in if there is room, and answer for whatever goes wrong inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if caller := scope.get(_CALLER_TRACE):
            link_current(caller)
        started = False
        came = monotonic()

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if self._metrics.is_sent and scope["path"] not in QUIET_PATHS:
                    self._metrics.answered(scope, message["status"], monotonic() - came)
                message["headers"] = with_security(message["headers"]) + _trace_header()
            await send(message)

        try:
            async with self._place(scope):
                await self._app(scope, self._timed(receive), send_with_headers)
        except Exception as error:
            if started:
                raise
            await _answer_to(error)(scope, receive, send_with_headers)

    def _place(self, scope: Scope) -> AbstractAsyncContextManager[None]:
        if scope["path"] in _PROBES:
            return nullcontext()
        return self._places.taken(scope, self._kind_of(scope))

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
            body_ended = not message.get("more_body", False)
            return message

        return timed_receive


def _strip(scope: Scope, *, is_taken: bool) -> str | None:
    """Remove what is not taken from the headers; return the caller's trace."""
    dropped = _TRACE_HEADERS[2:] if is_taken else _TRACE_HEADERS
    caller = None
    kept = []
    for pair in scope["headers"]:
        if pair[0] == b"traceparent":
            caller = pair[1].decode("latin-1")
        if pair[0] not in dropped:
            kept.append(pair)
    if caller and not is_taken:
        scope[_CALLER_TRACE] = caller
    scope["headers"] = kept
    return caller


def _answer_to(error: Exception) -> ASGIApp:
    """Return the answer to what nobody expected: an id to quote, and nothing else of it."""
    if isinstance(error, PlatformError):
        return problem_response(error)
    incident = current_trace_id() or random_bytes(16).hex()
    kind = type(error).__name__
    _log.error("unexpected error", trace_id=incident, kind=kind, exc_info=error)
    trace.get_current_span().set_attribute(ERROR_TYPE, kind)
    hidden = PlatformError(Code.INTERNAL, "an unexpected error; it was logged")
    return problem_response(hidden, trace_id=incident)


def _trace_header() -> list[tuple[bytes, bytes]]:
    trace_id = current_trace_id()
    return [(b"x-trace-id", trace_id.encode("ascii"))] if trace_id else []
