"""The loop from the mailbox to the intake outlives everything outside."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from sextant_declarations.domain.deliveries import Lease
from sextant_declarations.domain.places import Collecting, NoPlaces
from sextant_declarations.domain.worker import Pace, Worker
from tests.support.logs import NOW
from tests.unit.declarations.fakes import FakeExchange
from tests.unit.declarations.world import World

pytestmark = pytest.mark.anyio
PACE = Pace(max_leases=3, lease_s=60, wait_s=20, pause_first_s=0.001, pause_cap_s=0.01, stop_s=0.05)


@pytest.fixture
def exchange() -> FakeExchange:
    world = World()
    accepted = world.declare()
    return FakeExchange(world, waiting=[accepted] * 10)


class Intake:
    """Holds deliveries until told to let go."""

    def __init__(self) -> None:
        self.most = 0
        self.under_way = 0
        self.finished = 0
        self.cancelled = 0
        self.go = asyncio.Event()
        self.full = asyncio.Event()

    async def __call__(self, _lease: Lease) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.under_way == PACE.max_leases:
            self.full.set()
        try:
            await self.go.wait()
            self.finished += 1
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(5):
            yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_no_more_deliveries_are_leased_than_there_is_room_for(
    exchange: FakeExchange,
) -> None:
    intake = Intake()
    worker = Worker(exchange, intake, lambda: NOW, PACE)
    async with running(worker):
        await intake.full.wait()
        await asyncio.sleep(0.01)
        assert intake.most == PACE.max_leases
        assert worker.status.in_flight == PACE.max_leases
        assert exchange.polls[0] == (3, 60, 20)


async def test_an_exchange_that_is_down_is_waited_for(exchange: FakeExchange) -> None:
    intake = Intake()
    exchange.down = True
    worker = Worker(exchange, intake, lambda: NOW, PACE)
    async with running(worker) as task:
        await until(lambda: worker.status.waiting_for is not None)
        assert "does not answer" in str(worker.status.waiting_for)
        assert worker.status.waiting_since == "2026-11-24T11:28:00Z"
        assert not task.done()
        exchange.down = False
        await intake.full.wait()
        assert worker.status.waiting_for is None


async def test_a_defect_while_leasing_is_waited_out(exchange: FakeExchange) -> None:
    intake = Intake()
    worker = Worker(exchange, intake, lambda: NOW, PACE)
    exchange.waiting = None  # type: ignore[assignment]
    async with running(worker):
        await until(lambda: worker.status.waiting_for is not None)
        exchange.waiting = [exchange.world.declare()] * 3
        await intake.full.wait()


async def test_a_stopping_worker_lets_deliveries_finish_and_then_cancels(
    exchange: FakeExchange,
) -> None:
    quick, stuck = Intake(), Intake()
    quick.go.set()

    turns = itertools.count()

    async def mixed(lease: Lease) -> None:
        await (quick if next(turns) % 3 else stuck)(lease)

    worker = Worker(exchange, mixed, lambda: NOW, PACE)
    async with running(worker):
        await until(lambda: bool(quick.finished and stuck.under_way))
    assert stuck.cancelled == stuck.most > 0
    assert worker.status.in_flight == 0


async def test_a_stopping_worker_gives_back_what_its_last_request_brings(
    exchange: FakeExchange,
) -> None:
    intake = Intake()
    exchange.ring = asyncio.Event()
    worker = Worker(exchange, intake, lambda: NOW, PACE)
    async with running(worker) as task:
        await until(lambda: bool(exchange.polls))
        task.cancel()
        await asyncio.sleep(0)
        exchange.ring.set()
        await asyncio.wait([task])
    assert [reason for _, reason, _ in exchange.released] == ["the service is stopping"] * 3
    assert intake.most == 0


async def test_a_stopping_worker_does_not_wait_long_for_its_last_request(
    exchange: FakeExchange,
) -> None:
    exchange.ring = asyncio.Event()
    worker = Worker(exchange, Intake(), lambda: NOW, PACE)
    async with running(worker) as task:
        await until(lambda: bool(exchange.polls))
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait([task])
    assert task.cancelled()


async def test_a_stopping_worker_that_only_waits_for_its_turn_to_ask_stops_at_once(
    exchange: FakeExchange,
) -> None:
    held, pace = asyncio.Event(), replace(PACE, stop_s=60)

    @asynccontextmanager
    async def turn() -> AsyncIterator[None]:
        await held.wait()
        yield

    asked = Collecting(exchange, NoPlaces(), turn)
    worker = Worker(asked, Intake(), lambda: NOW, pace, is_asked=lambda: asked.is_asking)
    async with running(worker) as task:
        await asyncio.sleep(0.01)
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait([task])
    assert exchange.polls == []
