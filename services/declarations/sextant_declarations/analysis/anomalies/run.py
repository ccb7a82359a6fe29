"""One run of all methods over all States: cards in their order, with what they stand on."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sextant_declarations.analysis.anomalies.balance import balance_cards
from sextant_declarations.analysis.anomalies.cross_form import cross_form_cards
from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.follow_ups import follow_up_cards
from sextant_declarations.analysis.anomalies.history import history_cards, peer_groups, tests_of
from sextant_declarations.analysis.anomalies.identity import identity_cards
from sextant_declarations.analysis.anomalies.model import Card, Note
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
from sextant_declarations.analysis.anomalies.terms import Terms, notes_of
from sextant_declarations.analysis.anomalies.transit import transit_cards


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run: `id` follows from its input and its methods, and from nothing else."""

    id: str
    input_digest: str
    policy_digest: str
    versions: Mapping[str, int]
    ranked: Ranked
    notes: tuple[Note, ...] = ()
    read: int = 0
    """How many declarations were read."""


def analyse(
    given: Sequence[Facts],
    last_year: int,
    settings: Policy | None = None,
    terms: Terms | None = None,
) -> Run:
    """Return the cards of all States; `last_year` is the last whose reports have fallen due."""
    known = settings or policy()
    bounds = terms or Terms()
    states = [bounds.apply(facts, last_year) for facts in given]
    peers = peer_groups(states)
    cards: list[Card] = []
    tests: Counter[int] = Counter()
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
        for record in facts.national.values():
            tests[record.year] += tests_of(record)
    first = {facts.state: min(y for _, y in facts.filed) for facts in states if facts.filed}
    part = {(facts.state, year) for facts in states for year, what in facts.part if not what}

    def is_bound(state: str, year: int) -> bool:
        return first.get(state, year + 1) <= year and (state, year) not in part

    cards += notice_cards((n for facts in states for n in facts.notices), is_bound, known)
    compared = compared_flows(states)
    left = above(compared, known)
    cards += slip_cards(left, compared, exact_rows(states), known)
    cards += transit_cards(left, known)
    return _run(states, rank(cards, tests, known), known, last_year)


def _run(states: Sequence[Facts], ranked: Ranked, known: Policy, last_year: int) -> Run:
    digest = hashlib.sha256(f"{last_year}\n".encode())
    for facts in sorted(states, key=lambda one: one.state):
        for place, _ in sorted(facts.read.values()):
            digest.update(f"{place.state}|{place.declaration_id}|{place.version}\n".encode())
        for (year, chemical), reason in sorted(facts.part.items()):
            digest.update(f"{facts.state}|{year}|{chemical}|{reason}\n".encode())
    versions = {name: method.version for name, method in known.methods.items()}
    name = hashlib.sha256(f"{digest.hexdigest()}|{known.digest}".encode()).hexdigest()
    notes = tuple(note for facts in states for note in notes_of(facts))
    read = sum(len(facts.read) for facts in states)
    return Run(f"run-{name[:16]}", digest.hexdigest(), known.digest, versions, ranked, notes, read)
