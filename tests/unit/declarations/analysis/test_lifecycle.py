"""The table of the life of a declaration: each step where it is allowed, and nowhere else."""

import datetime as dt
import json
from importlib.resources import files

import pytest

from sextant_declarations.analysis.lifecycle import (
    Arrival,
    Life,
    Move,
    State,
    Wanted,
    advance,
    automatic,
    lifecycle,
    read_lifecycle,
    replied,
)
from sextant_shared.errors import Code, PlatformError

TABLE = lifecycle()
FINAL = tuple(TABLE.final)


def wanted(code: str, role: str = "officer", **changes: str | None) -> Wanted:
    """Return a step asked for as the table wants it."""
    step = TABLE.step(code)
    assert step is not None
    given = {
        "reason": step.reasons[0],
        "reference": "CR-1" if "reference" in step.needs else None,
        "marking": "OPCW_PROTECTED" if "marking" in step.needs else None,
        **changes,
    }
    return Wanted(step=code, role=role, **given)  # type: ignore[arg-type]  # members by name


def code_of(life: Life, asked: Wanted) -> Code | None:
    """Return what a step is refused with, None when it is taken."""
    try:
        advance(TABLE, life, asked)
    except PlatformError as error:
        return error.code
    return None


# --- the table, both ways -------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("code", [step.code for step in TABLE.steps if "officer" in step.by])
def test_an_officers_step_is_taken_from_its_states_and_from_no_other(
    code: str, state: State
) -> None:
    step = TABLE.step(code)
    assert step is not None
    refused = code_of(Life(1, state), wanted(code))
    assert refused == (None if state in step.from_ else Code.STATE)


@pytest.mark.parametrize("code", [s.code for s in TABLE.steps if s.by == ["service"]])
def test_what_the_service_does_by_itself_no_officer_does(code: str) -> None:
    for state in State:
        assert code_of(Life(1, state), wanted(code)) is Code.FORBIDDEN


@pytest.mark.parametrize("state", FINAL)
def test_nothing_leads_on_from_an_end(state: State) -> None:
    assert not [step for step in TABLE.steps if state in step.from_]


def test_every_state_is_reached_and_every_other_one_is_left() -> None:
    reached = {step.to for step in TABLE.steps} - {None}
    assert reached == set(State)
    left = {state for step in TABLE.steps for state in step.from_} - {None}
    assert left | set(FINAL) == set(State)


def test_a_refused_step_says_which_steps_there_are() -> None:
    with pytest.raises(PlatformError) as caught:
        advance(TABLE, Life(3, State.ACCEPTED), wanted("accept"))
    assert caught.value.expected == "close, reopen, raise-marking, lower-marking"


def test_an_unknown_step_a_reason_of_another_and_a_missing_reference_are_refused() -> None:
    evaluated = Life(1, State.EVALUATION)
    unknown = Wanted(step="forget", role="officer", reason="NO_ISSUES")
    assert code_of(evaluated, unknown) is Code.MALFORMED
    bare = wanted("request-clarification", reason="NO_ISSUES", reference=None)
    with pytest.raises(PlatformError) as caught:
        advance(TABLE, evaluated, bare)
    assert [f.pointer for f in caught.value.findings] == ["/reason", "/reference"]


def test_a_step_that_changes_no_marking_takes_none() -> None:
    assert code_of(Life(1, State.EVALUATION), wanted("accept", marking="UNCLASSIFIED")) is (
        Code.MALFORMED
    )


# --- what happens by itself -----------------------------------------------------------------------


def steps(moves: list[Move]) -> list[tuple[int, str]]:
    return [(move.version, move.step) for move in moves]


FILED = ["receive", "classify", "register", "check"]


def test_what_is_filed_goes_to_evaluation() -> None:
    moves = automatic(None, Arrival.FILED, 1)
    assert [move.step for move in moves] == [*FILED, "evaluate"]
    assert moves[-1].target is State.EVALUATION


def test_what_misses_items_waits_for_an_officer() -> None:
    moves = automatic(None, Arrival.FILED, 1, misses_items=True)
    assert moves[-1].target is State.COMPLETENESS_CHECK


def test_a_filing_about_a_filing_is_registered_and_evaluated_elsewhere() -> None:
    assert automatic(None, Arrival.FILED_ABOUT, 1)[-1].target is State.REGISTERED


