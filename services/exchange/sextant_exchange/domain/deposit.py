"""Takes in one envelope: three durable steps, then the answer.

A  The row `held` with the entry it owes to the log, and the container: one commit for many.
   If we stop here, recovery appends the owed entry; the sender's repeat finds the row and waits.
B  The log appends a batch and proves it. Appending is idempotent on the entry's id.
   If we stop here, recovery appends again and gets the same index.
C  The receipt is stored and one delivery per recipient becomes available: one commit for many.
   If we stop here, the answer is lost; the repeat gives the stored receipt, byte for byte.

The answer follows C, never before it. When the log is late, or refuses, the answer is «pending» and
`recovery` goes on from A: intake never fails because logging does.

Same id and same manifest give the same receipt, for ever; C keeps the first receipt that was stored
even if B and C are run twice. Steps B and C of a batch are `completion`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult, Repeat
from sextant_exchange.domain.ports import Step
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True, slots=True)
class Deposited:
    """The answer to a deposit: a receipt, or None while the log lags."""

    receipt: bytes | None
    is_repeat: bool


@dataclass(frozen=True)
class DurableSteps:
    """The look-up of a claim, step A, and steps B and C: each batched, joined in `app`."""

    known: Callable[[Claim], Awaitable[HoldResult | None]]
    hold: Callable[[Acceptable], Awaitable[HoldResult]]
    complete: Callable[[Held], Awaitable[bytes]]


class StaleRegistryError(Exception):
    """A document came into force since the envelope was judged; nothing is stored."""


class Deposits:
    """The use case; `finish` is shared with recovery."""

    def __init__(self, steps: DurableSteps, reached: Step, *, log_wait_s: float) -> None:
        self._steps = steps
        self._reached = reached
        self._log_wait_s = log_wait_s
        self._finishing: dict[int, asyncio.Task[bytes | None]] = {}

    async def repeat(self, claim: Claim) -> Deposited | None:
        """Return the answer to a repeated deposit, None when the id is new.

        Raises:
            PlatformError: `E_DUPLICATE` for another manifest under the same id.
        """
        result = await self._steps.known(claim)
        return None if result is None else await self._answer(claim, result)

    async def __call__(self, envelope: Acceptable) -> Deposited:
        """Make an accepted envelope durable and give its receipt.

        Raises:
            PlatformError: `E_DUPLICATE` for another manifest under the same id; `E_UNAVAILABLE`,
                and then it is held or not: its repeat finds out.
            StaleRegistryError: when it must be judged again first.
        """
        result = await self._steps.hold(envelope)
        if result.repeat is Repeat.STALE:
            raise StaleRegistryError
        if result.repeat is Repeat.NEW:
            self._reached("exchange.after_held")
        return await self._answer(envelope.claim, result)

    def finish(self, held: Held) -> "asyncio.Task[bytes | None]":
        """Start steps B and C of a held envelope, once, however often it is asked for.

        The task gives the receipt, or None when the envelope stays held for now.
        """
        task = self._finishing.get(held.number)
        if task is None:
            task = asyncio.create_task(self._finish(held))
            self._finishing[held.number] = task
            task.add_done_callback(lambda _done: self._finishing.pop(held.number, None))
        return task

    async def drain(self) -> None:
        """Give what is under way the time of one answer, then let go: it is held durably.

        Who still waits for it is answered «pending», as always when the log is late.
        """
        if self._finishing:
            await asyncio.wait(list(self._finishing.values()), timeout=self._log_wait_s)
        for task in list(self._finishing.values()):
            task.cancel()

    async def _answer(self, claim: Claim, result: HoldResult) -> Deposited:
        if result.repeat is Repeat.OTHER:
            raise PlatformError(
                Code.DUPLICATE,
                f"envelope {claim.id} exists with another manifest",
                fix="Use a fresh id for other content; repeat identical bytes for the same.",
            )
        is_repeat = result.repeat is Repeat.SAME
        if result.held is None:
            return Deposited(result.receipt, is_repeat)
        return Deposited(await self._wait(self.finish(result.held)), is_repeat)

    async def _wait(self, task: "asyncio.Task[bytes | None]") -> bytes | None:
        """Return what the task gives in time; by hand, as `asyncio.wait` costs ten times more."""
        loop = asyncio.get_running_loop()
        woken = loop.create_future()

        def wake(_done: object = None) -> None:
            if not woken.done():
                woken.set_result(None)

        timer = loop.call_later(self._log_wait_s, wake)
        task.add_done_callback(wake)
        try:
            await woken
        finally:
            timer.cancel()
            task.remove_done_callback(wake)
        return task.result() if task.done() and not task.cancelled() else None

    async def _finish(self, held: Held) -> bytes | None:
        try:
            return await self._steps.complete(held)
        except PlatformError:
            return None  # told to the operator by `completion`; recovery comes again
