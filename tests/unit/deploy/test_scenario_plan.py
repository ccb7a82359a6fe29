"""What a run sends and when follows from the profile and the seed."""

import json
from collections import Counter

import pytest

from deploy.local.scenario.page import scenarios_page
from deploy.local.scenario.plan import Plan
from deploy.local.scenario.profiles import PROFILES, Profile, profile_named
from deploy.local.scenario.states import written_as
from sextant_shared.errors import Code, PlatformError


def plan_of(profile: Profile, seed: int = 7) -> Plan:
    return Plan(profile, parties=193, minutes=2, seed=seed)


def test_an_unknown_scenario_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PlatformError) as refused:
        profile_named("doomsday")
    assert refused.value.code is Code.NOT_FOUND
    assert "deadline-day" in str(refused.value.expected)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_every_state_sends_its_declarations_within_the_minutes(profile: Profile) -> None:
    dues = plan_of(profile).dues()
    assert Counter(due.party for due in dues) == dict.fromkeys(range(193), profile.each)
    assert all(0 <= due.at_s <= 120 for due in dues)
    assert [due.at_s for due in dues] == sorted(due.at_s for due in dues)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_shares_are_those_of_the_profile(profile: Profile) -> None:
    dues = plan_of(profile).dues()
    for share, count in (
        (profile.urgent, sum(due.is_urgent for due in dues)),
        (profile.large, sum(due.is_large for due in dues)),
    ):
        assert 0 <= count - share * len(dues) < 1
    assert not any(due.is_urgent and due.is_large for due in dues)


def test_the_same_seed_sends_the_same_and_another_does_not() -> None:
    profile = PROFILES["mission-impossible"]
    assert plan_of(profile).dues() == plan_of(profile).dues()
    assert plan_of(profile).dues() != plan_of(profile, seed=8).dues()


def test_the_same_seed_kills_the_same_and_another_does_not() -> None:
    profile = PROFILES["anything-dies"]
    stops = plan_of(profile).stops()
    assert len(stops) == profile.killed == 8
    assert [stop.at for stop in stops] == sorted(stop.at for stop in stops)
    assert stops == plan_of(profile).stops() != plan_of(profile, seed=8).stops()
    assert plan_of(PROFILES["power-cut"]).stops() == list(PROFILES["power-cut"].stops)


def test_a_rush_has_most_in_its_last_half_and_an_even_burst_has_not() -> None:
    def late(name: str) -> float:
        dues = plan_of(PROFILES[name]).dues()
        return sum(due.at_s > 60 for due in dues) / len(dues)

    assert late("deadline-day") > 0.7
    assert 0.4 < late("civilian") < 0.6


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_services_come_back_before_the_burst_ends(profile: Profile) -> None:
    assert all(stop.at > 0 and stop.at + stop.away < 1 for stop in profile.stops)


def test_the_four_futures_fill_the_two_axes() -> None:
    places = {(p.conflict, p.resources) for p in PROFILES.values() if p.conflict != "none"}
    assert len(places) == 4


def test_a_large_document_says_the_same_as_a_small_one() -> None:
    members = {"a": [1, 2], "b": {"c": "ü"}}
    large = written_as(members, 5000)
    assert len(large) >= 5000
    assert json.loads(large) == json.loads(written_as(members, 0)) == members


def test_the_page_has_a_line_of_every_scenario() -> None:
    page = scenarios_page()
    assert all(f"| `{name}` |" in page for name in PROFILES)
