"""The blind pre-match on the State's side: an ask has rows and no figure."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sextant_client.prematch import ANSWER, ASK, AskedRow, ask_about, said
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


def lying(folder: Path, type_: str, id_: str, content: dict[str, Any], irt: str | None) -> Any:
    """Return an envelope that lies in a home, as far as it is looked at."""
    (folder / id_).write_text(json.dumps(content))
    header = SimpleNamespace(type=type_, id=id_, irt=irt)
    place = folder / id_
    return SimpleNamespace(
        id=id_, header=header, content=place, container=place, flaw=lambda: content.get("flaw", "")
    )


def replied(*answers: dict[str, Any], **more: str) -> dict[str, Any]:
    concerns = {"declaration_id": "XAL-2025-S2", "version": 3}
    head = {"v": 1, "type": ANSWER, "request": "PM-1", "concerns": concerns}
    return {**head, "answers": list(answers), **more}


def test_what_was_said_stands_beside_the_row_that_was_asked_about(tmp_path: Path) -> None:
    ask = lying(tmp_path, ASK, "ask-1", ask_about(DECLARED, "PM-1"), None)
    answers = ({"n": 1, "outcome": "differs"}, {"n": 3, "unanswered": "asked-too-often"})
    answer = lying(tmp_path, ANSWER, "answer-1", replied(*answers), "ask-1")
    found = said([ask], [answer])
    assert [(one.row, one.word) for one in found] == [
        (AskedRow("111-48-8", "XBO", "export"), "differs"),
        (AskedRow("111-48-8", "XCY", "export"), "asked-too-often"),
    ]
    assert {(one.declaration_id, one.version) for one in found} == {("XAL-2025-S2", 3)}


def test_an_answer_to_nothing_we_asked_or_with_a_flaw_or_a_strange_number_says_nothing(
    tmp_path: Path,
) -> None:
    ask = lying(tmp_path, ASK, "ask-1", ask_about(DECLARED, "PM-1"), None)
    one = {"n": 1, "outcome": "agrees"}
    strange = lying(tmp_path, ANSWER, "a-1", replied(one), "ask-of-another")
    flawed = lying(tmp_path, ANSWER, "a-2", replied(one, flaw="it does not fit"), "ask-1")
    beyond = lying(tmp_path, ANSWER, "a-3", replied({"n": 99, "outcome": "agrees"}), "ask-1")
    assert said([ask], [strange, flawed, beyond]) == []
