"""The life of a declaration in the Secretariat: its states, the steps between them, their clocks.

The table is data (`lifecycle.json`): the machine is our proposal, and its clocks carry the mark of
what they rest on. Here it is read, checked once, and asked. Not responsible for storing a step, nor
for who may ask at all: a route asks an action first, then this table whether the step fits.

* A step leads from one state to another; `carry-over` stays where it is.
* What the service does by itself (`automatic`) follows from what came and what was there before.
* Each version lives by itself. A later version supersedes it; nothing that was sent is deleted.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
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
BY_RULE = "BY_RULE"
REPLIED = "REPLIED"
SERVICE = "service"
OFFICER = "officer"


class State(StrEnum):
    """Where a version of a declaration stands."""

    RECEIVED = "RECEIVED"
    CLASSIFIED = "CLASSIFIED"
    REGISTERED = "REGISTERED"
    COMPLETENESS_CHECK = "COMPLETENESS_CHECK"
    EVALUATION = "EVALUATION"
    CLARIFICATION_REQUESTED = "CLARIFICATION_REQUESTED"
    CLARIFICATION_RECEIVED = "CLARIFICATION_RECEIVED"
    ACCEPTED = "ACCEPTED"
    CLOSED = "CLOSED"
    AMENDED = "AMENDED"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWN = "WITHDRAWN"
    RETURNED = "RETURNED"


StateName = Annotated[State, Field(strict=False)]
StepCode = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
ReasonCode = Annotated[str, Field(pattern=r"^[A-Z]+(_[A-Z]+)*$", max_length=40)]


class Step(Strict):
    """One row of the table: a step, from where, whereto, by whom, and what it needs.

    `to` null stays where it is; a null among `from` is the beginning of a life. `needs` names what
    the step must say besides: a reference (the number of a request, the id of a message or of a
    report), or a marking.
    """

    code: StepCode
    from_: Annotated[list[StateName | None], Field(alias="from", min_length=1)]
    to: StateName | None
    by: Annotated[list[str], Field(min_length=1)]
    reasons: Annotated[list[ReasonCode], Field(min_length=1)]
    needs: list[Literal["reference", "marking"]] = Field(default_factory=list)


class Clock(Strict):
    """How long a version may stand in a state, entered for a reason if one is named.

    `mark` says what the number rests on (domain marks: T, O, M, U, P); `then`, what follows.
    """

    state: StateName
    reason: ReasonCode | None = None
    days: Annotated[int, Field(ge=1, le=3660)]
    mark: Annotated[str, Field(pattern=r"^[TOMUP](/[TOMUP])*$")]
    source: str
    then: str


class Lifecycle(Strict):
    """The whole table."""

    states: Mapping[str, str]
    final: list[StateName]
    open: list[StateName]
    reasons: Mapping[str, str]
    steps: list[Step]
    clocks: list[Clock]

    def step(self, code: str) -> Step | None:
        """Return the row of a step, None for an unknown one."""
        return next((step for step in self.steps if step.code == code), None)

    def steps_from(self, state: State | None, role: str) -> list[Step]:
        """Return what a role may do with a version that stands in this state."""
        return [step for step in self.steps if state in step.from_ and role in step.by]

    def clock(self, state: State, reason: str) -> Clock | None:
        """Return the clock of a state that was entered for a reason; the closer row counts."""
        found = [c for c in self.clocks if c.state is state and c.reason in (None, reason)]
        return max(found, key=lambda clock: clock.reason is not None, default=None)

    def due(self, state: State, reason: str, since: dt.date) -> dt.date | None:
        """Return the last day on which a version may stand so, None where no clock runs."""
        clock = self.clock(state, reason)
        return since + dt.timedelta(days=clock.days) if clock else None


@dataclass(frozen=True, slots=True)
class Life:
    """Where the newest version of a declaration stands."""

    version: int
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of one version, as it is written down."""

    version: int
    step: str
    source: State | None
    target: State
    reason: str = BY_RULE
    reference: str | None = None
    marking: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to do with the newest version of a declaration."""

    step: str
    role: str
    reason: str
    reference: str | None = None
    marking: str | None = None


class Arrival(StrEnum):
    """What a filing does to the declaration whose life it concerns."""

    RETURNED = "returned"
    FILED = "filed"
    FILED_ABOUT = "filed-about"
    """A filing about another filing: what it changes is evaluated there."""
    AMENDS = "amends"
    """Also the withdrawal of one site: the version stays, its content does not."""
    WITHDRAWS = "withdraws"


@lru_cache(maxsize=1)
def lifecycle() -> Lifecycle:
    """Return the table of this release.

    Raises:
        PlatformError: `E_MALFORMED` for a file that does not fit; a service does not start then.
    """
    data = (files(__package__) / "lifecycle.json").read_bytes()
    return read_lifecycle(data)


def read_lifecycle(data: bytes) -> Lifecycle:
    """Return the table in `data`, with every name in it known.

    Raises:
        PlatformError: `E_MALFORMED`, with one finding for each name that does not fit.
    """
    table = read_model(Lifecycle, parse_json(data, max_bytes=MAX_POLICY_BYTES))
    found = [*_unknown_states(table), *_unknown_reasons(table)]
    codes = [step.code for step in table.steps]
    found += [_wrong("/steps", f"{c} stands twice") for c in set(codes) if codes.count(c) > 1]
    if found:
        raise PlatformError(
            Code.MALFORMED, "the table of the life of a declaration does not fit", findings=found
        )
    return table


def advance(table: Lifecycle, life: Life, wanted: Wanted) -> Move:
    """Return the step that was asked for.

    Raises:
        PlatformError: `E_MALFORMED` for an unknown step, or a reason or reference that it does not
            take, with one finding for each; `E_FORBIDDEN` when it is not this role's; `E_STATE`
            when it does not lead on from where the version stands.
    """
    step = table.step(wanted.step)
    if step is None:
        raise PlatformError(
            Code.MALFORMED,
            "there is no such step",
            expected=", ".join(s.code for s in table.steps_from(life.state, wanted.role)),
            received=wanted.step[:64],
        )
    if wanted.role not in step.by:
        raise PlatformError(
            Code.FORBIDDEN,
            f"{step.code} is no step of the role {wanted.role}",
            expected=" or ".join(step.by),
            received=wanted.role,
        )
    if life.state not in step.from_:
        allowed = ", ".join(s.code for s in table.steps_from(life.state, wanted.role))
        raise PlatformError(
            Code.STATE,
            f"{step.code} does not lead on from {life.state}",
            expected=allowed or "no step: this is where it ends",
            received=step.code,
            fix="Read where the declaration stands, and take one of its steps.",
        )
    if findings := _misfits(step, wanted):
        raise PlatformError(
            Code.MALFORMED, f"{step.code} was not asked for as it must be", findings=findings
        )
    return Move(
        version=life.version,
        step=step.code,
        source=life.state,
        target=step.to or life.state,
        reason=wanted.reason,
        reference=wanted.reference,
        marking=wanted.marking,
    )


def automatic(
    before: Life | None, arrival: Arrival, version: int, *, misses_items: bool = False
) -> list[Move]:
    """Return the steps that a filing takes by itself.

    `before` is where the declaration stood; `version` the one that was sent, or that an amendment
    gives. `misses_items` says that the rules of completeness found something unexplained: then an
    officer passes it on.
    """
    if arrival is Arrival.RETURNED:
        return _chain(version, None, ("receive", State.RECEIVED), ("return", State.RETURNED))
    live = before if before and before.state not in lifecycle().final else None
    if arrival is Arrival.WITHDRAWS:
        if live is None or live.state is State.WITHDRAWN:
            return []
        return _chain(live.version, live.state, ("withdraw", State.WITHDRAWN))
    if arrival is Arrival.AMENDS:
        return _amended(live, version)
    moves = _superseded(live, version)
    steps = [
        ("receive", State.RECEIVED),
        ("classify", State.CLASSIFIED),
        ("register", State.REGISTERED),
    ]
    if arrival is Arrival.FILED:
        steps.append(("check", State.COMPLETENESS_CHECK))
        if not misses_items:
            steps.append(("evaluate", State.EVALUATION))
    return [*moves, *_chain(version, None, *steps)]


def replied(before: Life | None, version: int, reference: str) -> list[Move]:
    """Return the step that a State's reply to a request takes by itself."""
    if before != Life(version, State.CLARIFICATION_REQUESTED):
        return []  # the version asked about holds no more, or nobody waits for the reply
    return [
        Move(
            version=version,
            step="receive-clarification",
            source=State.CLARIFICATION_REQUESTED,
            target=State.CLARIFICATION_RECEIVED,
            reason=REPLIED,
            reference=reference,
        )
    ]


