"""What a State is asked, by when, and how far that may be moved: the policy and the words."""

import datetime as dt
import json
from importlib.resources import files

import pytest

from sextant_declarations.analysis.clarifications.policy import (
    check_day,
    check_extension,
    clarification_policy,
    clock,
    read_policy,
    reasons,
)
from sextant_declarations.analysis.clarifications.wording import (
    extension_letter,
    question_at,
    question_of,
)
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.rules.wording import LANGUAGES, Language

TODAY = dt.date(2027, 1, 1)
POLICY = clarification_policy()
FOUND = Finding(
    rule="T9", severity=Severity.EXPLAIN_OR_FIX, pointer="/a", message="Not worded.",
    expected="1", received="2",
)  # fmt: skip


def test_the_time_for_an_answer_rests_on_the_reason_and_says_on_what() -> None:
    assert (clock("INSPECTABILITY_OPEN").days, clock("INSPECTABILITY_OPEN").mark) == (90, "M/U")
    assert all(clock(reason).mark for reason in reasons())
    with pytest.raises(PlatformError) as raised:
        clock("NO_ISSUES")  # a reason, but of another step
    assert "INSPECTABILITY_OPEN" in raised.value.expected


@pytest.mark.parametrize("days", [-1, 0, 61])
def test_no_state_is_asked_to_answer_by_a_day_that_is_over_or_beyond_the_policy(days: int) -> None:
    with pytest.raises(PlatformError):
        check_day(TODAY + dt.timedelta(days), TODAY, "MISSING_ITEMS")
    check_day(TODAY + dt.timedelta(60), TODAY, "MISSING_ITEMS")


def told_against(days: int, reason: str, *, asked: bool = False, before: int = 0) -> list[str]:
    """Return the places of what stands against an extension by so many days."""
    wanted = TODAY + dt.timedelta(days), reason, asked
    with pytest.raises(PlatformError) as raised:
        check_extension(POLICY, wanted, TODAY, before, TODAY)
    assert raised.value.code is Code.POLICY
    return [finding.pointer for finding in raised.value.findings]


def test_everything_that_stands_against_an_extension_is_told_at_once() -> None:
    rules = POLICY.extension
    assert told_against(0, "OWN_DELAY") == ["/until"]
    assert told_against(rules.most_days + 1, "OWN_DELAY") == ["/until"]
    assert told_against(1, "STATE_ASKED") == ["/asked_in"]
    assert told_against(-1, "NONE", before=rules.most_times) == ["/reason", "/until", ""]
    last = TODAY + dt.timedelta(rules.most_days)
    check_extension(POLICY, (last, "STATE_ASKED", True), TODAY, rules.most_times - 1, TODAY)


def test_what_is_overdue_is_extended_from_today_and_never_into_the_past() -> None:
    due = TODAY - dt.timedelta(200)
    check_extension(POLICY, (TODAY + dt.timedelta(90), "OWN_DELAY", False), due, 0, TODAY)
    with pytest.raises(PlatformError):
        check_extension(POLICY, (TODAY, "OWN_DELAY", False), due, 0, TODAY)


def test_a_state_is_written_to_in_its_own_wish_then_what_it_files_in_then_english() -> None:
    shown = json.loads(POLICY.model_dump_json()) | {"languages": {"XAL": "fr"}}
    policy = read_policy(json.dumps(shown).encode())
    told = [policy.language(*asked) for asked in (("XAL", "ru"), ("XBO", "ru"), ("XBO", "eo"))]
    assert told == ["fr", "ru", "en"]
    with pytest.raises(PlatformError):
        read_policy(json.dumps(shown | {"languages": {"XAL": "eo"}}).encode())
    with pytest.raises(PlatformError):
        read_policy(json.dumps(shown | {"needs_request": ["NONE"]}).encode())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_words_questions_and_letters(language: Language) -> None:
    asked = question_of(FOUND, language)
    assert asked.startswith("Not worded.\n")
    assert len(asked.splitlines()) == 4
    assert question_at("/a", language) != question_at("", language)
    subject, text = extension_letter("Q-1", "XAL-2025-S2", "2027-03-01", language)
    for said in ("Q-1", "XAL-2025-S2", "2027-03-01"):
        assert said in subject
        assert said in text
    folder = files("sextant_declarations.analysis.clarifications") / "words"
    names = {
        one: [line.split(" =")[0] for line in (folder / f"{one}.ftl").read_text().splitlines()]
        for one in LANGUAGES
    }
    assert names[language] == names["en"]
