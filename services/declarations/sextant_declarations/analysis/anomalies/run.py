"""One run of all methods over all States: cards in their order, with what they stand on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sextant_declarations.analysis.anomalies.balance import balance_cards
from sextant_declarations.analysis.anomalies.cross_form import cross_form_cards
from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.follow_ups import follow_up_cards
from sextant_declarations.analysis.anomalies.history import history_cards, peer_groups
from sextant_declarations.analysis.anomalies.identity import identity_cards
from sextant_declarations.analysis.anomalies.model import Card
from sextant_declarations.analysis.anomalies.plans import plan_cards
from sextant_declarations.analysis.anomalies.policy import Policy, policy
from sextant_declarations.analysis.anomalies.progress import progress_cards
from sextant_declarations.analysis.anomalies.ranking import Ranked, rank
from sextant_declarations.analysis.anomalies.residuals import (
    above,
    compared_flows,
    exact_rows,
    traded_with,
)
from sextant_declarations.analysis.anomalies.schedule1 import notice_cards, stock_cards
from sextant_declarations.analysis.anomalies.slips import slip_cards
from sextant_declarations.analysis.anomalies.transit import transit_cards


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run: `id` follows from its input and its methods, and from nothing else."""

    id: str
    input_digest: str
    policy_digest: str
    versions: Mapping[str, int]
    ranked: Ranked


def analyse(states: Sequence[Facts], last_year: int, settings: Policy | None = None) -> Run:
    """Return the cards of all States; `last_year` is the last whose reports have fallen due."""
    known = settings or policy()
    peers = peer_groups(states)
    cards: list[Card] = []
    tests = 0
    traded = traded_with(states)
    for facts in states:
        cards += cross_form_cards(facts, known)
        cards += follow_up_cards(facts, known, last_year, traded)
        cards += plan_cards(facts, known)
        cards += stock_cards(facts, known)
        cards += progress_cards(facts, known)
        cards += identity_cards(facts, known)
        cards += history_cards(facts, peers, known)
        cards += balance_cards(facts, known)
        tests += sum(len(record.totals) for record in facts.national.values())
    bound = {facts.state: min(y for _, y in facts.filed) for facts in states if facts.filed}
    cards += notice_cards((n for facts in states for n in facts.notices), bound, known)
    compared = compared_flows(states)
    left = above(compared, known)
    cards += slip_cards(left, compared, exact_rows(states), known)
    cards += transit_cards(left, known)
    return _run(states, rank(cards, tests, known), known)


def _run(states: Sequence[Facts], ranked: Ranked, known: Policy) -> Run:
    digest = hashlib.sha256()
    for facts in sorted(states, key=lambda one: one.state):
        for place in sorted(set(facts.filed.values())):
            digest.update(f"{place.state}|{place.declaration_id}|{place.version}\n".encode())
    versions = {name: method.version for name, method in known.methods.items()}
    name = hashlib.sha256(f"{digest.hexdigest()}|{known.digest}".encode()).hexdigest()
    return Run(f"run-{name[:16]}", digest.hexdigest(), known.digest, versions, ranked)
