"""What is owed is delivered, whatever others do, and believed only when it verifies."""

import asyncio
from pathlib import Path

import pytest

from sextant_declarations.domain.relay import Backoff, repeat
from sextant_shared.errors import Code, PlatformError
from tests.unit.declarations.fakes import PowerCutError
from tests.unit.declarations.secretariat import Secretariat
from tests.unit.declarations.world import XAL

pytestmark = pytest.mark.anyio


@pytest.fixture
async def secretariat(tmp_path: Path) -> Secretariat:
    made = Secretariat(tmp_path)
    made.deliver(made.world.declare(version=1), made.world.declare(version=2))
    await made.take_in()
    return made


async def test_a_log_that_is_down_leaves_entries_owed_and_replies_delivered(
    secretariat: Secretariat,
) -> None:
    secretariat.log.down = True
    await secretariat.relay()
    assert secretariat.store.proofs == []
    assert len(secretariat.store.custody) == 4
    secretariat.log.down = False
    secretariat.now += 2
    await secretariat.relay()
    assert len(secretariat.store.proofs) == 4


async def test_entries_are_appended_in_one_batch(secretariat: Secretariat) -> None:
    await secretariat.relay()
    assert secretariat.log.batches == [4]


async def test_an_entry_the_log_refuses_does_not_hold_up_the_others(
    secretariat: Secretariat,
) -> None:
    bad = secretariat.records[0].entries[1].leaf
    secretariat.log.refuse = {bad}
    await secretariat.relay()
    assert len(secretariat.store.proofs) == 3
    owed = await secretariat.store.due_entries(10, secretariat.now + 3600)
    assert [entry.leaf for entry in owed] == [bad]


async def test_a_place_the_log_cannot_prove_is_not_believed(secretariat: Secretariat) -> None:
    secretariat.log.lie = True
    await secretariat.relay()
    assert secretariat.store.proofs == []
    assert "E_INTEGRITY" in str(secretariat.store.state["entry", 0, 0].error)


async def test_a_pending_receipt_is_fetched_later_and_the_reply_not_deposited_twice(
    secretariat: Secretariat,
) -> None:
    secretariat.exchange.pending = True
    await secretariat.relay()
    assert secretariat.store.custody == {}
    containers = dict(secretariat.exchange.deposited)
    secretariat.exchange.pending = False
    secretariat.now += 2
    await secretariat.relay()
    assert len(secretariat.store.custody) == 4
    assert secretariat.exchange.deposited == containers


async def test_a_receipt_for_another_reply_is_not_believed(secretariat: Secretariat) -> None:
    secretariat.exchange.pending = True
    await secretariat.relay()
    secretariat.exchange.pending = False
    receipts = secretariat.exchange.receipts
    first, second, *_ = receipts
    receipts[first], receipts[second] = receipts[second], receipts[first]
    secretariat.now += 2
    await secretariat.relay()
    assert len(secretariat.store.custody) == 2
    assert sorted(r.verdict for r in secretariat.replies_to(XAL)) == sorted(
        ["OPENED", "REGISTERED"] * 2
    )


@pytest.mark.parametrize("code", [Code.CLOCK, Code.KEY, Code.RECIPIENT])
async def test_a_reply_that_became_too_old_is_sealed_anew_under_another_id(
    secretariat: Secretariat, code: Code
) -> None:
    before = [reply.order.id for record in secretariat.records for reply in record.replies]
    secretariat.exchange.refuse = code
    await secretariat.relay()
    assert sorted(secretariat.exchange.refused) == sorted(before)
    await secretariat.relay()
    assert len(secretariat.exchange.refused) == len(before), "a pause comes first"
    secretariat.exchange.refuse = None
    secretariat.now += 2
    await secretariat.relay()
    assert len(secretariat.store.custody) == 4
    assert not set(before) & set(secretariat.exchange.deposited)
    assert sorted(r.verdict for r in secretariat.replies_to(XAL)) == sorted(
        ["OPENED", "REGISTERED"] * 2
    )


async def test_a_reply_that_is_refused_now_and_was_accepted_before_is_not_sealed_anew(
    secretariat: Secretariat,
) -> None:
    secretariat.step.name = "declarations.after_reply"
    with pytest.raises(PowerCutError):
        await secretariat.relay_replies()
    accepted = set(secretariat.exchange.deposited)
    secretariat.exchange.refuse = Code.CLOCK
    await secretariat.relay_replies()
    secretariat.exchange.refuse = None
    await secretariat.relay_replies()
    assert accepted
    assert accepted <= {r.order.id for record in secretariat.records for r in record.replies}
    assert len(secretariat.exchange.deposited) == len(secretariat.store.custody) == 4


async def test_a_refusal_that_time_does_not_explain_stays_owed_as_it_is(
    secretariat: Secretariat,
) -> None:
    before = [reply.order.id for record in secretariat.records for reply in record.replies]
    secretariat.exchange.refuse = Code.POLICY
    await secretariat.relay()
    assert [r.order.id for record in secretariat.records for r in record.replies] == before
    assert "E_POLICY" in str(secretariat.store.state["reply", 0, 0].error)


async def test_pauses_double_up_to_the_cap() -> None:
    backoff = Backoff(first_s=1.0, cap_s=60.0)
    pauses = [backoff.pause_s(attempts) for attempts in (0, 3, 500)]
    assert 0.5 <= pauses[0] <= 1
    assert 4 <= pauses[1] <= 8
    assert 30 <= pauses[2] <= 60
    busy = PlatformError(Code.RATE, "too many at once", retry_after_s=90)
    assert backoff.pause_s(0, busy) == 90


async def test_a_defect_in_a_cycle_does_not_end_the_loop() -> None:
    cycles = 0
    done = asyncio.Event()

    async def cycle() -> bool:
        nonlocal cycles
        cycles += 1
        if cycles == 1:
            raise ValueError("a defect")
        done.set()
        return False

    task = asyncio.create_task(repeat(cycle, wake=asyncio.Event(), poll_s=0.001))
    async with asyncio.timeout(5):
        await done.wait()
    task.cancel()
    assert cycles >= 2
