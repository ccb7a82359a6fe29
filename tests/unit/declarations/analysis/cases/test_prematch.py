"""The blind pre-match: three answers, few of them, and nothing that tells of the partner's row."""

import datetime as dt

import pytest

from sextant_declarations.analysis.cases.policy import DEFAULT_POLICY
from sextant_declarations.analysis.cases.prematch import (
    Asked,
    Outcome,
    Unanswered,
    answer,
    outcome,
)
from tests.unit.declarations.analysis.cases.stating import TDG, different, pairs

BEFORE, AFTER = dt.date(2026, 4, 30), dt.date(2026, 5, 1)


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        (("2025 XAL exports to XBO 8000 kg", "2025 XBO imports from XAL 7900 kg"), "agrees"),
        (("2025 XAL exports to XBO 8000 kg", "2025 XBO imports from XAL 8000 kg"), "agrees"),
        (("2025 XAL exports to XBO 8000 kg", "2025 XBO imports from XAL 6900 kg"), "differs"),
        (("2025 XAL exports to XBO 8000 kg", "2025 XBO files S2"), "differs"),
        (("2025 XAL exports to XBO 1500 kg", "2025 XBO imports from XAL less"), "agrees"),
        (("2025 XAL exports to XBO 8000 kg", "2025 XBO imports from XAL unknown"), "agrees"),
        (("2025 XAL exports to XBO 8000 kg",), "partner-silent"),
        (("2025 XAL exports to XDR 8000 kg",), "partner-silent"),
    ],
)
def test_a_row_agrees_differs_or_its_partner_is_silent(
    sentences: tuple[str, ...], expected: str
) -> None:
    (pair,) = pairs(TDG, *sentences)
    assert outcome(pair) == expected


def test_a_row_is_answered_three_times_a_year_and_no_more() -> None:
    asked = [Asked(year=2025, pair=different(), answered_before=n) for n in range(5)]
    found = [answer(one, BEFORE, DEFAULT_POLICY) for one in asked]
    assert found == [*[Outcome.DIFFERS] * 3, *[Unanswered.ASKED_TOO_OFTEN] * 2]


def test_with_all_its_answers_a_state_cannot_find_a_figure_by_halving() -> None:
    """Whoever amends between asks gets so few answers that hundreds of figures fit all of them."""
    hidden, low, high = 413_000, 0, 1_000_000
    for n in range(50):
        guess = (low + high) // 2
        said = answer(
            Asked(year=2025, pair=different(str(guess), str(hidden)), answered_before=n),
            BEFORE,
            DEFAULT_POLICY,
        )
        if said is Outcome.DIFFERS:  # even told which way, which nobody is
            low, high = (guess, high) if hidden > guess else (low, guess)
    assert high - low > 100_000


def test_from_the_cut_off_on_nothing_is_answered() -> None:
    asked = Asked(year=2025, pair=different(), answered_before=0)
    assert answer(asked, AFTER, DEFAULT_POLICY) is Unanswered.TOO_LATE


def test_a_row_that_the_registered_version_does_not_have_is_not_answered() -> None:
    asked = Asked(year=2025, pair=None, answered_before=0)
    assert answer(asked, BEFORE, DEFAULT_POLICY) is Unanswered.NOT_OWN_ROW
