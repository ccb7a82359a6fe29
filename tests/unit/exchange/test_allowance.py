"""What one party may have: the day's bytes, all its bytes, and what nobody fetched."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_exchange.domain.allowance import DAY_S, Allowance, Bounds, Use
from sextant_exchange.domain.envelopes import HoldResult, Repeat
from sextant_shared.errors import Code, PlatformError
from tests.unit.exchange.stores import acceptable

XAL, XBO = "NA-XAL", "NA-XBO"
MIDNIGHT = 20_000 * DAY_S


class Time:
    now = MIDNIGHT + 3600.0

    def __call__(self) -> float:
        return self.now


def allowed(day: int = 1000, stored: int = 1000, untaken: int = 1000) -> tuple[Allowance, Time]:
    clock = Time()
    return Allowance(Bounds(day, stored, untaken), clock), clock


def hold(allowance: Allowance, clock: Time, size: int, repeat: Repeat = Repeat.NEW) -> None:
    envelope = replace(acceptable(1), size=size)
    allowance.held([envelope], [HoldResult(repeat, None, None)], clock.now)


def refused(allowance: Allowance, size: int = 1, party: str = XAL) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        allowance.require(party, size)
    assert caught.value.code is Code.RATE
    assert caught.value.retry_after_s
    return caught.value


def test_a_days_bytes_are_used_up_and_come_back_at_midnight() -> None:
    allowance, clock = allowed(day=100)
    hold(allowance, clock, 60)
    allowance.require(XAL, 40)
    error = refused(allowance, 41)
    assert (error.expected, error.received) == ("at most 100", "60 already")
    assert error.retry_after_s == DAY_S - 3600
    allowance.require(XBO, 100)
    clock.now += DAY_S - 3600
    allowance.require(XAL, 100)


def test_what_is_stored_stays_used_on_the_next_day() -> None:
    allowance, clock = allowed(stored=100)
    hold(allowance, clock, 60)
    clock.now += 5 * DAY_S
    assert "bytes stored" in refused(allowance, 41).detail
    allowance.require(XAL, 40)


def test_deliveries_that_nobody_fetches_bound_their_sender_until_one_is() -> None:
    allowance, clock = allowed(untaken=2)
    for _ in range(2):
        hold(allowance, clock, 1)
    assert "did not fetch" in refused(allowance).detail
    allowance.taken(XAL)
    allowance.require(XAL, 1)


def test_a_repeat_counts_nothing() -> None:
    allowance, clock = allowed()
    hold(allowance, clock, 60, Repeat.SAME)
    hold(allowance, clock, 60, Repeat.OTHER)
    assert allowance.of(XAL) == Use(XAL)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 3 * DAY_S)), max_size=20))
def test_nobody_passes_a_bound_who_comes_alone(deposits: list[tuple[int, int]]) -> None:
    allowance, clock = allowed(day=700, stored=2000)
    by_day: dict[int, int] = {}
    for size, pause in deposits:
        clock.now += pause
        try:
            allowance.require(XAL, size)
        except PlatformError:
            continue
        hold(allowance, clock, size)
        day = int(clock.now // DAY_S)
        by_day[day] = by_day.get(day, 0) + size
    assert all(used <= 700 for used in by_day.values())
    assert sum(by_day.values()) == allowance.of(XAL).stored_bytes <= 2000
