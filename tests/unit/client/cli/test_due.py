"""`sextant due`: what it refuses, what it says, what it writes."""

import json
from pathlib import Path

import icalendar
import pytest

from sextant_client.cli import due as command
from sextant_shared.clock import parse_timestamp
from sextant_shared.deadlines import DEFAULT_POLICY, DeadlinePolicy, policy_id
from sextant_shared.models.acts import RecallOutcome
from tests.support.command import Done, sextant
from tests.unit.client.agenda.sending import Sending

NOW = "2027-03-30T22:30:00Z"  # half past midnight of the 31st in The Hague


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "system_clock", lambda: parse_timestamp(NOW))


def due(*arguments: str | Path, state: str = "XAL") -> Done:
    return sextant("due", "--state", state, "--year", "2027", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--event", "S2_ADDITIONAL"),
        ("--event", "S2_ADDITIONAL=1.5.2027"),
        ("--event", "S2_ADDITIONAL=2027-02-30"),
        ("--event", "S2_ADDITIONAL=20270501"),
        ("--eif", "soon"),
        ("--alarm", "-3"),
    ],
)
def test_what_is_no_day_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert due(*arguments).status == 2


def test_a_home_that_knows_no_state_asks_for_one(tmp_path: Path) -> None:
    done = sextant("due", "--home", tmp_path)
    assert done.status == 2
    assert "--state" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "state", "code"),
    [
        ((), "QQ", "E_NOT_FOUND"),
        ((), "XNP", "E_STATE"),
        (("--kind", "S9_AND"), "XAL", "E_NOT_FOUND"),
        (("--event", "S2_AND=2027-01-01"), "XAL", "E_MALFORMED"),
        (("--policy", "none.json"), "XAL", "E_NOT_FOUND"),
    ],
)
def test_what_nobody_knows_is_refused_with_what_to_do(
    arguments: tuple[str, ...], state: str, code: str
) -> None:
    done = due(*arguments, "--json", state=state)
    assert done.status == 3
    assert done.json()["error"]["code"] == code


def test_a_policy_that_means_nothing_is_refused_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"time_zone": "Mars", "reading": "lenient", "grace": 3}))
    done = due("--policy", path)
    assert done.status == 3
    assert all(name in done.stderr for name in ("/time_zone", "/reading", "/grace"))


def test_it_shows_day_days_left_kind_period_and_law() -> None:
    done = due()
    assert done.status == 0
    lines = done.stdout.splitlines()
    (line,) = (line for line in lines if " S2_AND/annual " in line)
    assert line.split()[:4] == ["2027-03-31", "today", "S2_AND/annual", "2026"]
    assert "[VII.2(b); T]" in line
    assert [line[:10] for line in lines[:-1]] == sorted(line[:10] for line in lines[:-1])
    assert lines[-1].startswith("13 due from XAL in 2027")
    assert policy_id(DEFAULT_POLICY).digest[:8] in lines[-1]


def test_json_says_the_same_and_the_policy() -> None:
    document = due("--json").json()
    assert document["today"] == "2027-03-31"
    assert document["policy"]["digest"] == policy_id(DEFAULT_POLICY).digest
    first = next(item for item in document["due"] if item["kind"] == "X4_PROTECTIVE")
    assert (first["due"], first["days_left"], first["period"]) == ("2027-04-30", 30, "2026")
    assert first["evidence"].startswith("O C-9/DEC.10")
    assert "status" not in first


def test_without_a_year_it_is_this_year_where_days_end() -> None:
    assert sextant("due", "--state", "XAL", "--json").json()["year"] == 2027


def test_events_and_entry_into_force_are_given() -> None:
    done = due("--event", "s1-transfer-notif=2027-05-20", "--json").json()
    (item,) = (item for item in done["due"] if item["kind"] == "S1_TRANSFER_NOTIF")
    assert (item["due"], item["period"]) == ("2027-04-20", "2027-05-20")
    joined = due("--eif", "2027-02-10", "--json", state="XNP").json()
    assert "NA_DESIGNATION" in {item["kind"] for item in joined["due"]}


