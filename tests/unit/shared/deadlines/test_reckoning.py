"""The deadline function against the facts, and what holds for every year and event."""

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.deadlines import (
    DEFAULT_POLICY,
    DeadlinePolicy,
    DeadlineRule,
    Duty,
    Facts,
    Reckoning,
    StateProfile,
    agenda,
    due,
    rules,
)
from sextant_shared.deadlines.table import ANNUAL, BY_EVENT
from sextant_shared.errors import Code, PlatformError
from tests.support.reference import DOMAIN, needs_reference

STATE = "XAL"
DAY = dt.timedelta(days=1)
CALENDAR = DeadlinePolicy(reading="calendar")
ANNUAL_RULES = [rule for rule in rules() if rule.reckoning in ANNUAL]
EVENT_RULES = [rule for rule in rules() if rule.reckoning in BY_EVENT]
GOLDEN = Path(__file__).with_name("golden.csv")
# Ids of the reference's table of deadlines that differ from its catalogue's.
NAMES = {
    "S2_PLANT_ADPA": "S2_SITE_ADPA",
    "S3_PLANT_ADPA": "S3_SITE_ADPA",
    "S2_PLANT_ADAA": "S2_SITE_ADAA",
    "S3_PLANT_ADAA": "S3_SITE_ADAA",
    "OCPF_ANNUAL_UPDATE": "OCPF_ANNUAL",
    "ART5_CWPF_ANNUAL_REPORT": "A5_ANNUAL_REPORT",
    "ART4_CW_ANNUAL_REPORT": "A4_ANNUAL_REPORT",
    "ART10_4_PROTECTIVE_PROGRAMME": "X4_PROTECTIVE",
    "ART5_CWPF_ANNUAL_PLAN": "A5_ANNUAL_PLAN",
    "ART4_CW_ANNUAL_PLAN": "A4_ANNUAL_PLAN",
    "S1_TRANSFER_NOTIFICATION": "S1_TRANSFER_NOTIF",
    "S1_TRANSFER_NOTIFICATION_SAXITOXIN": "S1_TRANSFER_NOTIF_STX",
    "S1_SSSF_INITIAL_NEW": "S1_SSSF_INITIAL",
    "S1_SSSF_CHANGE_NOTICE": "S1_SSSF_CHANGE",
    "S1_OTHER_INITIAL_NEW": "S1_OTHER_INITIAL",
    "S1_OTHER_CHANGE_NOTICE": "S1_OTHER_CHANGE",
    "S2_ADDITIONAL_ACTIVITY": "S2_ADDITIONAL",
    "S3_ADDITIONAL_ACTIVITY": "S3_ADDITIONAL",
    "ART3_INITIAL_ALL": "A3_CW",
    "ART6_INITIAL": "OCPF_INITIAL",
    "S2_PAST_CW_PRODUCTION": "S2_PAST_CW",
    "S3_PAST_CW_PRODUCTION": "S3_PAST_CW",
    "RCA_UPDATE": "A3_RCA",
    "OCW_DISCOVERED": "OCW_DISCOVERY",
    "ACW_DISCOVERED": "ACW_DISCOVERY",
    "ACW_INITIAL": "A3_ACW_TERRITORIAL",
    "CW_DESTRUCTION_CERTIFICATE": "A4_CERTIFICATE",
    "CWPF_DESTRUCTION_CERTIFICATE": "A5_CERTIFICATE",
    "CWPF_DETAILED_DESTRUCTION_PLAN": "A5_DETAILED_PLAN",
    "CWPF_CLOSURE_NOTICE": "A5_CLOSURE",
    "ART10_7_ASSISTANCE_MEASURES": "X7_ASSISTANCE",
    "NATIONAL_AUTHORITY_DESIGNATION": "NA_DESIGNATION",
    "POINTS_OF_ENTRY": "POE",
    "INSPECTOR_LIST_RESPONSE": "INSPECTOR_RESPONSE",
    "CLARIFICATION_RESPONSE": "CLARIFICATION_REPLY",
    "ART5_CONVERTED_CWPF_ANNUAL_REPORT": "A5_CONVERTED_ANNUAL",
    "AMENDMENT_TO_DECLARATION": "AMENDMENT",
    "NIL_DECLARATION": "NIL",
}
# No paperwork of a State: clocks of an inspection, which run in hours or bind the Secretariat.
NO_DECLARATIONS = {
    "INSPECTION_NOTICE_ACKNOWLEDGEMENT",
    "INSPECTION_PRELIMINARY_FINDINGS",
    "INSPECTION_REPORT_PREPARED",
    "INSPECTION_REPORT_TO_DG_WITH_COMMENTS",
    "S2_FACILITY_AGREEMENT",
    "S2_INITIAL_INSPECTION",
}


