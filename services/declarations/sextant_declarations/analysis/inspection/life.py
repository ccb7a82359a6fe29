"""Reads the table of an inspection's life, and says which step may follow."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import Classification
from sextant_shared.models.strict import Strict, read_model

MAX_BYTES = 1 << 20
Kind = Literal["initial", "routine"]
StepCode = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,39}$")]
ReasonCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z_]{1,39}$")]
PLAN = "plan"  # how a life begins; no step of the table


class LifeStep(Strict):
    """One step: from which states, to which (none: as it was), and the message that it sends.

    `marking` is how that message is marked unless the planner says otherwise [P].
    """

    code: StepCode
    from_: Annotated[list[str], Field(alias="from", min_length=1)]
    to: str | None = None
    sends: str | None = None
    marking: Classification | None = None
    law: str
    reasons: Annotated[list[ReasonCode], Field(min_length=1)]


class Notice(Strict):
    """How many hours before what an inspection is notified; an empty kind is any."""

    regime: str
    kind: str
    hours: Annotated[int, Field(ge=1)]
    before: str
    law: str
    mark: str


class InspectionLife(Strict):
    """The table. `hidden` are the states in which the inspection is highly protected."""

    states: Mapping[str, str]
    first: str
    hidden: list[str]
    final: list[str]
    reasons: Mapping[str, str]
    steps: list[LifeStep]
    notice: list[Notice]

    def steps_from(self, state: str) -> list[LifeStep]:
        """Return the steps that may follow on a state."""
        return [step for step in self.steps if state in step.from_]

    def step(self, state: str, code: str, reason: str) -> LifeStep:
        """Return a step that may be taken.

        Raises:
            PlatformError: `E_STATE` for one that does not follow on the state, `E_MALFORMED` for a
                reason that it does not have.
        """
        may = self.steps_from(state)
        found = next((step for step in may if step.code == code), None)
        if found is None:
            raise PlatformError(
                Code.STATE,
                f"{code} does not follow on {state}",
                expected=", ".join(step.code for step in may) or "nothing: it is over",
                received=code,
            )
        if reason not in found.reasons:
            raise PlatformError(
                Code.MALFORMED,
                f"{code} has no such reason",
                expected=", ".join(found.reasons),
                received=reason,
                fix="Take one of these codes.",
            )
        return found

    def notice_for(self, regime: str, kind: str) -> Notice:
        """Return the notice that an inspection needs."""
        return next(n for n in self.notice if n.regime == regime and n.kind in ("", kind))


@lru_cache(maxsize=1)
def inspection_life() -> InspectionLife:
    """Return the table of this release.

    Raises:
        PlatformError: `E_INTERNAL` for a table that names what it does not have.
    """
    data = files(__package__).joinpath("life.json").read_bytes()
    found = read_model(InspectionLife, parse_json(data, max_bytes=MAX_BYTES), code=Code.INTERNAL)
    named = {*found.hidden, *found.final, found.first}
    for step in found.steps:
        named |= {*step.from_, *([step.to] if step.to else [])}
        named |= {reason for reason in step.reasons if reason not in found.reasons}
    if named - set(found.states):
        raise PlatformError(
            Code.INTERNAL, f"life.json names {', '.join(sorted(named - set(found.states)))}"
        )
    return found
