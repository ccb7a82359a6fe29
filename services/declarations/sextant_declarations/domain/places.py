"""Keeps what one sender sent in its order when several processes take deliveries in.

`turns` does it within a process. Between processes each delivery has a place, known to all, from
when it is leased until it is decided or given back: nobody examines one while an earlier one of the
same sender has a place. To know of all earlier ones, one process at a time asks the exchange for
deliveries, and takes their places before it lets the next one ask.

A process that dies leaves places behind, and the exchange hands their deliveries out again once
their leases ran out. One that stops, or gives a delivery back for another to go first, leaves its
place behind too, on purpose: without it a later one could be decided before it. Whoever waits
behind such a place gives its delivery back, so that the earlier one is leased first, and whoever
gets it takes its place over. That is no failure: it comes again after a short delay that never
grows, and its lease counts as no attempt. A place that nobody takes over (its delivery was buried
or withdrawn) holds others back for three leases at most.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from sextant_declarations.domain.deliveries import Lease
from sextant_declarations.domain.ports import Mailbox
from sextant_shared.errors import Code, PlatformError

LOOK_S = 0.1  # between looks whether another process decided what stands before
LET_GO = "its place among the deliveries of its sender could not be stored"

LEFT = "another process left an earlier delivery of this sender behind; it comes first"


class BehindError(PlatformError):
    """A delivery that was not begun, since an earlier one of its sender has to come first."""

    def __init__(self) -> None:
        super().__init__(Code.STATE, LEFT)


Alone = Callable[[], AbstractAsyncContextManager[None]]
"""A block in which no other process is at the same time."""


class Ahead(Enum):
    """What stands before a delivery among those of the same sender."""

    NOTHING = auto()
    UNDER_WAY = auto()
    LEFT_BEHIND = auto()


class Places(Protocol):
    """The places of one process, known to all; each method may raise `E_UNAVAILABLE`."""

    async def hold(self, leases: Sequence[Lease]) -> None:
        """Take the places of what was leased, also those that another process left behind."""
        ...

    async def extend(self, seq: int) -> None:
        """Keep a place for as long as a lease lasts from now."""
        ...

    async def leave(self, seq: int) -> None:
        """Give a place up: whoever waits behind it comes next."""
        ...

    async def put_down(self, seq: int) -> None:
        """Leave a place behind for whoever gets the delivery next; later ones wait for that."""
        ...

    async def put_all_down(self) -> None:
        """Leave what this process holds behind: it ends."""
        ...

    async def ahead(self, sender: str, seq: int) -> Ahead:
        """Return what stands before a delivery among those of the same sender."""
        ...


class NoPlaces:
    """The places where there is no other process: nothing is ever ahead."""

    async def hold(self, leases: Sequence[Lease]) -> None:
        """Do nothing."""

    async def extend(self, seq: int) -> None:
        """Do nothing."""

    async def leave(self, seq: int) -> None:
        """Do nothing."""

    async def put_down(self, seq: int) -> None:
        """Do nothing."""

    async def put_all_down(self) -> None:
        """Do nothing."""

    async def ahead(self, sender: str, seq: int) -> Ahead:  # noqa: ARG002 - the port's words
        """Return that nothing is."""
        return Ahead.NOTHING


async def come(places: Places, lease: Lease) -> None:
    """Return when nothing earlier of the same sender is on its way in any process.

    Raises:
        BehindError: `E_STATE` when another process left an earlier one behind, which comes first.
    """
    while (ahead := await places.ahead(lease.sender, lease.seq)) is not Ahead.NOTHING:
        if ahead is Ahead.LEFT_BEHIND:
            raise BehindError
        await asyncio.sleep(LOOK_S)


@dataclass
class Collecting:
    """The mailbox as one of several processes asks it; `longest_wait_s` lets others ask too."""

    mailbox: Mailbox
    places: Places
    alone: Alone = nullcontext
    longest_wait_s: float | None = None
    is_asking: bool = False
    """Whether it is this process's turn."""

    async def lease(self, limit: int, *, lease_s: int, wait_s: int) -> list[Lease]:
        """Return up to `limit` deliveries with their places taken; wait for the first one."""
        if self.longest_wait_s is not None:
            wait_s = max(1, min(wait_s, int(self.longest_wait_s)))
        async with self.alone():
            self.is_asking = True
            try:
                leases = await self.mailbox.lease(limit, lease_s=lease_s, wait_s=wait_s)
                await self._hold(leases)
            finally:
                self.is_asking = False
        return leases

    async def _hold(self, leases: Sequence[Lease]) -> None:
        try:
            await self.places.hold(leases)
        except PlatformError:
            for lease in leases:
                with suppress(PlatformError):  # then the lease runs out by itself
                    await self.mailbox.release(lease.token, error=LET_GO, delay_s=0, untried=True)
            raise

    async def release(self, token: str, *, error: str, delay_s: int, untried: bool = False) -> None:
        """Give a delivery back; its place goes when this process ends."""
        await self.mailbox.release(token, error=error, delay_s=delay_s, untried=untried)
