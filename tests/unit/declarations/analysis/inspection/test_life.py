"""The table of an inspection's life: what may follow, what is sent, how long before."""

from itertools import product
from typing import get_args

import pytest

from sextant_declarations.analysis.inspection.life import Kind, inspection_life
from sextant_declarations.analysis.selection.model import REGIMES
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.message_types import TABLE
from sextant_shared.protocol.owing import rules_for

LIFE = inspection_life()


@pytest.mark.parametrize(
    ("state", "step", "reason", "code"),
    [
        ("PLANNED", "find", "IN_TIME", Code.STATE),
        ("NOTIFIED", "notify", "SELECTED", Code.STATE),
        ("CLOSED", "cancel", "NOT_POSSIBLE", Code.STATE),
        ("FOUND", "report", "NO_ISSUES", Code.MALFORMED),
        ("PLANNED", "nothing", "SELECTED", Code.STATE),
    ],
)
def test_a_step_that_does_not_follow_is_refused(
    state: str, step: str, reason: str, code: Code
) -> None:
    with pytest.raises(PlatformError) as caught:
        LIFE.step(state, step, reason)
    assert caught.value.code is code
    assert caught.value.expected


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    reached, left = {LIFE.first}, [LIFE.first]
    while left:
        state = left.pop()
        steps = LIFE.steps_from(state)
        assert bool(steps) is (state not in LIFE.final), state
        new = {step.to for step in steps if step.to} - reached
        reached |= new
        left += sorted(new)
    assert reached == set(LIFE.states)


def test_an_inspection_is_hidden_until_the_step_that_notifies() -> None:
    assert LIFE.hidden == [LIFE.first]
    (notify,) = [step for step in LIFE.steps if step.sends == "inspection.notification"]
    assert (notify.from_, notify.to) == (LIFE.hidden, "NOTIFIED")


def test_what_is_sent_is_in_the_catalogue_and_marked() -> None:
    for step in LIFE.steps:
        assert (step.sends is None) is (step.marking is None), step.code
        assert step.sends is None or step.sends in TABLE


def test_findings_and_report_have_a_time_that_runs_from_the_end_of_the_inspection() -> None:
    owed = {rule.answer for rule in rules_for("inspection.notification")}
    late = {step.sends for step in LIFE.steps if "LATE" in step.reasons}
    assert late == {"inspection.preliminary-findings", "inspection.report"}
    assert late <= owed


@pytest.mark.parametrize(
    ("regime", "kind", "hours"),
    [("S1", "initial", 72), ("S1", "routine", 24), ("S2", "initial", 48), ("S2", "routine", 48),
     ("S3", "routine", 120), ("OCPF", "routine", 120)],
)  # fmt: skip
def test_the_hours_of_notice_are_the_treatys(regime: str, kind: str, hours: int) -> None:
    assert LIFE.notice_for(regime, kind).hours == hours


def test_every_regime_and_kind_has_a_notice_with_its_mark() -> None:
    for regime, kind in product(REGIMES, get_args(Kind)):
        assert LIFE.notice_for(regime, kind).mark == "T"
