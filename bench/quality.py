"""How good the anomalies are, on the made-up world with its answer key.

The methods are given what States declared, and nothing else; the key is read afterwards, by the
scorer. A card meets a fault when it names its State (or, between States, one of them), one of its
years, and its chemical or site. Every other card is a false flag.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bench.quality_world import KeptWorld
from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.model import Card
from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.anomalies.residuals import compared_flows
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_declarations.analysis.anomalies.terms import Terms
from sextant_shared.models.declaration import read_declaration
from sextant_shared.rules.filings import effective

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """A run with what it took."""

    run: Run
    facts: Sequence[Facts]
    declarations: int
    seconds: float


def analyse_world(kept: KeptWorld, last_year: int, terms: Terms | None = None) -> Measured:
    """Read what was declared, fold it and run all methods."""
    started = time.perf_counter()
    by_state: dict[str, list[Any]] = defaultdict(list)
    count = 0
    for line in kept.declared():
        count += 1
        by_state[line["document"]["state_code"]].append(read_declaration(line["document"]))
    facts = [take_facts(state, effective(filed).values()) for state, filed in by_state.items()]
    run = analyse(facts, last_year, terms=terms)
    return Measured(run, facts, count, time.perf_counter() - started)


def meets(card: Card, answer: Answer) -> bool:
    """Return whether a card points at a planted fault."""
    named = {card.state, *card.states}
    if answer["declarant"] not in named or card.year not in answer["years"]:
        return False
    places = answer["places"]
    subjects = {answer.get("site"), (answer.get("chemical") or {}).get("cas")}
    subjects |= {place["kind"] for place in places if place["pointer"] is None}
    for place in places:
        for text in (place.get("true"), place.get("declared")):
            subjects |= set(str(text).split(", "))
    if card.subject in subjects:
        return True
    is_notice = answer["kind"].startswith("S1_NOTICE")
    return is_notice and card.method in {"S1_ONE_SIDED", "S1_QUANTITY", "S1_DAY"}


@dataclass
class Scorer:
    """Holds cards against the planted faults."""

    planted: Sequence[Answer]

    def __post_init__(self) -> None:
        """Index the faults by State and year."""
        self.at: dict[tuple[str, int], list[Answer]] = defaultdict(list)
        for answer in self.planted:
            for year in answer["years"]:
                self.at[answer["declarant"], year].append(answer)

    def met(self, card: Card) -> list[Answer]:
        """Return the faults that a card points at."""
        states = sorted({card.state, *card.states})
        found = [answer for state in states for answer in self.at[state, card.year]]
        return [answer for answer in found if meets(card, answer)]

    def seen(self, cards: Iterable[Card]) -> dict[str, str]:
        """Return the faults that at least one card points at: the kind of each by its id."""
        return {answer["id"]: answer["kind"] for card in cards for answer in self.met(card)}

    def found(self, cards: Iterable[Card]) -> Counter[str]:
        """Return how many faults of each kind at least one card points at."""
        return Counter(self.seen(cards).values())

    def hits(self, cards: Iterable[Card]) -> list[bool]:
        """Return of each card whether it points at a fault."""
        return [bool(self.met(card)) for card in cards]


def plain_cards(facts: Sequence[Facts]) -> list[Card]:
    """Return what the plain rule flags: figures of a transfer that differ by more than 10 %."""
    found: list[tuple[Decimal, Card]] = []
    for flow in compared_flows(facts).values():
        most = max(flow.x, flow.m)
        if most and abs(flow.gap) > most / 10:
            card = policy().card(
                "SLIP", state=flow.exporter, year=flow.year, subject=flow.chemical, figures=(),
                tolerance="10 %", clears="", states=(flow.exporter, flow.importer), slip="",
            )  # fmt: skip
            found.append((abs(flow.gap) / most, card))
    found.sort(key=lambda one: (-one[0], one[1].id))
    return [card for _, card in found]


def by_chance(planted: Sequence[Answer], declarations: int, drawn: int) -> dict[str, float]:
    """Return how many faults of each kind are met by declarations that are drawn by chance."""
    found: dict[str, float] = defaultdict(float)
    for answer in planted:
        struck = {place["document"] for place in answer["places"]} - {None}
        found[answer["kind"]] += 1 - (1 - drawn / declarations) ** len(struck)
    return found


def random_precision(planted: Sequence[Answer], declarations: int) -> float:
    """Return how many of declarations drawn by chance have a planted fault in them."""
    struck = {place["document"] for answer in planted for place in answer["places"]}
    return len(struck - {None}) / declarations


def precision(hits: Sequence[bool], at: int) -> str:
    """Return the share of hits among the first cards."""
    first = hits[:at]
    return f"{sum(first) / len(first):.2f}" if first else "none"
