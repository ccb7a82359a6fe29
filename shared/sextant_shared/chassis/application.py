"""Builds a service's app: guard, problems, health, docs and telemetry in one fixed order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sextant_shared.chassis import api_docs
from sextant_shared.chassis.api_docs import HEALTH, READINESS, TOKEN, TOKEN_REQUEST
from sextant_shared.chassis.certificates import seconds_left
from sextant_shared.chassis.connections import network_of
from sextant_shared.chassis.disk import Ballast, free_bytes
from sextant_shared.chassis.edge import EdgeGate
from sextant_shared.chassis.examples import Examples, show
from sextant_shared.chassis.identity import TOKEN_PATH, Identity
from sextant_shared.chassis.metrics import (
    BALLAST,
    CERTIFICATES,
    CLOCK_SOUND,
    DISK_FREE,
    IN_FLIGHT,
    REFUSED,
    Metrics,
)
from sextant_shared.chassis.middleware import Bounds, TraceGate, has_no_span
from sextant_shared.chassis.places import Kind, KindOf, Places
from sextant_shared.chassis.problems import (
    on_http_error,
    on_invalid_request,
    on_platform_error,
    problem_response,
)
from sextant_shared.chassis.rates import Rates
from sextant_shared.chassis.reloading import Reloading
from sextant_shared.chassis.routing import (
    GuardedRoute,
    Straight,
    guarded_router,
    kind_among,
    open_to_all,
)
from sextant_shared.chassis.scenarios import DrillGate, asks_for_drill
from sextant_shared.chassis.security_txt import read_security_txt, security_txt_router
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.chassis.timekeeping import Timekeeper
from sextant_shared.clock import Clock, monotonic, system_clock
from sextant_shared.errors import Code, PlatformError

Ready = Callable[[], Awaitable[dict[str, str]]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
READY_TIMEOUT_S = 1.0  # a store that answers later is not ready
_OK = "ok"


class Service(FastAPI):
    """An app whose API document knows our problem documents and how callers prove themselves."""

    def openapi(self) -> dict[str, Any]:
        """Return the API document."""
        document = api_docs.complete(super().openapi(), people=self.state.identity.takes_people)
        show(document, self.state.examples)
        return document


@dataclass(frozen=True)
class About:
    """What a service's API document says besides its routes: what it is, and bodies it takes."""

    description: str
    examples: Examples = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """How a service knows that it is well.

    `ready` gives one word per check, `ok` or what is wrong; a service is ready when all are `ok`,
    and its clock. `notes` are told beside them and leave it ready: what an operator must mend
    while the service goes on.
    """

    ready: Ready
    timekeeper: Timekeeper
    notes: Callable[[], dict[str, str]] = dict

    async def checks(self) -> dict[str, str]:
        """Return all checks."""
        return {**await self.ready(), "clock": self.timekeeper.state()}

    def with_notes(self, more: Callable[[float], dict[str, str]]) -> "Health":
        """Return the same with notes that depend on the time."""
        return replace(self, notes=lambda: {**self.notes(), **more(self.timekeeper.shown())})


