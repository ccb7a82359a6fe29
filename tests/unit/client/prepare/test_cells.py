"""One cell, one reading: what people type is read exactly, or refused with what would mend it."""

import datetime as dt
from typing import Any

import pytest

from sextant_client.prepare.cells import Broken, Cell, MisreadError, from_cells
from sextant_client.prepare.layout import Field, layout_of

SITE = {field.name: field for sheet in layout_of("S2_SITE_ADPA").all() for field in sheet.fields}
PRODUCED, YEAR = SITE["produced"], SITE["reporting_year"]
ACTIVITIES, THRESHOLD = SITE["main_activities"], SITE["above_verification_threshold"]
OTHERS = SITE["other_s2_activity"]
MIDNIGHT, NOON = map(dt.datetime.fromisoformat, ("2025-03-01T00:00", "2025-03-01T12:00"))
DAY = next(f for f in layout_of("S1_SSSF_INITIAL").fields if f.name == "event_date")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("86.50", "86.50"),
        (" 86.5 ", "86.5"),
        (86.5, "86.5"),
        (265, "265"),
        (265.0, "265"),
        (0.1, "0.1"),
        (8.0999999999999996, "8.1"),  # as spreadsheet programs store what was typed as 8.1
        (1e-7, "0.0000001"),
        (1e15, "1000000000000000"),
        (0, "0"),
    ],
)
def test_a_number_is_the_decimal_that_was_typed(cell: Cell, value: str) -> None:
    assert from_cells(PRODUCED, cell, "t") == {"value": value, "unit": "t"}


@pytest.mark.parametrize("cell", [0.1 + 0.2, 1 / 3, 2**53 + 1, float("inf")])
def test_a_calculated_number_is_refused_and_not_rounded(cell: float) -> None:
    refused(PRODUCED, cell, "t", message="calculated", fix="Round it")


@pytest.mark.parametrize(
    ("cell", "fix"),
    [
        ("86,5", "86.5"),
        ("1,234", "separator of thousands"),
        ("1,234.5", "separators of thousands"),
        ("1.234,5", "separators of thousands"),
        ("1 234", "separators of thousands"),
        ("1\u00a0234,5", "separators of thousands"),
        ("1\u2019234", "separators of thousands"),
        ("12 kg", "«kg» goes into the unit's column"),
        ("12t", "«t» goes into the unit's column"),
        ("about 12", "goes into the unit's column"),
        ("none", "nil, not-applicable, unknown"),
        ("-", "Write digits"),
        ("1e3", "unit's column"),
        ("<5", "Write digits"),
        ("٢٥", "Write digits"),
        (True, "Write a number"),
        (MIDNIGHT, "Write a number"),
    ],
)
def test_what_has_two_readings_or_none_is_no_amount(cell: Cell, fix: str) -> None:
    refused(PRODUCED, cell, "t", message="amount", fix=fix)


@pytest.mark.parametrize("word", ["nil", "not-applicable", "unknown"])
def test_each_way_of_having_nothing_is_a_word(word: str) -> None:
    for spelling in (word, word.upper(), f" {word} ", word.replace("-", " ")):
        assert from_cells(PRODUCED, spelling, None) == {"nothing": word}
    assert from_cells(PRODUCED, word, "t") == {"nothing": word}  # a unit stood there before


def test_a_blank_amount_is_blank_and_a_zero_is_zero() -> None:
    assert from_cells(PRODUCED, None, "t") is None
    assert from_cells(PRODUCED, "  ", None) is None
    assert from_cells(PRODUCED, "0", "t") == {"value": "0", "unit": "t"}


def test_an_amount_without_unit_is_refused_at_the_units_cell() -> None:
    error = refused(PRODUCED, "12", None, message="no unit", fix="unit")
    assert error.in_unit
    assert "kg" in error.expected


