"""The platform against a plain model, at random and bounded; `make soak` goes on for longer."""

from hypothesis import HealthCheck, Phase, settings

from tests.system.machine import PlatformMachine

PlatformMachine.TestCase.settings = settings(
    max_examples=3,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),  # looking for a shorter way to a failure has no bound in time
    suppress_health_check=list(HealthCheck),
)
TestThePlatformKeepsItsPromises = PlatformMachine.TestCase
