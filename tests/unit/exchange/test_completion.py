"""Steps B and C for a batch: one call, one commit, and nobody pays for another's entry."""

import pytest

from sextant_exchange.domain.completion import Completion
from sextant_shared.encoding import b64u, parse_json
from sextant_shared.errors import Code, PlatformError
from tests.unit.exchange.stores import MemoryEnvelopes, MemoryLog, away, held

pytestmark = pytest.mark.anyio


class Bench:
    """A completion and everything it tells."""

    def __init__(self) -> None:
        self.log, self.envelopes = MemoryLog(), MemoryEnvelopes()
        self.reached: list[str] = []
        self.troubles: list[PlatformError] = []
        self.rung: list[str] = []
        self.complete = Completion(
            self.log,
            self.envelopes,
            self.rung.extend,
            lambda: 7.0,
            reached=self.reached.append,
            trouble=self.troubles.append,
        )


async def test_a_batch_takes_one_call_and_gives_each_its_own_receipt() -> None:
    bench = Bench()
    receipts = await bench.complete([held(number) for number in (1, 2, 3)])
    assert bench.log.batches == [3]
    for number, receipt in zip((1, 2, 3), receipts, strict=True):
        assert isinstance(receipt, bytes)
        members = parse_json(receipt, max_bytes=4096)
        assert members["entry"] == b64u(f"entry {number}".encode())
        assert members["proof"] == f"proof {number - 1}"
    assert bench.reached == ["exchange.after_logged", "exchange.after_accepted"]
    assert bench.rung == ["SEC"]
    assert bench.troubles == []


async def test_without_the_log_nothing_is_accepted_and_it_is_told_once() -> None:
    bench = Bench()
    bench.log.fails = [away()]
    with pytest.raises(PlatformError) as caught:
        await bench.complete([held(1), held(2)])
    assert caught.value.code is Code.UNAVAILABLE
    assert (bench.envelopes.receipts, bench.reached, bench.rung) == ({}, [], [])
    assert len(bench.troubles) == 1


async def test_a_broken_log_is_not_asked_for_each_entry_alone() -> None:
    bench = Bench()
    bench.log.fails = [PlatformError(Code.INTEGRITY, "the answer does not verify")]
    with pytest.raises(PlatformError):
        await bench.complete([held(number) for number in range(8)])
    assert bench.log.batches == [8]


async def test_an_entry_that_is_refused_holds_up_no_other() -> None:
    bench = Bench()
    bench.log.refuses = {held(3).entry}
    outcomes = await bench.complete([held(number) for number in range(1, 6)])
    refused = [number for number, o in enumerate(outcomes, 1) if isinstance(o, PlatformError)]
    assert refused == [3]
    assert sorted(bench.envelopes.receipts) == [1, 2, 4, 5]
    assert [error.code for error in bench.troubles] == [Code.DUPLICATE]


async def test_a_store_that_fails_at_the_last_step_leaves_all_held() -> None:
    bench = Bench()
    bench.envelopes.fails = [away()]
    with pytest.raises(PlatformError):
        await bench.complete([held(1)])
    assert bench.rung == []
    (receipt,) = await bench.complete([held(1)])
    assert receipt == bench.envelopes.receipts[1]
    assert bench.log.entries == [b"entry 1"]


async def test_what_was_accepted_before_keeps_its_first_receipt() -> None:
    bench = Bench()
    bench.envelopes.receipts[1] = b"the first one"
    assert await bench.complete([held(1)]) == [b"the first one"]
