"""Natural batching: whatever waits while one flush runs makes up the next. There is no timer.

At one caller this adds no latency; at many it shares fsyncs, HTTP calls and signatures.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sextant_shared.errors import Code, PlatformError

Item = TypeVar("Item")
Result = TypeVar("Result")

DEFAULT_MAX_BATCH = 256
DEFAULT_MAX_WAITING = 4096  # beyond this the caller is told to come back: bounded memory


class Batcher(Generic[Item, Result]):
    """Hands items to `flush` in groups; `flush` answers with one result or exception per item."""

    def __init__(
        self,
        flush: Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        max_batch: int = DEFAULT_MAX_BATCH,
        max_waiting: int = DEFAULT_MAX_WAITING,
    ) -> None:
        self._flush = flush
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Return what the flush that carried `item` said of it.

        Raises:
            PlatformError: `E_UNAVAILABLE` when too many items wait; else what the flush gave.
        """
        if len(self._waiting) >= self._max_waiting:
            raise PlatformError(Code.UNAVAILABLE, "too much work is waiting", retry_after_s=1)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await future

    async def drain(self) -> None:
        """Return when nothing waits and no flush runs."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def _run(self) -> None:
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        try:
            while self._waiting:
                batch = self._waiting[: self._max_batch]
                del self._waiting[: self._max_batch]
                self._settle(batch, await self._results([item for item, _ in batch]))
        finally:
            self._task = None
            for _, future in [*batch, *self._waiting]:
                future.cancel()  # only when this task was cancelled: nobody may wait for ever
            self._waiting.clear()

    async def _results(self, items: list[Item]) -> Sequence[Result | Exception]:
        try:
            results = await self._flush(items)
        except Exception as error:  # noqa: BLE001 -- every caller of the batch is told
            return [error] * len(items)
        if len(results) != len(items):
            fault = PlatformError(Code.INTERNAL, "a flush answered for another number of items")
            return [fault] * len(items)
        return results

    @staticmethod
    def _settle(
        batch: Sequence[tuple[Item, asyncio.Future[Result]]],
        results: Sequence[Result | Exception],
    ) -> None:
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue  # the caller went away; the work is done all the same
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
