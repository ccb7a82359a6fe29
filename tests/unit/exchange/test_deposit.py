"""The use case of a deposit: what is answered when, and what is never done twice."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sextant_exchange.domain.deposit import Deposits, DurableSteps
from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult
from sextant_shared.errors import Code, PlatformError
from tests.unit.exchange.stores import MemoryEnvelopes, acceptable, away, held

pytestmark = pytest.mark.anyio
Complete = Callable[[Held], Awaitable[bytes]]


def deposits(
    complete: Complete, store: MemoryEnvelopes | None = None, *, log_wait_s: float = 1.0
) -> tuple[Deposits, list[str]]:
    envelopes = store or MemoryEnvelopes()
    reached: list[str] = []

    async def hold(envelope: Acceptable) -> HoldResult:
        return (await envelopes.hold([envelope], 0.0))[0]

    async def known(claim: Claim) -> HoldResult | None:
        return (await envelopes.known([claim]))[0]

    steps = DurableSteps(known, hold, complete)
    return Deposits(steps, reached.append, log_wait_s=log_wait_s), reached


async def receipt_of(envelope: Held) -> bytes:
    return b"receipt of " + envelope.entry


async def never(_envelope: Held) -> bytes:
    await asyncio.Event().wait()
    raise AssertionError


async def test_an_id_with_another_manifest_is_refused_with_a_remedy() -> None:
    deposit, _ = deposits(receipt_of)
    await deposit(acceptable(1))
    rival = acceptable(1, manifest=b"x" * 32)
    with pytest.raises(PlatformError) as early:
        await deposit.repeat(rival.claim)
    with pytest.raises(PlatformError) as late:
        await deposit(rival)
    assert early.value.code is late.value.code is Code.DUPLICATE
    assert "fresh id" in late.value.fix


async def test_a_new_deposit_is_answered_after_the_last_step() -> None:
    deposit, reached = deposits(receipt_of)
    answer = await deposit(acceptable(1))
    assert (answer.receipt, answer.is_repeat) == (b"receipt of entry 1", False)
    assert reached == ["exchange.after_held"]


async def test_a_claim_that_is_new_is_no_repeat() -> None:
    deposit, _ = deposits(receipt_of)
    assert await deposit.repeat(acceptable(1).claim) is None


async def test_a_store_that_takes_nothing_refuses_and_nothing_is_started() -> None:
    started: list[Held] = []

    async def note(envelope: Held) -> bytes:
        started.append(envelope)
        return b""

    async def full(_envelope: Acceptable) -> HoldResult:
        raise away()

    async def known(_claim: object) -> None:
        return None

    deposit = Deposits(DurableSteps(known, full, note), lambda _: None, log_wait_s=1.0)
    with pytest.raises(PlatformError) as caught:
        await deposit(acceptable(1))
    assert caught.value.code is Code.UNAVAILABLE
    assert started == []


async def test_a_late_log_gives_a_pending_answer_and_is_not_asked_twice() -> None:
    asked: list[Held] = []

    async def slow(envelope: Held) -> bytes:
        asked.append(envelope)
        return await never(envelope)

    deposit, _ = deposits(slow, log_wait_s=0.01)
    first, again = await deposit(acceptable(1)), await deposit(acceptable(1))
    assert (first.receipt, first.is_repeat) == (None, False)
    assert (again.receipt, again.is_repeat) == (None, True)
    assert len(asked) == 1
    await deposit.drain()


async def test_who_repeats_while_the_first_waits_gets_the_same_receipt() -> None:
    gate = asyncio.Event()

    async def gated(envelope: Held) -> bytes:
        await gate.wait()
        return await receipt_of(envelope)

    deposit, reached = deposits(gated)
    answers = [asyncio.create_task(deposit(acceptable(1))) for _ in range(5)]
    await asyncio.sleep(0.01)
    gate.set()
    done = await asyncio.gather(*answers)
    assert {answer.receipt for answer in done} == {b"receipt of entry 1"}
    assert sorted(answer.is_repeat for answer in done) == [False, True, True, True, True]
    assert reached == ["exchange.after_held"]


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.INTEGRITY, Code.FORBIDDEN, Code.AUTH])
async def test_what_ails_the_log_is_not_the_senders_fault(code: Code) -> None:
    async def ailing(_envelope: Held) -> bytes:
        raise PlatformError(code, "between us and the log")

    deposit, _ = deposits(ailing)
    assert (await deposit(acceptable(1))).receipt is None


async def test_a_caller_that_goes_away_stops_nothing() -> None:
    gate = asyncio.Event()
    finished: list[Held] = []

    async def gated(envelope: Held) -> bytes:
        await gate.wait()
        finished.append(envelope)
        return b"r"

    deposit, _ = deposits(gated)
    caller = asyncio.create_task(deposit(acceptable(1)))
    await asyncio.sleep(0.01)
    caller.cancel()
    gate.set()
    await asyncio.sleep(0.01)
    assert len(finished) == 1


async def test_a_held_envelope_is_finished_by_one_task_at_a_time() -> None:
    deposit, _ = deposits(never)
    task = deposit.finish(held(1))
    assert deposit.finish(held(1)) is task
    assert deposit.finish(held(2)) is not task
    task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert deposit.finish(held(1)) is not task


async def test_draining_lets_go_of_what_the_log_does_not_finish() -> None:
    deposit, _ = deposits(never, log_wait_s=0.01)
    task = deposit.finish(held(1))
    await deposit.drain()
    await asyncio.sleep(0)
    assert task.cancelled()


async def test_who_waits_for_what_is_let_go_of_is_told_that_its_receipt_is_pending() -> None:
    deposit, _ = deposits(never, log_wait_s=0.1)
    task = deposit.finish(held(1))  # recovery had it already
    draining = asyncio.create_task(deposit.drain())
    await asyncio.sleep(0.05)
    answer = await deposit(acceptable(1))
    await draining
    assert task.cancelled()
    assert (answer.receipt, answer.is_repeat) == (None, False)
