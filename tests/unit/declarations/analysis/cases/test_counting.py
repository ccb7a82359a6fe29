"""Counts of cases by year: what is closed in time, why figures differed, what differs again."""

import datetime as dt
from typing import Any

from sextant_declarations.analysis.cases.counting import Counted, counted
from sextant_declarations.analysis.cases.workflow import CaseState

TODAY = dt.date(2027, 6, 1)


def one(state: CaseState, **changes: Any) -> Counted:
    members: dict[str, Any] = {
        "year": 2025,
        "opened": dt.date(2026, 5, 1),
        "since": dt.date(2026, 9, 1),
        "cause": None,
        "again": False,
    }
    return Counted(state=state, **{**members, **changes})


def test_what_is_closed_within_twelve_months_is_told_from_what_took_longer() -> None:
    late = dt.date(2027, 5, 2)
    cases = [
        one(CaseState.RESOLVED_AMENDED, cause="UNIT"),
        one(CaseState.RESOLVED_EXPLAINED, cause="UNIT", since=late, again=True),
        one(CaseState.WITHIN_THRESHOLD, cause="TYPO", since=dt.date(2027, 5, 1)),
    ]
    (year,) = counted(cases, TODAY)
    assert (year.opened, year.closed, year.in_time, year.again) == (3, 3, 2, 1)
    assert year.causes == {"TYPO": 1, "UNIT": 2}


def test_an_open_case_is_running_for_twelve_months_and_an_unresolved_one_is_not_closed() -> None:
    cases = [
        one(CaseState.REQUESTED),
        one(CaseState.REQUESTED, opened=dt.date(2026, 6, 1)),
        one(CaseState.UNRESOLVED, cause="UNKNOWN"),
    ]
    (year,) = counted(cases, TODAY)
    assert (year.closed, year.running, year.unresolved) == (0, 1, 1)


def test_a_merged_case_counts_with_the_one_that_took_it_over_and_years_are_apart() -> None:
    cases = [one(CaseState.MERGED), one(CaseState.OPENED), one(CaseState.OPENED, year=2024)]
    assert [(year.year, year.opened) for year in counted(cases, TODAY)] == [(2025, 1), (2024, 1)]
