"""Whether something came in time: to the second, with and without notice, under which policy."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sextant_shared.clock import parse_timestamp
from sextant_shared.deadlines import (
    DEFAULT_POLICY,
    DeadlinePolicy,
    Due,
    Notice,
    Word,
    closes,
    day_of,
    due,
    policy_id,
    timeliness,
)

UTC = DeadlinePolicy(time_zone="UTC")
# Summer time in The Hague: the 31st of March 2027 ends at 22:00 UTC.
LAST_SECOND = "2027-03-31T21:59:59Z"
FIRST_LATE = "2027-03-31T22:00:00Z"


def and_2026() -> Due:
    (one,) = due("S2_AND", "XAL", 2026)
    return one


def said(
    received: str | None,
    now: str = "2027-12-31T12:00:00Z",
    policy: DeadlinePolicy = DEFAULT_POLICY,
    notice: Notice | None = None,
) -> str:
    instant = parse_timestamp(received) if received else None
    return str(timeliness(and_2026(), instant, parse_timestamp(now), policy, notice))


def noticed(received: str, expected: str = "2027-04-15") -> Notice:
    return Notice(parse_timestamp(received), dt.date.fromisoformat(expected))


@pytest.mark.parametrize(
    ("received", "word"),
    [
        ("2026-12-31T00:00:00Z", "ON_TIME"),
        (LAST_SECOND, "ON_TIME"),
        (FIRST_LATE, "LATE(1)"),
        ("2027-04-01T21:59:59Z", "LATE(1)"),
        ("2027-04-01T22:00:00Z", "LATE(2)"),
        ("2027-04-30T12:00:00Z", "LATE(30)"),
    ],
)
def test_the_last_second_of_the_due_day_in_the_hague_is_in_time(received: str, word: str) -> None:
    assert said(received) == word


def test_another_time_zone_ends_the_day_at_another_instant() -> None:
    assert said(FIRST_LATE, policy=UTC) == "ON_TIME"
    assert said("2027-04-01T00:00:00Z", policy=UTC) == "LATE(1)"


def test_what_has_not_come_is_not_due_and_then_missing() -> None:
    assert said(None, now=LAST_SECOND) == "NOT_DUE"
    assert said(None, now=FIRST_LATE) == "MISSING(1)"
    assert said(None, now="2027-04-10T12:00:00Z") == "MISSING(10)"


def test_a_notice_by_the_due_day_excuses_what_comes_late() -> None:
    assert said("2027-04-10T12:00:00Z", notice=noticed(LAST_SECOND)) == "LATE_WITH_NOTICE(10)"
    assert said("2027-05-10T12:00:00Z", notice=noticed(LAST_SECOND)) == "LATE_WITH_NOTICE(40)"
    assert said(LAST_SECOND, notice=noticed(LAST_SECOND)) == "ON_TIME"


def test_what_was_announced_is_missing_after_the_day_that_was_promised() -> None:
    notice = noticed(LAST_SECOND, "2027-04-15")
    assert said(None, now="2027-04-15T12:00:00Z", notice=notice) == "LATE_WITH_NOTICE(15)"
    assert said(None, now="2027-04-16T12:00:00Z", notice=notice) == "MISSING(16)"
    assert said(None, now=LAST_SECOND, notice=notice) == "NOT_DUE"


def test_until_when_a_notice_counts_is_policy() -> None:
    late = noticed("2027-04-05T12:00:00Z")
    before_receipt = DeadlinePolicy(late_notice="before-receipt")
    ignored = DeadlinePolicy(late_notice="ignored")
    assert said("2027-04-10T12:00:00Z", notice=late) == "LATE(10)"
    excused = said("2027-04-10T12:00:00Z", policy=before_receipt, notice=late)
    assert excused == "LATE_WITH_NOTICE(10)"
    assert said("2027-04-04T12:00:00Z", policy=before_receipt, notice=late) == "LATE(4)"
    in_time = noticed(LAST_SECOND)
    assert said("2027-04-10T12:00:00Z", policy=ignored, notice=in_time) == "LATE(10)"


def test_every_answer_names_the_policy_it_was_found_by() -> None:
    answers = {timeliness(and_2026(), 0.0, 0.0, policy).policy for policy in (DEFAULT_POLICY, UTC)}
    assert answers == {policy_id(DEFAULT_POLICY), policy_id(UTC)}
    assert len(answers) == 2
    assert policy_id(DeadlinePolicy()) == policy_id(DEFAULT_POLICY)


@pytest.mark.parametrize(
    "members",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": ""},
        {"reading": "lenient"},
        {"destruction_period_begins": "02-29"},
        {"destruction_period_begins": "13-01"},
        {"duties": ["EVERYTHING"]},
        {"grace_days": 3},
    ],
)
def test_a_policy_that_means_nothing_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DeadlinePolicy.model_validate(members)


@given(st.integers(0, 400 * 86_400), st.integers(0, 400 * 86_400))
def test_whoever_sends_later_is_never_better_off(first: int, second: int) -> None:
    begin = parse_timestamp("2026-06-01T00:00:00Z")
    earlier, later = sorted((begin + first, begin + second))
    words = [timeliness(and_2026(), instant, begin) for instant in (earlier, later)]
    assert words[0].days <= words[1].days
    assert {one.word for one in words} <= {Word.ON_TIME, Word.LATE}


@given(st.dates(dt.date(1997, 4, 29), dt.date(2199, 12, 31)))
def test_a_day_ends_when_the_next_begins(day: dt.date) -> None:
    for policy in (DEFAULT_POLICY, UTC):
        end = closes(day, policy)
        assert day_of(end - 1, policy) == day
        assert day_of(end, policy) == day + dt.timedelta(days=1)
