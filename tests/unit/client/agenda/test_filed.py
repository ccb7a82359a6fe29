"""What was sent against what is due: receipts that prove it, and declarations that answer it."""

import datetime as dt
import json
from pathlib import Path

import pytest

from sextant_client.agenda.filed import answered, read_filed
from sextant_shared.clock import parse_timestamp
from sextant_shared.deadlines import (
    DEFAULT_POLICY,
    Due,
    Facts,
    Reckoning,
    agenda,
    due,
    rules,
)
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE

from .sending import Sending

EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "kinds"
LATER = parse_timestamp("2027-12-31T12:00:00Z")
IN_TIME, LATE = "2027-03-01T10:00:00.000Z", "2027-04-10T10:00:00.000Z"


@pytest.fixture
def sending(tmp_path: Path) -> Sending:
    return Sending(tmp_path)


def example_kinds() -> list[str]:
    return sorted(
        {rule.kind for rule in rules() if rule.reckoning is not Reckoning.NONE} & set(CATALOGUE)
    )


@pytest.mark.parametrize("kind", example_kinds())
def test_the_example_of_each_kind_answers_what_is_due(sending: Sending, kind: str) -> None:
    document = json.loads((EXAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    sending.send_bytes(json.dumps(document).encode(), IN_TIME)
    day = document.get("event_date")
    events = {kind: [dt.date.fromisoformat(day)]} if day else {}
    if kind == "A4_90DAY_REPORT":  # it names the last day of the 90; they run from the extension
        events = {kind: [dt.date.fromisoformat(document["period"]["start"])]}
    facts = Facts(events=events)
    # What was first declared is about the year before entry into force, which has no deadlines.
    years = {1997, document.get("reporting_year") or 1997, int((day or "1997")[:4])} - {1996}
    items = [one for year in years for one in due(kind, "XAL", year, facts=facts)]
    filed = read_filed(sending.home).filed
    assert any(one.sent for one in answered(items, filed, LATER, DEFAULT_POLICY))


def test_a_standing_notification_is_not_late_for_its_updates(sending: Sending) -> None:
    facts = Facts(eif=dt.date(2027, 2, 10))
    sending.send("POE", "2027-03-01T10:00:00.000Z", event_date="2027-02-10")
    sending.send("POE", "2027-09-01T10:00:00.000Z", event_date="2027-09-15")
    assert word(sending, "POE", facts=facts) == "ON_TIME"
    sending.send("A3_RCA", "2027-09-01T10:00:00.000Z", event_date="2027-08-20")
    assert word(sending, "A3_RCA", facts=facts).startswith("MISSING")


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
