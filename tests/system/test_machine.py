"""The platform against a plain model, at random and bounded; `make soak` goes on for longer."""

from hypothesis import HealthCheck, settings

from tests.system.machine import PlatformMachine

PlatformMachine.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestThePlatformKeepsItsPromises = PlatformMachine.TestCase
