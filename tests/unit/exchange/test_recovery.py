"""Recovery goes through everything that is held, and sweeps what nobody refers to."""

import pytest

from sextant_exchange.domain.completion import Completion
from sextant_exchange.domain.deposit import Deposits, DurableSteps
from sextant_exchange.domain.envelopes import Acceptable, Held, HoldResult
from sextant_exchange.domain.recovery import Recovery, Swept, sweep
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.root_loss import Announced
from sextant_shared.errors import PlatformError
from tests.support.parties import registrars
from tests.unit.exchange.stores import (
    MemoryAnnouncements,
    MemoryBlobs,
    MemoryEnvelopes,
    MemoryLog,
    MemoryParties,
    acceptable,
    away,
)

pytestmark = pytest.mark.anyio


async def bench(count: int, batch: int) -> tuple[Recovery, MemoryEnvelopes, MemoryLog]:
    log, envelopes = MemoryLog(), MemoryEnvelopes()
    completion = Completion(
        log, envelopes, lambda _: None, lambda: 0.0, reached=lambda _: None, trouble=lambda _: None
    )

    async def hold(envelope: Acceptable) -> HoldResult:
        return (await envelopes.hold([envelope], 0.0))[0]

    async def known(_claim: object) -> None:
        return None

    async def complete(held: Held) -> bytes:
        (outcome,) = await completion([held])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    await envelopes.hold([acceptable(number) for number in range(count)], 0.0)
    deposits = Deposits(DurableSteps(known, hold, complete), lambda _: None, log_wait_s=1.0)
    announced = Announced(MemoryAnnouncements(), log)
    parties = Registration(
        MemoryParties(), log, registrars(), lambda: 0.0, lambda _: None, announced
    )
    return Recovery(envelopes, deposits, parties, batch=batch), envelopes, log


@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
async def test_everything_held_is_finished_batch_by_batch(count: int) -> None:
    recover, envelopes, log = await bench(count, batch=3)
    await recover()
    assert len(envelopes.receipts) == count
    assert log.entries == [acceptable(number).entry for number in range(count)]


async def test_a_log_that_is_away_is_asked_for_one_batch_only() -> None:
    recover, envelopes, log = await bench(9, batch=3)
    log.fails = [away() for _ in range(3)]
    await recover()
    assert log.entries == []
    await recover()
    assert len(envelopes.receipts) == 9


async def test_an_entry_that_is_refused_for_good_does_not_hide_what_comes_after() -> None:
    recover, envelopes, log = await bench(9, batch=3)
    log.refuses = {acceptable(1).entry}
    await recover()
    assert len(envelopes.receipts) == 8


async def test_a_store_that_is_away_is_told() -> None:
    recover, envelopes, _ = await bench(1, batch=3)
    envelopes.is_away = True
    with pytest.raises(PlatformError):
        await recover()


async def test_only_blobs_without_a_row_are_swept() -> None:
    blobs = MemoryBlobs({"kept": 9.0, "orphan-1": 9.0, "orphan-2": 9.0})
    envelopes = MemoryEnvelopes(blobs={"kept", "elsewhere"})
    assert await sweep(blobs, envelopes, 5) == Swept(2, 0)
    assert set(blobs.stored) == {"kept"}


async def test_a_blob_whose_row_may_still_come_is_not_swept() -> None:
    blobs = MemoryBlobs({"under-way": 4.0, "orphan": 5.0}, begun=[4.0, 6.0])
    assert await sweep(blobs, MemoryEnvelopes(), 5) == Swept(1, 1)
    assert (set(blobs.stored), blobs.begun) == ({"under-way"}, [4.0])


async def test_a_look_removes_nothing() -> None:
    blobs = MemoryBlobs({"orphan": 5.0}, begun=[6.0])
    assert await sweep(blobs, MemoryEnvelopes(), 5, remove=False) == Swept(1, 1)
    assert (set(blobs.stored), blobs.begun) == ({"orphan"}, [6.0])
