"""Room on the disk for what is held already."""

import pytest

from sextant_exchange.domain.quota import Room
from sextant_shared.errors import Code, PlatformError


@pytest.mark.parametrize(("free", "size"), [(99, 0), (109, 10), (0, 0)])
def test_the_reserve_is_for_what_is_held_already(free: int, size: int) -> None:
    with pytest.raises(PlatformError) as caught:
        Room(lambda: free, 100).check(size)
    assert caught.value.code is Code.UNAVAILABLE
    assert caught.value.retry_after_s


@pytest.mark.parametrize(("free", "size"), [(100, 0), (110, 10)])
def test_what_leaves_the_reserve_untouched_is_taken(free: int, size: int) -> None:
    Room(lambda: free, 100).check(size)
