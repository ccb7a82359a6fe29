"""A ledger on a server is cut off while it commits: nobody knows, the next batch looks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_audit.domain.checking import check_log
from sextant_audit.domain.ports import WritableRows
from sextant_shared.errors import Code, PlatformError
from tests.unit.audit.memory import MemoryLedger, TestLog
from tests.unit.audit.test_sequencing import entries, proved

pytestmark = pytest.mark.anyio
T = TypeVar("T")
ANSWERED, COMMITTED, ROLLED_BACK, UNREACHED = "answered", "committed", "rolled back", "unreached"


@dataclass
class FarLedger(MemoryLedger):
    """Does with the next write as it is told, and answers `E_UNAVAILABLE` unless all went well."""

    fate: str = ANSWERED

    async def write(self, work: Callable[[WritableRows], T]) -> T:
        fate, self.fate = self.fate, ANSWERED
        if fate == ANSWERED:
            return await super().write(work)
        if fate == ROLLED_BACK:
            work(self.rows.copy())
        if fate == COMMITTED:
            await super().write(work)
        raise PlatformError(Code.UNAVAILABLE, "the line is cut", retry_after_s=1)


async def begun() -> tuple[TestLog, FarLedger]:
    ledger = FarLedger()
    return await TestLog(ledger=ledger).start(), ledger


async def try_to_place(log: TestLog, *numbers: int) -> bool:
    try:
        [answer] = await log.sequencer.flush([entries(*numbers)])
    except PlatformError as error:
        if error.code is not Code.UNAVAILABLE:
            raise
        return False
    proved(answer, entries(*numbers))
    return True


async def test_entries_of_others_are_still_refused() -> None:
    log, ledger = await begun()
    ledger.fate = ROLLED_BACK
    assert not await try_to_place(log, 1, 2)
    ledger.rows.add_entries(1, entries(7, 8))  # as many as were tried, and others
    with pytest.raises(PlatformError) as caught:
        await log.sequencer.flush([entries(3)])
    assert caught.value.code is Code.INTEGRITY


@pytest.mark.parametrize("fate", [COMMITTED, ROLLED_BACK, UNREACHED])
async def test_a_repeat_is_proved_at_its_one_place(fate: str) -> None:
    log, ledger = await begun()
    ledger.fate = fate
    assert not await try_to_place(log, 1, 2)
    [answer] = await log.sequencer.flush([entries(1, 2, 3)])
    assert proved(answer, entries(1, 2, 3)) == [1, 2, 3]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from([ANSWERED, COMMITTED, ROLLED_BACK, UNREACHED]), max_size=8))
async def test_after_any_cuts_the_log_is_whole_and_goes_on(fates: list[str]) -> None:
    log, ledger = await begun()
    for n, fate in enumerate(fates):
        ledger.fate = fate
        placed = await try_to_place(log, *range(1 + 100 * n, 101 + 100 * n))
        assert placed == (fate == ANSWERED)
    assert await try_to_place(log, 9001)
    for n in range(len(fates)):
        assert await try_to_place(log, *range(1 + 100 * n, 101 + 100 * n))
    await log.publisher.publish()
    report = await check_log(ledger, log.signer.keys, (log.signer.size, log.signer.root))
    assert report.size == 2 + 100 * len(fates)


async def test_a_head_whose_storing_was_not_answered_is_served_all_the_same() -> None:
    log, ledger = await begun()
    assert await try_to_place(log, 1)
    ledger.fate = COMMITTED
    with pytest.raises(PlatformError, match="E_UNAVAILABLE"):
        await log.publisher.publish()
    assert log.publisher.size == 1
    await log.publisher.publish()
    assert log.publisher.size == 2