def _amended(live: Life | None, version: int) -> list[Move]:
    if live is None:
        return []
    steps = (("amend", State.AMENDED), ("evaluate", State.EVALUATION))
    return [*_superseded(live, version), *_chain(version, live.state, *steps)]


def _superseded(live: Life | None, version: int) -> list[Move]:
    if live is None or live.version == version or live.state is State.WITHDRAWN:
        return []
    return _chain(live.version, live.state, ("supersede", State.SUPERSEDED))


def _chain(version: int, source: State | None, *steps: tuple[str, State]) -> list[Move]:
    moves = []
    for step, target in steps:
        moves.append(Move(version=version, step=step, source=source, target=target))
        source = target
    return moves


def _misfits(step: Step, wanted: Wanted) -> list[Finding]:
    found = []
    if wanted.reason not in step.reasons:
        found.append(
            _wrong("/reason", "the step is not taken for this reason", step.reasons, wanted.reason)
        )
    for name, given, wants in (
        (
            "reference",
            wanted.reference,
            "the number of a request, or the id of a message or report",
        ),
        ("marking", wanted.marking, "the marking that it is to have"),
    ):
        if name in step.needs and not given:
            found.append(_wrong(f"/{name}", "the step needs it", [wants], "nothing"))
    if wanted.marking and "marking" not in step.needs:
        found.append(_wrong("/marking", "the step changes no marking", ["none"], wanted.marking))
    return found


def _unknown_states(table: Lifecycle) -> list[Finding]:
    missing = sorted(set(State) ^ set(table.states))
    return [_wrong("/states", f"{name} has no meaning, or is no state") for name in missing]


def _unknown_reasons(table: Lifecycle) -> list[Finding]:
    used = {reason for step in table.steps for reason in step.reasons}
    used |= {clock.reason for clock in table.clocks if clock.reason}
    return [
        _wrong("/reasons", f"{name} has no meaning") for name in sorted(used - {*table.reasons})
    ]


def _wrong(pointer: str, message: str, expected: Sequence[str] = (), received: str = "") -> Finding:
    return Finding(
        rule="LIFE",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message=message,
        expected=", ".join(expected),
        received=received[:64],
    )
