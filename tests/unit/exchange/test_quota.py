"""Shares of parties and room on the disk."""

import pytest

from sextant_exchange.domain.quota import Quota, Room
from sextant_shared.errors import Code, PlatformError


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(quota: Quota, party: str = "NA-XAL") -> int | None:
    with pytest.raises(PlatformError) as caught:
        quota.take(party)
    assert caught.value.code is Code.RATE
    return caught.value.retry_after_s


def test_a_burst_is_taken_and_then_one_at_a_time() -> None:
    clock = Time()
    quota = Quota(per_s=0.5, burst=3, clock=clock)
    for _ in range(3):
        quota.take("NA-XAL")
    assert refused(quota) == 2
    clock.now += 1.9
    assert refused(quota) == 1
    clock.now += 0.1
    quota.take("NA-XAL")
    assert refused(quota) == 2


def test_a_party_that_rests_gets_its_burst_back_and_no_more() -> None:
    clock = Time()
    quota = Quota(per_s=1, burst=2, clock=clock)
    quota.take("NA-XAL")
    clock.now += 3600
    quota.take("NA-XAL")
    quota.take("NA-XAL")
    refused(quota)


def test_one_partys_haste_is_not_anothers() -> None:
    quota = Quota(per_s=1, burst=1, clock=Time())
    quota.take("NA-XAL")
    refused(quota)
    quota.take("NA-XBO")


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    clock = Time()
    quota = Quota(per_s=1, burst=1, clock=clock)
    quota.take("NA-XAL")
    clock.now -= 3600
    refused(quota)


@pytest.mark.parametrize(("free", "size"), [(99, 0), (109, 10), (0, 0)])
def test_the_reserve_is_for_what_is_held_already(free: int, size: int) -> None:
    with pytest.raises(PlatformError) as caught:
        Room(lambda: free, 100).check(size)
    assert caught.value.code is Code.UNAVAILABLE
    assert caught.value.retry_after_s


@pytest.mark.parametrize(("free", "size"), [(100, 0), (110, 10)])
def test_what_leaves_the_reserve_untouched_is_taken(free: int, size: int) -> None:
    Room(lambda: free, 100).check(size)
