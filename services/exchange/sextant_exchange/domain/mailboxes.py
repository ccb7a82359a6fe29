"""Hands out deliveries: pages to readers, leases to workers, and wakes those who wait."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

from sextant_exchange.domain.policy import DeliveryPolicy
from sextant_exchange.domain.ports import LeaseOrder, Mailboxes, Release, Wanted
from sextant_shared.clock import Clock, monotonic
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import (
    Delivery,
    Lease,
    LeaseRequest,
    ReleaseRequest,
)

RECHECK_S = 2.0  # a pause or a lease that ends wakes nobody; look again now and then
GONE_S = 15.0  # for readers whatever comes rings; only whether they are still there is asked
T = TypeVar("T")
Gone = Callable[[], Awaitable[bool]]
"""Whether the caller went away while it waited."""


class Bells:
    """Wakes everybody who waits for a party's mailbox; bounded.

    `closing` says that the service stops: then nobody goes on waiting.
    """

    def __init__(self, max_waiting: int, closing: Callable[[], bool] = lambda: False) -> None:
        self._max_waiting = max_waiting
        self._closing = closing
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._count = 0

    @property
    def is_closing(self) -> bool:
        """Whether nobody shall go on waiting."""
        return self._closing()

    @property
    def parties(self) -> list[str]:
        """Whose mailboxes are waited for."""
        return sorted(self._waiting)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._count

    def ring(self, parties: Sequence[str]) -> None:
        """Wake those who wait for these parties' mailboxes."""
        for party in parties:
            for event in self._waiting.get(party, ()):
                event.set()

    def ring_all(self) -> None:
        """Wake everybody, so that they see that the service stops."""
        self.ring(list(self._waiting))

    @contextmanager
    def listening(self, party: str) -> Iterator[asyncio.Event]:
        """Give a bell of this party's mailbox.

        Raises:
            PlatformError: `E_UNAVAILABLE` when too many wait already.
        """
        if self._count >= self._max_waiting:
            raise PlatformError(Code.UNAVAILABLE, "too many callers wait", retry_after_s=2)
        event = asyncio.Event()
        self._waiting.setdefault(party, set()).add(event)
        self._count += 1
        try:
            yield event
        finally:
            self._count -= 1
            self._waiting[party].discard(event)
            if not self._waiting[party]:
                del self._waiting[party]

    async def until(
        self,
        party: str,
        wait_s: float,
        look: Callable[[], Awaitable[list[T]]],
        gone: Gone,
        *,
        again: bool = True,
    ) -> list[T]:
        """Return what `look` finds, at the latest after `wait_s`.

        Nothing is looked up for a caller that is gone: a lease it cannot receive would only have
        to run out. With `again`, it is looked up now and then without a bell too.

        Raises:
            PlatformError: `E_UNAVAILABLE` when too many wait already.
        """
        found = await look()
        if found or wait_s <= 0:
            return found
        deadline = monotonic() + wait_s
        with self.listening(party) as bell:
            bell.set()  # what came since the first look
            while True:
                is_due, left = again or bell.is_set(), deadline - monotonic()
                bell.clear()
                if await gone():
                    return []
                if is_due:  # after the bell is ready: what comes from now on rings it
                    found = await look()
                if found or left <= 0 or self._closing():
                    return found
                await rung(bell, min(left, RECHECK_S if again else GONE_S))


async def rung(bell: asyncio.Event, wait_s: float) -> None:
    """Return when the bell rings, at the latest after `wait_s`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await bell.wait()


class Deliveries:
    """The use cases of a mailbox's owner."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        bells: Bells,
        policy: DeliveryPolicy,
        clock: Clock,
        chance: Callable[[], float],
        *,
        looks_again: bool = False,
    ) -> None:
        self._mailboxes = mailboxes
        self._bells = bells
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._looks_again = looks_again  # what comes back in another process rings no bell here

    async def page(
        self,
        party: str,
        *,
        after: int,
        limit: int,
        wanted: Wanted,
        wait_s: float,
        gone: Gone,
    ) -> list[Delivery]:
        """Return deliveries after a cursor, waiting for the first one if asked to."""
        return await self._bells.until(
            party,
            wait_s,
            lambda: self._mailboxes.page(party, after, limit, wanted),
            gone,
            again=self._looks_again,
        )

    async def lease(self, party: str, request: LeaseRequest, gone: Gone) -> list[Lease]:
        """Lease deliveries, waiting for the first one if asked to."""

        async def look() -> list[Lease]:
            now = self._clock()
            order = LeaseOrder(request.max, now + request.lease_s, now, self._policy.max_attempts)
            return await self._mailboxes.lease(party, order)

        return await self._bells.until(party, request.wait_s, look, gone)

    async def acknowledge(self, party: str, token: str) -> None:
        """End a delivery.

        Raises:
            PlatformError: `E_STATE` when the lease is not the caller's any more.
        """
        await self._mailboxes.acknowledge(party, token, self._clock())

    async def release(self, party: str, token: str, request: ReleaseRequest) -> None:
        """Give a delivery back with a pause, or bury it with its reason.

        Raises:
            PlatformError: `E_STATE`.
        """

        def pause(attempts: int) -> float:
            if request.delay_s is not None:
                return request.delay_s
            return self._policy.backoff(attempts, self._chance())

        most = self._policy.max_attempts
        release = Release(request.error, pause, most, request.dead, request.untried)
        await self._mailboxes.release(party, token, release, self._clock())
        self._bells.ring([party])

    async def extend(self, party: str, token: str, lease_s: int) -> float:
        """Prolong a lease; return until when.

        Raises:
            PlatformError: `E_STATE`.
        """
        now = self._clock()
        await self._mailboxes.extend(party, token, now + lease_s, now)
        return now + lease_s
