"""The workflow of a case: each step where the table allows it, and nowhere else."""

import datetime as dt
import json
from importlib.resources import files

import pytest
from pydantic import TypeAdapter

from sextant_declarations.analysis.cases.workflow import (
    CaseState,
    CauseCode,
    Priority,
    Standing,
    Wanted,
    advance,
    read_workflow,
    workflow,
)
from sextant_shared.errors import Code, PlatformError

TABLE = workflow()
DATA = json.loads((files("sextant_declarations.analysis.cases") / "workflow.json").read_bytes())


def wanted(code: str, role: str = "officer", **changes: object) -> Wanted:
    """Return a step asked for as the table wants it."""
    step = TABLE.step(code)
    assert step is not None
    given: dict[str, object] = {
        "reason": step.reasons[0],
        "reference": "TD-2025-000002" if "reference" in step.needs else None,
        "cause": "UNIT" if "cause" in step.needs else None,
        "priority": Priority.HIGH if "priority" in step.needs else None,
        "messages": "messages" in step.needs,
        **changes,
    }
    return Wanted(step=code, role=role, **given)  # type: ignore[arg-type]  # members by name


def code_of(stands: Standing, asked: Wanted) -> Code | None:
    try:
        advance(TABLE, stands, asked)
    except PlatformError as error:
        return error.code
    return None


@pytest.mark.parametrize("handling", ["plain", "restricted"])
@pytest.mark.parametrize("code", [step.code for step in TABLE.steps])
def test_a_step_is_taken_from_its_states_by_its_roles_and_by_no_other(
    code: str, handling: str
) -> None:
    step = TABLE.step(code)
    assert step is not None
    restricted = handling == "restricted"
    for state in (None, *CaseState):
        for role in ("officer", "service"):
            stands = Standing(state=state, restricted=restricted, settled=True)
            if role not in step.by:
                expected: Code | None = Code.FORBIDDEN
            elif state not in step.from_:
                expected = Code.STATE
            else:
                expected = None if step.is_for(restricted=restricted) else Code.POLICY
            assert code_of(stands, wanted(code, role)) == expected, (state, role)


def test_every_state_is_reached_and_a_merged_case_is_the_only_end() -> None:
    reached = {step.to for step in TABLE.steps} - {None}
    assert reached == set(CaseState)
    left = {state for step in TABLE.steps for state in step.from_} - {None}
    assert set(CaseState) - left == {CaseState.MERGED}


@pytest.mark.parametrize("state", [s for s in CaseState if s not in TABLE.closed])
def test_a_clock_runs_in_every_open_state_and_says_what_it_rests_on(state: CaseState) -> None:
    clock = TABLE.clock(state)
    assert clock is not None
    assert clock.mark in {"P", "U"}
    assert TABLE.due(state, dt.date(2026, 5, 1)) == dt.date(2026, 5, 1) + dt.timedelta(clock.days)


@pytest.mark.parametrize("state", TABLE.closed)
def test_no_clock_runs_where_a_case_is_closed(state: CaseState) -> None:
    assert TABLE.due(state, dt.date(2026, 5, 1)) is None


@pytest.mark.parametrize(
    "code",
    ["resolve-amended", "resolve-explained", "close-within-threshold", "leave-unresolved"],
)
def test_nothing_is_closed_without_the_code_of_a_cause(code: str) -> None:
    stands = Standing(state=CaseState.RE_MATCHED, settled=True)
    for cause in (None, "MALICE"):
        with pytest.raises(PlatformError) as caught:
            advance(TABLE, stands, wanted(code, cause=cause))
        assert [finding.pointer for finding in caught.value.findings] == ["/cause"]
        assert "WRONG_COUNTRY_TRANSIT" in caught.value.findings[0].expected


def test_the_name_of_an_explanation_is_read_as_a_cause_so_that_the_causes_are_told() -> None:
    cause = TypeAdapter(CauseCode).validate_python("UNIT_1000")
    with pytest.raises(PlatformError) as caught:
        advance(
            TABLE,
            Standing(state=CaseState.RE_MATCHED, settled=True),
            wanted("resolve-amended", cause=cause),
        )
    assert "UNIT, TYPO" in caught.value.findings[0].expected


@pytest.mark.parametrize("code", ["resolve-amended", "close-within-threshold"])
def test_no_case_is_closed_as_settled_while_a_difference_is_left(code: str) -> None:
    stands = Standing(state=CaseState.RE_MATCHED, settled=False)
    assert code_of(stands, wanted(code)) is Code.POLICY


def test_a_restricted_case_takes_no_step_that_sends_a_message() -> None:
    stands = Standing(state=CaseState.TRIAGED, restricted=True)
    assert code_of(stands, wanted("request")) is Code.POLICY
    assert code_of(stands, wanted("investigate-by-hand")) is None


def test_a_request_without_its_messages_a_wrong_reason_and_a_needless_cause_are_told_at_once() -> (
    None
):
    stands = Standing(state=CaseState.TRIAGED)
    asked = wanted("request", reason="AMENDED", cause="UNIT", messages=False)
    with pytest.raises(PlatformError) as caught:
        advance(TABLE, stands, asked)
    assert [f.pointer for f in caught.value.findings] == ["/reason", "/cause", "/step"]


def test_an_unknown_step_is_refused_with_those_there_are() -> None:
    with pytest.raises(PlatformError) as caught:
        advance(
            TABLE,
            Standing(state=CaseState.OPENED),
            Wanted(step="forget", role="officer", reason=""),
        )
    assert caught.value.code is Code.MALFORMED
    assert caught.value.expected == "triage, set-priority, merge"


def test_a_table_with_a_step_twice_or_a_reason_without_meaning_is_no_table() -> None:
    step = {**DATA["steps"][0], "reasons": ["WHIM"]}
    broken = {**DATA, "steps": [*DATA["steps"], step]}
    with pytest.raises(PlatformError) as caught:
        read_workflow(json.dumps(broken).encode())
    assert [f.pointer for f in caught.value.findings] == ["/reasons", "/steps"]
