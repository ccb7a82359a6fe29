"""Clocks that jump, go back, or stand before what was written: refused, told, believed again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from sextant_shared.chassis.timekeeping import OK, Timekeeper
from sextant_shared.errors import Code, PlatformError

NOON = 1_800_000_000.0


class Times:
    """A clock that can be set, and the measure beside it that cannot."""

    def __init__(self) -> None:
        self.wall, self.steady = NOON, 50.0
        self.keeper = Timekeeper(
            lambda: self.wall, tolerance_s=5, settle_s=60, steady=lambda: self.steady
        )

    def go(self, seconds: float) -> str:
        """Let time pass for both, looking each second as the service does."""
        for _ in range(int(seconds)):
            self.wall += 1
            self.steady += 1
            self.keeper.state()
        return self.keeper.state()


def test_a_clock_that_runs_is_ok_and_its_times_follow_it() -> None:
    times = Times()
    assert times.keeper.stamp() == NOON
    assert times.go(100) == OK
    assert times.keeper.stamp() == NOON + 100


@pytest.mark.parametrize("jump", [600, -600, 6])
def test_a_jump_makes_unready_with_its_size_is_told_once_and_settles(jump: int) -> None:
    times = Times()
    times.wall += jump
    with capture_logs() as lines:
        assert f"jumped by {jump:+d} s" in times.go(30)
        assert [line["log_level"] for line in lines] == ["error"]
        assert times.go(31) == OK
        assert [line["log_level"] for line in lines] == ["error", "info"]


@pytest.mark.parametrize("jump", [600, -600])
def test_nothing_is_stamped_by_a_clock_that_jumped_until_it_is_believed(jump: int) -> None:
    times = Times()
    times.wall += jump  # and nobody has looked since
    with pytest.raises(PlatformError) as caught:
        times.keeper.stamp()
    assert (caught.value.code, caught.value.retry_after_s) == (Code.UNAVAILABLE, 30)
    assert f"jumped by {jump:+d} s" in caught.value.detail
    times.go(61)
    assert times.keeper.stamp() == NOON + jump + 61


def test_a_clock_that_comes_back_to_where_it_was_is_believed_at_once_and_nothing_is_lost() -> None:
    times = Times()
    times.keeper.stamp()
    times.wall += 600
    assert times.go(10) == "the clock jumped by +600 s"
    assert times.keeper() == NOON + 10  # what must have a time has that of the other measure
    times.wall -= 600
    assert times.keeper.state() == OK
    assert times.keeper.stamp() == NOON + 10


def test_a_clock_that_jumps_again_has_to_keep_still_anew() -> None:
    times = Times()
    times.wall += 600
    times.go(50)
    times.wall += 600
    assert times.go(50) == "the clock jumped by +1200 s"
    assert times.go(11) == OK


def test_slow_drift_is_no_jump() -> None:
    times = Times()
    for _ in range(100):
        times.wall += 0.5
        assert times.go(1) == OK


def test_what_is_written_waits_for_a_clock_that_went_back_a_little() -> None:
    times = Times()
    times.keeper.stamp()
    times.wall -= 4
    assert times.keeper.stamp() == NOON
    times.wall += 5
    assert times.keeper.stamp() == NOON + 1


def test_nothing_is_written_by_a_clock_that_went_back_until_it_is_set() -> None:
    times = Times()
    times.keeper.stamp()
    times.wall -= 600
    with pytest.raises(PlatformError) as caught:
        times.keeper.stamp()
    assert caught.value.code is Code.UNAVAILABLE
    assert caught.value.retry_after_s
    assert "600 s behind" in caught.value.detail
    assert "behind" in times.go(120)  # it does not settle while it is wrong
    times.wall += 600
    times.go(61)
    assert times.keeper.stamp() == NOON + 181


def test_a_clock_before_what_the_store_holds_is_refused_from_the_start() -> None:
    times = Times()
    times.keeper.not_before(NOON + 86_400)
    assert "86400 s behind 2027-01-16T08:00:00Z" in times.keeper.state()
    with pytest.raises(PlatformError):
        times.keeper.stamp()


@given(st.lists(st.floats(-1e4, 1e4)))
def test_no_time_is_ever_earlier_than_the_one_before(moves: list[float]) -> None:
    times, before = Times(), 0.0
    for move in moves:
        times.wall += move
        now = times.keeper()
        assert now >= before
        before = now