def golden() -> Iterator[tuple[str, str, str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["kind"], row["case"], row["about"], row["day"]


def days(kind: str, case: str, about: str, policy: DeadlinePolicy = DEFAULT_POLICY) -> list[str]:
    """Return the due days of one rule: `about` is a year, or the day it is reckoned from."""
    (rule,) = (r for r in rules() if (r.kind, r.case) == (kind, case))
    facts = Facts()
    if rule.reckoning is Reckoning.AFTER_EIF:
        facts = Facts(eif=dt.date.fromisoformat(about))
    elif rule.reckoning in BY_EVENT:
        facts = Facts(events={kind: [dt.date.fromisoformat(about)]})
    found = due(kind, STATE, int(about[:4]), policy, facts)
    return [str(one.day) for one in found if one.rule.case == case]


@pytest.mark.parametrize(("kind", "case", "about", "day"), list(golden()))
def test_a_known_fact(kind: str, case: str, about: str, day: str) -> None:
    found = days(kind, case, about)
    assert found[:1] == [day]
    assert len(found) == 1 or kind == "A4_90DAY_REPORT"


def test_every_rule_with_a_day_has_a_known_fact() -> None:
    dated = {(r.kind, r.case) for r in rules() if r.reckoning is not Reckoning.NONE}
    assert {(kind, case) for kind, case, _, _ in golden()} == dated


def domain_rows() -> list[dict[str, str]]:
    with (DOMAIN / "deadlines.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@needs_reference
def test_the_reference_gives_the_same_annual_days() -> None:
    compared = 0
    for row in domain_rows():
        kind = NAMES.get(row["declaration_kind"], row["declaration_kind"])
        for year in (2025, 2026):
            day = row[f"computed_due_{year}"]
            if not day[0].isdigit():
                continue
            found = [one.day for one in agenda(STATE, year, kinds=[kind]) if one.year]
            assert [str(found_day) for found_day in found] == [day], kind
            compared += 1
    assert compared == 34


@needs_reference
def test_the_reference_names_nothing_that_has_no_rule() -> None:
    known = {rule.kind for rule in rules()}
    named = {row["declaration_kind"] for row in domain_rows()}
    assert {NAMES.get(name, name) for name in named - NO_DECLARATIONS} <= known


def test_the_calendar_reading_gives_one_day_more_ahead_and_for_ocpf() -> None:
    assert days("S1_SSSF_ADAA", "", "2027", CALENDAR) == ["2026-10-03"]
    assert days("S2_SITE_ADAA", "", "2027", CALENDAR) == ["2026-11-02"]
    assert days("OCPF_ANNUAL", "", "2026", CALENDAR) == ["2027-04-01"]
    assert days("S2_AND", "annual", "2026", CALENDAR) == ["2027-03-31"]


def test_the_worked_examples_of_transfers() -> None:
    assert days("S1_TRANSFER_NOTIF", "", "2025-05-20") == ["2025-04-20"]
    assert days("S1_TRANSFER_NOTIF", "", "2025-06-03") == ["2025-05-04"]
    assert days("S1_TRANSFER_NOTIF_STX", "", "2025-06-03") == ["2025-06-03"]


def test_a_destruction_period_need_not_be_the_calendar_year() -> None:
    policy = DeadlinePolicy(destruction_period_begins="04-29")
    assert days("A4_ANNUAL_REPORT", "", "2025", policy) == ["2026-06-27"]
    assert days("A4_ANNUAL_PLAN", "", "2025", policy) == ["2025-02-27"]
    assert days("S2_AND", "annual", "2025", policy) == ["2026-03-31"]


def test_the_report_of_90_days_returns_each_year() -> None:
    facts = Facts(events={"A4_90DAY_REPORT": [dt.date(2026, 12, 1)]})
    found = agenda(STATE, 2027, facts=facts, kinds=["A4_90DAY_REPORT"])
    assert [str(one.day) for one in found] == [
        "2027-03-01",
        "2027-05-30",
        "2027-08-28",
        "2027-11-26",
    ]


@given(st.integers(1998, 2199), st.sampled_from(ANNUAL_RULES))
def test_a_due_day_grows_with_the_year(year: int, rule: DeadlineRule) -> None:
    kind, case = rule.kind, rule.case
    this, following = (days(kind, case, str(y))[0] for y in (year, year + 1))
    gap = dt.date.fromisoformat(following) - dt.date.fromisoformat(this)
    assert gap in {365 * DAY, 366 * DAY}
    assert following > this


@given(st.integers(1998, 2199))
def test_only_leap_years_move_a_day_and_no_weekend_does(year: int) -> None:
    is_leap = (year + 1) % 4 == 0 and ((year + 1) % 100 != 0 or (year + 1) % 400 == 0)
    assert days("S2_AND", "annual", str(year)) == [f"{year + 1}-03-{30 if is_leap else 31}"]
    assert days("X4_PROTECTIVE", "", str(year)) == [f"{year + 1}-04-{29 if is_leap else 30}"]
    assert days("S1_SSSF_ADAA", "", str(year)) == [f"{year - 1}-10-02"]
    assert days("S2_SITE_ADAA", "", str(year)) == [f"{year - 1}-11-01"]


@given(
    st.dates(dt.date(1999, 1, 1), dt.date(2190, 12, 31)),
    st.sampled_from(EVENT_RULES),
)
def test_events_are_reckoned_by_plain_days(event: dt.date, rule: DeadlineRule) -> None:
    kind, reckoning = rule.kind, rule.reckoning
    (first, *_) = due(
        kind, STATE, event.year + (kind == "A4_90DAY_REPORT"), facts=Facts(events={kind: [event]})
    )
    step = rule.days * DAY
    if reckoning is Reckoning.BEFORE_EVENT:
        assert first.day == event - step
    elif reckoning is Reckoning.AFTER_EVENT:
        assert first.day == event + step
    else:
        assert (first.day - event).days % step.days == 0


def refused(code: Code, *arguments: object, **options: object) -> str:
    with pytest.raises(PlatformError) as caught:
        agenda(*arguments, **options)  # type: ignore[arg-type]
    assert caught.value.code is code
    return caught.value.detail


def test_what_nobody_knows_is_refused() -> None:
    assert "no such State" in refused(Code.NOT_FOUND, "ZZ", 2027)
    assert "no such kind" in refused(Code.NOT_FOUND, STATE, 2027, kinds=["S9_AND"])
    assert "no deadlines" in refused(Code.MALFORMED, STATE, 1996)
    events = Facts(events={"S2_AND": [dt.date(2027, 1, 1)]})
    assert "follows from no event" in refused(Code.MALFORMED, STATE, 2027, facts=events)
    with pytest.raises(PlatformError, match="no such kind"):
        due("S9_AND", STATE, 2027)


def test_a_state_that_is_no_party_owes_nothing_until_it_joins() -> None:
    assert "no State Party" in refused(Code.STATE, "XNP", 2027)
    joined = agenda("XNP", 2027, facts=Facts(eif=dt.date(2027, 2, 10)))
    kinds = {one.kind for one in joined}
    assert {"A3_CW", "S2_SITE_INITIAL", "NA_DESIGNATION"} <= kinds
    # Nothing is owed for a year before it was a party; the year ahead is.
    assert {one.period for one in joined if one.year} == {"2028"}
    following = agenda("XNP", 2028, facts=Facts(eif=dt.date(2027, 2, 10)))
    assert "S2_AND" in {one.kind for one in following if one.year == 2027}


def test_an_agenda_is_sorted_and_lies_in_its_year() -> None:
    found = agenda(STATE, 2027)
    assert [one.day for one in found] == sorted(one.day for one in found)
    assert {one.day.year for one in found} == {2027}
    kinds = [one.kind for one in found]
    assert len(set(kinds)) == len(kinds) == 13


def test_a_profile_says_which_duties_a_state_has() -> None:
    profile = StateProfile(state_code=STATE, duties=(Duty.OCPF, Duty.CW))
    few = DeadlinePolicy(profiles=(profile,))
    kinds = {one.kind for one in agenda(STATE, 2027, few)}
    assert kinds == {"OCPF_ANNUAL", "X4_PROTECTIVE", "A4_ANNUAL_PLAN", "A4_ANNUAL_REPORT"}
    assert "S2_AND" in {one.kind for one in agenda("XBO", 2027, few)}
    assert few.duties_of("XBO") == DEFAULT_POLICY.duties_of("XBO")
    named = agenda(STATE, 2027, few, kinds=["S2_AND"])
    assert [one.rule.duty for one in named] == [Duty.S2]


def test_a_code_that_ended_owes_nothing_afterwards() -> None:
    assert agenda("ROM", 2001)
    assert agenda("ROM", 2003) == ()
