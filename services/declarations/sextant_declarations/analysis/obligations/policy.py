"""What obligations and reminders take from practice rather than from the treaty's text."""

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from sextant_declarations.analysis.obligations.expectations import expectations_bytes
from sextant_shared.deadlines import DEFAULT_POLICY as DEADLINES
from sextant_shared.deadlines import DeadlinePolicy, policy_id
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.models.strict import Strict

VERSION = "2026.1"


class Stages(Strict):
    """When one kind is reminded of: days relative to the due day, before it below zero."""

    kind: str
    days: Annotated[tuple[int, ...], Field(strict=False, max_length=10)]


class ObligationPolicy(Strict):
    """Configuration of obligations, reminders and statistics."""

    look_back: Annotated[
        int, Field(ge=1, le=5, description="years before that oblige a Schedule 2 site, VII.3 [T]")
    ] = 2
    carry_years: Annotated[
        int,
        Field(
            ge=0,
            le=10,
            description="[P] for how many years what is missing is expected anew, while the State"
            " says neither yes nor no",
        ),
    ] = 1
    remind: Annotated[
        tuple[int, ...],
        Field(
            strict=False,
            max_length=10,
            description="[P] stages of reminders, in days from the due day; below zero: before it",
        ),
    ] = (-30, -7, 7, 30)
    remind_kinds: Annotated[
        tuple[Stages, ...],
        Field(strict=False, max_length=100, description="[P] kinds with stages of their own"),
    ] = ()
    remind_from_history: Annotated[
        bool,
        Field(
            description="[P] whether States are reminded of what is only expected from their"
            " history, too"
        ),
    ] = True
    smallest_cell: Annotated[
        int,
        Field(ge=2, le=100, description="[P] a published count is zero, or at least so many"),
    ] = 5

    def stages(self, kind: str) -> tuple[int, ...]:
        """Return the stages of a kind, earliest first."""
        own = next((one.days for one in self.remind_kinds if one.kind == kind), self.remind)
        return tuple(sorted(set(own)))


DEFAULT = ObligationPolicy()


@lru_cache
def reckoned_by(
    policy: ObligationPolicy = DEFAULT, deadlines: DeadlinePolicy = DEADLINES, terms: bytes = b""
) -> str:
    """Return what names both policies, both tables and the terms of States: version, SHA-256."""
    members = {
        "version": VERSION,
        "policy": policy.model_dump(mode="json"),
        "expectations": b64u(sha256(expectations_bytes())),
        "deadlines": policy_id(deadlines).digest,
        "terms": b64u(terms),
    }
    return f"{VERSION}:{b64u(sha256(canonical_json(members)))}"
