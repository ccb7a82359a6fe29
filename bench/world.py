"""The made-up world: how fast its truth is made, and how many declarations a second follow."""

import time
from dataclasses import dataclass

from sextant_client.world import WorldPlan, documents, make_world

PLAN = WorldPlan(states=40, years=5, seed=7)


@dataclass(frozen=True)
class WorldReport:
    """Seconds for the truth with its faults; declarations and their bytes, and seconds for them."""

    truth_s: float
    documents: int
    size_bytes: int
    declare_s: float

    @property
    def per_second(self) -> float:
        """Declarations derived and encoded a second, in one process."""
        return self.documents / self.declare_s


def measure_world() -> WorldReport:
    """Make a small world and derive all that it declares, without writing it."""
    started = time.perf_counter()
    world = make_world(PLAN)
    made = time.perf_counter()
    count = size = 0
    for document in documents(world):
        if document.data is not None:
            count += 1
            size += len(document.data)
    return WorldReport(made - started, count, size, time.perf_counter() - made)
