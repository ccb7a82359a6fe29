"""Differences by place: rows by what they are about, wherever they stand."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.analysis.differences import Difference, differences, find
from sextant_shared.models.declaration.natural import stable_place
from tests.unit.shared.rules.filed import national, site

PARTNERS = [{"state_code": "XBO", "amount": "1"}, {"state_code": "XCE", "amount": "2"}]


def test_the_same_rows_in_another_order_say_the_same() -> None:
    assert differences({"rows": PARTNERS}, {"rows": PARTNERS[::-1]}) == []


def test_a_changed_row_is_found_where_it_stands_now() -> None:
    changed = [PARTNERS[1], {**PARTNERS[0], "amount": "7"}]
    assert differences({"rows": PARTNERS}, {"rows": changed}) == [
        Difference("/rows/1/amount", "/rows/[XBO]/amount", "1", "7")
    ]


def test_a_row_that_is_gone_is_found_where_it_stood_and_comes_last() -> None:
    added = {"state_code": "XDU", "amount": "3"}
    assert differences({"rows": PARTNERS}, {"rows": [PARTNERS[1], added]}) == [
        Difference("/rows/1", "/rows/[XDU]", None, added),
        Difference("/rows/0", "/rows/[XBO]", PARTNERS[0], None),
    ]


def test_rows_without_a_key_go_by_position() -> None:
    assert differences({"lines": ["a", "b"]}, {"lines": ["b"]}) == [
        Difference("/lines/0", "/lines/0", "a", "b"),
        Difference("/lines/1", "/lines/1", "b", None),
    ]


@pytest.mark.parametrize("empty", [None, []])
def test_absent_null_and_empty_say_the_same(empty: Any) -> None:
    assert differences({"a": 1}, {"a": 1, "note": empty}) == []


def test_zero_and_nothing_are_not_the_same() -> None:
    assert differences({"amount": "0"}, {"amount": None}) == [
        Difference("/amount", "/amount", "0", None)
    ]


def test_the_number_of_the_version_is_no_difference() -> None:
    assert differences({"version": 1, "schema": "a/1"}, {"version": 2, "schema": "a/2"}) == []


def test_names_with_signs_of_pointers_are_escaped() -> None:
    (one,) = differences({"a/b": 1}, {"a/b": 2})
    assert (one.pointer, find({"a/b": 2}, one.place)) == ("/a~1b", "/a~1b")


def test_a_place_that_is_not_there_is_not_found() -> None:
    assert find({"rows": PARTNERS}, "/rows/[XZZ]") is None
    assert find({"rows": PARTNERS}, "/rows/9") is None
    assert find({"rows": PARTNERS}, "/rows/[XBO]/amount/deeper") is None


def _leaves(value: Any, pointer: str = "") -> list[str]:
    if isinstance(value, dict):
        return [p for name, inner in value.items() for p in _leaves(inner, f"{pointer}/{name}")]
    if isinstance(value, list):
        return [p for n, inner in enumerate(value) for p in _leaves(inner, f"{pointer}/{n}")]
    return [pointer]


@pytest.mark.parametrize("document", [site(), national()])
def test_every_place_of_a_declaration_is_found_by_its_stable_name(document: dict[str, Any]) -> None:
    for pointer in _leaves(document):
        assert find(document, stable_place(document, pointer)) == pointer


@given(st.data())
def test_shuffled_rows_are_never_a_difference(data: st.DataObject) -> None:
    document = national()
    shuffled = copy.deepcopy(document)
    shuffled["records"] = data.draw(st.permutations(document["records"]))
    assert differences(document, shuffled) == []
