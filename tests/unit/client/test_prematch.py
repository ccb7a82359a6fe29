"""The blind pre-match on the State's side: an ask has rows and no figure."""

import json

import pytest

from sextant_client.prematch import ask_about
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import read_message
from sextant_shared.rules.filings import document_of
from tests.unit.declarations.analysis.transfers.stating import chemical, national, nil

AMOUNT = {"value": "12345", "unit": "kg"}
RECORD = {
    "chemical": chemical("111-48-8"),
    "exports": [
        {"state_code": "XBO", "qualifier": "EXACT", "quantity": AMOUNT},
        {"state_code": "XCY", "qualifier": "LESS_THAN_THRESHOLD"},
    ],
    "imports": [{"state_code": "XBO", "qualifier": "EXACT", "quantity": AMOUNT}],
}
DECLARED = document_of(national("XAL", 2025, [RECORD], version=3))


def test_an_ask_names_every_row_of_the_version_and_no_figure() -> None:
    ask = ask_about(DECLARED, "PM-1")
    assert ask["concerns"] == {"declaration_id": "XAL-2025-S2", "version": 3}
    assert [(row["partner"], row["direction"]) for row in ask["rows"]] == [
        ("XBO", "export"), ("XBO", "import"), ("XCY", "export"),
    ]  # fmt: skip
    assert "12345" not in json.dumps(ask)
    read_message("prematch.request", json.dumps(ask).encode())


def test_an_ask_may_be_about_one_partner() -> None:
    assert len(ask_about(DECLARED, "PM-1", partner="XCY")["rows"]) == 1


def test_a_partner_without_a_row_and_a_kind_without_transfers_are_refused() -> None:
    with pytest.raises(PlatformError) as caught:
        ask_about(DECLARED, "PM-1", partner="XDE")
    assert caught.value.code is Code.NOT_FOUND
    with pytest.raises(PlatformError) as caught:
        ask_about(document_of(nil("XAL", 2025, "AND_S2")), "PM-1")
    assert caught.value.code is Code.POLICY


@pytest.mark.parametrize("answer", [{}, {"outcome": "agrees", "unanswered": "too-late"}])
def test_an_answer_has_an_outcome_or_says_why_not(answer: dict[str, str]) -> None:
    reply = {
        "v": 1,
        "type": "prematch.reply",
        "request": "PM-1",
        "concerns": {"declaration_id": "XAL-2025-S2", "version": 3},
        "answers": [{"n": 1, **answer}],
    }
    with pytest.raises(PlatformError):
        read_message("prematch.reply", json.dumps(reply).encode())
