"""A drill is asked for before the command, by a name there is, and all see that it is one."""

import pytest

from sextant_client.cli.context import DEFAULT_HOME, start
from sextant_shared.protocol.scenarios import Scenario
from tests.support.command import sextant


def test_a_misspelt_drill_stops_the_command_and_names_all_there_are() -> None:
    done = sextant("--scenario", "lost-anwser", "version")
    assert (done.status, done.stdout) == (3, "")
    assert "received: lost-anwser" in done.stderr
    assert all(scenario in done.stderr for scenario in Scenario)


def test_a_drill_is_told_beside_the_answer_and_ends_with_the_command() -> None:
    plain = sextant("version", "--json")
    drilled = sextant("--scenario", "outage", "version", "--json")
    assert drilled.json() == plain.json()
    assert drilled.stderr.startswith("Drill: outage")
    assert start(DEFAULT_HOME, as_json=True).home.scenario == "outage"
    assert sextant("version").stderr == ""
    assert start(DEFAULT_HOME, as_json=True).home.scenario is None


def test_the_environment_may_name_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEXTANT_SCENARIO", "rate")
    assert sextant("version").stderr.startswith("Drill: rate")
    monkeypatch.setenv("SEXTANT_SCENARIO", "")
    assert sextant("version").stderr == ""
