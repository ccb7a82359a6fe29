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

A commit that does not end in time (`confirming`) is left alone, and its callers are told that it
may stand. Until it ends no other work is begun: who waits, or comes, is told that nothing of his is
stored.
"""

import asyncio
import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import sleep
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from sextant_shared.chassis.confirming import Commits, not_taken, unconfirmed
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
LOOK_S = 0.1  # how often a close looks whether the commit that it waits for is overdue


@dataclass(eq=False, slots=True)
class _Work:
    run: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    hand: int | None = None  # which has it in its transaction
    timer: asyncio.TimerHandle | None = None


class _UnsureError(Exception):
    """The line broke inside COMMIT: what was sent may stand, and is never repeated from here."""


class Writer:
    """Runs works in order, many to a transaction; `before` stands first in each and may refuse it.

    With several `hands` works are still begun in order. `_waiting`, `_closing` and whose a work is
    belong to whoever holds `_changed`, each connection to its thread.

    A commit may take `commit_s`; after that callers wait no longer.
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
        commit_s: float = math.inf,
    ) -> None:
        self.commits = Commits(hands, commit_s)
        connections = [engine.connect() for _ in range(hands)]
        self._tries = tries
        self._before = before
        self._rest = rest
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: deque[_Work] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._is_left = False  # nobody waits for the hands that still commit
        self._threads = [
            threading.Thread(target=self._run, args=(n, one), name="writer", daemon=True)
            for n, one in enumerate(connections)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returned, once its effect is durable.

        A caller that goes away does not take its work back: it may be committed all the same.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the queue is full, the store is closed, cannot
                write, or the commit failed; then nothing of it is stored. The same when its commit
                is not confirmed in time: then it may be stored, now or later. `E_INTEGRITY` when
                the file is damaged. Else what `work` raised.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        one = _Work(work, future, loop)
        if self.commits.is_overdue:
            raise not_taken()
        with self._changed:
            if self._closing or len(self._waiting) >= self._max_waiting:
                raise PlatformError(
                    Code.UNAVAILABLE, "the store takes no more work now", retry_after_s=1
                )
            self._waiting.append(one)
            self._changed.notify()
        if self.commits.bound_s < math.inf:
            self._watch(one)
        try:
            return await future
        finally:
            if one.timer is not None:
                one.timer.cancel()

    def close(self) -> None:
        """Finish what waits and end the threads; a commit that is overdue is left to the server."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            while thread.is_alive() and not self.commits.is_overdue:
                thread.join(LOOK_S)
        self._is_left = any(thread.is_alive() for thread in self._threads)

    def _watch(self, work: _Work) -> None:
        """Tell a work's caller once the commit that it waits for is overdue; until then look again.

        What was not begun never is: whoever is told so knows that nothing of it is stored.
        """
        with self._changed:
            hand = work.hand
            left_s = self.commits.left_s(hand)
            if left_s <= 0 and hand is None:
                self._waiting.remove(work)
        if left_s > 0:
            work.timer = work.loop.call_later(left_s, self._watch, work)
            return
        self.commits.tell()
        if not work.future.done():
            work.future.set_exception(not_taken() if hand is None else unconfirmed())

    def _run(self, hand: int, open_connection: Connection) -> None:
        with open_connection as connection:
            since = 0
            while batch := self._take(hand):
                begin = partial(self.commits.begin, hand)
                outcomes, failed = _commit(connection, batch, self._before, self._tries, begin)
                self.commits.end(hand, failed=failed)
                _tell(batch, outcomes)
                since += len(batch)
                if self._rest and since >= REST_AFTER and not self._waiting:
                    self._rest(connection)
                    since = 0
            if self._is_left:
                connection.invalidate()  # its pool is gone: end the session, and what it locks

    def _take(self, hand: int) -> list[_Work]:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            count = min(len(self._waiting), self._max_batch)
            batch = [self._waiting.popleft() for _ in range(count)]
            for work in batch:
                work.hand = hand
            return batch


def _commit(
    connection: Connection,
    batch: Sequence[_Work],
    before: Before | None,
    tries: int,
    begin: Callable[[], None],
) -> tuple[list[Outcome], bool]:
    """Run a batch in one transaction and commit it; repeat what another transaction undid.

    Return what came of each, and whether the store failed; `begin` is told of each commit.
    """
    failure: Exception = PlatformError(Code.INTERNAL, "nothing was tried")
    failed = False
    for tried in range(1, tries + 1):
        try:
            return _transaction(connection, batch, before, begin), False
        except _UnsureError as unsure:
            failure, failed = fault_of(_cause(unsure)), True
            break
        except Exception as error:  # noqa: BLE001 -- told to the caller whose work raised it
            failure = told_of(error) or error
            failed = isinstance(failure, PlatformError) and failure.code is Code.UNAVAILABLE
            if tried == tries or not _may_repeat(error):
                break
            sleep(PAUSE_S * 2**tried * random_bytes(1)[0] / 255)
    return [(None, failure)] * len(batch), failed


def _transaction(
    connection: Connection,
    batch: Sequence[_Work],
    before: Before | None,
    begin: Callable[[], None],
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
            begin()
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
