"""Short scenarios on real processes: services are killed, and nothing is lost or doubled."""

from pathlib import Path

import pytest

from deploy.local.scenario.plan import Plan
from deploy.local.scenario.profiles import Profile, Stop
from deploy.local.scenario.run import run_scenario
from deploy.local.screen import Screen
from deploy.local.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.long]

SHORT = Profile(
    name="short",
    story="Two services die in the middle of a few seconds.",
    each=6,
    large=0.1,
    urgent=0.1,
    stops=(Stop(0.5, ("exchange", "declarations")),),
)
RANDOM = Profile(
    name="random",
    story="Services die one after another, while envelopes arrive and are examined.",
    each=8,
    large=0.1,
    urgent=0.1,
    kills=5,
)


def test_a_burst_with_two_services_killed_holds(stack: Stack, tmp_path: Path) -> None:
    # The two States that the shared platform has: test_world enrols others itself.
    report = run_scenario(stack, Plan(SHORT, parties=2, minutes=0.05, seed=3), tmp_path, Screen())
    told = report.members()
    assert report.holds, told
    assert (told["sent"], told["accepted"], told["killed"]) == (12, 12, 2)
    assert told["opened"] == 12
    assert told["queued"] == 0
    assert report.verdict().startswith("HELD")


def test_a_burst_in_which_services_die_at_any_instant_holds(stack: Stack, tmp_path: Path) -> None:
    plan = Plan(RANDOM, parties=2, minutes=0.1, seed=11)
    told = run_scenario(stack, plan, tmp_path, Screen()).members()
    assert (told["sent"], told["accepted"], told["killed"]) == (16, 16, 5)
    assert (told["lost"], told["duplicates"]) == ([], []), told
    assert (told["opened"], told["queued"]) == (16, 0)
