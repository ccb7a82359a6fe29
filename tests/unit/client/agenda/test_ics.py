"""The calendar file: read again by a parser, and by the letter of RFC 5545."""

import datetime as dt
from typing import Any

import icalendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sextant_client.agenda.ics import Sheet, calendar_file, uid_of
from sextant_shared.clock import parse_timestamp
from sextant_shared.deadlines import Due, Facts, agenda, policy_id
from sextant_shared.deadlines.table import DeadlineRule, Duty, Reckoning

WRITTEN = parse_timestamp("2026-11-28T11:40:06Z")
SHEET = Sheet("Declarations of XAL, 2027", WRITTEN, policy_id())
AGENDA = agenda("XAL", 2027, facts=Facts(events={"S1_TRANSFER_NOTIF": [dt.date(2027, 5, 20)]}))


def events(data: bytes) -> list[Any]:
    calendar = icalendar.Calendar.from_ical(data)
    assert isinstance(calendar, icalendar.Calendar)
    assert not calendar.errors
    return list(calendar.events)


def test_lines_end_with_crlf_and_none_is_longer_than_75_bytes() -> None:
    data = calendar_file(AGENDA, SHEET)
    lines = data.split(b"\r\n")
    assert data.endswith(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert any(line.startswith(b" ") for line in lines)


def test_it_has_version_and_product_and_asks_for_no_meeting() -> None:
    calendar = icalendar.Calendar.from_ical(calendar_file(AGENDA, SHEET))
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    assert calendar.get("METHOD", "PUBLISH") == "PUBLISH"
    assert b"ORGANIZER" not in calendar_file(AGENDA, SHEET)


def test_each_due_day_is_an_event_of_the_whole_day() -> None:
    found = events(calendar_file(AGENDA, SHEET))
    assert [event["DTSTART"].dt for event in found] == [one.day for one in AGENDA]
    for event in found:
        assert event["DTSTART"].params["VALUE"] == "DATE"
        assert event["DTEND"].dt - event["DTSTART"].dt == dt.timedelta(days=1)
        assert event["DTSTAMP"].dt == dt.datetime(2026, 11, 28, 11, 40, 6, tzinfo=dt.UTC)
        assert event["TRANSP"] == "TRANSPARENT"


def test_it_says_kind_period_law_mark_and_policy() -> None:
    text = {str(e["SUMMARY"]): str(e["DESCRIPTION"]) for e in events(calendar_file(AGENDA, SHEET))}
    said = text["XAL S2_AND 2026 is due"]
    assert "Law: VII.2(b) [T]" in said
    assert policy_id().digest[:8] in said


def test_alarms_ring_before_and_not_for_what_is_done() -> None:
    sheet = Sheet(SHEET.name, WRITTEN, policy_id(), alarms=(7, 30, 7, 0))
    first, *others = events(calendar_file(AGENDA, sheet, done=[AGENDA[0]]))
    assert first.alarms.times == []
    for event in others:
        triggers = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
        assert triggers == [dt.timedelta(days=-days) for days in (30, 7, 0)]
        assert all(alarm["ACTION"] == "DISPLAY" for alarm in event.walk("VALARM"))


def test_written_again_it_has_the_same_uids_and_no_two_alike() -> None:
    later = Sheet(SHEET.name, WRITTEN + 86_400, policy_id(), alarms=())
    first, again = (
        [str(event["UID"]) for event in events(calendar_file(AGENDA, sheet))]
        for sheet in (SHEET, later)
    )
    assert first == again
    other = agenda("XBO", 2027)
    both = [*first, *(uid_of(one) for one in other), *(uid_of(one) for one in agenda("XAL", 2028))]
    assert len(set(both)) == len(both)
    # Calendars already hold these; a change here would double every event.
    (known,) = agenda("XAL", 2027, kinds=["S2_AND"])
    assert uid_of(known) == "c049259c-676c-52dc-8dc1-01c6a3b88dd5"


@pytest.mark.parametrize("text", ["a;b,c\\d", "é…«»", "two\nlines", "x" * 300, "😀" * 60])
def test_signs_of_the_format_come_back_as_they_were(text: str) -> None:
    (event,) = events(calendar_file([noted(text)], SHEET))
    assert text in str(event["DESCRIPTION"])


@settings(max_examples=50)
@example(text="\\N")
@example(text="\\n")
@example(text="\\\\N;\\,")
@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=200))
def test_any_text_survives_folding(text: str) -> None:
    data = calendar_file([noted(text)], SHEET)
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    assert text in str(events(data)[0]["DESCRIPTION"])


def noted(text: str) -> Due:
    """Return a due item whose rule has this note."""
    rule = DeadlineRule("X", "", Duty.EVERY, Reckoning.AFTER_YEAR, 1, "", "X", "P", text)
    return Due("XAL", rule, dt.date(2027, 1, 1), year=2026)