@pytest.mark.parametrize(
    ("cell", "fix"), [("2025.5", "digits"), (2025.5, "number"), ("'25", "digits"), ("12a", "«a»")]
)
def test_a_year_is_a_whole_number(cell: Cell, fix: str) -> None:
    assert from_cells(YEAR, "2025") == from_cells(YEAR, 2025.0) == 2025
    refused(YEAR, cell, message="whole number", fix=fix)


@pytest.mark.parametrize("cell", [MIDNIGHT, dt.date(2025, 3, 1), " 2025-03-01"])
def test_a_day_is_a_date_cell_or_written_in_one_way(cell: Cell) -> None:
    assert from_cells(DAY, cell) == "2025-03-01"


@pytest.mark.parametrize("cell", ["01/03/2025", "1.3.2025", "2025-3-1", "March 2025", 45717, True])
def test_a_day_that_could_be_another_is_refused(cell: Cell) -> None:
    refused(DAY, cell, message="one way only", fix="YYYY-MM-DD")


def test_a_day_with_a_time_is_refused() -> None:
    refused(DAY, NOON, message="without a time", fix="time")


def test_a_code_that_became_a_date_is_refused() -> None:
    refused(SITE["chemical.cas"], MIDNIGHT, message="date", fix="as text")


def test_codes_in_one_cell_stand_between_semicolons_or_commas() -> None:
    for cell in ("ACT_STORAGE; ACT_RND", " ACT_STORAGE,ACT_RND ", "ACT_STORAGE;ACT_RND;"):
        assert from_cells(ACTIVITIES, cell) == ["ACT_STORAGE", "ACT_RND"]


def test_texts_in_one_cell_keep_their_commas_and_quotes() -> None:
    assert from_cells(OTHERS, 'storage, indoors; "tank; ""large"""') == [
        "storage, indoors",
        'tank; "large"',
    ]
    refused(OTHERS, 'a; "b', message="quotes", fix="Close")


@pytest.mark.parametrize("cell", ["yes", "YES", True, "true"])
def test_yes_has_few_spellings(cell: Cell) -> None:
    assert from_cells(THRESHOLD, cell) is True
    refused(THRESHOLD, "x", message="neither yes nor no", fix="yes or no")
    refused(THRESHOLD, 1, message="neither yes nor no", fix="yes or no")


def test_trailing_spaces_are_dropped_from_codes_and_kept_in_texts() -> None:
    assert from_cells(SITE["plant_site_code"], " XAL-PS-0007 ") == "XAL-PS-0007"
    assert from_cells(SITE["dedication"], "DEDICATED ") == "DEDICATED"
    assert from_cells(SITE["address.city"], "Port Alba ") == "Port Alba "


def test_a_code_typed_as_a_number_is_its_digits() -> None:
    assert from_cells(SITE["product_group"], 598) == "598"
    assert from_cells(SITE["address.postal_code"], 1000.0) == "1000"


@pytest.mark.parametrize("cell", ["{", '{"value": 1.5}', '1, "a": 2', "NaN", '{"a": 1, "a": 2}'])
def test_a_cell_of_json_holds_json_without_floats(cell: str) -> None:
    old = next(f for s in layout_of("AMENDMENT").all() for f in s.fields if f.name == "old")
    refused(old, cell, message="no JSON", fix="JSON file")
    assert from_cells(old, '{"nothing": "nil"}') == {"nothing": "nil"}


def test_a_formula_or_error_is_refused_in_every_form() -> None:
    broken = Broken("a formula is no declared value", "=A1+1", "Paste it as a value.")
    for field in SITE.values():
        refused(field, broken, "t", message="formula", fix="Paste")
    error = refused(PRODUCED, "12", broken, message="formula", fix="Paste")
    assert error.in_unit


def refused(field: Field, cell: Cell, unit: Any = None, *, message: str, fix: str) -> MisreadError:
    with pytest.raises(MisreadError) as caught:
        from_cells(field, cell, unit)
    assert message in caught.value.message
    assert fix in caught.value.fix
    return caught.value