def create_application(
    name: str,
    settings: ServiceSettings,
    *,
    about: About,
    routers: Sequence[APIRouter],
    lifespan: Lifespan,
    identity: Identity,
    telemetry: Telemetry,
    health: Health,
) -> FastAPI:
    """Return the app of one service.

    Raises:
        PlatformError: `E_INTERNAL` for a route that names no action, `E_MALFORMED` for a
            `security.txt` that no reader could use.
    """
    if settings.security_txt_file is not None:
        security_txt = read_security_txt(settings.security_txt_file)
        health = health.with_notes(security_txt.note)
        routers = (security_txt_router(security_txt), *routers)
    routers = (_service_routes(name, identity, health, Ballast.of(settings)), *routers)
    guarded = [route for router in routers for route in _guarded(router)]
    places = _places(settings)
    kind_of = kind_among(guarded, TOKEN_PATH)
    identity.bound_tokens(Rates(settings.tokens_per_s, settings.token_burst, monotonic, "tokens"))
    app = Service(
        title=f"Sextant {name}",
        description=about.description,
        version="1",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=api_docs.operation_id,
        lifespan=_watched(lifespan, health.timekeeper),
        telemetry={
            "tracer_provider": telemetry.provider,
            "tracing": telemetry.enabled,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": has_no_span,
        },
        middleware=[
            Middleware(
                Bounds,
                places=places,
                kind_of=kind_of,
                metrics=telemetry.metrics,
                body_read_timeout_s=settings.body_read_timeout_s,
            ),
            Middleware(DrillGate),
            Middleware(Straight, routes=guarded),
        ],
        exception_handlers={
            PlatformError: on_platform_error,
            HTTPException: on_http_error,
            RequestValidationError: on_invalid_request,
        },
    )
    app.state.identity = identity
    app.state.reloading = Reloading()  # a room adds its files
    app.state.examples = about.examples
    app.state.on_forbidden = None  # a room may set an `OnForbidden`
    app.state.sight_of = None  # a room may set a `SightOf`
    app.state.places = places
    app.state.rates = Rates(settings.requests_per_s, settings.request_burst, monotonic)
    app.state.strangers = Rates(settings.strangers_per_s, settings.stranger_burst, monotonic)
    app.state.draining = False
    app.state.settings = settings
    app.state.telemetry = telemetry
    app.state.unseen = Shortcut(app, guarded, places, kind_of)
    _observe(telemetry.metrics, settings, places, health.timekeeper)
    for router in routers:
        app.include_router(router)
    return app


