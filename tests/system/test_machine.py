"""The platform against a plain model, at random and bounded; `make soak` goes on for longer.

What `make test` draws is the same on every machine; `make test-long` draws anew each time, and a
failure names the seed that draws it again.
"""

from secrets import randbits

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.system.machine import PlatformMachine

EXAMPLES, STEPS = 10, 40  # a minute or two
BOUNDED = settings(
    max_examples=3,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=(Phase.generate,),  # looking for a shorter way to a failure has no bound in time
    suppress_health_check=list(HealthCheck),
)
PlatformMachine.TestCase.settings = settings(BOUNDED, derandomize=True)
TestThePlatformKeepsItsPromises = PlatformMachine.TestCase


@pytest.mark.long
def test_the_platform_keeps_its_promises_another_way_each_time(
    request: pytest.FixtureRequest,
) -> None:
    given = request.config.getoption("--hypothesis-seed")
    drawn = given or str(randbits(32))

    class Machine(PlatformMachine):
        """The same machine, with a seed of its own."""

    try:
        run_state_machine_as_test(
            seed(drawn)(Machine),
            settings=settings(BOUNDED, max_examples=EXAMPLES, stateful_step_count=STEPS),
        )
    except BaseException as error:
        again = f"pytest -m long tests/system/test_machine.py --hypothesis-seed={drawn}"
        error.add_note(f"drawn again by: {again}")
        raise
