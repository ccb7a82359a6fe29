"""The group committer: one thread that owns the only writing connection of a database.

Works that wait while one transaction commits share the next one: one fsync for all. There is no
timer, so a lone caller does not wait. A future resolves only after COMMIT: what a caller is told
is durable. One failing work is rolled back to its savepoint and does not sink the others.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")
Outcome = tuple[Any, Exception | None]


@dataclass(frozen=True, slots=True)
class _Work:
    run: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Writer:
    """Runs works in order, many to a transaction."""

    def __init__(self, engine: Engine, *, max_batch: int = 256, max_waiting: int = 4096) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: deque[_Work] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returned, once its effect is durable.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the queue is full, the store is closed, or the
                commit failed; then nothing of it is stored. Else what `work` raised.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._changed:
            if self._closing or len(self._waiting) >= self._max_waiting:
                raise PlatformError(
                    Code.UNAVAILABLE, "the store takes no more work now", retry_after_s=1
                )
            self._waiting.append(_Work(work, future, loop))
            self._changed.notify()
        return await future

    def close(self) -> None:
        """Finish what waits and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while batch := self._take():
                outcomes = _commit(connection, batch)
                _tell(batch, outcomes)

    def _take(self) -> list[_Work]:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            count = min(len(self._waiting), self._max_batch)
            return [self._waiting.popleft() for _ in range(count)]


def _commit(connection: Connection, batch: Sequence[_Work]) -> list[Outcome]:
    """Run a batch in one transaction and commit it."""
    failure: Exception
    try:
        with connection.begin():
            if len(batch) == 1:
                return [(batch[0].run(connection), None)]
            return [_in_savepoint(connection, work) for work in batch]
    except OperationalError as error:
        failure = unavailable(error)
    except Exception as error:  # noqa: BLE001 -- told to the caller whose work raised it
        failure = error
    return [(None, failure)] * len(batch)


def _in_savepoint(connection: Connection, work: _Work) -> Outcome:
    try:
        with connection.begin_nested():
            return work.run(connection), None
    except OperationalError:
        raise  # disk full or unreadable: the whole transaction is in doubt
    except Exception as error:  # noqa: BLE001 -- told to the caller whose work raised it
        return None, error


def _tell(batch: Sequence[_Work], outcomes: Sequence[Outcome]) -> None:
    """Resolve futures with one wake-up per event loop, not one per work."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Outcome]]] = {}
    for work, outcome in zip(batch, outcomes, strict=True):
        by_loop.setdefault(work.loop, []).append((work.future, outcome))
    for loop, pairs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[asyncio.Future[Any], Outcome]]) -> None:
    for future, (result, error) in pairs:
        if future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)


def unavailable(error: OperationalError) -> PlatformError:
    """Return what callers are told when the store cannot take or give anything now."""
    return PlatformError(
        Code.UNAVAILABLE,
        f"the store cannot answer now: {type(error.orig).__name__}",
        fix="Repeat later; the operator sees the cause in the log.",
        retry_after_s=2,
    )
