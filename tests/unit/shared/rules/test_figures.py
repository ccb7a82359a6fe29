"""Masses as rules compare and show them."""

from decimal import Decimal

import pytest

from sextant_shared.models.declaration.amount import Amount
from sextant_shared.rules.figures import kilograms, shown


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
