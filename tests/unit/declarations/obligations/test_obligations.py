"""What a State owes and where it stands: refusals of mercy first, then what counts as in time."""

import datetime as dt

import pytest

from sextant_declarations.analysis.obligations.expectations import Because, read_expectations
from sextant_declarations.analysis.obligations.expecting import obligations
from sextant_declarations.analysis.obligations.obligation import Known
from sextant_declarations.analysis.obligations.standing import Status, stand
from sextant_shared.deadlines import DEFAULT_POLICY, Duty, StateProfile
from tests.unit.declarations.obligations.made import SINCE, at, filing, owed, stands

BEFORE = filing("S2_AND", "2022-03-01", 2021)


def test_what_was_declared_last_year_is_missing_once_its_day_is_over() -> None:
    found = stands("S2_AND", 2022, "2023-04-10", BEFORE)
    assert (found.status, found.days) == (Status.MISSING, 10)


def test_it_is_not_due_while_its_day_lasts() -> None:
    (one,) = owed("S2_AND", 2022, BEFORE)
    assert one.due.day == dt.date(2023, 3, 31)
    assert (one.because, one.evidence, one.of) == (Because.AGAIN, "P", ("S2_AND-2021-",))
    assert stands("S2_AND", 2022, "2023-03-31", BEFORE).status is Status.NOT_DUE


@pytest.mark.parametrize(
    ("received", "status", "days"),
    [("2023-03-31", Status.ON_TIME, 0), ("2023-04-05", Status.LATE, 5)],
)
def test_the_receipt_in_the_log_decides(received: str, status: Status, days: int) -> None:
    found = stands("S2_AND", 2022, "2024-01-01", BEFORE, filing("S2_AND", received, 2022))
    assert (found.status, found.days) == (status, days)


def test_a_later_version_or_an_amendment_makes_nothing_late() -> None:
    first = filing("S2_AND", "2023-03-01", 2022)
    second = filing("S2_AND", "2023-09-01", 2022, version=2)
    amendment = filing("AMENDMENT", "2023-09-01", event=dt.date(2023, 8, 1))
    assert stands("S2_AND", 2022, "2024-01-01", second, amendment, first).status is Status.ON_TIME


def test_an_amendment_takes_the_place_of_nothing_that_never_came() -> None:
    amendment = filing("AMENDMENT", "2023-02-01", event=dt.date(2023, 1, 1))
    assert stands("S2_AND", 2022, "2023-05-01", BEFORE, amendment).status is Status.MISSING


def test_what_was_withdrawn_is_missing_again() -> None:
    came = filing("S2_AND", "2023-03-01", 2022, number="N")
    back = filing("WITHDRAWAL", "2023-06-01", event=dt.date(2023, 6, 1), ends=("N", 1, ""))
    assert stands("S2_AND", 2022, "2024-01-01", BEFORE, came, back).status is Status.MISSING


def test_a_notice_in_time_makes_it_promised_then_missing_then_late_with_notice() -> None:
    notice = filing(
        "LATE_NOTICE",
        "2023-03-20",
        event=dt.date(2023, 3, 31),
        late=("S2_AND", 2022, dt.date(2023, 4, 30)),
    )
    assert stands("S2_AND", 2022, "2023-04-20", BEFORE, notice).status is Status.PROMISED
    assert stands("S2_AND", 2022, "2023-05-02", BEFORE, notice).status is Status.MISSING
    came = filing("S2_AND", "2023-05-02", 2022)
    found = stands("S2_AND", 2022, "2024-01-01", BEFORE, notice, came)
    assert (found.status, found.days) == (Status.LATE_WITH_NOTICE, 32)


def test_a_notice_that_came_after_the_day_excuses_nothing() -> None:
    notice = filing(
        "LATE_NOTICE",
        "2023-04-02",
        event=dt.date(2023, 3, 31),
        late=("S2_AND", 2022, dt.date(2023, 4, 30)),
    )
    assert stands("S2_AND", 2022, "2023-04-20", BEFORE, notice).status is Status.MISSING


def test_a_nil_closes_and_says_whether_it_came_late() -> None:
    nil = filing("NIL", "2023-04-03", 2022, scopes=("AND_S2",))
    found = stands("S2_AND", 2022, "2024-01-01", BEFORE, nil)
    assert (found.status, found.days) == (Status.NIL, 3)
    assert owed("S2_AND", 2023, BEFORE, nil) == []


def test_a_nil_of_the_year_begun_closes_no_plan_for_it() -> None:
    plans = [filing("S1_SSSF_ADAA", "2021-09-01", 2022, subject="F1")]
    nil = filing("NIL", "2023-02-01", 2023, scopes=("S1",))
    assert stands("S1_SSSF_ADAA", 2023, "2023-06-01", *plans, nil).status is Status.MISSING


def test_what_stays_missing_is_expected_as_long_as_the_policy_says() -> None:
    assert owed("S2_AND", 2023, BEFORE)
    assert owed("S2_AND", 2024, BEFORE) == []


