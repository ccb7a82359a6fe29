"""The days of the made-up world are those of the deadline function."""

import datetime as dt

import pytest

from sextant_client.world import dues
from sextant_shared.deadlines import Facts, due

ENTRY = dt.date(2011, 5, 3)


@pytest.mark.parametrize("kind", ["S2_AND", "OCPF_ANNUAL", "X4_PROTECTIVE", "A4_ANNUAL_REPORT"])
def test_reports_are_due_on_the_day_of_the_deadline_function(kind: str) -> None:
    days = [one.day for one in due(kind, "XAL", 2023)]
    assert dues.after_year(kind, 2023) in days


@pytest.mark.parametrize("kind", ["S1_SSSF_ADAA", "S2_SITE_ADAA", "A5_ANNUAL_PLAN"])
def test_plans_are_due_on_the_day_of_the_deadline_function(kind: str) -> None:
    assert [one.day for one in due(kind, "XAL", 2024)] == [dues.before_year(kind, 2024)]


@pytest.mark.parametrize("kind", ["A3_CW", "POE", "X7_ASSISTANCE", "NA_DESIGNATION", "A5_CLOSURE"])
def test_what_is_owed_at_entry_is_due_on_the_day_of_the_deadline_function(kind: str) -> None:
    found = due(kind, "XAL", ENTRY.year, facts=Facts(eif=ENTRY))
    assert [one.day for one in found] == [dues.after_entry(kind, ENTRY)]


def test_events_are_told_on_the_day_of_the_deadline_function() -> None:
    day = dt.date(2020, 9, 9)
    for kind, reckon in (("OCW_DISCOVERY", dues.after), ("S1_TRANSFER_NOTIF", dues.before)):
        found = due(kind, "XAL", 2020, facts=Facts(events={kind: [day]}))
        assert [one.day for one in found] == [reckon(kind, day)]
