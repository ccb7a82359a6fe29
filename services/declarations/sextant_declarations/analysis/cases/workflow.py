"""The workflow of a case: its states, the steps between them, what each needs, and its clocks.

The table is data (`workflow.json`), as with the life of a declaration: steps and cause codes are
our proposal, and each clock carries the mark of what it rests on. Not responsible for storing a
step, nor for who may ask at all: a route asks an action first, then this table whether it fits.

* A step leads from one state to another; one without `to` stays where it is.
* Closing needs the code of a cause; closing as settled needs that no difference is left.
* A restricted case (a partner that is no State Party) takes no step that sends a message.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.strict import Strict, read_model

MAX_POLICY_BYTES = 1 << 20
SERVICE, OFFICER = "service", "officer"


class CaseState(StrEnum):
    """Where a case stands."""

    OPENED = "OPENED"
    TRIAGED = "TRIAGED"
    REQUESTED = "REQUESTED"
    INVESTIGATING = "INVESTIGATING"
    ANSWERED = "ANSWERED"
    RE_MATCHED = "RE_MATCHED"
    RESOLVED_AMENDED = "RESOLVED_AMENDED"
    RESOLVED_EXPLAINED = "RESOLVED_EXPLAINED"
    WITHIN_THRESHOLD = "WITHIN_THRESHOLD"
    UNRESOLVED = "UNRESOLVED"
    MERGED = "MERGED"


class Priority(StrEnum):
    """How urgent a case is. It follows from figures, so no State is shown it."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


StateName = Annotated[CaseState, Field(strict=False)]
StepCode = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
ReasonCode = Annotated[str, Field(pattern=r"^[A-Z0-9]+(_[A-Z0-9]+)*$", max_length=40)]
CauseCode = ReasonCode
Needed = Literal["reference", "cause", "priority", "messages", "settled"]


class Step(Strict):
    """One row of the table: a step, from where, whereto, by whom, and what it needs.

    `needs` is what must be said besides (a reference, a cause, a priority), sent with it (messages)
    or true (settled: no pair is a difference any more). `handling` are the cases that it is for.
    """

    code: StepCode
    from_: Annotated[list[StateName | None], Field(alias="from", min_length=1)]
    to: StateName | None
    by: Annotated[list[Literal["service", "officer"]], Field(min_length=1)]
    reasons: Annotated[list[ReasonCode], Field(min_length=1)]
    needs: list[Needed] = Field(default_factory=list)
    handling: Literal["any", "plain", "restricted"] = "any"

    def is_for(self, *, restricted: bool) -> bool:
        """Return whether it is for a case that is handled so."""
        return self.handling in ("any", "restricted" if restricted else "plain")


class Clock(Strict):
    """How long a case may stand in a state; `mark` says what the number rests on."""

    state: StateName
    days: Annotated[int, Field(ge=1, le=3660)]
    mark: Annotated[str, Field(pattern=r"^[TOMUP](/[TOMUP])*$")]
    source: str
    then: str


class Cause(Strict):
    """Why two figures differed."""

    meaning: str
    mark: str


