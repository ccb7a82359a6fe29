"""`make soak N=10`: the platform against its model for N minutes, another way each time.

A failure ends it, with the rules that led there and the seed that draws them again (`SEED=…`).
"""

import sys
from secrets import randbits

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from sextant_shared.clock import monotonic
from tests.system.machine import PlatformMachine

RUNS = 3  # of one seed
STEPS = 40


def main() -> int:
    """Run until the minutes are over, or one seed once; 1 when a promise was broken."""
    minutes, given = float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    end = monotonic() + 60 * minutes
    runs = 0
    while True:
        drawn = int(given) if given else randbits(32)
        try:
            set_against_model(drawn)
        except BaseException as error:
            error.add_note(f"drawn again by: make soak SEED={drawn}")
            raise
        runs += RUNS
        sys.stdout.write(f"{runs} runs, nothing lost\n")
        sys.stdout.flush()
        if given or monotonic() >= end:
            return 0


def set_against_model(drawn: int) -> None:
    """Run what a seed draws."""

    class Machine(PlatformMachine):
        """The machine with that seed."""

    run_state_machine_as_test(
        seed(drawn)(Machine),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=(Phase.generate,),  # looking for a shorter way to a failure has no bound in time
            suppress_health_check=list(HealthCheck),
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
