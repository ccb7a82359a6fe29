"""Takes in one envelope: three durable steps, then the answer.

A  The row `held` with the entry it owes to the log, and the container: one commit for many.
   If we stop here, recovery appends the owed entry; the sender's repeat finds the row and waits.
B  The log appends a batch and proves it. Appending is idempotent on the entry's id.
   If we stop here, recovery appends again and gets the same index.
C  The receipt is stored and one delivery per recipient becomes available: one commit for many.
   If we stop here, the answer is lost; the repeat gives the stored receipt, byte for byte.

The answer follows C, never before it. When the log is late the answer is «pending»; intake goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sextant_exchange.domain.envelopes import Acceptable, Held, HoldResult, Logged, Repeat
from sextant_exchange.domain.ports import LoggedLeaf, Step
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.receipts import format_custody

RETRY_LOG_S = 1.0  # pause before a late log is asked again


@dataclass(frozen=True, slots=True)
class Deposited:
    """The answer to a deposit: a receipt, or None while the log lags."""

    receipt: bytes | None
    is_repeat: bool


@dataclass(frozen=True)
class DurableSteps:
    """The three steps, each batched with whatever else waits for it; joined in `app`."""

    hold: Callable[[Acceptable], Awaitable[HoldResult]]
    append: Callable[[Held], Awaitable[LoggedLeaf]]
    accept: Callable[[Logged], Awaitable[None]]


class Deposits:
    """The use case, and the recovery that finishes what a stop left behind."""

    def __init__(
        self,
        steps: DurableSteps,
        mailbox_changed: Callable[[Sequence[str]], None],
        reached: Step,
        *,
        log_wait_s: float,
    ) -> None:
        self._steps = steps
        self._mailbox_changed = mailbox_changed
        self._reached = reached
        self._log_wait_s = log_wait_s
        self._finishing: dict[int, asyncio.Task[bytes]] = {}

    async def __call__(self, envelope: Acceptable) -> Deposited:
        """Make an accepted envelope durable and give its receipt.

        Raises:
            PlatformError: `E_DUPLICATE` for another manifest under the same id, `E_UNAVAILABLE`.
        """
        result = await self._steps.hold(envelope)
        is_repeat = result.repeat is Repeat.SAME
        if result.repeat is Repeat.OTHER:
            raise PlatformError(
                Code.DUPLICATE,
                f"envelope {envelope.id} exists with another manifest",
                fix="Use a fresh id for other content; repeat identical bytes for the same.",
            )
        if result.receipt is not None:
            return Deposited(result.receipt, is_repeat)
        if result.held is None:
            raise PlatformError(Code.INTERNAL, "an envelope was neither held nor receipted")
        if not is_repeat:
            self._reached("exchange.after_held")
        return Deposited(await self._wait(self.finish(result.held)), is_repeat)

    def finish(self, held: Held) -> "asyncio.Task[bytes]":
        """Start steps B and C of a held envelope, once, however often it is asked for."""
        task = self._finishing.get(held.number)
        if task is None:
            task = asyncio.create_task(self._finish(held))
            self._finishing[held.number] = task
            task.add_done_callback(lambda _done: self._finishing.pop(held.number, None))
        return task

    async def drain(self) -> None:
        """Give what is under way the time of one answer, then let go: it is held durably."""
        if self._finishing:
            await asyncio.wait(list(self._finishing.values()), timeout=self._log_wait_s)
        for task in list(self._finishing.values()):
            task.cancel()

    async def _wait(self, task: "asyncio.Task[bytes]") -> bytes | None:
        try:
            async with asyncio.timeout(self._log_wait_s):
                return await asyncio.shield(task)
        except TimeoutError:
            return None

    async def _finish(self, held: Held) -> bytes:
        leaf = await self._appended(held)
        self._reached("exchange.after_logged")
        receipt = format_custody(held.entry, leaf.proof)
        await self._steps.accept(Logged(held, leaf.index, receipt))
        self._reached("exchange.after_accepted")
        self._mailbox_changed(held.recipients)
        return receipt

    async def _appended(self, held: Held) -> LoggedLeaf:
        """Return the entry's place, however long the log takes: intake never fails for it."""
        while True:
            try:
                return await self._steps.append(held)
            except PlatformError as error:
                if error.code is not Code.UNAVAILABLE:
                    raise
            await asyncio.sleep(RETRY_LOG_S)
