"""A delivery among others of its sender that other processes have under way."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from sextant_declarations.domain import intake
from sextant_declarations.domain.places import Ahead, NoPlaces
from sextant_shared.errors import Code, PlatformError
from tests.unit.declarations.secretariat import PATIENCE, Secretariat
from tests.unit.declarations.world import XAL

pytestmark = pytest.mark.anyio


@pytest.fixture
def secretariat(tmp_path: Path) -> Secretariat:
    return Secretariat(tmp_path)


class Standing(NoPlaces):
    """Places with others before ours, as they are looked at one after the other."""

    def __init__(self, *ahead: Ahead) -> None:
        self.ahead_of_us = list(ahead)
        self.left: list[int] = []
        self.put: list[int] = []

    async def leave(self, seq: int) -> None:
        self.left.append(seq)

    async def put_down(self, seq: int) -> None:
        self.put.append(seq)

    async def ahead(self, sender: str, seq: int) -> Ahead:
        assert (sender, bool(seq)) == (XAL, True)
        return self.ahead_of_us.pop(0) if self.ahead_of_us else Ahead.NOTHING


async def test_a_delivery_waits_for_earlier_ones_in_other_processes_then_gives_its_place_up(
    secretariat: Secretariat,
) -> None:
    places = Standing(Ahead.UNDER_WAY, Ahead.UNDER_WAY)
    secretariat.intake = replace(secretariat.intake, places=places)
    secretariat.deliver(secretariat.world.declare())
    await secretariat.take_in()
    assert places.ahead_of_us == []
    assert len(places.left) == len(secretariat.exchange.acknowledged) == 1


async def test_a_delivery_behind_one_that_was_left_behind_goes_back_and_keeps_its_place(
    secretariat: Secretariat,
) -> None:
    places = Standing(Ahead.LEFT_BEHIND)
    secretariat.intake = replace(secretariat.intake, places=places)
    secretariat.deliver(secretariat.world.declare())
    await secretariat.take_in()
    assert secretariat.records == []
    ((_, reason, delay_s),) = secretariat.exchange.released
    assert "left an earlier delivery of this sender behind" in reason
    assert delay_s == PATIENCE.behind_s
    assert len(secretariat.exchange.untried) == 1
    assert (places.left, len(places.put)) == ([], 1)  # or a later one could overtake it


async def test_a_stopping_worker_keeps_its_place_and_gives_its_lease_back_without_a_database_too(
    secretariat: Secretariat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "RELEASE_ON_STOP_S", 0.1)

    looked = asyncio.Event()

    class Still(Standing):
        async def ahead(self, sender: str, seq: int) -> Ahead:
            looked.set()
            return await super().ahead(sender, seq)

        async def put_down(self, seq: int) -> None:
            await super().put_down(seq)
            await asyncio.Event().wait()

    places = Still(*[Ahead.UNDER_WAY] * 100)
    secretariat.deliver(secretariat.world.declare())
    waiting = asyncio.create_task(
        replace(secretariat.intake, places=places)(secretariat.exchange.leases()[0])
    )
    await looked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (places.left, len(places.put)) == ([], 1)
    assert secretariat.exchange.released[0][1:] == ("the service is stopping", 0)


async def test_who_waits_comes_again_as_soon_however_often_and_who_fails_comes_later(
    secretariat: Secretariat,
) -> None:
    class Failing(Standing):
        async def ahead(self, sender: str, seq: int) -> Ahead:
            raise PlatformError(Code.UNAVAILABLE, f"the store cannot answer about {sender} {seq}")

    secretariat.deliver(secretariat.world.declare())
    for places in (Standing(*[Ahead.LEFT_BEHIND] * 4), Failing()):
        secretariat.intake = replace(secretariat.intake, places=places)
        for _ in range(4):
            await secretariat.take_in()
    delays = [delay_s for _, _, delay_s in secretariat.exchange.released]
    assert delays[:4] == [PATIENCE.behind_s] * 4
    assert min(delays[5:]) > PATIENCE.behind_s
    assert len(secretariat.exchange.untried) == 4


async def test_a_place_that_cannot_be_given_up_stops_no_delivery(
    secretariat: Secretariat,
) -> None:
    class Away(Standing):
        async def leave(self, seq: int) -> None:
            raise PlatformError(Code.UNAVAILABLE, f"the store cannot answer about {seq}")

    secretariat.intake = replace(secretariat.intake, places=Away())
    secretariat.deliver(secretariat.world.declare())
    await secretariat.take_in()
    assert len(secretariat.records) == len(secretariat.exchange.acknowledged) == 1


async def test_a_delivery_that_was_stored_before_gives_its_place_up_before_it_is_acknowledged(
    secretariat: Secretariat,
) -> None:
    """Whoever dies between the two leaves no place behind that no delivery comes back to."""
    acknowledged = secretariat.exchange.acknowledged

    class Watched(Standing):
        async def leave(self, seq: int) -> None:
            assert seq
            self.left.append(len(acknowledged))

    places = Watched()
    secretariat.intake = replace(secretariat.intake, places=places)
    secretariat.deliver(secretariat.world.declare())
    await secretariat.take_in()
    await secretariat.take_in()
    assert len(secretariat.records) == 1
    assert places.left == [0, 1]
    assert len(acknowledged) == 2
