"""States: which codes exist when, who is a State Party, and what a broken list says."""

import datetime as dt
from pathlib import Path

import pytest

from sextant_shared.codelists import state_party_on, states
from sextant_shared.codelists.states import SYNTHETIC, read_states

from .broken import changed, refusal

TODAY = dt.date(2026, 1, 1)
HEADER = "code,name,is_state_party,eif_date,valid_from,valid_to,region,evidence,opcw_code"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(HEADER, HEADER.replace(",region", ""), "the header is", id="a column lacks"),
        pytest.param("AFG,Afghanistan", "AFG,Kabul, Afghanistan", "10 cells", id="unquoted comma"),
        pytest.param("AFG,", "Afg,", "line 2, code: 'Afg'", id="code in small letters"),
        pytest.param("AFG,Afghanistan", "AFG,", "line 2, name: is empty", id="no name"),
        pytest.param("Afghanistan,true", "Afghanistan,yes", "neither true nor", id="no boolean"),
        pytest.param("2003-10-24", "24.10.2003", "'24.10.2003' is no date", id="date by dots"),
        pytest.param("2003-10-24", "2003-02-30", "'2003-02-30' is no date", id="no such day"),
        pytest.param("2003-10-24", "20031024", "'20031024' is no date", id="date without dashes"),
        pytest.param("Asia,M", "Oceania,M", "'Oceania' is none of", id="unknown region"),
        pytest.param("Asia,M", "Asia,Z", "no evidence mark", id="unknown evidence mark"),
        pytest.param("AGO,", "AFG,", "line 3, code: AFG stands on line 2", id="code twice"),
        pytest.param("2003-10-24,,", "2003-10-24,2005-01-01,2004-01-01", "before", id="dates"),
        pytest.param("Afghanistan,true", "Afghanistan,false", "no State Party", id="membership"),
    ],
)
def test_a_broken_list_of_states_names_line_and_column(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert said in refusal(read_states, changed(tmp_path, "states.csv", old, new))


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    folder = changed(tmp_path, "states.csv", "2003-10-24,,,Asia,M", "x,y,,Oceania,Q")
    said = refusal(read_states, folder)
    assert all(column in said for column in ("eif_date", "valid_from", "region", "evidence"))


def test_a_list_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    folder = changed(tmp_path, "states.csv", "AFG", "AFG")
    (folder / "states.csv").write_bytes("code,Türkiye".encode("latin-1"))
    assert "not UTF-8" in refusal(read_states, folder)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    assert "states.csv cannot be read" in refusal(read_states, tmp_path)


def test_a_range_that_runs_backwards_is_refused(tmp_path: Path) -> None:
    folder = changed(tmp_path, "synthetic_ranges.csv", "QMA,QZZ", "QZZ,QMA")
    assert "QMA lies before QZZ" in refusal(read_states, folder)


@pytest.mark.parametrize("code", ["EGY", "ISR", "PRK", "SSD"])
def test_four_states_are_no_states_parties(code: str) -> None:
    assert states()[code].is_valid(TODAY)
    assert not state_party_on(code, TODAY)


@pytest.mark.parametrize("code", ["", "ZZ", "AFGH", "afg", "QLZ", "ROM", "HKG"])
def test_other_codes_name_no_state_party_today(code: str) -> None:
    assert not state_party_on(code, TODAY)


def test_193_states_are_parties_today() -> None:
    real = [state for state in states().values() if state.region != SYNTHETIC]
    assert sum(state.is_state_party_on(TODAY) for state in real) == 193


def test_87_states_are_parties_since_the_first_day() -> None:
    first = dt.date(1997, 4, 29)
    real = [state for state in states().values() if state.region != SYNTHETIC]
    today = [state for state in real if state.is_state_party_on(TODAY)]
    # Romania was party under an earlier code; nobody was party the day before.
    assert sum(state.eif_date == first for state in today) == 87
    assert not any(state.is_state_party_on(first - dt.timedelta(1)) for state in real)


def test_a_state_becomes_a_party_on_its_own_day() -> None:
    assert not state_party_on("PSE", dt.date(2018, 6, 15))
    assert state_party_on("PSE", dt.date(2018, 6, 16))


@pytest.mark.parametrize(
    ("before", "after", "first_day"),
    [
        ("ZAR", "COD", dt.date(1997, 7, 14)),
        ("ROM", "ROU", dt.date(2002, 2, 1)),
        ("TMP", "TLS", dt.date(2002, 5, 20)),
        ("YUG", "SCG", dt.date(2003, 7, 23)),
        ("SCG", "SRB", dt.date(2006, 9, 26)),
    ],
)
def test_a_changed_code_ends_when_the_next_begins(
    before: str, after: str, first_day: dt.date
) -> None:
    eve = first_day - dt.timedelta(1)
    assert states()[before].is_valid(eve)
    assert not states()[after].is_valid(eve)
    assert states()[after].is_valid(first_day)
    assert not states()[before].is_valid(first_day)


@pytest.mark.parametrize("code", ["AAA", "AAZ", "QMA", "QZZ", "XAA", "XZZ", "ZZA", "ZZZ", "QPV"])
def test_user_assigned_codes_are_synthetic_states_parties(code: str) -> None:
    assert state_party_on(code, TODAY)
    assert states()[code].region == SYNTHETIC


@pytest.mark.parametrize("code", ["XDR", "XNP"])
def test_a_synthetic_state_of_the_list_may_be_no_party(code: str) -> None:
    assert states()[code].is_valid(TODAY)
    assert not state_party_on(code, TODAY)


def test_closed_ranges_leave_only_the_listed_states(tmp_path: Path) -> None:
    folder = changed(tmp_path, "synthetic_ranges.csv", "QMA,QZZ,true,P\n", "")
    assert "QPV" in states()
    assert "QPV" not in read_states(folder)
    assert "QPV" not in list(states())
