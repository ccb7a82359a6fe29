"""What is owed for a message: by whom, until when, and what settles it."""

from pathlib import Path

import pytest

from sextant_shared.errors import PlatformError
from sextant_shared.models.exchange import Priority
from sextant_shared.protocol.message_types import find_type
from sextant_shared.protocol.owing import FOLDER, OWED_FILE, Owed, Seen, owed_in, read_owed

XAL, XBO, SEC = "NA-XAL", "NA-XBO", "SEC"
HOUR, DAY = 3600.0, 86_400.0
NOTICE = Seen(SEC, "notice", "inspection.notification", (XAL,), 1000.0)


def find(owed: list[Owed], answer: str) -> Owed:
    return next(one for one in owed if one.answer == answer)


def test_a_notice_of_an_inspection_is_acknowledged_within_the_hour() -> None:
    owed = find(owed_in([NOTICE]), "inspection.acknowledgement")
    assert (owed.by, owed.until, owed.answered) == (XAL, 1000.0 + HOUR, None)
    assert (owed.rule.law, owed.rule.evidence) == ("II.33", "T")
    assert not owed.is_late(1000.0 + HOUR)
    assert owed.is_late(1001.0 + HOUR)


def test_what_was_answered_is_owed_no_more() -> None:
    answer = Seen(XAL, "ack", "inspection.acknowledgement", (SEC,), 1500.0, irt="notice")
    owed = find(owed_in([NOTICE, answer]), "inspection.acknowledgement")
    assert owed.answered == "ack"
    assert not owed.is_late(1e9)


@pytest.mark.parametrize(
    "answer",
    [
        Seen(XBO, "ack", "inspection.acknowledgement", (SEC,), 1500.0, irt="notice"),
        Seen(XAL, "ack", "inspection.acknowledgement", (SEC,), 1500.0, irt="another"),
        Seen(XAL, "ack", "correspondence", (SEC,), 1500.0, irt="notice"),
    ],
    ids=["of another party", "to another message", "of another type"],
)
def test_an_answer_settles_nothing_when_it_is(answer: Seen) -> None:
    assert find(owed_in([NOTICE, answer]), "inspection.acknowledgement").answered is None


def test_the_clock_of_a_report_has_no_end_before_the_inspection_has() -> None:
    assert find(owed_in([NOTICE]), "inspection.report").until is None


def test_the_clocks_of_the_reports_run_from_the_end_of_the_inspection() -> None:
    findings = Seen(
        SEC, "pf", "inspection.preliminary-findings", (XAL,), 6000.0, irt="notice", ended=5000.0
    )
    owed = owed_in([NOTICE, findings])
    report = find(owed, "inspection.report")
    assert (report.by, report.until) == (SEC, 5000.0 + 10 * DAY)
    # Told by the findings, known to the whole thread.
    whole = owed_in(
        [NOTICE, findings, Seen(SEC, "r", "inspection.report", (XAL,), 7000.0, irt="notice")]
    )
    comments = find(whole, "inspection.comments")
    assert (comments.by, comments.until) == (XAL, 5000.0 + 30 * DAY)
    assert find(whole, "inspection.report").answered == "r"


@pytest.mark.parametrize(("asked", "until"), [(5.0, 5.0), (1e9, 90 * DAY), (None, 90 * DAY)])
def test_a_question_that_asks_for_a_day_can_only_make_its_time_shorter(
    asked: float | None, until: float
) -> None:
    question = Seen(SEC, "q", "clarification.request", (XAL,), 0.0, asked=asked)
    assert find(owed_in([question]), "clarification.reply").until == until


def test_nothing_is_owed_for_what_was_superseded() -> None:
    newer = Seen(SEC, "newer", "inspection.notification", (XAL,), 1100.0, sup="notice")
    assert {one.message for one in owed_in([NOTICE, newer])} == {"newer"}
    strangers = Seen(XBO, "other", "inspection.notification", (XAL,), 1100.0, sup="notice")
    assert "notice" in {one.message for one in owed_in([NOTICE, strangers])}


def test_a_report_with_the_comments_annexed_asks_for_no_comments() -> None:
    report = Seen(SEC, "v1", "inspection.report", (XAL,), 1000.0)
    comments = Seen(XAL, "said", "inspection.comments", (SEC,), 1100.0, irt="v1")
    annexed = Seen(SEC, "v2", "inspection.report", (XAL,), 1200.0, irt="said")
    owed = [one for one in owed_in([report, comments, annexed]) if one.answer == comments.type]
    assert [(one.message, one.answered) for one in owed] == [("v1", "said")]


def test_a_secretariat_that_reads_along_owes_nothing_to_a_consultation() -> None:
    asked = Seen(XAL, "c", "consultation.request", (XBO, SEC), 0.0)
    assert [(one.by, one.until) for one in owed_in([asked])] == [(XBO, 10 * DAY)]


def test_a_copy_of_ones_own_makes_nobody_owe() -> None:
    asked = Seen(SEC, "q", "clarification.request", (XAL, SEC), 0.0)
    assert [one.by for one in owed_in([asked])] == [XAL]


def test_the_urgent_request_for_assistance_is_answered_within_a_day() -> None:
    asked = Seen(XAL, "a", "assistance.request", (SEC, XBO), 0.0)
    owed = find(owed_in([asked]), "assistance.reply")
    assert (owed.by, owed.until) == (SEC, DAY)
    assert find_type("assistance.request").priority is Priority.URGENT


def test_a_table_that_does_not_fit_names_every_line(tmp_path: Path) -> None:
    good = (FOLDER / OWED_FILE.name).read_text()
    bad = (
        "correspondence,inspection.comments,recipient,1,day,receipt,,P,\n"
        "no.type,correspondence,nobody,0,week,birth,,X,\n"
        "consultation.request,assistance.reply,recipient,1,day,receipt,,T,\n"
    )
    (tmp_path / OWED_FILE.name).write_text(good + bad)
    with pytest.raises(PlatformError) as caught:
        read_owed(tmp_path)
    detail = caught.value.detail
    for told in (
        "no type of message",
        "nobody",
        "week",
        "birth",
        "evidence mark",
        "does not answer",
    ):
        assert told in detail
