"""Keeps drills where they belong: a request that asks for one is refused unless it is drilled here.

Plain ASGI, one look at the names of the headers. Responsible for refusing; what a drill does is
the service's own matter.
"""

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from sextant_shared.chassis.problems import problem_response
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.scenarios import DRILLED, HEADER, Scenario, scenario_of

_NAME = HEADER.lower().encode()


class DrillGate:
    """Refuses drills that will not take place; with `app.state.drills` it lets deposits through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what asks for no drill, at the cost of one look."""
        if scope["type"] == "http" and asks_for_drill(scope):
            try:
                _check(scope)
            except PlatformError as error:
                await problem_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def asks_for_drill(scope: Scope) -> bool:
    """Return whether a request carries the header of a drill, whatever it says."""
    return any(name == _NAME for name, _ in scope["headers"])


def asked(scope: Scope) -> Scenario | None:
    """Return the drill that a request asks for.

    Raises:
        PlatformError: `E_MALFORMED` for an unknown one, or for several.
    """
    names = [value.decode("latin-1") for name, value in scope["headers"] if name == _NAME]
    return scenario_of(", ".join(names)) if names else None


def _check(scope: Scope) -> None:
    app: FastAPI = scope["app"]
    if not getattr(app.state, "drills", False):
        raise PlatformError(
            Code.POLICY,
            "drills are off here; nothing was done",
            expected=f"no header {HEADER}",
            fix="Leave the drill out, or send to a sandbox.",
        )
    asked(scope)
    if (scope["method"], scope["path"]) != DRILLED:
        raise PlatformError(
            Code.MALFORMED,
            "drills are for deposits in one request; nothing was done",
            expected=" ".join(DRILLED),
            received=f"{scope['method']} {scope['path']}"[:80],
            fix=f"Leave {HEADER} out of all other requests.",
        )
