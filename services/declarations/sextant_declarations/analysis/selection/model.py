"""What a selection is made of: declared sites, inspections that count, and what was drawn."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from sextant_shared.encoding import canonical_json, sha256
from sextant_shared.models.declaration.heading import StateCode
from sextant_shared.models.strict import Strict

Regime = Literal["S1", "S2", "S3", "OCPF"]
REGIMES: tuple[Regime, ...] = get_args(Regime)
Feature = list[str] | int
Seed = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=1000)]


class Candidate(Strict):
    """A declared site under one regime: the newest declaration that speaks of it, and what of it.

    `inspectable` says whether it is above the threshold of its regime; a site that is not still
    counts towards the cap of its State.
    """

    regime: Regime
    state: StateCode
    code: str
    name: str
    inspectable: bool
    declaration_id: str
    version: int
    year: int
    features: dict[str, Feature]


class Done(Strict):
    """An inspection that counts towards the caps: planned or carried out, and not cancelled."""

    regime: Regime
    state: StateCode
    code: str
    year: int


class Snapshot(Strict):
    """All that a draw depends on besides its seed: taken from the register at one time."""

    year: int
    known_by: str
    candidates: list[Candidate]
    done: list[Done]

    @property
    def digest(self) -> str:
        """SHA-256 over its canonical bytes."""
        return sha256(canonical_json(self.model_dump(mode="json"))).hex()


class ScorePart(Strict):
    """One part of a score, and the points that it gave."""

    name: str
    points: int


class Pick(Strict):
    """A site that was drawn, and why: by chance alone or by weight, and how likely it was.

    `probability` is that of this site in this draw, given those before; `among` counts the sites
    that could be drawn then.
    """

    n: int
    regime: Regime
    state: StateCode
    code: str
    name: str
    drawn: Literal["random", "weighted"]
    probability: str
    among: int
    score: int
    parts: list[ScorePart]
    declaration_id: str
    version: int


class CapView(Strict):
    """How many inspections a State may have under Schedule 3 and as other facilities, and has."""

    state: StateCode
    sites: int
    cap: int
    used: int


class Listed(Strict):
    """The list of one regime: how many sites are declared, may be drawn, and why others not."""

    regime: Regime
    law: str
    declared: int
    inspectable: int
    at_site_cap: int
    at_state_cap: int
    wanted: Count
    drawn: int


class Selection(Strict):
    """A draw: what it was made with, the lists, the caps that bound it, and the picks in order."""

    algorithm: int
    policy_digest: Digest
    input_digest: Digest
    seed: Seed
    year: int
    wanted: dict[Regime, Count]
    lists: list[Listed]
    caps: list[CapView]
    picks: list[Pick]

    @property
    def digest(self) -> str:
        """SHA-256 over its canonical bytes."""
        return sha256(canonical_json(self.model_dump(mode="json"))).hex()
