"""How good the anomalies are, on the made-up world with its answer key: `python -m bench quality`.

The methods are given what States declared, and nothing else; the key is read afterwards, by the
scorer. A card meets a fault when it names its State (or, between States, one of them), one of its
years, and its chemical or site. Every other card is a false flag.
"""

import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.quality_world import KeptWorld, kept_world
from sextant_client.world import WorldPlan
from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.model import Card
from sextant_declarations.analysis.anomalies.residuals import compared_flows
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_shared.rules.filings import Filings, effective
from sextant_shared.models.declaration import read_declaration

PLAN = WorldPlan(states=190, years=20, seed=7)
PAGE = Path(__file__).parent.parent / "docs" / "analysis-quality.md"
OTHERS = {"LATE_FILING", "S1_NOTICE_LATE"}  # the day of receipt: timeliness
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """A run with what it took."""

    run: Run
    facts: Sequence[Facts]
    declarations: int
    seconds: float


def analyse_world(kept: KeptWorld, last_year: int) -> Measured:
    """Read what was declared, fold it and run all methods."""
    started = time.perf_counter()
    by_state: dict[str, list[Any]] = defaultdict(list)
    count = 0
    for line in kept.declared():
        count += 1
        by_state[line["document"]["state_code"]].append(read_declaration(line["document"]))
    facts = [take_facts(state, effective(filed).values()) for state, filed in by_state.items()]
    run = analyse(facts, last_year)
    return Measured(run, facts, count, time.perf_counter() - started)


def meets(card: Card, answer: Answer) -> bool:
    """Return whether a card points at a planted fault."""
    if not {card.state, *card.states} & set(answer["states"]):
        return False
    if answer["declarant"] not in {card.state, *card.states} or card.year not in answer["years"]:
        return False
    places = answer["places"]
    subjects = {answer.get("site"), (answer.get("chemical") or {}).get("cas")}
    subjects |= {place["kind"] for place in places}
    subjects |= {place.get("declared") for place in places} | {place.get("true") for place in places}
    if card.subject in subjects:
        return True
    is_notice = answer["kind"].startswith("S1_NOTICE")
    return is_notice and card.method in {"S1_ONE_SIDED", "S1_QUANTITY", "S1_DAY"}


