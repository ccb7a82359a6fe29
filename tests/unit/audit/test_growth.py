"""The growth of the log as few heads: bounded, never far off, and asked of the ledger once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_audit.domain.growth import MAX_POINTS, Growth
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT
from sextant_shared.protocol.checkpoints import sign_checkpoint
from tests.support.logs import ORIGIN, log_signers
from tests.unit.audit.memory import MemoryLedger, MemoryRows, TestLog, new_entry

pytestmark = pytest.mark.anyio


class CountedRows(MemoryRows):
    """Heads of which only the size is asked for: a note costs two signatures."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__(notes=dict.fromkeys(sizes, ""))
        self.asked = 0

    def checkpoint_from(self, size: int) -> str | None:
        self.asked += 1
        found = [each for each in self.notes if each >= size]
        return note_of(min(found)) if found else None


def note_of(size: int) -> str:
    """Return a head of that size; the signature bytes of another are good enough to read."""
    return NOTE.replace("\n1\n", f"\n{size}\n", 1)


NOTE = sign_checkpoint(ORIGIN, 1, EMPTY_ROOT, log_signers(), 1_700_000_000)


async def test_a_ledger_without_the_published_head_is_refused() -> None:
    with pytest.raises(PlatformError) as caught:
        await Growth(MemoryLedger(CountedRows([1, 5]))).of(9)
    assert caught.value.code is Code.INTEGRITY
    assert "size 9" in caught.value.expected


async def test_a_head_without_a_time_is_refused() -> None:
    rows = MemoryRows(notes={1: NOTE[: NOTE.rstrip("\n").rindex("\n") + 1]})
    with pytest.raises(PlatformError) as caught:
        await Growth(MemoryLedger(rows)).of(1)
    assert caught.value.code is Code.INTEGRITY


async def test_an_empty_log_has_no_points() -> None:
    assert (await Growth(MemoryLedger()).of(0)).points == []


@given(st.lists(st.integers(1, 900), min_size=1, max_size=300))
async def test_few_points_stand_for_all_heads_and_none_is_far_off(steps: list[int]) -> None:
    sizes = [1]
    for step in steps:
        sizes.append(sizes[-1] + step)
    rows = CountedRows(sizes)
    found = await Growth(MemoryLedger(rows)).of(sizes[-1])
    chosen = [point.size for point in found.points]
    assert (chosen[0], chosen[-1]) == (1, sizes[-1])
    assert rows.asked == len(chosen) <= MAX_POINTS + 1
    for size in sizes:
        below = max(each for each in chosen if each <= size)
        assert size - below < found.step or size == below


async def test_points_are_the_published_heads_with_their_times() -> None:
    log = await TestLog().start()
    for number in (1, 2, 3):
        log.clock.now += 60
        log.signer.now = log.clock.now
        await log.sequencer.flush([[new_entry(number)]])
        await log.publisher.publish()
    found = await log.reading.growth()
    assert [point.size for point in found.points] == [1, 2, 3, 4]
    assert [b.time - a.time for a, b in zip(found.points, found.points[1:], strict=False)] == [
        60
    ] * 3
    assert b64_decode(found.points[-1].root) == log.signer.root


async def test_the_ledger_is_asked_once_for_each_published_size() -> None:
    log = await TestLog().start()
    await log.reading.growth()
    before = log.ledger.reads
    assert await log.reading.growth() == await log.reading.growth()
    assert log.ledger.reads == before
    await log.sequencer.flush([[new_entry(1)]])
    assert (await log.reading.growth()).size == 1  # signed, not yet published
    await log.publisher.publish()
    assert (await log.reading.growth()).size == 2
