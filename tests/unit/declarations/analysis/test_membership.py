"""The file of terms of States: what is read, what is refused, and what follows from it."""

import datetime as dt
import json
from typing import Any

import pytest

from sextant_declarations.analysis.membership import StatedTerms, read_terms
from sextant_declarations.analysis.obligations.expecting import obligations
from sextant_declarations.analysis.obligations.obligation import Known
from sextant_declarations.analysis.transfers.policy import ListedMembership, Standing, Term
from sextant_shared.errors import Code, PlatformError
from tests.unit.declarations.obligations.made import filing


def line(state: str, joined: str | None, left: str | None = None, **more: Any) -> dict[str, Any]:
    return {"state": state, "joined": joined, "left": left, "source": "C.N.1.2023", **more}


def read(*lines: dict[str, Any]) -> StatedTerms:
    return read_terms(json.dumps({"terms": lines}).encode())


def places(data: bytes) -> list[str]:
    with pytest.raises(PlatformError) as raised:
        read_terms(data)
    assert raised.value.code is Code.MALFORMED
    return [finding.pointer for finding in raised.value.findings]


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"terms": [], "terms": []}'])
def test_a_file_that_can_be_read_in_two_ways_or_not_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(PlatformError) as raised:
        read_terms(data)
    assert raised.value.code is Code.MALFORMED


def test_every_line_that_cannot_be_so_is_told_at_once() -> None:
    lines = [
        line("XAL", "2023-06-01"),
        line("XAL", "2024-06-01"),
        line("ABC", "2023-06-01"),
        line("XBO", "1996-01-01"),
        line("XCO", "2023-06-01", "2023-06-01"),
        line("XNP", None, "2024-01-01"),
        line("XDA", None),
    ]
    assert places(json.dumps({"terms": lines}).encode()) == [
        "/terms/1/state", "/terms/2/state", "/terms/3/joined", "/terms/4/left",
        "/terms/5/joined", "/terms/6",
    ]  # fmt: skip


def test_a_line_needs_both_days_as_days_and_its_source() -> None:
    lines: list[dict[str, Any]] = [
        line("XAL", "1 June 2023", source=""),
        {"state": "XBO", "joined": "2023-06-01", "source": "C.N.1.2023"},
        line("xco", "2023-06-01", since=2023),
    ]
    found = places(json.dumps({"terms": lines}).encode())
    assert set(found) == {
        "/terms/0/joined", "/terms/0/source", "/terms/1/left", "/terms/2/state", "/terms/2/since",
    }  # fmt: skip


def test_a_term_stands_before_the_list_and_all_others_stay_as_listed() -> None:
    membership = read(line("XNP", "2023-06-01"), line("XAL", None, "2024-03-01")).membership
    stands = [membership.standing("XNP", year) for year in (2022, 2023, 2024)]
    assert stands == [Standing.OUT, Standing.JOINED, Standing.IN]
    stands = [membership.standing("XAL", year) for year in (2023, 2024, 2025)]
    assert stands == [Standing.IN, Standing.LEFT, Standing.OUT]
    for state in ("XBO", "XNQ", "ABC"):
        assert membership.standing(state, 2023) is ListedMembership().standing(state, 2023)


def test_the_last_whole_year_before_the_first_of_january_is_whole() -> None:
    membership = read(line("XAL", None, "2024-01-01")).membership
    assert membership.standing("XAL", 2023) is Standing.IN
    assert membership.standing("XAL", 2024) is Standing.OUT


def test_the_digest_names_what_is_said_and_not_how_it_is_written() -> None:
    one, other = line("XAL", "2023-06-01"), line("XBO", None, "2024-01-01")
    assert read(one, other).digest == read(other, one).digest
    assert len({read().digest, read(one).digest, read(other).digest}) == 3
    assert read().digest == StatedTerms().digest
    assert read(one).terms["XAL"] == Term(dt.date(2023, 6, 1), None)


def test_a_state_that_left_owes_nothing_from_that_day_on_and_all_from_before() -> None:
    known = Known(since=dt.date(2020, 1, 1), left=dt.date(2023, 6, 1))
    filed = [filing("S2_AND", f"{year + 1}-03-01", year) for year in (2021, 2022, 2023)]
    days = [one.due.day for one in obligations("XAL", 2026, filed, known)]
    assert dt.date(2023, 3, 31) in days
    assert max(days) < dt.date(2023, 6, 1)
