"""What was sent against what is due: receipts that prove it, and declarations that answer it."""

import datetime as dt
from pathlib import Path

import pytest

from sextant_client.agenda.filed import answered, read_filed
from sextant_shared.clock import parse_timestamp
from sextant_shared.deadlines import DEFAULT_POLICY, Due, Facts, agenda
from sextant_shared.errors import Code, PlatformError

from .sending import Sending

LATER = parse_timestamp("2027-12-31T12:00:00Z")
IN_TIME, LATE = "2027-03-01T10:00:00.000Z", "2027-04-10T10:00:00.000Z"


@pytest.fixture
def sending(tmp_path: Path) -> Sending:
    return Sending(tmp_path)


def word(sending: Sending, kind: str, *, now: float = LATER, facts: Facts | None = None) -> str:
    """Return the word on the first item of a kind in 2027."""
    items: tuple[Due, ...] = agenda("XAL", 2027, facts=facts or Facts(), kinds=[kind])
    filed = read_filed(sending.home).filed
    return str(answered(items, filed, now, DEFAULT_POLICY)[0].status)


def test_a_receipt_for_another_envelope_is_refused(sending: Sending) -> None:
    first = sending.send("S2_AND", IN_TIME, reporting_year=2026)
    second = sending.send("S3_AND", None, reporting_year=2026)
    second.write_receipt(first.receipt.read_bytes())
    with pytest.raises(PlatformError) as caught:
        read_filed(sending.home)
    assert caught.value.code is Code.INTEGRITY


def test_a_receipt_of_a_log_that_is_not_pinned_is_refused(sending: Sending) -> None:
    sending.log.label = "another"
    sending.send("S2_AND", IN_TIME, reporting_year=2026)
    with pytest.raises(PlatformError):
        read_filed(sending.home)


def test_what_holds_no_declaration_is_named(sending: Sending) -> None:
    letter = sending.send_bytes(b"Dear colleagues", IN_TIME)
    filed = read_filed(sending.home)
    assert filed.unread == (letter.id,)
    assert filed.filed == ()


def test_an_empty_home_has_sent_nothing(sending: Sending) -> None:
    assert word(sending, "S2_AND") == "MISSING(275)"
    early = parse_timestamp("2027-03-31T12:00:00Z")
    assert word(sending, "S2_AND", now=early) == "NOT_DUE"


def test_the_time_of_the_receipt_decides(sending: Sending) -> None:
    sending.send("S2_AND", IN_TIME, reporting_year=2026)
    sending.send("S3_AND", LATE, reporting_year=2026)
    sending.send("OCPF_ANNUAL", None, reporting_year=2026)
    assert word(sending, "S2_AND") == "ON_TIME"
    assert word(sending, "S3_AND") == "LATE(10)"
    assert word(sending, "OCPF_ANNUAL") == "MISSING(275)"


@pytest.mark.parametrize(
    "members",
    [
        {"reporting_year": 2025},
        {"reporting_year": 2026, "state_code": "XBO"},
        {"event_date": "2026-12-31"},
    ],
)
def test_another_year_or_state_answers_nothing(sending: Sending, members: dict[str, str]) -> None:
    sending.send("S2_AND", IN_TIME, **members)
    assert word(sending, "S2_AND") == "MISSING(275)"


def test_the_last_of_several_sites_decides_and_the_first_of_several_versions(
    sending: Sending,
) -> None:
    sending.send("S2_SITE_ADPA", IN_TIME, reporting_year=2026, declaration_id="SITE-1")
    sending.send("S2_SITE_ADPA", LATE, reporting_year=2026, declaration_id="SITE-1", version=2)
    assert word(sending, "S2_SITE_ADPA") == "ON_TIME"
    sending.send("S2_SITE_ADPA", LATE, reporting_year=2026, declaration_id="SITE-2")
    assert word(sending, "S2_SITE_ADPA") == "LATE(10)"


@pytest.mark.parametrize(
    ("scope", "closed", "left"),
    [
        ("AND_S2", "S2_AND", "S2_SITE_ADPA"),
        ("S2", "S2_SITE_ADPA", "S2_AND"),
        ("S3", "S3_SITE_ADPA", "S3_AND"),
        ("S1", "S1_TRANSFER_ANNUAL", "S2_AND"),
        ("OCPF", "OCPF_ANNUAL", "X4_PROTECTIVE"),
        ("X4", "X4_PROTECTIVE", "OCPF_ANNUAL"),
    ],
)
def test_a_nil_closes_what_its_scope_says(
    sending: Sending, scope: str, closed: str, left: str
) -> None:
    sending.send("NIL", IN_TIME, reporting_year=2026, scope=[scope])
    assert word(sending, closed) == "ON_TIME"
    assert word(sending, left).startswith("MISSING")


def test_a_nil_about_a_year_that_began_says_nothing_of_its_plans(sending: Sending) -> None:
    sending.send("NIL", "2028-02-01T10:00:00.000Z", reporting_year=2028, scope=["S2"])
    assert word(sending, "S2_SITE_ADAA").startswith("MISSING")
    sending.send("NIL", "2027-10-01T10:00:00.000Z", reporting_year=2028, scope=["S2"])
    assert word(sending, "S2_SITE_ADAA") == "ON_TIME"


def test_a_late_notice_is_seen(sending: Sending) -> None:
    sending.send(
        "LATE_NOTICE",
        "2027-03-30T10:00:00.000Z",
        late_kind="S2_AND",
        late_year=2026,
        expected_date="2027-04-15",
        event_date="2027-03-31",
    )
    assert word(sending, "S2_AND", now=parse_timestamp("2027-04-12T10:00:00Z")) == (
        "LATE_WITH_NOTICE(12)"
    )
    assert word(sending, "S2_AND") == "MISSING(275)"
    sending.send("S2_AND", LATE, reporting_year=2026)
    assert word(sending, "S2_AND") == "LATE_WITH_NOTICE(10)"
    assert word(sending, "S3_AND") == "MISSING(275)"


def test_events_and_entry_into_force_are_answered_by_their_day(sending: Sending) -> None:
    facts = Facts(dt.date(2027, 2, 10), {"S1_TRANSFER_NOTIF": [dt.date(2027, 5, 20)]})
    sending.send("S1_TRANSFER_NOTIF", "2027-04-25T10:00:00.000Z", event_date="2027-05-20")
    sending.send("OCPF_INITIAL", IN_TIME, event_date="2027-02-10", reporting_year=2026)
    sending.send("S3_AND", IN_TIME, reporting_year=2026)
    assert word(sending, "S1_TRANSFER_NOTIF", facts=facts) == "LATE(5)"
    assert word(sending, "OCPF_INITIAL", facts=facts) == "ON_TIME"
    assert word(sending, "S3_AND", facts=facts) == "ON_TIME"
