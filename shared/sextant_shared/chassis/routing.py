"""Guards every route: no route without an action, no body read before the caller is known.

A room writes `router = guarded_router()` and `@router.post(path, **action(Action.X))`. A route
without an action fails when it is declared, so a forgotten guard cannot ship. A route that streams
is answered without the framework's layers, behind the same guard (`Straight`).
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from opentelemetry import trace
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sextant_shared.chassis.api_docs import PROBLEM, Responses, summary_of
from sextant_shared.chassis.identity import Identity
from sextant_shared.chassis.nul import JsonRequest, refuse_in_address
from sextant_shared.chassis.places import Kind, KindOf
from sextant_shared.chassis.problems import on_platform_error
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.chassis.sight import Sees, asked_by, seeing
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Action, Subject, require

_ACTION = "x-sextant-action"
_OPEN = "open"
_STREAMS = "x-sextant-streams"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_DIGITS = 12  # of a Content-Length that is worth converting
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
OnForbidden = Callable[[Subject, Action, str], Coroutine[Any, Any, None]]
"""Told of each known caller that was refused, before the answer: who, what action, which path."""
SightOf = Callable[[Subject], Coroutine[Any, Any, Sees | None]]
"""Says what a caller that was let in may see of what is stored; None is everything."""


def action(
    name: Action, *, streams: bool = False, responses: Responses | None = None
) -> dict[str, Any]:
    """Return the route arguments that demand `name` of the caller.

    A route that `streams` takes the request alone and bounds its body itself; all others get at
    most `max_json_bytes`. `responses` document answers that no annotation describes.
    """
    return {
        "openapi_extra": {_ACTION: str(name), "security": [{"dpop": []}], _STREAMS: streams},
        "responses": {401: PROBLEM, 403: PROBLEM, **(responses or {})},
    }


def open_to_all(reason: str, *, responses: Responses | None = None) -> dict[str, Any]:
    """Return the route arguments of a route without a caller; the reason stands in the docs."""
    extra = {_ACTION: _OPEN, "x-sextant-open": reason, "security": []}
    return {"openapi_extra": extra, "responses": responses or {}}


class GuardedRoute(APIRoute):
    """A route that authenticates and decides before anything of the body is read."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        extra = options.get("openapi_extra") or {}
        declared = extra.get(_ACTION)
        if declared is None:
            raise PlatformError(
                Code.INTERNAL,
                f"route {path} names no action",
                fix="Declare it with action(...) or open_to_all(...).",
            )
        options["responses"] = {"default": PROBLEM, **(options.get("responses") or {})}
        options["summary"] = options.get("summary") or summary_of(endpoint)
        super().__init__(path, endpoint, **options)
        self.action = None if declared == _OPEN else Action(declared)
        self.streams = bool(extra.get(_STREAMS))

    def get_route_handler(self) -> Handler:
        """Return the handler behind the guard."""
        inner = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if self.streams:
                return await self.straight(request)
            await self._let_in(request)
            sees = await self._sight(request)
            with seeing(sees), asked_by(_party_of(request)):
                try:
                    return await inner(_bounded(request))
                except PlatformError as error:
                    # Whether or not it is there: who is told of either learns which it was.
                    if sees is not None and error.code in {Code.NOT_FOUND, Code.FORBIDDEN}:
                        await self._tell(request)
                    raise

        return guarded

    async def straight(self, request: Request) -> Response:
        """Answer behind the guard; the endpoint takes the request and nothing else."""
        await self._let_in(request)
        with seeing(await self._sight(request)), asked_by(_party_of(request)):
            response: Response = await self.endpoint(request)
        return response

    async def _let_in(self, request: Request) -> None:
        refuse_in_address(request)
        try:
            self._admit(request)
            if self.action is not None:
                identity: Identity = request.app.state.identity
                await identity.claim(request)
        except PlatformError as error:
            if error.code is Code.FORBIDDEN:
                await self._tell(request)
            raise

    async def _tell(self, request: Request) -> None:
        subject: Subject | None = getattr(request.state, "subject", None)
        told: OnForbidden | None = request.app.state.on_forbidden
        if subject and self.action and told:
            await told(subject, self.action, request.url.path)

    async def _sight(self, request: Request) -> Sees | None:
        sight_of: SightOf | None = request.app.state.sight_of
        if sight_of is None or self.action is None:
            return None
        return await sight_of(subject_of(request))

    def _admit(self, request: Request) -> None:
        if self.action is not None:
            identity: Identity = request.app.state.identity
            subject = identity.authenticate(request)
            # A party's clients share: it may name as many of them as it likes.
            request.app.state.rates.take(subject.party or subject.client_id)
            request.state.subject = subject
            require(subject, self.action)