class Workflow(Strict):
    """The whole table."""

    states: Mapping[str, str]
    closed: list[StateName]
    reasons: Mapping[str, str]
    causes: Mapping[str, Cause]
    steps: list[Step]
    clocks: list[Clock]

    def step(self, code: str) -> Step | None:
        """Return the row of a step, None for an unknown one."""
        return next((step for step in self.steps if step.code == code), None)

    def steps_from(self, state: CaseState | None, role: str, *, restricted: bool) -> list[Step]:
        """Return what a role may do with a case that stands in this state."""
        return [
            step
            for step in self.steps
            if state in step.from_ and role in step.by and step.is_for(restricted=restricted)
        ]

    def clock(self, state: CaseState) -> Clock | None:
        """Return the clock of a state, None where none runs."""
        return next((clock for clock in self.clocks if clock.state is state), None)

    def due(self, state: CaseState, since: dt.date) -> dt.date | None:
        """Return the last day on which a case may stand so, None where no clock runs."""
        clock = self.clock(state)
        return since + dt.timedelta(days=clock.days) if clock else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case stands; `settled` says that no pair of it is a difference any more."""

    state: CaseState | None
    restricted: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to do with a case; `messages`: what is to be sent goes with it."""

    step: str
    role: str
    reason: str
    reference: str | None = None
    cause: str | None = None
    priority: Priority | None = None
    messages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of a case, as it is written down."""

    step: str
    source: CaseState | None
    target: CaseState
    reason: str
    reference: str | None = None
    cause: str | None = None
    priority: Priority | None = None


@lru_cache(maxsize=1)
def workflow() -> Workflow:
    """Return the table of this release.

    Raises:
        PlatformError: `E_MALFORMED` for a file that does not fit; a service does not start then.
    """
    return read_workflow((files(__package__) / "workflow.json").read_bytes())


def read_workflow(data: bytes) -> Workflow:
    """Return the table in `data`, with every name in it known.

    Raises:
        PlatformError: `E_MALFORMED`, with one finding for each name that does not fit.
    """
    table = read_model(Workflow, parse_json(data, max_bytes=MAX_POLICY_BYTES))
    odd = sorted(set(CaseState) ^ set(table.states))
    found = [_wrong("/states", f"{name} has no meaning, or is no state") for name in odd]
    used = {reason for step in table.steps for reason in step.reasons}
    found += [
        _wrong("/reasons", f"{name} has no meaning") for name in sorted(used - {*table.reasons})
    ]
    codes = [step.code for step in table.steps]
    found += [
        _wrong("/steps", f"{c} stands twice") for c in sorted(set(codes)) if codes.count(c) > 1
    ]
    if found:
        raise PlatformError(Code.MALFORMED, "the workflow of cases does not fit", findings=found)
    return table


def advance(table: Workflow, stands: Standing, wanted: Wanted) -> Move:
    """Return the step that was asked for.

    Raises:
        PlatformError: `E_MALFORMED` for an unknown step, or what it needs and was not given, with
            one finding for each; `E_FORBIDDEN` when it is not this role's; `E_STATE` when it does
            not lead on from where the case stands; `E_POLICY` when a case that is handled so does
            not take it, or a difference is left that it says is none.
    """
    open_to = table.steps_from(stands.state, wanted.role, restricted=stands.restricted)
    allowed = ", ".join(step.code for step in open_to)
    step = table.step(wanted.step)
    if step is None:
        raise PlatformError(
            Code.MALFORMED, "there is no such step", expected=allowed, received=wanted.step[:64]
        )
    if wanted.role not in step.by:
        raise PlatformError(
            Code.FORBIDDEN,
            f"{step.code} is no step of the role {wanted.role}",
            expected=" or ".join(step.by),
            received=wanted.role,
        )
    if stands.state not in step.from_:
        raise PlatformError(
            Code.STATE,
            f"{step.code} does not lead on from {stands.state or 'nothing'}",
            expected=allowed or "no step: this is where it ends",
            received=step.code,
            fix="Read where the case stands, and take one of its steps.",
        )
    if not step.is_for(restricted=stands.restricted):
        raise PlatformError(
            Code.POLICY,
            f"{step.code} is for cases that are handled in another way",
            expected=allowed,
            received=step.code,
            fix="A case with a partner that is no State Party is handled by people alone.",
        )
    if findings := _misfits(table, step, wanted):
        raise PlatformError(
            Code.MALFORMED, f"{step.code} was not asked for as it must be", findings=findings
        )
    if "settled" in step.needs and not stands.settled:
        raise PlatformError(
            Code.POLICY,
            f"{step.code} says that no difference is left, and one is",
            expected="no pair of the case above its threshold",
            received="a difference",
            fix="Close it as explained, or wait for the amendment.",
        )
    return Move(
        step=step.code,
        source=stands.state,
        target=step.to or stands.state or CaseState.OPENED,
        reason=wanted.reason,
        reference=wanted.reference,
        cause=wanted.cause,
        priority=wanted.priority,
    )


def _misfits(table: Workflow, step: Step, wanted: Wanted) -> list[Finding]:
    found = []
    if wanted.reason not in step.reasons:
        expected = ", ".join(step.reasons)
        found.append(
            _wrong("/reason", "the step is not taken for this reason", expected, wanted.reason)
        )
    for name, given, wants in (
        ("reference", wanted.reference, "the number of a case, or the id of a message"),
        ("cause", wanted.cause, ", ".join(table.causes)),
        ("priority", wanted.priority, ", ".join(Priority)),
    ):
        if name in step.needs and not given:
            found.append(_wrong(f"/{name}", "the step needs it", wants, "nothing"))
        elif given and name in ("cause", "priority") and name not in step.needs:
            found.append(_wrong(f"/{name}", "the step takes none", "nothing", str(given)))
    if wanted.cause and "cause" in step.needs and wanted.cause not in table.causes:
        expected = ", ".join(table.causes)
        found.append(_wrong("/cause", "there is no such cause", expected, wanted.cause))
    if "messages" in step.needs and not wanted.messages:
        fix = "requests to the States, sent with it"
        found.append(_wrong("/step", "the step is taken by sending", fix, "no message"))
    return found


def _wrong(pointer: str, message: str, expected: str = "", received: str = "") -> Finding:
    return Finding(
        rule="CASE",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message=message,
        expected=expected,
        received=received[:64],
    )
