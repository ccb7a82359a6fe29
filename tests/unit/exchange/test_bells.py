"""Who waits for a mailbox, who is woken, and who is not served any more."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sextant_exchange.domain import mailboxes
from sextant_exchange.domain.mailboxes import Bells
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio
Look = Callable[[], Awaitable[list[int]]]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks again unless a bell rings."""
    monkeypatch.setattr(mailboxes, "RECHECK_S", 60.0)


async def here() -> bool:
    return False


class Mailbox:
    """Finds what lies in it, and counts how often somebody looked."""

    def __init__(self) -> None:
        self.content: list[int] = []
        self.looks = 0

    async def look(self) -> list[int]:
        self.looks += 1
        return list(self.content)


async def waiting(bells: Bells, box: Mailbox, wait_s: float = 30) -> "asyncio.Task[list[int]]":
    task = asyncio.create_task(bells.until("SEC", wait_s, box.look, here))
    await asyncio.sleep(0.01)
    return task


async def test_what_is_there_is_given_at_once() -> None:
    box = Mailbox()
    box.content = [1]
    assert await Bells(1).until("SEC", 30, box.look, here) == [1]
    assert box.looks == 1


async def test_who_does_not_wait_is_told_that_nothing_is_there() -> None:
    box = Mailbox()
    assert await Bells(1).until("SEC", 0, box.look, here) == []
    assert box.looks == 1


async def test_a_bell_wakes_everybody_at_that_mailbox_and_nobody_else() -> None:
    bells, box, other = Bells(9), Mailbox(), Mailbox()
    tasks = [await waiting(bells, box) for _ in range(3)]
    elsewhere = asyncio.create_task(bells.until("NA-XAL", 30, other.look, here))
    await asyncio.sleep(0.01)
    box.content, looks = [7], other.looks
    bells.ring(["SEC"])
    assert await asyncio.gather(*tasks) == [[7]] * 3
    assert other.looks == looks
    elsewhere.cancel()


async def test_what_comes_between_a_look_and_the_wait_is_not_missed() -> None:
    bells = Bells(9)
    content: list[int] = []

    async def look() -> list[int]:
        found = list(content)
        if not content:
            content.append(1)  # it comes right after we looked
            bells.ring(["SEC"])
        return found

    async with asyncio.timeout(5):
        assert await bells.until("SEC", 30, look, here) == [1]


async def test_a_wait_ends_in_time() -> None:
    box = Mailbox()
    async with asyncio.timeout(5):
        assert await Bells(9).until("SEC", 0.02, box.look, here) == []


async def test_a_caller_that_went_away_gets_nothing_leased() -> None:
    bells, box, is_gone = Bells(9), Mailbox(), asyncio.Event()

    async def gone() -> bool:
        return is_gone.is_set()

    task = asyncio.create_task(bells.until("SEC", 30, box.look, gone))
    await asyncio.sleep(0.01)
    is_gone.set()
    box.content, looks = [1], box.looks
    bells.ring(["SEC"])
    assert await task == []
    assert box.looks == looks


async def test_a_service_that_stops_lets_everybody_go() -> None:
    stopping = asyncio.Event()
    bells, box = Bells(9, closing=stopping.is_set), Mailbox()
    task = await waiting(bells, box)
    stopping.set()
    bells.ring(["SEC"])
    async with asyncio.timeout(5):
        assert await task == []


async def test_places_are_bounded_and_come_free_again() -> None:
    bells, box = Bells(1), Mailbox()
    task = await waiting(bells, box)
    with pytest.raises(PlatformError) as caught:
        await bells.until("NA-XAL", 30, box.look, here)
    assert caught.value.code is Code.UNAVAILABLE
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = await waiting(bells, box)
    box.content = [1]
    bells.ring(["SEC"])
    assert await again == [1]
