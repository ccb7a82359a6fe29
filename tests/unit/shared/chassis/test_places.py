"""Places of requests: short waits, honest refusals, and no place that is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.chassis.places import Gate, Kind, Places
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio
LONG_S = 30.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_who_finds_no_place_waits_for_one_that_comes_free() -> None:
    gate = Gate(1, "requests")
    await gate.enter(0)
    waiting = asyncio.create_task(gate.enter(LONG_S))
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.leave()
    await waiting
    assert (gate.in_use, gate.refused) == (1, 0)


async def test_who_waited_in_vain_is_told_when_to_come_back_and_takes_nothing() -> None:
    gate = Gate(1, "reads")
    await gate.enter(0)
    with pytest.raises(PlatformError, match="too many reads at once") as caught:
        await gate.enter(0.001)
    assert (caught.value.code, caught.value.retry_after_s) == (Code.UNAVAILABLE, 1)
    gate.leave()
    assert (gate.in_use, gate.refused) == (0, 1)


async def test_the_line_is_no_longer_than_the_places_are_many() -> None:
    gate = Gate(1, "reads")
    await gate.enter(0)
    waiting = asyncio.create_task(gate.enter(LONG_S))
    await asyncio.sleep(0)
    with pytest.raises(PlatformError):
        await gate.enter(LONG_S)
    gate.leave()
    await waiting


async def test_whoever_only_waits_for_news_lends_its_places_and_takes_them_back() -> None:
    places = Places(1, {})
    scope: dict[str, object] = {}
    async with places.taken(scope, Kind.READ):
        with places.lent(scope):
            async with places.taken({}, Kind.READ):
                assert places.in_use["read"] == 1
        assert places.in_use["read"] == 1
    assert set(places.in_use.values()) == {0}


async def test_a_place_that_comes_as_its_caller_goes_away_is_not_lost() -> None:
    gate = Gate(1, "reads")
    await gate.enter(0)
    waiting = asyncio.create_task(gate.enter(LONG_S))
    await asyncio.sleep(0)
    gate.leave()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert gate.in_use == 0


@settings(max_examples=25, deadline=None)
@given(
    total=st.integers(1, 3),
    steps=st.lists(st.sampled_from(["come", "go", "give up"]), max_size=30),
)
def test_places_are_never_more_and_never_fewer_than_there_are(total: int, steps: list[str]) -> None:
    async def play() -> None:
        gate = Gate(total, "reads")
        inside: list[int] = []
        tasks: list[asyncio.Task[None]] = []

        async def stay(leave: Callable[[], Awaitable[object]]) -> None:
            await gate.enter(LONG_S)
            inside.append(1)
            assert len(inside) <= total
            try:
                await leave()
            finally:
                inside.pop()
                gate.leave()

        doors: list[asyncio.Event] = []
        for step in steps:
            if step == "come":
                doors.append(asyncio.Event())
                tasks.append(asyncio.create_task(stay(doors[-1].wait)))
            elif step == "go" and doors:
                doors.pop(0).set()
            elif tasks:
                tasks.pop().cancel()
            await asyncio.sleep(0)
        for door in doors:
            door.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.001)
        assert gate.in_use == 0

    asyncio.run(play())
