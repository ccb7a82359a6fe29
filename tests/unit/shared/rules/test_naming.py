"""Names of chemicals compare as people mean them."""

import pytest

from sextant_shared.rules.naming import key_of

SAME = [
    ("Thionyl chloride", "THIONYL  CHLORIDE"),
    ("Bis(2-hydroxyethyl)sulfide", "bis (2\u2013hydroxyethyl) sulphide"),
    ("2,2'-Thiodiethanol", "2,2\u2032-thiodiethanol"),
    ("\u03b1-picolinyl", "alpha-Picolinyl"),
    ("\u03b2-lactone", "Beta lactone"),
    ("N,N\u2011Dimethylaminoethanol", "n,n-dimethyl-aminoethanol"),
    ("Arsenic(III) chloride", "arsenic (iii) chloride"),
    ("Diméthyl", "Dimethyl"),
]
OTHER = [
    ("Dimethyl phosphite", "Trimethyl phosphite"),
    ("Phosphorus trichloride", "Phosphorus pentachloride"),
    ("Lewisite 1", "Lewisite 2"),
    ("\u03b1-picolinyl", "\u03b2-picolinyl"),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=range(len(SAME)))
def test_spelling_makes_no_other_name(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(("one", "other"), OTHER, ids=range(len(OTHER)))
def test_other_chemicals_keep_other_names(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


def test_a_name_without_letters_compares_with_nothing() -> None:
    assert key_of("(\u2013)") == ""
