"""What this service does besides when it is one of several processes on a server's database.

Writing needs nothing: processes write in turns, so what one of them stores, the next one finds, as
it is between two requests of one process. What is here keeps them from doing the same twice:

* Deliveries: one process at a time asks the exchange, all examine and open; a State's own stay in
  their order (`domain.places`). One at a time numbers and seals what is registered.
* Replies and messages are claimed row by row (`storage.claims`).
* What follows from the whole register (analyses, runs, cases, exports) and the entries for the log
  are led by one process at a time, each task by its own lease, and fenced off if it is late.

What a process is woken for by itself, the leader of another one must look for: so it is nudged.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from sqlalchemy import Table

from sextant_declarations.domain.places import Alone, NoPlaces, Places
from sextant_declarations.domain.ports import ReplyOutbox
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.claims import Claimable, ClaimedReplies
from sextant_declarations.storage.places import SqlPlaces
from sextant_declarations.storage.together_tables import LEASES, PROOFS_SEEN
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.leading import Leading
from sextant_shared.chassis.led import lead
from sextant_shared.chassis.proofs import ProofsSeen
from sextant_shared.chassis.sharing import Sharing
from sextant_shared.clock import Clock
from sextant_shared.errors import PlatformError

Loop = Callable[[], Coroutine[None, None, None]]
SHARING = Sharing(hands=1, in_turns=True, apart=3)
"""Two turnstiles, and one connection for whoever goes away while it waits at one."""
FORGET_S = 60.0
COLLECTING, REGISTERING = "collecting", "registering"


def _nothing() -> None:
    """Let a loop go on with what it remembers."""


@dataclass(frozen=True)
class Together:
    """One process among others; on an embedded file, the only one."""

    settings: DeclarationsSettings
    database: Database
    clock: Clock
    places: Places = field(init=False)
    leading: Leading = field(init=False)
    proofs: ProofsSeen = field(init=False)

    def __post_init__(self) -> None:
        """Name this process."""
        places = SqlPlaces(self.database, self.settings.lease_s) if self.is_shared else NoPlaces()
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "leading", Leading(self.database, LEASES))
        seen = ProofsSeen(self.database, PROOFS_SEEN, self.clock, alone=False)
        object.__setattr__(self, "proofs", seen)

    @property
    def is_shared(self) -> bool:
        """Whether there may be other processes."""
        return self.database.is_shared

    @property
    def longest_wait_s(self) -> float | None:
        """How long one may keep others from asking; the server ends what holds longer."""
        return self.settings.database_idle_s / 2 if self.is_shared else None

    def alone(self, name: str) -> Alone:
        """Return a block in which no other process is at the same time."""
        return self.database.turnstile(name).passed

    def claimed(self, outbox: Claimable, table: Table) -> ReplyOutbox:
        """Return an outbox of which each row is delivered by one process at a time."""
        return ClaimedReplies(self.database, outbox, table) if self.is_shared else outbox

    def led(self, name: str, loop: Loop, anew: Callable[[], None] = _nothing) -> Loop:
        """Return a loop that one process at a time runs; `anew` lets it forget what it knows."""
        return partial(lead, self.leading, name, loop, anew) if self.is_shared else loop

    def loops(self, *nudges: Callable[[], None]) -> tuple[Loop, ...]:
        """Return what is done again and again because there are others."""
        if not self.is_shared:
            return ()
        return (partial(self._nudge, nudges), self.led("proofs", self._forget))

    async def claim(self, id_: str, until: float) -> None:
        """Remember a caller's proof as used, for all processes.

        Raises:
            PlatformError: `E_AUTH` when another process took it before, `E_UNAVAILABLE`.
        """
        if self.is_shared:
            await self.proofs.claim(id_, until)

    @asynccontextmanager
    async def present(self) -> AsyncIterator[Self]:
        """Be there; at the end let others have tasks and places at once, else they time out."""
        try:
            yield self
        finally:
            with suppress(PlatformError):
                await self.places.put_all_down()
                await self.leading.let_go()

    async def _nudge(self, nudges: tuple[Callable[[], None], ...]) -> None:
        while True:
            await asyncio.sleep(self.settings.poll_s)
            for nudge in nudges:
                nudge()

    async def _forget(self) -> None:
        while True:
            with suppress(PlatformError):
                await self.proofs.forget()
            await asyncio.sleep(FORGET_S)


@dataclass(frozen=True)
class LateClaims:
    """What remembers used proofs, for who asks before there is an open database."""

    together: Callable[[], Together]

    async def claim(self, id_: str, until: float) -> None:
        """Remember a caller's proof as used, for all processes."""
        await self.together().claim(id_, until)


def side_by_side(*loops: Loop) -> Loop:
    """Return loops that belong together as one: what one of them remembers, another one uses."""

    async def all_of_them() -> None:
        await asyncio.gather(*(loop() for loop in loops))

    return all_of_them
