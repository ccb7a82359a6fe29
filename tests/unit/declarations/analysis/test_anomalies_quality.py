"""The methods on a small made-up world: what they find, without ever reading the answer key."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from bench.quality import Measured, Scorer, analyse_world
from bench.quality_world import KeptWorld, kept_world
from sextant_client.world import WorldPlan
from sextant_declarations.analysis.anomalies.model import Card
from sextant_declarations.analysis.anomalies.run import analyse
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.rules.filings import effective

PLAN = WorldPlan(states=20, years=7, seed=7)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptWorld:
    return kept_world(PLAN, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def measured(kept: KeptWorld) -> Measured:
    hidden = KeptWorld(kept.documents, Path("/nowhere/the key is not there"))
    return analyse_world(hidden, PLAN.last_year)


def test_what_is_planted_between_the_forms_of_a_state_is_found(
    kept: KeptWorld, measured: Measured
) -> None:
    planted = [answer for answer in kept.answers() if answer["planted"]]
    found = Scorer(planted).found(measured.run.ranked.cards)
    wanted = ("PLAN_UNIT_1000", "ADDITIONAL_MISSED", "ADAA_WITHOUT_ADPA", "CAPACITY_EXCEEDED",
              "SITE_RENAMED", "S1_NOTICE_QUANTITY", "SITE_OMITTED_FROM_AND")  # fmt: skip
    for kind in wanted:
        assert found[kind] == sum(answer["kind"] == kind for answer in planted), kind


def test_honest_declarations_are_seldom_flagged(kept: KeptWorld, measured: Measured) -> None:
    planted = [answer for answer in kept.answers() if answer["planted"]]
    hits = Scorer(planted).hits(measured.run.ranked.cards)
    assert 100 * (len(hits) - sum(hits)) / measured.declarations < 2


def test_every_card_says_what_it_stands_on_and_what_would_clear_it(measured: Measured) -> None:
    for card in measured.run.ranked.cards:
        assert card.figures, card.method
        assert card.places, card.method
        assert card.clears, card.method


def test_a_world_in_which_everything_is_declared_twice_gives_the_same_cards(
    kept: KeptWorld, measured: Measured
) -> None:
    by_state: dict[str, list[DeclarationBase]] = {}
    for line in kept.declared():
        document = line["document"]
        again = {**document, "declaration_id": document["declaration_id"] + "-B"}
        filed = by_state.setdefault(document["state_code"], [])
        filed += [read_declaration(document), read_declaration(again)]
    facts = [take_facts(state, effective(filed).values()) for state, filed in by_state.items()]
    assert any(one.twice for one in facts)
    cards = analyse(facts, PLAN.last_year).ranked.cards

    def names(found: Iterable[Card]) -> set[tuple[str, str, int]]:
        return {(card.method, card.state, card.year) for card in found}

    # What was amended or withdrawn is so in one of the two only; then the first still counts.
    assert names(measured.run.ranked.cards) <= names(cards)
