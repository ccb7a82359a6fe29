"""`make soak N=10`: the platform against its model for N minutes, another way each time."""

import sys

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from sextant_shared.clock import monotonic
from tests.system.machine import PlatformMachine

RUNS = 3  # between two looks at the clock
STEPS = 40


def main() -> int:
    """Run until the minutes are over; a failure ends it with the rules that led there."""
    minutes = float(sys.argv[1]) if sys.argv[1:] else 10.0
    end = monotonic() + 60 * minutes
    runs = 0
    while monotonic() < end:
        run_state_machine_as_test(
            PlatformMachine,
            settings=settings(
                max_examples=RUNS,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
        runs += RUNS
        sys.stdout.write(f"{runs} runs, nothing lost\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
