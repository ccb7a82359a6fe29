"""What a State may see of a card, and what is kept of a declaration for the methods."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_declarations.analysis.anomalies.accepting import substance
from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.keeping import Heading, read_said, said_of
from sextant_declarations.analysis.anomalies.model import WITHHELD, Card, Place, Shown
from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.anomalies.run import analyse
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_declarations.domain.anomalies import view_bytes
from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration import read_declaration
from tests.unit.declarations.analysis.test_anomalies import national, trading

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
STATES = ("XAL", "XBO", "XCO")
figures = st.integers(1_000_003, 9_999_973).map(str)


def every_card(states: list[Facts], last_year: int) -> list[Card]:
    ranked = analyse(states, last_year).ranked
    return [*ranked.cards, *ranked.explained, *ranked.set_aside]


@given(st.lists(figures, min_size=8, max_size=8, unique=True), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_no_byte_of_a_view_tells_another_states_figure(numbers: list[str], power: int) -> None:
    a, b, c, d, e, f, g, h = numbers
    slip = format(Decimal(a) * 10**power, "f")
    states = trading(
        ("XAL", "exports", "XBO", a, "2023"), ("XBO", "imports", "XAL", slip, "2023"),
        ("XAL", "exports", "XCO", b, "2023"), ("XBO", "imports", "XAL", c, "2024"),
        ("XCO", "exports", "XBO", d, "2024"), ("XBO", "exports", "XCO", e, "2024"),
        ("XAL", "exports", "XBO", f, "2024"), ("XCO", "imports", "XAL", g, "2023"),
        ("XBO", "exports", "XAL", h, "2023"),
    )  # fmt: skip
    said: dict[str, set[str]] = {name: set() for name in STATES}
    for facts in states:
        for record in facts.national.values():
            for rows in record.rows.values():
                said[facts.state] |= {row.text.split()[0] for row in rows}
    cards = every_card(states, 2024)
    assert cards
    for card in cards:
        for state in STATES:
            if state not in {card.state, *card.states}:
                with pytest.raises(PlatformError, match="no card"):
                    view_bytes(card, state)
                continue
            shown = view_bytes(card, state).decode()
            others = set.union(*(said[name] for name in STATES if name != state)) - said[state]
            assert not others & set(re.findall(r"[0-9]+", shown))
            if WITHHELD in shown:
                told = json.loads(shown)
                assert (told["method"], told["tried"], told["clears"]) == ("DIFFERENCE", [], "")
                assert {place["state"] for place in told["places"]} <= {state}


def test_the_median_of_other_states_is_not_shown_to_one_of_them() -> None:
    states = []
    for number in range(9):
        facts = Facts(f"XA{number}")
        national(facts, 2024, {"imported": f"{4001 + number}"})
        states.append(facts)
    far = Facts("XAL")
    national(far, 2024, {"imported": "90000000"})
    (card,) = [one for one in every_card([*states, far], 2024) if one.method == "PEERS"]
    shown = view_bytes(card, "XAL").decode()
    assert "4005" in card.figures[1].text
    assert "4005" not in shown
    assert "90000000" in shown


def test_an_acceptance_is_of_what_was_declared_and_not_of_what_was_worked_out_of_it() -> None:
    def card(own: str, usual: str, version: int = 1) -> Card:
        place = Place("XAL", "XAL-2024", version)
        return policy().card(
            "HISTORY", state="XAL", year=2024, subject="111-48-8", field="produced",
            figures=(Shown("produced", "XAL", own, place), Shown("median", "XAL", usual)),
            tolerance="", clears=usual,
        )  # fmt: skip

    accepted = substance(card("5 t", "900 t"))
    assert substance(card("5 t", "910 t", version=2)) == accepted
    assert substance(card("6 t", "900 t")) != accepted


def test_who_is_on_no_side_of_a_card_is_told_that_there_is_none() -> None:
    states = trading(
        ("XAL", "exports", "XBO", "1470", "2024"), ("XBO", "imports", "XAL", "14700", "2024")
    )
    (card,) = every_card(states, 2024)
    with pytest.raises(PlatformError, match="no card"):
        view_bytes(card, "XCO")


@pytest.mark.parametrize("path", sorted((EXAMPLES / "kinds").glob("*.json")), ids=lambda p: p.stem)
def test_what_is_kept_gives_the_same_facts_and_no_contact(path: Path) -> None:
    declaration = read_declaration(json.loads(path.read_text()))
    said = said_of(declaration)
    kept = read_said(said)
    assert take_facts("XAL", [kept]) == take_facts("XAL", [declaration])
    assert "declarations@na.xal.example" not in said
    if isinstance(kept, Heading):
        assert len(said) < 200