class Shortcut:
    """Takes a request that is not recorded past the framework, to a route that streams.

    What it skips builds spans, and catches what `Bounds` has answered already: for a small deposit
    that is as much work as to check its header. All other requests, and drills, go to the app.
    """

    def __init__(
        self, app: FastAPI, routes: Sequence[GuardedRoute], places: Places, kind_of: KindOf
    ) -> None:
        settings: ServiceSettings = app.state.settings
        self._app = app
        self._straight = Straight(app, routes=routes)
        self._bounds = Bounds(
            self._straight,
            places=places,
            kind_of=kind_of,
            metrics=app.state.telemetry.metrics,
            body_read_timeout_s=settings.body_read_timeout_s,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer straight, or pass on."""
        if scope["type"] == "http" and self._straight.takes(scope) and not asks_for_drill(scope):
            scope["app"] = self._app
            await self._bounds(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def timekeeper_of(settings: ServiceSettings, clock: Clock) -> Timekeeper:
    """Return the watch over a service's clock; one that is given by hand is its own measure."""
    return Timekeeper(
        clock,
        tolerance_s=settings.clock_tolerance_s,
        settle_s=settings.clock_settle_s,
        steady=monotonic if clock is system_clock else clock,
    )


def gated(app: FastAPI) -> ASGIApp:
    """Return the app as a server runs it: with the trace gate outside the framework's telemetry."""
    settings: ServiceSettings = app.state.settings
    gate = TraceGate(
        app,
        accept=settings.trace_parent == "accept",
        peers=frozenset(settings.trace_peers),
        telemetry=app.state.telemetry,
        unseen=app.state.unseen,
    )
    trusted = [str(address) for address in settings.trusted_proxies]
    return EdgeGate(gate, trusted=trusted) if trusted else gate


def _places(settings: ServiceSettings) -> Places:
    of_kind = {
        Kind.UPLOAD: settings.max_uploads,
        Kind.READ: settings.max_reads,
        Kind.WRITE: settings.max_writes,
        Kind.TOKEN: settings.max_token_requests,
    }
    return Places(settings.max_in_flight, of_kind, settings.place_wait_s)


def _observe(
    metrics: Metrics, settings: ServiceSettings, places: Places, timekeeper: Timekeeper
) -> None:
    """Have the numbers sent that every service has."""
    ballast = Ballast.of(settings)
    metrics.observe(IN_FLIGHT, lambda: places.in_use)
    metrics.observe(REFUSED, lambda: places.refused)
    metrics.observe(DISK_FREE, lambda: free_bytes(settings.data_dir))
    metrics.observe(BALLAST, lambda: ballast.held() if ballast.size else None)
    metrics.observe(CERTIFICATES, lambda: seconds_left(settings.certificate_files))
    metrics.observe(CLOCK_SOUND, lambda: int(timekeeper.state() == _OK))


def _guarded(router: APIRouter) -> Iterator[GuardedRoute]:
    """Yield a router's routes; refuse one that was made without the guard."""
    for route in router.routes:
        if not isinstance(route, GuardedRoute):
            raise PlatformError(
                Code.INTERNAL,
                f"route {getattr(route, 'path', '?')} is not guarded",
                fix="Make its router with guarded_router().",
            )
        yield route


def _service_routes(name: str, identity: Identity, health: Health, ballast: Ballast) -> APIRouter:
    router = guarded_router(tags=["service"])

    @router.get("/healthz", **open_to_all("probes carry no credentials", responses=HEALTH))
    async def healthz() -> Response:
        """Say that the event loop turns; never touches the store."""
        return JSONResponse({"status": _OK})

    @router.get("/readyz", **open_to_all("probes carry no credentials", responses=READINESS))
    async def readyz(request: Request) -> Response:
        """Say whether the service can do its work now, check by check."""
        if request.app.state.draining:
            return problem_response(
                PlatformError(Code.UNAVAILABLE, "the service is stopping", retry_after_s=5)
            )
        checks = await _checked(health.checks)
        healthy = all(value == _OK for value in checks.values())
        status = 200 if healthy else 503
        headers = {} if healthy else {"Retry-After": "2"}
        reloading: Reloading = request.app.state.reloading
        notes = {**ballast.notes(), **reloading.notes(), **health.notes()}
        answer = {"ready": healthy, "checks": checks, "notes": notes}
        return JSONResponse(answer, status, headers)

    @router.get("/docs", include_in_schema=False, **open_to_all("documentation"))
    async def docs() -> Response:
        headers = {"Content-Security-Policy": api_docs.PAGE_POLICY}
        return HTMLResponse(api_docs.page(f"Sextant {name}"), headers=headers)

    granting = open_to_all("the caller proves itself in the request", responses=TOKEN)
    granting["openapi_extra"] |= TOKEN_REQUEST

    @router.post(TOKEN_PATH, **granting)
    async def token(request: Request) -> Response:
        """Give an access token for client credentials (private_key_jwt and DPoP)."""
        _count_stranger(request)
        return await identity.token(request)

    @router.get("/.well-known/oauth-authorization-server", **open_to_all("discovery, RFC 8414"))
    async def authorization_server() -> dict[str, Any]:
        """Describe the token endpoint."""
        return dict(identity.metadata())

    return router


def _watched(lifespan: Lifespan, timekeeper: Timekeeper) -> Lifespan:
    """Look at the clock for as long as the service runs."""

    @asynccontextmanager
    async def watched(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            watching = asyncio.create_task(timekeeper.watch())
            try:
                yield
            finally:
                watching.cancel()

    return watched


def _count_stranger(request: Request) -> None:
    """Count who is not known yet by its address, before any signature is checked.

    Raises:
        PlatformError: `E_RATE`.
    """
    state = request.app.state
    address = request.client.host if request.client else ""
    if address and address not in state.settings.uncounted_addresses:
        state.strangers.take(network_of(address))


async def _checked(ready: Ready) -> dict[str, str]:
    """Return what `ready` says; a check that fails or hangs is an answer too."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            return await ready()
    except PlatformError as error:
        return {"service": str(error.code)}
    except TimeoutError:
        return {"service": f"no answer within {READY_TIMEOUT_S:g} s"}
