"""The group committer: one thread that owns the only writing connection of a database.

On a database that several processes share there are a few such threads instead (`hands`), and each
work is a transaction of its own: the server commits them together, and none holds locks for longer
than it needs. What the server undid because of another transaction is repeated there (`tries`).

Works that wait while one transaction commits share the next one: one fsync for all. There is no
timer, so a lone caller does not wait. A future resolves only after COMMIT: what a caller is told
is durable. One failing work is rolled back to its savepoint and does not sink the others; a fault
of the store itself (full, locked, unreadable) or of the commit fails them all.

What a store wants done now and then, and nobody should wait for, is its `rest`: a hand does it
after so many works, once it has told their callers and no other work waits.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import sleep
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from sextant_shared.chassis.faults import fault_of, is_fault, told_of
from sextant_shared.chassis.sharing import is_race
from sextant_shared.clock import random_bytes
from sextant_shared.errors import Code, PlatformError

T = TypeVar("T")
Outcome = tuple[Any, Exception | None]
Before = Callable[[Connection], None]
Rest = Callable[[Connection], None]
MAX_BATCH = 256  # beyond it a commit takes long enough for others to notice
MAX_WAITING = 4096  # beyond it callers are told to come back: bounded memory
REST_AFTER = 64  # works: each rest stays short, a hundredth of a second at most
PAUSE_S = 0.02  # before a repeat, doubled each time and spread: who collided comes apart


@dataclass(frozen=True, slots=True)
class _Work:
    run: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class _UnsureError(Exception):
    """The line broke inside COMMIT: what was sent may stand, and is never repeated from here."""


class Writer:
    """Runs works in order, many to a transaction; `before` stands first in each and may refuse it.

    With several `hands` works are still begun in order. `_waiting` and `_closing` belong to whoever
    holds `_changed`, each connection to its thread.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        before: Before | None = None,
        rest: Rest | None = None,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
        hands: int = 1,
        tries: int = 1,
    ) -> None:
        connections = [engine.connect() for _ in range(hands)]
        self._tries = tries
        self._before = before
        self._rest = rest
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: deque[_Work] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._run, args=(one,), name="writer", daemon=True)
            for one in connections
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returned, once its effect is durable.

        A caller that goes away does not take its work back: it may be committed all the same.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the queue is full, the store is closed, cannot
                write, or the commit failed; then nothing of it is stored. `E_INTEGRITY` when the
                file is damaged. Else what `work` raised.
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
        """Finish what waits and end the threads."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self, open_connection: Connection) -> None:
        with open_connection as connection:
            since = 0
            while batch := self._take():
                _tell(batch, _commit(connection, batch, self._before, self._tries))
                since += len(batch)
                if self._rest and since >= REST_AFTER and not self._waiting:
                    self._rest(connection)
                    since = 0

    def _take(self) -> list[_Work]:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            count = min(len(self._waiting), self._max_batch)
            return [self._waiting.popleft() for _ in range(count)]


def _commit(
    connection: Connection, batch: Sequence[_Work], before: Before | None, tries: int
) -> list[Outcome]:
    """Run a batch in one transaction and commit it; repeat what another transaction undid."""
    failure: Exception = PlatformError(Code.INTERNAL, "nothing was tried")
    for tried in range(1, tries + 1):
        try:
            return _transaction(connection, batch, before)
        except _UnsureError as unsure:
            failure = fault_of(_cause(unsure))
            break
        except Exception as error:  # noqa: BLE001 -- told to the caller whose work raised it
            failure = told_of(error) or error
            if tried == tries or not _may_repeat(error):
                break
            sleep(PAUSE_S * 2**tried * random_bytes(1)[0] / 255)
    return [(None, failure)] * len(batch)


def _transaction(
    connection: Connection, batch: Sequence[_Work], before: Before | None
) -> list[Outcome]:
    outcomes: list[Outcome] | None = None
    try:
        with connection.begin():
            if before is not None:
                before(connection)
            if len(batch) == 1:
                outcomes = [(batch[0].run(connection), None)]
            else:
                outcomes = [_in_savepoint(connection, work) for work in batch]
    except DBAPIError as error:
        if outcomes is None or is_race(error):
            raise
        raise _UnsureError from error  # it was the commit that failed
    return outcomes


def _may_repeat(error: Exception) -> bool:
    """Whether nothing of a transaction stands, and another try may end otherwise."""
    return is_race(error) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _cause(unsure: _UnsureError) -> Exception:
    return unsure.__cause__ if isinstance(unsure.__cause__, Exception) else unsure


def _in_savepoint(connection: Connection, work: _Work) -> Outcome:
    # Straight to the driver: the framework's own savepoints cost more than the insert inside.
    execute = connection.connection.cursor().execute
    execute("SAVEPOINT work")
    try:
        result = work.run(connection)
    except Exception as error:
        if is_fault(error):
            raise  # the whole transaction is in doubt
        execute("ROLLBACK TO work")
        execute("RELEASE work")
        return None, told_of(error) or error
    execute("RELEASE work")
    return result, None


def _tell(batch: Sequence[_Work], outcomes: Sequence[Outcome]) -> None:
    """Resolve futures with one wake-up per event loop, not one per work."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Outcome]]] = {}
    for work, outcome in zip(batch, outcomes, strict=True):
        by_loop.setdefault(work.loop, []).append((work.future, outcome))
    for loop, pairs in by_loop.items():
        with suppress(RuntimeError):  # that loop was closed: nobody is left to be told
            loop.call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[asyncio.Future[Any], Outcome]]) -> None:
    for future, (result, error) in pairs:
        if future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
