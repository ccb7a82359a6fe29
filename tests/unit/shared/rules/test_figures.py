"""Figures and names as rules compare and show them."""

from decimal import Decimal

import pytest

from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.chemical import Substance
from sextant_shared.rules.figures import (
    folded,
    in_grams,
    is_slip,
    key,
    kilograms,
    known,
    near,
    shown,
)
from sextant_shared.rules.policy import DEFAULT_POLICY


@pytest.mark.parametrize(
    ("amount", "kg"),
    [
        (Amount(value="1.5", unit="t"), "1500"),
        (Amount(value="3", unit="kg"), "3"),
        (Amount(value="250", unit="g"), "0.25"),
        (Amount(value="5", unit="mg"), "0.000005"),
        (Amount(nothing="nil"), "0"),
        (Amount(nothing="unknown"), "0"),
        (Amount(nothing="not-applicable"), "0"),
        (None, "0"),
    ],
)
def test_what_is_not_known_counts_as_none(amount: Amount | None, kg: str) -> None:
    assert kilograms(amount) == Decimal(kg)


@pytest.mark.parametrize(
    ("kg", "text"),
    [
        ("1000.000", "1 t"),
        ("2E+6", "2000 t"),
        ("999.50", "999.5 kg"),
        ("-1500", "-1.5 t"),
        ("0.0000050", "0.000005 kg"),
        ("0", "0 kg"),
    ],
)
def test_a_mass_is_shown_in_plain_figures(kg: str, text: str) -> None:
    assert shown(Decimal(kg)) == text


def test_masses_of_schedule_1_are_shown_in_grams() -> None:
    assert in_grams(Decimal("0.0300")) == "30 g"
    assert in_grams(Decimal("0.000003")) == "0.003 g"


@pytest.mark.parametrize("factor", ["500", "1000", "2000"])
def test_a_wrong_unit_is_a_factor_of_about_a_thousand_either_way(factor: str) -> None:
    assert is_slip(Decimal(7), Decimal(7) * Decimal(factor), DEFAULT_POLICY)
    assert is_slip(Decimal(7) * Decimal(factor), Decimal(7), DEFAULT_POLICY)


@pytest.mark.parametrize("factor", ["1", "499", "2001"])
def test_another_factor_is_no_wrong_unit(factor: str) -> None:
    assert not is_slip(Decimal(7), Decimal(7) * Decimal(factor), DEFAULT_POLICY)


@pytest.mark.parametrize("figure", ["0", "-7"])
def test_nothing_is_no_wrong_unit_of_something(figure: str) -> None:
    assert not is_slip(Decimal(figure), Decimal(7000), DEFAULT_POLICY)


def test_what_rounding_explains_grows_with_both_figures() -> None:
    assert near(Decimal(1000), Decimal(-3000), DEFAULT_POLICY) == Decimal(20)


def test_a_chemical_is_found_by_number_else_structure_else_name() -> None:
    named = Substance(name="Vitamin  C")
    assert key(named) == "vitamin  c"
    assert key(named.model_copy(update={"structure": "OCC"})) == "OCC"
    assert key(named.model_copy(update={"structure": "OCC", "cas": "50-81-7"})) == "50-81-7"


def test_five_kinds_of_nothing_are_known_or_not() -> None:
    assert known(None) is None
    assert known(Amount(nothing="unknown")) is None
    assert known(Amount(nothing="nil")) == 0
    assert known(Amount(value="0", unit="t")) == 0


def test_names_are_compared_without_case_and_spacing() -> None:
    assert folded("  Alba \t WORKS\n") == "alba works"
