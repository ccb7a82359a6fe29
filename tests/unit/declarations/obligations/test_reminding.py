"""Reminders: whom never to write to, when, how often, and in which words."""

import datetime as dt

import pytest

from sextant_declarations.analysis.obligations.facts import Filing
from sextant_declarations.analysis.obligations.policy import ObligationPolicy, Stages
from sextant_declarations.analysis.obligations.reminding import Reminder, reminders, worded
from sextant_declarations.analysis.obligations.standing import stand
from sextant_shared.rules.wording import LANGUAGES
from tests.unit.declarations.obligations.made import SINCE, at, filing, owed

POLICY = ObligationPolicy()
BEFORE = filing("S2_AND", "2022-03-01", 2021)


def batch(day: str, *filings: Filing, policy: ObligationPolicy = POLICY) -> list[Reminder]:
    """Return the reminders of Schedule 2 for 2022 that are due on a day."""
    found = [(one, stand(one, at(day), SINCE)) for one in owed("S2_AND", 2022, *filings)]
    return reminders(found, dt.date.fromisoformat(day), policy)


def test_nobody_is_reminded_of_what_came_or_was_closed() -> None:
    assert batch("2023-05-01", BEFORE, filing("S2_AND", "2023-04-05", 2022)) == []
    assert batch("2023-05-01", BEFORE, filing("NIL", "2023-03-05", 2022, scopes=("AND_S2",))) == []


def test_who_promised_a_day_is_not_reminded_before_it_is_over() -> None:
    late = ("S2_AND", 2022, dt.date(2023, 5, 10))
    notice = filing("LATE_NOTICE", "2023-03-20", event=dt.date(2023, 3, 31), late=late)
    assert batch("2023-05-10", BEFORE, notice) == []
    assert [one.stage for one in batch("2023-05-11", BEFORE, notice)] == [30]


@pytest.mark.parametrize(
    ("day", "stages"),
    [
        ("2023-02-28", []),
        ("2023-03-01", [-30]),
        ("2023-03-24", [-7]),
        ("2023-04-06", [-7]),
        ("2023-04-07", [7]),
        ("2023-09-01", [30]),
    ],
)
def test_the_latest_stage_alone_is_due(day: str, stages: list[int]) -> None:
    assert [one.stage for one in batch(day, BEFORE)] == stages


def test_a_kind_may_have_stages_of_its_own_or_none() -> None:
    silent = ObligationPolicy(remind_kinds=(Stages(kind="S2_AND", days=()),))
    assert batch("2023-05-01", BEFORE, policy=silent) == []


def test_what_is_only_expected_from_history_can_be_left_out() -> None:
    assert batch("2023-05-01", BEFORE, policy=ObligationPolicy(remind_from_history=False)) == []


def test_sites_that_lack_the_same_are_reminded_of_together_under_one_key() -> None:
    sites = [
        filing("S2_SITE_ADPA", "2022-03-01", 2021, subject=f"PS-{n}", active=(2021,))
        for n in (1, 2)
    ]
    found = [(o, stand(o, at("2023-05-01"), SINCE)) for o in owed("S2_SITE_ADPA", 2022, *sites)]
    (one,) = reminders(found, dt.date(2023, 5, 1), POLICY)
    assert [each.subject for each in one.about] == ["PS-1", "PS-2"]
    assert one.key == reminders(found[:1], dt.date(2023, 5, 1), POLICY)[0].key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("day", ["2023-03-10", "2023-05-01"])
def test_every_language_says_kind_day_and_law(language: str, day: str) -> None:
    (one,) = batch(day, BEFORE)
    subject, text = worded(one, language)
    assert "2023-03-31" in subject
    for said in ("S2_AND", "2022", "2023-03-31", "VII.2(b)"):
        assert said in text
    assert language == "en" or text != worded(one, "en")[1]


def test_a_language_that_is_none_of_the_six_is_english() -> None:
    (one,) = batch("2023-05-01", BEFORE)
    assert worded(one, "xx") == worded(one, "en")
