"""Shares: a burst, then so many a second, one caller no other's burden."""

import pytest

from sextant_shared.chassis import rates
from sextant_shared.chassis.rates import Rates
from sextant_shared.errors import Code, PlatformError


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(shares: Rates, party: str = "NA-XAL") -> int | None:
    with pytest.raises(PlatformError) as caught:
        shares.take(party)
    assert caught.value.code is Code.RATE
    return caught.value.retry_after_s


def test_a_burst_is_taken_and_then_one_at_a_time() -> None:
    clock = Time()
    shares = Rates(per_s=0.5, burst=3, clock=clock)
    for _ in range(3):
        shares.take("NA-XAL")
    assert refused(shares) == 2
    clock.now += 1.9
    assert refused(shares) == 1
    clock.now += 0.1
    shares.take("NA-XAL")
    assert refused(shares) == 2


def test_a_party_that_rests_gets_its_burst_back_and_no_more() -> None:
    clock = Time()
    shares = Rates(per_s=1, burst=2, clock=clock)
    shares.take("NA-XAL")
    clock.now += 3600
    shares.take("NA-XAL")
    shares.take("NA-XAL")
    refused(shares)


def test_one_partys_haste_is_not_anothers() -> None:
    shares = Rates(per_s=1, burst=1, clock=Time())
    shares.take("NA-XAL")
    refused(shares)
    shares.take("NA-XBO")


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    clock = Time()
    shares = Rates(per_s=1, burst=1, clock=clock)
    shares.take("NA-XAL")
    clock.now -= 3600
    refused(shares)


def test_memory_is_bounded_whoever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_CALLERS", 3)
    shares = Rates(per_s=1, burst=1, clock=Time())
    for number in range(9):
        shares.take(f"address {number}")
    refused(shares, "address 8")  # the newest are remembered
    shares.take("address 0")