def test_a_returned_version_ends_and_leaves_the_one_before_alone() -> None:
    moves = automatic(Life(1, State.ACCEPTED), Arrival.RETURNED, 2)
    assert steps(moves) == [(2, "receive"), (2, "return")]


def test_a_later_version_supersedes_the_one_before() -> None:
    moves = automatic(Life(1, State.CLOSED), Arrival.FILED, 2)
    assert steps(moves)[:2] == [(1, "supersede"), (2, "receive")]


def test_an_amendment_brings_even_a_closed_declaration_back_to_evaluation() -> None:
    moves = automatic(Life(1, State.CLOSED), Arrival.AMENDS, 2)
    assert steps(moves) == [(1, "supersede"), (2, "amend"), (2, "evaluate")]
    assert moves[-1].target is State.EVALUATION


def test_a_site_that_is_withdrawn_changes_the_version_in_its_place() -> None:
    moves = automatic(Life(2, State.ACCEPTED), Arrival.AMENDS, 2)
    assert steps(moves) == [(2, "amend"), (2, "evaluate")]


def test_what_was_withdrawn_may_be_filed_again() -> None:
    (gone,) = automatic(Life(1, State.EVALUATION), Arrival.WITHDRAWS, 1)
    assert gone.target is State.WITHDRAWN
    moves = automatic(Life(1, State.WITHDRAWN), Arrival.FILED, 2)
    assert [move.step for move in moves] == [*FILED, "evaluate"]
    assert automatic(Life(1, State.WITHDRAWN), Arrival.WITHDRAWS, 1) == []


def test_an_amendment_of_a_withdrawn_version_makes_it_hold_again() -> None:
    moves = automatic(Life(1, State.WITHDRAWN), Arrival.AMENDS, 2)
    assert steps(moves) == [(2, "amend"), (2, "evaluate")]


@pytest.mark.parametrize("arrival", Arrival)
@pytest.mark.parametrize("before", [None, *State])
def test_whatever_comes_only_steps_of_the_table_are_taken(
    arrival: Arrival, before: State | None
) -> None:
    life = Life(1, before) if before in TABLE.open or before in FINAL else None
    for move in automatic(life, arrival, 2):
        step = TABLE.step(move.step)
        assert step is not None
        assert "service" in step.by
        assert move.source in step.from_
        assert move.target is step.to


def test_a_reply_counts_where_one_is_waited_for() -> None:
    (move,) = replied(Life(2, State.CLARIFICATION_REQUESTED), 2, "CR-1")
    assert (move.target, move.reference) == (State.CLARIFICATION_RECEIVED, "CR-1")
    assert replied(Life(2, State.CLARIFICATION_REQUESTED), 1, "CR-1") == []
    assert replied(Life(2, State.EVALUATION), 2, "CR-1") == []
    assert replied(None, 2, "CR-1") == []


# --- clocks ---------------------------------------------------------------------------------------


def test_a_clock_of_a_reason_counts_before_that_of_the_state() -> None:
    asked, day = State.CLARIFICATION_REQUESTED, dt.date(2026, 1, 1)
    assert TABLE.due(asked, "MISSING_ITEMS", day) == dt.date(2026, 3, 2)
    assert TABLE.due(asked, "INSPECTABILITY_OPEN", day) == dt.date(2026, 4, 1)
    assert TABLE.due(State.ACCEPTED, "NO_ISSUES", day) is None


def test_each_clock_says_what_it_rests_on() -> None:
    clock = TABLE.clock(State.CLARIFICATION_REQUESTED, "INSPECTABILITY_OPEN")
    assert clock is not None
    assert (clock.mark, clock.source) == ("M/U", "C-8/DEC.7, as remembered")


# --- the file -------------------------------------------------------------------------------------


def test_a_table_with_names_that_nothing_explains_is_refused_with_all_of_them() -> None:
    data = (files("sextant_declarations.analysis") / "lifecycle.json").read_bytes()
    table = json.loads(data)
    del table["states"]["CLOSED"], table["reasons"]["NO_ISSUES"]
    table["steps"].append(table["steps"][0])
    with pytest.raises(PlatformError) as caught:
        read_lifecycle(json.dumps(table).encode())
    assert [f.pointer for f in caught.value.findings] == ["/states", "/reasons", "/steps"]
