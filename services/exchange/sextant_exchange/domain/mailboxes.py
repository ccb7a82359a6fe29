"""Hands out deliveries: pages to readers, leases to workers, and wakes those who wait."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sextant_exchange.domain.policy import DeliveryPolicy
from sextant_exchange.domain.ports import LeaseOrder, Mailboxes, Release
from sextant_shared.clock import Clock, monotonic
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import (
    Delivery,
    DeliveryState,
    Lease,
    LeaseRequest,
    ReleaseRequest,
)

RECHECK_S = 2.0  # a lease that runs out wakes nobody; look again now and then
T = TypeVar("T")


class Bells:
    """Wakes everybody who waits for a party's mailbox; bounded."""

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def ring(self, parties: Sequence[str]) -> None:
        """Wake those who wait for these parties' mailboxes."""
        for party in parties:
            for event in self._waiting.get(party, ()):
                event.set()

    async def until(
        self, party: str, wait_s: float, look: Callable[[], Awaitable[list[T]]]
    ) -> list[T]:
        """Return what `look` finds, at the latest after `wait_s`.

        Raises:
            PlatformError: `E_UNAVAILABLE` when too many wait already.
        """
        if wait_s > 0 and sum(map(len, self._waiting.values())) >= self._max_waiting:
            raise PlatformError(Code.UNAVAILABLE, "too many callers wait", retry_after_s=2)
        deadline = monotonic() + wait_s
        event = asyncio.Event()
        self._waiting.setdefault(party, set()).add(event)
        try:
            while True:
                event.clear()
                found = await look()
                left = deadline - monotonic()
                if found or left <= 0:
                    return found
                await _wait(event, min(left, RECHECK_S))
        finally:
            self._waiting[party].discard(event)
            if not self._waiting[party]:
                del self._waiting[party]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


class Deliveries:
    """The use cases of a mailbox's owner."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        bells: Bells,
        policy: DeliveryPolicy,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self._mailboxes = mailboxes
        self._bells = bells
        self._policy = policy
        self._clock = clock
        self._chance = chance

    async def page(
        self, party: str, *, after: int, limit: int, state: DeliveryState | None, wait_s: float
    ) -> list[Delivery]:
        """Return deliveries after a cursor, waiting for the first one if asked to."""
        return await self._bells.until(
            party, wait_s, lambda: self._mailboxes.page(party, after, limit, state)
        )

    async def lease(self, party: str, request: LeaseRequest) -> list[Lease]:
        """Lease deliveries, waiting for the first one if asked to."""

        async def look() -> list[Lease]:
            now = self._clock()
            order = LeaseOrder(request.max, now + request.lease_s, now, self._policy.max_attempts)
            return await self._mailboxes.lease(party, order)

        return await self._bells.until(party, request.wait_s, look)

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

        release = Release(request.error, pause, self._policy.max_attempts, request.dead)
        await self._mailboxes.release(party, token, release, self._clock())

    async def extend(self, party: str, token: str, lease_s: int) -> None:
        """Prolong a lease.

        Raises:
            PlatformError: `E_STATE`.
        """
        now = self._clock()
        await self._mailboxes.extend(party, token, now + lease_s, now)

    async def replay(self, party: str, seq: int) -> None:
        """Make a dead letter available again.

        Raises:
            PlatformError: `E_STATE`.
        """
        await self._mailboxes.replay(party, seq, self._clock())
        self._bells.ring([party])
