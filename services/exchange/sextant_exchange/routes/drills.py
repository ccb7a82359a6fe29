"""Drills at the intake of a sandbox: real deposits with the answers that rarely come by themselves.

Put around the real intake only when the setting `scenarios` is on; otherwise nothing here runs.
A drill is done for a caller that proved itself, as a deposit is, and leaves no evidence in the log:
a refusal that was only played is no refusal.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sextant_exchange.domain.deposit import Deposited
from sextant_exchange.domain.envelopes import Claim
from sextant_shared.chassis.scenarios import asked
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.scenarios import Scenario

TakeIn = Callable[[Request], Awaitable[tuple[Deposited, Claim]]]
RETRY_AFTER_S = 1
MAX_TWICE_BYTES = 8 << 20  # read into memory to be taken in twice
_CREATED = 201
_log = structlog.get_logger("sextant.drill")


def _refusal(
    code: Code, what: str, expected: str = "", retry_after_s: int | None = None
) -> Callable[[], PlatformError]:
    return lambda: PlatformError(
        code, f"drill: {what}; nothing was taken in", expected=expected, retry_after_s=retry_after_s
    )


_REFUSALS: Mapping[Scenario, Callable[[], PlatformError]] = {
    Scenario.PARTNER_MISSING: _refusal(
        Code.RECIPIENT, "a recipient is not enrolled", "recipients that are enrolled"
    ),
    Scenario.REFUSED_SIGNATURE: _refusal(Code.SIGNATURE, "a signature does not verify"),
    Scenario.CLOCK_SKEW: _refusal(
        Code.CLOCK, "created is too far from the clock of the exchange", "a time near Date"
    ),
    Scenario.OUTAGE: _refusal(Code.UNAVAILABLE, "an outage", retry_after_s=RETRY_AFTER_S),
    Scenario.RATE: _refusal(Code.RATE, "the share is used up", retry_after_s=RETRY_AFTER_S),
}


@dataclass(frozen=True)
class DrilledIntake:
    """The real intake, or what a drill makes of it."""

    take_in: TakeIn

    async def __call__(self, request: Request) -> tuple[Deposited, Claim]:
        """Return what the intake returns, or what it would in the drill.

        Raises:
            PlatformError: what the intake raises, and what a drill refuses with.
        """
        scenario = asked(request.scope)
        if scenario is None:
            return await self.take_in(request)
        _log.info("drill", scenario=str(scenario))
        if scenario in _REFUSALS:
            refusal = _REFUSALS[scenario]
            raise refusal()
        if scenario is Scenario.DUPLICATE:
            return await self._twice(request)
        deposited, claim = await self.take_in(request)
        if scenario is Scenario.SLOW_LOG and not deposited.is_repeat:
            return replace(deposited, receipt=None), claim
        return deposited, claim

    async def _twice(self, request: Request) -> tuple[Deposited, Claim]:
        """Take the same bytes in twice, both times through the whole intake."""
        data = bytearray()
        async for piece in request.stream():
            data += piece
            if len(data) > MAX_TWICE_BYTES:
                raise PlatformError(
                    Code.TOO_LARGE,
                    "drill: too large to be taken in twice; nothing was taken in",
                    expected=f"up to {MAX_TWICE_BYTES} bytes",
                )
        await self.take_in(Request(request.scope, _body(bytes(data))))
        return await self.take_in(Request(request.scope, _body(bytes(data))))


class LosesAnswers:
    """Breaks off within the answer to a first deposit; the work behind it is done and stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and let the body of the answer go missing where the drill says so."""
        if scope["type"] != "http" or not _loses(scope):
            await self._app(scope, receive, send)
            return
        lost = False

        async def send_less(message: Message) -> None:
            # The length is announced and no byte follows: the server closes the connection.
            nonlocal lost
            if message["type"] == "http.response.start":
                lost = message["status"] == _CREATED
            elif lost:
                return
            await send(message)

        await self._app(scope, receive, send_less)


def drilled(app: FastAPI) -> FastAPI:
    """Return the app of a sandbox: drills are let through to the intake, answers may get lost."""
    app.state.drills = True
    app.add_middleware(LosesAnswers)
    return app


def _loses(scope: Scope) -> bool:
    return any(
        name == b"test-scenario" and value == Scenario.LOST_ANSWER.encode()
        for name, value in scope["headers"]
    )


def _body(data: bytes) -> Receive:
    """Return a source that gives these bytes as one body."""
    messages = [{"type": "http.request", "body": data, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