def test_a_kind_without_a_day_says_why() -> None:
    done = due("--kind", "A7_MEASURES", "--kind", "S2_ADDITIONAL")
    assert done.status == 0
    assert "A7_MEASURES: no day is set: the paragraph sets no day  [VII(5)]" in done.stdout
    assert "give it as --event S2_ADDITIONAL=DATE" in done.stdout


def test_another_policy_gives_other_days_and_another_digest(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    profile = {"state_code": "XAL", "duties": ["OCPF"]}
    path.write_text(json.dumps({"reading": "calendar", "profiles": [profile]}))
    document = due("--policy", path, "--json").json()
    assert {item["kind"]: item["due"] for item in document["due"]} == {
        "OCPF_ANNUAL": "2027-04-01",
        "X4_PROTECTIVE": "2027-04-30",
    }
    policy = DeadlinePolicy.model_validate(json.loads(path.read_text()))
    assert document["policy"]["digest"] == policy_id(policy).digest


def test_sent_says_of_each_what_the_receipts_prove(tmp_path: Path) -> None:
    sending = Sending(tmp_path)
    sending.send("S2_AND", "2027-03-01T10:00:00.000Z", reporting_year=2026)
    letter = sending.send_bytes(b"Dear colleagues", None)
    done = sextant("due", "--year", "2027", "--sent", "--home", tmp_path)
    assert done.status == 0
    assert f"{letter.id} holds no declaration" in done.stdout
    document = sextant("due", "--year", "2027", "--sent", "--home", tmp_path, "--json").json()
    status = {item["kind"]: item["status"] for item in document["due"]}
    assert status["S2_AND"] == "ON_TIME"
    assert status["S3_AND"] == "NOT_DUE"
    (sent,) = next(item for item in document["due"] if item["kind"] == "S2_AND")["sent"]
    assert sent["received"] == "2027-03-01T10:00:00Z"
    assert document["unread"] == [letter.id]


def test_what_was_recalled_from_the_secretariat_was_not_filed(tmp_path: Path) -> None:
    sending = Sending(tmp_path)
    for kind, outcome in (("S2_AND", RecallOutcome.RECALLED), ("S3_AND", RecallOutcome.TOO_LATE)):
        envelope = sending.send(kind, "2027-03-01T10:00:00.000Z", reporting_year=2026)
        sending.recall(envelope, outcome)
    document = sextant("due", "--year", "2027", "--sent", "--home", tmp_path, "--json").json()
    status = {item["kind"]: item["status"] for item in document["due"]}
    assert (status["S2_AND"], status["S3_AND"]) == ("NOT_DUE", "ON_TIME")


def test_missing_and_late_show_their_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "system_clock", lambda: parse_timestamp("2027-04-20T12:00:00Z"))
    Sending(tmp_path).send("S2_AND", "2027-04-10T10:00:00.000Z", reporting_year=2026)
    done = sextant("due", "--year", "2027", "--sent", "--home", tmp_path)
    assert "  20 days ago  LATE(10)     S2_AND/annual " in done.stdout
    assert "  20 days ago  MISSING(20)  S3_AND/annual " in done.stdout
    assert "  in 10 days   NOT_DUE      X4_PROTECTIVE " in done.stdout


def test_the_calendar_has_what_the_command_shows(tmp_path: Path) -> None:
    sending = Sending(tmp_path / "home")
    sending.send("S2_AND", "2027-03-01T10:00:00.000Z", reporting_year=2026)
    out = tmp_path / "due.ics"
    done = sextant(
        "due", "--year", "2027", "--home", sending.folder, "--sent", "--ics", out, "--json"
    )
    calendar = icalendar.Calendar.from_ical(out.read_bytes())
    assert isinstance(calendar, icalendar.Calendar)
    alarms = {str(event["SUMMARY"]): len(event.walk("VALARM")) for event in calendar.events}
    items = done.json()["due"]
    assert len(alarms) == len(items) == 13
    assert alarms.pop("XAL S2_AND 2026 is due") == 0
    assert set(alarms.values()) == {2}
    assert due("--ics", out, "--alarm", "14").status == 0
    assert out.read_bytes().count(b"TRIGGER:-P14D") == 13
    assert due("--ics", tmp_path).status == 3