def kind_among(routes: Iterable[GuardedRoute], token_path: str) -> KindOf:
    """Return what says of each request, before the framework routes it, what kind it is."""
    streaming = [(route.methods or set(), route.path_regex) for route in routes if route.streams]

    def kind_of(scope: Scope) -> Kind:
        method, path = scope["method"], scope["path"]
        if method in _READS:
            return Kind.READ
        if any(method in methods and regex.match(path) for methods, regex in streaming):
            return Kind.UPLOAD
        return Kind.TOKEN if path == token_path else Kind.WRITE

    return kind_of


class Straight:
    """Answers routes that stream, and passes everything else on to the framework.

    Its routers, exit stacks and nested error handlers are for what these routes do not use, and
    cost as much as a signature. The routes stand in its API document all the same.
    """

    def __init__(self, app: ASGIApp, *, routes: Iterable[GuardedRoute]) -> None:
        self._app = app
        self._routes = {(m, r.path): r for r in routes for m in r.methods or () if r.streams}

    def takes(self, scope: Scope) -> bool:
        """Return whether it answers this request itself."""
        return (scope.get("method", ""), scope.get("path", "")) in self._routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard and answer, or pass on."""
        route = self._routes.get((scope.get("method", ""), scope.get("path", "")))
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route  # as the framework's router does, for whoever counts
        span = trace.get_current_span()
        if span.is_recording():  # what the framework's router does for the others
            span.update_name(f"{scope['method']} {route.path}")
            span.set_attribute("http.route", route.path)
        request = Request(scope, receive)
        try:
            response = await route.straight(request)
        except PlatformError as error:
            response = await on_platform_error(request, error)
        await response(scope, receive, send)


def guarded_router(**options: Any) -> APIRouter:
    """Return a router all of whose routes are guarded."""
    return APIRouter(route_class=GuardedRoute, **options)


def subject_of(request: Request) -> Subject:
    """Return the caller that the guard let in."""
    subject: Subject = request.state.subject
    return subject


def _party_of(request: Request) -> str | None:
    subject: Subject | None = getattr(request.state, "subject", None)
    return None if subject is None else subject.party


def _bounded(request: Request) -> Request:
    """Return the request with its body bounded in size and time, whatever it claims.

    A silence is bounded further out; here the whole is, so that one byte now and then holds no
    place for ever.
    """
    settings: ServiceSettings = request.app.state.settings
    limit = settings.max_json_bytes
    claimed = request.headers.get("content-length", "")
    if claimed.isdigit() and (len(claimed) > _MAX_DIGITS or int(claimed) > limit):
        raise _too_long(limit)
    clock = asyncio.get_running_loop().time
    deadline = clock() + settings.body_read_timeout_s
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_long(limit)
        if message.get("more_body") and clock() > deadline:
            raise PlatformError(
                Code.LENGTH,
                f"the body did not arrive within {settings.body_read_timeout_s:g} s",
                fix="Repeat the same request over a faster line.",
            )
        return message

    return JsonRequest(request.scope, receive)


def _too_long(limit: int) -> PlatformError:
    return PlatformError(Code.TOO_LARGE, "the body is too long", expected=f"at most {limit} bytes")
