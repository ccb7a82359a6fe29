"""What a service does with its memory once it has started."""

import gc
from collections.abc import Iterator

import pytest

from sextant_shared.chassis.serving import GC_THRESHOLDS, settle_memory


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds, was_frozen = gc.get_threshold(), gc.get_freeze_count() > 0
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    if was_frozen:
        gc.freeze()  # as `tests/conftest.py` did


def test_what_start_up_made_is_not_searched_again_and_new_cycles_still_end() -> None:
    settle_memory()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold() == GC_THRESHOLDS
    cycles: list[list[object]] = [[] for _ in range(100)]
    for cycle in cycles:
        cycle.append(cycle)
    del cycle, cycles
    assert gc.collect() >= 100
