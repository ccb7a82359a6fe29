"""How long ciphertext is kept after everybody is done with it: the operator's policy as a table.

How long the parties want their envelopes kept is theirs to decide, not ours to know: the rules are
a setting, each with its reason, and the entry of an erasure commits to the one that it went by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from sextant_shared.clock import timestamp_ms
from sextant_shared.models.acts import ErasureDetail
from sextant_shared.models.strict import Strict

DAY_S = 86_400
_MAX_DAYS = 36_500


class RetentionRule(Strict):
    """How long the ciphertext of some envelopes is kept, and why.

    `type` is a type of envelope, or a pattern such as `receipt.*`; `class` one class or `*`;
    `days` count from when the last copy was acknowledged, discarded or recalled; null is for ever.
    """

    type: Annotated[str, Field(min_length=1, max_length=64)] = "*"
    class_: Annotated[str, Field(alias="class", pattern=r"^(C[0-3]|\*)$")] = "*"
    days: Annotated[int, Field(ge=0, le=_MAX_DAYS)] | None
    why: Annotated[str, Field(min_length=1, max_length=200)]

    @property
    def name(self) -> str:
        """What the rule is about, as entries name it."""
        return f"{self.type} {self.class_}"


DEFAULT_RULES = (
    RetentionRule(
        days=3650,
        why="no party has said otherwise: ten years, so that a recipient may lose its copy",
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An envelope whose ciphertext is still kept; `blob` names its place, None in a row."""

    number: int
    env: str
    ref: int
    manifest_digest: bytes
    type: str
    classification: str
    size: int
    blob: str | None
    closed: float | None


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules in order; the first that fits an envelope decides, none keeps it for ever."""

    rules: Sequence[RetentionRule]

    @property
    def shortest_s(self) -> float | None:
        """The shortest time that any rule keeps anything; None when all is kept for ever."""
        days = [rule.days for rule in self.rules if rule.days is not None]
        return min(days) * float(DAY_S) if days else None

    def rule_of(self, type_: str, classification: str) -> RetentionRule | None:
        """Return the rule that decides about an envelope."""
        for rule in self.rules:
            if fnmatchcase(type_, rule.type) and rule.class_ in {"*", classification}:
                return rule
        return None

    def due(self, candidate: Candidate, closed: float | None, now: float) -> ErasureDetail | None:
        """Return what the erasure of an envelope closed then goes by; None while it is kept."""
        rule = self.rule_of(candidate.type, candidate.classification)
        if rule is None or rule.days is None or closed is None:
            return None
        if now < closed + rule.days * DAY_S:
            return None
        return ErasureDetail(
            rule=rule.name, days=rule.days, why=rule.why, closed=timestamp_ms(closed)
        )
