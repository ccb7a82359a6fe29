"""Leases deliveries for as long as the service lives, several at once.

An exchange that cannot be reached makes the worker wait, never end: it tries again with growing
pauses and says in `status` since when and why.

A lease request that is given up half-way may still be answered, with deliveries nobody takes until
the lease runs out. So a stopping worker hears its last request out and gives back what it brought.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import structlog

from sextant_declarations.domain.defects import told
from sextant_declarations.domain.deliveries import Lease
from sextant_declarations.domain.ports import Leasing
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.errors import Code, PlatformError

STOPPING = "the service is stopping"

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many deliveries at once, how long to wait for the next, how to pause after a failure.

    A stopping worker lets deliveries finish for `stop_s`.
    """

    max_leases: int
    lease_s: int
    wait_s: int
    pause_first_s: float
    pause_cap_s: float
    stop_s: float


@dataclass(slots=True)
class Status:
    """What the worker is doing: how many deliveries, and what it waits for since when."""

    in_flight: int = 0
    waiting_for: str | None = None
    waiting_since: str | None = None


@dataclass
class Worker:
    """The loop from the mailbox to the intake."""

    mailbox: Leasing
    intake: Callable[[Lease], Coroutine[None, None, None]]
    clock: Clock
    pace: Pace
    room: Callable[[], None] = lambda: None
    """Raises when there is no room to store what a lease would bring."""
    is_asked: Callable[[], bool] = lambda: True
    """Whether a lease request may be on its way by now, and not only wait for its turn."""
    status: Status = field(default_factory=Status)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _asking: asyncio.Task[list[Lease]] | None = None

    async def run(self) -> None:
        """Lease and process until cancelled; then let go of what is in flight."""
        pause_s = self.pace.pause_first_s
        try:
            while True:
                try:
                    leases = await self._lease()
                except PlatformError as error:
                    self._waiting(error)
                    await asyncio.sleep(max(pause_s, error.retry_after_s or 0))
                    pause_s = min(2 * pause_s, self.pace.pause_cap_s)
                    continue
                pause_s = self.pace.pause_first_s
                self._waiting(None)
                for lease in leases:
                    self._start(lease)
        finally:
            await self._let_go()

    async def _lease(self) -> list[Lease]:
        """Return new leases, once there is room for at least one."""
        while len(self._tasks) >= self.pace.max_leases:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        self.room()
        self._asking = asyncio.create_task(
            self.mailbox.lease(
                self.pace.max_leases - len(self._tasks),
                lease_s=self.pace.lease_s,
                wait_s=self.pace.wait_s,
            )
        )
        try:
            leases = await asyncio.shield(self._asking)
        except PlatformError:
            raise
        except Exception as error:
            # The loop outlives every defect: an ended worker would stop the queue silently.
            _log.error("worker.defect", **told(error))
            raise PlatformError(Code.INTERNAL, type(error).__name__) from error
        self._asking = None
        return leases

    def _start(self, lease: Lease) -> None:
        task = asyncio.create_task(self.intake(lease))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        self.status.in_flight = len(self._tasks)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("worker.lost_delivery", **told(error))  # its lease runs out
        self.status.in_flight = len(self._tasks)

    def _waiting(self, error: PlatformError | None) -> None:
        if error is None:
            if self.status.waiting_for is not None:
                _log.info("worker.resumed")
            self.status.waiting_for = self.status.waiting_since = None
            return
        if self.status.waiting_for is None:
            self.status.waiting_since = timestamp_s(self.clock())
            _log.warning("worker.waiting", reason=str(error))
        self.status.waiting_for = str(error)

    async def _let_go(self) -> None:
        """Finish what is in flight; what takes longer than `stop_s` gives its lease back."""
        await self._hear_out()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.pace.stop_s)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _hear_out(self) -> None:
        """Give back what the last request brings, if it is answered soon."""
        asking, self._asking = self._asking, None
        if asking is None:
            return
        await asyncio.wait([asking], timeout=self.pace.stop_s if self.is_asked() else 0)
        if not asking.done():
            asking.cancel()
            await asyncio.wait([asking])  # so that others may ask once we are gone
        elif not asking.cancelled() and asking.exception() is None:
            for lease in asking.result():
                with contextlib.suppress(PlatformError):  # then the lease runs out by itself
                    await self.mailbox.release(lease.token, error=STOPPING, delay_s=0, untried=True)
