"""Whole worlds through the real platform: declarations a second, by how many States send at once.

Everything that a party does is counted in: reading the registry, sealing, signing, depositing,
verifying the receipt, and keeping it all on disk. Services and senders share the machine.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.stack import Stack
from sextant_client.home import Home
from sextant_client.world import WorldPlan, write_world
from sextant_client.world.enrolling import Registrar, enrol_states
from sextant_client.world.loading import find_homes, load_world, read_documents

JOBS = (1, 2, 4, 8)
_STATES, _YEARS = 8, 1


@dataclass(frozen=True)
class LoadRow:
    """One world loaded: how many States sent at once, declarations, seconds."""

    jobs: int
    documents: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Declarations that were given a receipt, a second."""
        return self.documents / self.seconds


def measure_loading() -> list[LoadRow]:
    """Start the platform, enrol States, and load a small world of its own with each concurrency."""
    with tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder:
        root = Path(folder)
        stack = Stack(root, sample_ratio=0.1)
        try:
            stack.prepare()
            stack.start("audit", "exchange")
            stack.enrol()
            homes = dict(find_homes([stack.root / "homes"]))
            return [_load(root / f"world-{jobs}", jobs, homes, stack) for jobs in JOBS]
        finally:
            stack.stop()


def _load(folder: Path, jobs: int, homes: dict[str, Home], stack: Stack) -> LoadRow:
    write_world(WorldPlan(_STATES, _YEARS, seed=jobs), folder, 1, _silent)
    documents = read_documents(folder)
    _enrol(documents, homes, stack)
    begun = time.perf_counter()
    loaded = load_world(documents, homes, lambda _done, _total: None, jobs)
    return LoadRow(jobs, loaded.sent, time.perf_counter() - begun)


def _enrol(documents: Mapping[str, object], homes: dict[str, Home], stack: Stack) -> None:
    missing = [state for state in documents if state not in homes]
    registrar = Registrar(Home(stack.home("REG-1")), "REG-1")
    pattern = homes["XAL"]
    homes.update(enrol_states(missing, registrar, pattern, stack.root / "more-homes"))


def _silent(_phase: str) -> Callable[[int, int], None]:
    return lambda _done, _total: None