def test_a_schedule_2_site_is_owed_for_two_years_after_it_was_active() -> None:
    site = filing("S2_SITE_ADPA", "2022-03-01", 2021, subject="PS-1", active=(2021,))
    for year in (2022, 2023):
        (one,) = owed("S2_SITE_ADPA", year, site)
        assert (one.subject, one.because, one.law) == ("PS-1", Because.ACTIVE, "VII.3")
    assert owed("S2_SITE_ADPA", 2024, site) == []


def test_a_site_that_was_taken_off_the_lists_is_owed_no_more() -> None:
    site = filing("S2_SITE_ADPA", "2022-03-01", 2021, subject="PS-1", active=(2021,))
    gone = filing(
        "WITHDRAWAL",
        "2022-06-01",
        event=dt.date(2022, 6, 1),
        ends=(site.stated.declaration_id, 1, "PS-1"),
    )
    assert owed("S2_SITE_ADPA", 2022, site, gone) == []


def test_each_site_stands_by_itself_and_the_late_one_is_late() -> None:
    early = filing("S2_SITE_ADPA", "2023-03-01", 2022, subject="PS-1")
    late = filing("S2_SITE_ADPA", "2023-04-01", 2022, subject="PS-2")
    found = {
        o.subject: stand(o, at("2024-01-01"), SINCE).status
        for o in owed("S2_SITE_ADPA", 2022, early, late)
    }
    assert found == {"PS-1": Status.ON_TIME, "PS-2": Status.LATE}


def test_a_state_that_declares_everything_twice_was_in_time_if_the_first_was() -> None:
    twice = [filing("S2_AND", day, 2022, number=day) for day in ("2023-03-01", "2023-05-01")]
    assert stands("S2_AND", 2022, "2024-01-01", *twice).status is Status.ON_TIME


def test_a_plan_obliges_to_a_report_and_a_certificate_ends_the_programme() -> None:
    plan = filing("A4_ANNUAL_PLAN", "2021-10-01", 2022)
    assert owed("A4_ANNUAL_REPORT", 2022, plan)[0].because is Because.PROGRAMME
    assert owed("A4_ANNUAL_PLAN", 2023, plan)
    done = filing("A4_CERTIFICATE", "2022-12-20", event=dt.date(2022, 12, 1))
    assert owed("A4_ANNUAL_PLAN", 2023, plan, done) == []


def test_a_transfer_is_notified_thirty_days_ahead_and_listed_after_the_year() -> None:
    # transfers.md: planned 20 May 2025, so the last day in time is 20 April.
    notice = filing(
        "S1_TRANSFER_NOTIF", "2025-04-25", event=dt.date(2025, 5, 20), subject="XAL>XBO"
    )
    found = stands("S1_TRANSFER_NOTIF", 2025, "2025-06-01", notice)
    assert (found.status, found.days) == (Status.LATE, 5)
    assert owed("S1_TRANSFER_ANNUAL", 2025, notice)[0].because is Because.NOTICES


def test_every_state_party_owes_what_article_x_asks_each_year() -> None:
    (one,) = owed("X4_PROTECTIVE", 2022)
    assert (one.law, one.evidence) == ("X(4)", "O C-9/DEC.10")


def test_a_profile_makes_owed_what_no_history_shows() -> None:
    profile = StateProfile(state_code="XAL", duties=(Duty.CW,))
    deadlines = DEFAULT_POLICY.model_copy(update={"profiles": (profile,)})
    known = Known(deadlines=deadlines, since=dt.date(2022, 1, 1))
    assert owed("A4_ANNUAL_REPORT", 2022, known=known)[0].because is Because.PROFILE
    assert owed("S2_AND", 2022, known=known) == []


def test_a_state_that_joins_owes_what_entry_into_force_asks() -> None:
    known = Known(eif=dt.date(2023, 6, 1), since=dt.date(2020, 1, 1))
    (one,) = owed("A3_CW", 2023, known=known)
    assert (one.because, one.due.day) == (Because.ENTRY, dt.date(2023, 7, 1))
    assert owed("X4_PROTECTIVE", 2022, known=known) == []


def test_who_is_no_state_party_owes_nothing_and_breaks_nothing() -> None:
    odd = filing("S2_AND", "2023-03-01", 2022)
    assert obligations("XNP", 2024, [odd], SINCE) == []


def test_nothing_is_owed_from_before_the_register_began() -> None:
    assert min(o.due.day for o in obligations("XAL", 2021, [], SINCE)) >= SINCE.since


def test_ids_stay_and_tell_obligations_apart() -> None:
    found = obligations("XAL", 2024, [BEFORE], SINCE)
    assert [o.id for o in found] == [o.id for o in obligations("XAL", 2024, [BEFORE], SINCE)]
    assert len({o.id for o in found}) == len(found)


def test_every_row_of_the_table_names_its_law_and_its_evidence() -> None:
    assert all(row.law and row.evidence for row in read_expectations())
