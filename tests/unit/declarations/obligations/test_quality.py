"""A small made-up world: what its key planted against due days is found, and little else."""

from bench.timeliness import HABIT, measure
from sextant_client.world import WorldPlan
from sextant_client.world import faults as kinds


def test_all_that_is_late_is_found_and_nothing_in_time_is_called_late() -> None:
    result = measure(WorldPlan(states=10, years=6, seed=7))
    for kind in (kinds.LATE_FILING, kinds.S1_NOTICE_LATE, kinds.MISSING_FILING):
        assert result.found[kind] == result.planted[kind], kind
    assert result.planted[kinds.LATE_FILING]
    assert result.planted[kinds.MISSING_FILING]
    assert result.planted[HABIT] > 20
    assert result.found[HABIT] > 0.95 * result.planted[HABIT]
    assert result.false_late == 0
    assert sum(result.false_missing.values()) < 0.02 * result.declarations
