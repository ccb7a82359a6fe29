"""Years that are not whole, and what contradicts itself: compared with care, never left unsaid."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_declarations.analysis.anomalies.terms import Terms, scheduled_years
from sextant_declarations.analysis.transfers.policy import ListedMembership, Term
from sextant_shared.models.declaration import read_declaration
from sextant_shared.rules.filings import effective
from tests.unit.declarations.analysis.test_anomalies import at, methods, national, trading

YEARS = range(2015, 2024)
EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "kinds"


def declaring(last: str, through: range = YEARS) -> Facts:
    """Return a State that makes the same each year but the last."""
    facts = Facts("XAL")
    for year in through:
        national(facts, year, {"produced": last if year == through[-1] else "100"})
        facts.read[f"XAL-{year}"] = at("XAL", year), year
    return facts


def bound(**terms: Term) -> Terms:
    return Terms(ListedMembership(terms))


def codes(run: Run) -> list[tuple[str, int]]:
    return [(note.code, note.year) for note in run.notes]


def test_a_year_in_which_a_state_joins_is_no_outlier_and_is_said_to_be_left_out() -> None:
    facts = Facts("XAL")
    for year in YEARS:
        national(facts, year, {"produced": "0.5" if year == YEARS[0] else "40000"})
        facts.read[f"XAL-{year}"] = at("XAL", year), year
    assert methods(analyse([facts], 2023)) == ["HISTORY"]
    run = analyse([facts], 2023, terms=bound(XAL=Term(dt.date(2015, 12, 1))))
    assert methods(run) == []
    assert codes(run) == [("JOINED", 2015)]


def test_a_state_that_left_is_not_asked_for_what_it_owes_no_more() -> None:
    facts = declaring("100")
    assert methods(analyse([facts], 2024)) == []  # nothing was made: a list may be missing below
    facts.filed["X4_PROTECTIVE", 2023] = at("XAL", 2023)
    asked = analyse([facts], 2024).ranked.cards
    assert [(card.method, card.subject) for card in asked] == [
        ("LIST_MISSING", "X4_PROTECTIVE")
    ] * 2
    left = analyse([facts], 2024, terms=bound(XAL=Term(None, dt.date(2023, 6, 1))))
    assert {card.year for card in left.ranked.cards} <= {2022}
    assert ("LEFT", 2023) in codes(left)


def test_what_two_states_say_of_a_chemical_is_compared_from_its_first_whole_year_on() -> None:
    states = trading(
        ("XAL", "exports", "XBO", "1470", "2020"), ("XBO", "imports", "XAL", "14700", "2020"),
        ("XAL", "exports", "XBO", "1380", "2021"), ("XBO", "imports", "XAL", "13800", "2021"),
    )  # fmt: skip
    run = analyse(states, 2021, terms=Terms(scheduled=lambda _: (2021, None)))
    assert [(card.method, card.year) for card in run.ranked.cards] == [("SLIP", 2021)]


def test_a_chemical_that_was_scheduled_in_june_has_its_first_whole_year_after_it() -> None:
    assert scheduled_years("2387495-99-8") == (2021, None)
    assert scheduled_years("505-60-2") == (None, None)


def test_what_is_received_before_it_is_sent_is_a_year_too_late_and_not_a_voyage() -> None:
    states = trading(
        ("XAL", "exports", "XBO", "600", "2023"), ("XBO", "imports", "XAL", "900", "2023"),
        ("XAL", "exports", "XBO", "800", "2024"), ("XBO", "imports", "XAL", "500", "2024"),
    )  # fmt: skip
    run = analyse(states, 2024)
    assert methods(run) == ["SHIFTED", "SHIFTED"]
    assert not run.ranked.explained


def test_a_run_is_named_after_every_declaration_it_read() -> None:
    one, other = declaring("100"), declaring("100")
    other.read["XAL-SITE-2"] = at("XAL", 2023), 2023
    assert analyse([one], 2023).id != analyse([other], 2023).id
    assert analyse([one], 2023).id != analyse([one], 2022).id
    moved = replace(one, read={**one.read, "XAL-2023": (replace(at("XAL", 2023), version=2), 2023)})
    assert analyse([one], 2023).id != analyse([moved], 2023).id


def test_amendments_that_contradict_each_other_are_named_with_what_to_ask() -> None:
    first = json.loads((EXAMPLES / "AMENDMENT.json").read_text())
    second = {**first, "declaration_id": "XAL-2025-S2-AND-A2"}
    base = json.loads((EXAMPLES / "S2_AND.json").read_text())
    filed = [read_declaration(one) for one in (base, first, second)]
    run = analyse([take_facts("XAL", effective(filed).values())], 2025)
    (note,) = [note for note in run.notes if note.code == "CONTRADICTORY"]
    assert len({place.declaration_id for place in note.places}) == 2
    assert "Ask the State" in note.sentence
