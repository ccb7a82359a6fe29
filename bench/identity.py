"""How well renamed plant sites are found: `python -m bench identity`, on the made-up world.

The method is given what States declared; the answer key is read afterwards, by the scorer. A second
run spoils addresses first, by chance: abbreviated streets, slips, left out postal codes, coarse
positions, because the world renames sites and leaves their addresses alone.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.quality_world import KeptWorld, kept_world
from sextant_client.world import WorldPlan
from sextant_declarations.analysis.identity.comparing import blocked, compare
from sextant_declarations.analysis.identity.records import SiteRecord, records_of
from sextant_declarations.analysis.identity.weighing import Proposal, Weights, fit, propose, weights
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.rules.filings import effective

PLAN = WorldPlan(states=190, years=20, seed=7)
WEIGHTS = (
    Path(__file__).parent.parent
    / "services/declarations/sextant_declarations/analysis/identity/weights.json"
)
_SITES = ("S1_", "S2_SITE", "S2_ADD", "S3_SITE", "S3_ADD", "OCPF", "AMENDMENT", "WITHDRAWAL")
_SHORT = {"Lane": "Ln", "Road": "Rd", "Street": "St.", "Avenue": "Ave", "Way": "Wy"}
Records = Mapping[str, Mapping[str, SiteRecord]]
Pair = tuple[str, frozenset[str]]


@dataclass(frozen=True)
class Score:
    """How many renamed sites were proposed, and how many proposals were right."""

    planted: int
    found: int
    proposals: int

    @property
    def recall(self) -> float:
        """Share of the planted ones that were proposed."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Share of the proposals that are planted ones."""
        return self.found / self.proposals if self.proposals else 1.0


def read_records(kept: KeptWorld, spoilt: int | None = None) -> Records:
    """Return the records of each State; with a seed, of spoilt addresses."""
    found: dict[str, Mapping[str, SiteRecord]] = {}
    for state, filed in _by_state(kept):
        found[state] = records_of(effective(filed).values())
    if spoilt is not None:
        chance = random.Random(spoilt)  # noqa: S311 - a measure to repeat, no secret
        for state in sorted(found):
            for code in sorted(found[state]):
                _spoil(found[state][code], chance)
    return found


def _by_state(kept: KeptWorld) -> Iterator[tuple[str, list[DeclarationBase]]]:
    by_state: dict[str, list[DeclarationBase]] = {}
    for line in kept.declared():
        document = line["document"]
        if document["kind"].startswith(_SITES):
            read = read_declaration(document)
            by_state.setdefault(read.state_code, []).append(read)
    yield from by_state.items()


def _spoil(record: SiteRecord, chance: random.Random) -> None:
    """Write an address as another clerk would have."""
    street = record.address.street
    changes: dict[str, str | None] = {}
    if chance.random() < 0.4:
        changes["street"] = " ".join(_SHORT.get(word, word) for word in street.split())
    if chance.random() < 0.3:
        at = chance.randrange(len(street) - 1)
        changes["street"] = street[:at] + street[at + 1] + street[at] + street[at + 2 :]
    if chance.random() < 0.3:
        changes["postal_code"] = None
    if chance.random() < 0.3:
        for name in ("latitude", "longitude"):
            said = getattr(record.address, name)
            changes[name] = None if said is None else f"{float(said):.2f}"
    record.address = record.address.model_copy(update=changes)


def planted(answers: Iterable[Mapping[str, Any]]) -> set[Pair]:
    """Return the pairs of codes that the key says are one site."""
    return {
        (one["declarant"], frozenset({one["true"], one["declared"]}))
        for one in answers
        if one["planted"] and one["kind"] == "SITE_RENAMED"
    }


def proposed(records: Records, fitted: Weights) -> list[Proposal]:
    """Return the proposals of all States, the likeliest first."""
    found = [one for state in records.values() for one in propose(state, fitted)]
    return sorted(found, key=lambda one: -one.probability)


def scored(found: Sequence[Proposal], wanted: set[Pair]) -> Score:
    """Hold proposals against the key."""
    pairs = {(one.older.state, frozenset({one.older.code, one.newer.code})) for one in found}
    return Score(len(wanted), len(pairs & wanted), len(pairs))


def fitted_on(records: Records, plan: WorldPlan) -> Weights:
    """Return the weights that the pairs of a world give."""
    pairs = [compare(*pair) for state in records.values() for pair in blocked(state)]
    name = f"the made-up world, {plan.states} States, {plan.years} years, seed {plan.seed}"
    return fit(pairs, fitted_on=f"{name}, addresses spoilt")


def write_identity() -> str:
    """Fit the weights on one world, measure on another, and return the lines of the table."""
    first = kept_world(PLAN)
    found = fitted_on(read_records(first, spoilt=1), PLAN)
    WEIGHTS.write_text(json.dumps(found.model_dump(), indent=1) + "\n", encoding="utf-8")
    weights.cache_clear()
    lines = ["| world | addresses | renamed | found | proposals | recall | precision |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for seed in (7, 11):
        kept = kept_world(WorldPlan(states=PLAN.states, years=PLAN.years, seed=seed))
        wanted = planted(kept.answers())
        for name, spoilt in (("as declared", None), ("spoilt", seed)):
            score = scored(proposed(read_records(kept, spoilt), found), wanted)
            lines.append(
                f"| seed {seed} | {name} | {score.planted} | {score.found} | {score.proposals} |"
                f" {score.recall:.2f} | {score.precision:.2f} |"
            )
    return "\n".join(lines)
