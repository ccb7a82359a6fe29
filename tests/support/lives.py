"""A platform whose services can die as if their process was killed, and rise over the same files.

A service has one life at a time. A life that reaches the step it was told to die at begins nothing
durable any more: each further step raises, nobody hears it, and it hears nobody. `prepare` begins
a log and enrols the parties once; `Mortal` goes on from a copy of that folder.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from fastapi import FastAPI

import sextant_audit.app
import sextant_declarations.app
import sextant_exchange.app
from sextant_declarations.app.opening import Outside
from sextant_shared.protocol.checkpoints import LogKeys
from tests.support.parties import PartyKeys, registrars
from tests.support.platform import Platform, open_platform
from tests.support.platform_files import SEC, URLS
from tests.support.wires import Wire

STATES = tuple(
    f"NA-X{letters}"
    for letters in [
        "AL",
        "BO",
        "CC",
        "DD",
        "EE",
        "FF",
        "GG",
        "HH",
        "II",
        "JJ",
        "KK",
        "LL",
        "MM",
        "NN",
        "OO",
    ]
)
PARTIES = (SEC, *STATES)
# Pauses that are right for machines are long for tests.
HURRY = {
    "exchange": {
        "log_wait_s": 0.3,
        "recover_every_s": 0.05,
        "small_container_bytes": 20_000,
        "backoff_s": 0.05,
        "max_attempts": 4,
    },
    "declarations": {"pause_cap_s": 0.1, "retry_first_s": 1.0, "retry_cap_s": 1.0},
}
Call = Callable[[httpx.Request], Awaitable[httpx.Response]]


class DiedError(Exception):
    """The process ended here."""


@dataclass
class Life:
    """One run of a service. It dies at `dies_at`, after as many passages as are `spared`."""

    dies_at: str = ""
    spared: int = 0
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def step(self, name: str) -> None:
        """Take note of a step; die there, or stay dead."""
        if name == self.dies_at:
            self.spared -= 1
        if self.dead.is_set() or (name == self.dies_at and self.spared < 0):
            self.dead.set()
            raise DiedError(name)

    async def heard(self, answer: Awaitable[httpx.Response]) -> httpx.Response:
        """Return the answer unless the service dies before."""
        call = asyncio.ensure_future(answer)
        death = asyncio.ensure_future(self.dead.wait())
        try:
            await asyncio.wait((call, death), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            call.cancel()  # who hangs up is not served any more: a lease would be nobody's
            raise
        finally:
            death.cancel()
        if self.dead.is_set():
            call.cancel()
            with contextlib.suppress(asyncio.CancelledError, httpx.TransportError, DiedError):
                await call
            raise httpx.ReadError("the process is gone")
        return await call


class OwnLine(httpx.AsyncBaseTransport):
    """How a life reaches other services: not at all once it is over."""

    def __init__(self, wire: Wire, life: Life) -> None:
        self._wire = wire
        self._life = life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._life.dead.is_set():
            raise httpx.ConnectError("nobody calls")
        return await self._life.heard(self._wire.handle_async_request(request))


class MortalWire(Wire):
    """A wire to a service that may die while it answers."""

    def __init__(self, find: Callable[[], FastAPI | None], life: Callable[[], Life]) -> None:
        super().__init__(find)
        self._life = life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        life = self._life()
        if life.dead.is_set():
            raise httpx.ConnectError("nobody listens")
        return await life.heard(super().handle_async_request(request))


class Mortal(Platform):
    """The platform over a prepared folder."""

    def __post_init__(self) -> None:
        self.now: dict[str, Life] = {name: Life() for name in URLS}
        super().__post_init__()

    async def reopen(self, log_keys: LogKeys) -> None:
        """Start everything over a folder that `prepare` made."""
        self.log_keys = log_keys
        for party in PARTIES:
            keys = PartyKeys(party)
            self.parties[party] = keys
            self.documents[party] = keys.enrolled(registrars())
        for name in URLS:
            await self.start(name)

    async def start(self, name: str) -> None:
        """Start a service: a new life."""
        self.now[name] = Life()
        await super().start(name)

    async def bury(self, name: str) -> None:
        """End what is left of a life: it counts as killed, whatever it still had to do."""
        self.now[name].dead.set()
        self.apps.pop(name, None)
        stack: AsyncExitStack = self._lives.pop(name)
        with contextlib.suppress(DiedError):
            await stack.aclose()

    async def kill(self, name: str) -> None:
        """End a service where it is, and start it again."""
        await self.bury(name)
        await self.start(name)

    async def raise_the_dead(self) -> list[str]:
        """Start again whatever died; return its names."""
        dead = [name for name, life in self.now.items() if life.dead.is_set()]
        for name in dead:
            await self.kill(name)
        return dead

    def _wire(self, name: str) -> Wire:
        return MortalWire(lambda: self.apps.get(name), lambda: self.now[name])

    def _create(self, name: str) -> FastAPI:
        life = self.now[name]
        if name == "audit":
            return sextant_audit.app.create_app(
                self.audit_settings(), clock=self.clock, crash_point=life.step
            )
        if name == "exchange":
            return sextant_exchange.app.create_app(
                self.exchange_settings(),
                clock=self.clock,
                audit_transport=OwnLine(self.wires["audit"], life),
                reached=life.step,
            )
        own = {to: OwnLine(wire, life) for to, wire in self.own_wires.items()}
        return sextant_declarations.app.create_app(
            self.declarations_settings(),
            clock=self.clock,
            step=life.step,
            outside=Outside(exchange=own["exchange"], audit=own["audit"]),
        )


async def prepare(folder: Path, parties: Sequence[str] = STATES[2:]) -> LogKeys:
    """Begin a log in an empty folder and enrol all parties; return the log's keys."""
    async with open_platform(folder) as platform:
        for party in parties:
            await platform.enrol(PartyKeys(party))
        return platform.log_keys
