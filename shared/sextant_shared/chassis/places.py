"""How many requests may be under way at once, by kind: deposits, reads, writes, tokens.

Each kind has fewer places than there are in all, so that a flood of one leaves the others
answering. An upload may take minutes on a slow line; who waits for news does no work and holds no
place: a room bounds those itself, by what a waiting caller costs in memory. Probes need none.

A request that finds no place waits a moment, for most are over in one, and is then told when to
come back, before anything of its body is read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from enum import StrEnum

from starlette.requests import Request
from starlette.types import Scope

from sextant_shared.errors import Code, PlatformError

RETRY_AFTER_S = 1
_KIND = "sextant.kind"


class Kind(StrEnum):
    """What a request wants of a service."""

    UPLOAD = "upload"
    READ = "read"
    WRITE = "write"
    TOKEN = "token"  # noqa: S105 -- the kind of request, no secret


KindOf = Callable[[Scope], Kind]


class Gate:
    """A number of places; whoever finds none stands in line for a moment."""

    def __init__(self, total: int, name: str) -> None:
        self._total = total
        self._name = name
        self._free = total
        self._line: deque[asyncio.Future[None]] = deque()
        self.refused = 0

    @property
    def in_use(self) -> int:
        """How many are taken."""
        return self._total - self._free

    async def enter(self, wait_s: float) -> None:
        """Take one place.

        Raises:
            PlatformError: `E_UNAVAILABLE` when none came free in time.
        """
        if self._free > 0 and not self._line:
            self._free -= 1
            return
        # The line is bounded too: who stands in it holds a connection and a head.
        if wait_s <= 0 or len(self._line) >= self._total:
            raise self._refusal()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout(wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()  # the place came in the moment in which the wait ended
            elif turn in self._line:
                self._line.remove(turn)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise

    def leave(self) -> None:
        """Give one place back: to the first in line, when there is one."""
        self._free += 1
        while self._free > 0 and self._line:
            turn = self._line.popleft()
            if not turn.done():
                self._free -= 1
                turn.set_result(None)

    def enter_again(self) -> None:
        """Take one place back at once: whoever wakes goes on."""
        self._free -= 1

    def _refusal(self) -> PlatformError:
        self.refused += 1
        return PlatformError(
            Code.UNAVAILABLE, f"too many {self._name} at once", retry_after_s=RETRY_AFTER_S
        )


class Places:
    """The places of one service; they belong to the event loop, so that counting needs no lock."""

    def __init__(self, total: int, of_kind: Mapping[Kind, int], wait_s: float = 0.0) -> None:
        self._wait_s = wait_s
        self._all = Gate(total, "requests")
        # Nobody may fill all places: of a single one there is nothing to keep.
        self._gates = {
            kind: Gate(min(of_kind.get(kind, total), total), f"{kind} requests") for kind in Kind
        }

    @property
    def in_use(self) -> dict[str, float]:
        """How many are taken, by kind."""
        return {str(kind): gate.in_use for kind, gate in self._gates.items()}

    @property
    def refused(self) -> dict[str, float]:
        """How many requests were refused since the start, by kind."""
        return {str(kind): gate.refused for kind, gate in self._gates.items()}

    @asynccontextmanager
    async def taken(self, scope: Scope, kind: Kind) -> AsyncIterator[None]:
        """Hold one place of a kind, then one of all: who stands in line for its kind holds none.

        Raises:
            PlatformError: `E_UNAVAILABLE`, before anything of the body is read.
        """
        gate = self._gates[kind]
        await gate.enter(self._wait_s)
        try:
            try:
                await self._all.enter(self._wait_s)
            except PlatformError:
                gate.refused += 1
                raise
            scope[_KIND] = kind
            try:
                yield
            finally:
                self._all.leave()
        finally:
            gate.leave()

    @contextmanager
    def lent(self, scope: Scope) -> Iterator[None]:
        """Give the held places away while their holder only waits.

        Whoever wakes goes on at once: there may be more at work for a moment than places.
        """
        held = (self._all, self._gates[scope[_KIND]])
        for gate in held:
            gate.leave()
        try:
            yield
        finally:
            for gate in held:
                gate.enter_again()


def lent(request: Request) -> AbstractContextManager[None]:
    """Return a block in which a request holds no place."""
    places: Places = request.app.state.places
    return places.lent(request.scope)


def resting(request: Request, *, waits: bool) -> AbstractContextManager[None]:
    """Return a block in which a request that waits for news holds no place."""
    return lent(request) if waits else nullcontext()
