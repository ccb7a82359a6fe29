"""How an inspection is shown: its tag, marking, clocks and steps. Pure functions over rows."""

from collections.abc import Sequence

from sextant_declarations.analysis.inspection.life import inspection_life
from sextant_declarations.domain.inspecting import (
    Clock,
    Correspondence,
    StoredInspection,
    StoredStep,
    TakenStep,
)

HIDDEN, USUAL = "OPCW_HIGHLY_PROTECTED", "OPCW_PROTECTED"


def tag_of(one: StoredInspection, said: Correspondence) -> str:
    """Return what changes with every step, and with every answer of the State."""
    return f"{one.steps}.{sum(due.answered is not None for due in said.owed)}"


def marking_of(status: str) -> str:
    """Return how an inspection is handled: highly protected until it is notified."""
    return HIDDEN if status in inspection_life().hidden else USUAL


def clocks_of(said: Correspondence) -> list[Clock]:
    """Return the answers that are or were owed in a thread."""
    return [
        Clock(
            what=due.answer,
            of=due.type,
            by=due.by,
            law=due.law,
            mark=due.evidence,
            runs_after=due.after,
            until=due.until,
            done=due.answered,
            state=str(due.state),
            is_late=due.is_late,
        )
        for due in said.owed
    ]


def issues_of(steps: Sequence[StoredStep]) -> int:
    """Return how many issues the newest report names."""
    counts = [int(step.facts["issues"]) for step in steps if "issues" in step.facts]
    return counts[-1] if counts else 0


def taken(step: StoredStep) -> TakenStep:
    """Return a step as planners see it."""
    return TakenStep(
        position=step.position,
        step=step.step,
        target=step.target,
        client=step.client,
        role=step.role,
        reason=step.reason,
        t=step.t,
        message=step.message,
        facts=step.facts,
        index=step.index,
    )
