"""The table of the officers' queue: who may do what with an item, and what needs eyes at all."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_declarations.analysis.cases.workflow import Priority, workflow
from sextant_declarations.analysis.work import (
    Act,
    Doing,
    ItemStatus,
    Seen,
    Standing,
    done,
    may_take,
    needs_eyes,
    percentiles,
    read_work_policy,
    renewed,
    work_policy,
)
from sextant_shared.errors import Code, PlatformError

TABLE = work_policy()
NOW, LATER, MUCH_LATER = "2027-01-01T08", "2027-01-01T12", "2027-01-02T08"
CLAIMED = Standing(status=ItemStatus.CLAIMED, holder="anna", until=LATER)


def doing(act: Act, person: str = "anna", **changes: str | None) -> Doing:
    """Return an act that the table takes, unless a change makes it another."""
    given = {
        "reason": TABLE.acts[act].reasons[0],
        "now": NOW,
        "until": LATER,
        "to": "bert" if act is Act.ASSIGN else None,
        "outcome": "settled" if act is Act.DECIDE else None,
        **changes,
    }
    return Doing(act=act, person=person, **given)  # type: ignore[arg-type]  # members by name


def code_of(item: Standing, asked: Doing) -> Code | None:
    try:
        done(TABLE, item, asked)
    except PlatformError as error:
        return error.code
    return None


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", Act)
def test_nothing_is_done_with_what_is_done(act: Act) -> None:
    assert code_of(Standing(status=ItemStatus.DONE, outcome="settled"), doing(act)) is Code.STATE


@pytest.mark.parametrize("act", Act)
def test_every_act_has_a_reason_of_its_own(act: Act) -> None:
    assert code_of(CLAIMED, doing(act, reason="BECAUSE")) is Code.MALFORMED


def test_what_another_holds_is_not_claimed_until_the_time_is_over() -> None:
    assert code_of(CLAIMED, doing(Act.CLAIM, "bert")) is Code.STATE
    taken = done(TABLE, CLAIMED, doing(Act.CLAIM, "bert", now=LATER, until=MUCH_LATER))
    assert (taken.holder, taken.until) == ("bert", MUCH_LATER)


@pytest.mark.parametrize("act", [Act.RELEASE, Act.DECIDE])
def test_only_who_holds_it_gives_it_back_or_decides(act: Act) -> None:
    assert code_of(CLAIMED, doing(act, "bert")) is Code.STATE
    assert code_of(Standing(), doing(act)) is Code.STATE
    assert code_of(CLAIMED, doing(act, now=LATER)) is Code.STATE  # the claim is over


def test_who_entered_the_data_neither_claims_nor_is_given_it() -> None:
    item = Standing(makers=frozenset({"anna"}))
    assert code_of(item, doing(Act.CLAIM)) is Code.POLICY
    assert code_of(item, doing(Act.ASSIGN, "bert", to="anna")) is Code.POLICY
    assert not may_take(item, "anna", NOW)
    assert may_take(item, "bert", NOW)


def test_the_second_person_is_another_one() -> None:
    one = done(TABLE, replace(CLAIMED, persons=2), doing(Act.DECIDE))
    assert (one.status, one.opinions) == (ItemStatus.OPEN, (("anna", "settled"),))
    assert code_of(one, doing(Act.CLAIM)) is Code.POLICY
    assert code_of(one, doing(Act.ASSIGN, "bert", to="anna")) is Code.POLICY


def test_what_is_kept_for_one_person_no_other_claims() -> None:
    kept = done(TABLE, Standing(), doing(Act.ASSIGN, to="bert"))
    assert code_of(kept, doing(Act.CLAIM)) is Code.POLICY
    assert done(TABLE, kept, doing(Act.CLAIM, "bert")).holder == "bert"


def test_an_outcome_has_its_own_reasons_and_says_what_goes_on() -> None:
    assert code_of(CLAIMED, doing(Act.DECIDE, outcome="forgotten")) is Code.MALFORMED
    assert code_of(CLAIMED, doing(Act.DECIDE, reason="NOT_OURS")) is Code.MALFORMED
    passing = doing(Act.DECIDE, outcome="passed-on", reason="STATE_ASKED")
    assert code_of(CLAIMED, passing) is Code.MALFORMED
    assert code_of(CLAIMED, replace(passing, reference="CR-1")) is None


@pytest.mark.parametrize("change", ["kinds", "acts", "reasons", "outcomes", "cases"])
def test_a_table_that_does_not_fit_together_is_refused(change: str) -> None:
    raw = json.loads((files("sextant_declarations.analysis") / "work.json").read_bytes())
    if change == "outcomes":
        raw["outcomes"]["settled"]["reasons"].append("LOAD")
    elif change == "cases":
        raw["cases"]["steps"]["open"] = "BECAUSE"
    else:
        raw[change].popitem()
    with pytest.raises(PlatformError) as caught:
        read_work_policy(json.dumps(raw).encode())
    assert caught.value.code is Code.MALFORMED


def test_the_table_names_steps_and_priorities_that_cases_have() -> None:
    assert set(TABLE.cases.steps) <= {step.code for step in workflow().steps}
    assert set(TABLE.cases.urgent) <= set(Priority)


# --- what holds -----------------------------------------------------------------------------------


def test_two_who_agree_settle_it_and_two_who_do_not_begin_anew() -> None:
    one = done(TABLE, replace(CLAIMED, persons=2), doing(Act.DECIDE))
    held = done(TABLE, one, doing(Act.CLAIM, "bert"))
    assert done(TABLE, held, doing(Act.DECIDE, "bert")).outcome == "settled"
    other = doing(Act.DECIDE, "bert", outcome="not-needed", reason="NOT_OURS")
    anew = done(TABLE, held, other)
    assert (anew.status, anew.opinions, anew.urgent) == (ItemStatus.OPEN, (), True)


def test_who_holds_it_may_hold_it_longer() -> None:
    assert done(TABLE, CLAIMED, doing(Act.CLAIM, until=MUCH_LATER)).until == MUCH_LATER


def test_what_changed_is_decided_about_anew() -> None:
    one = done(TABLE, replace(CLAIMED, persons=2), doing(Act.DECIDE))
    assert renewed(one, persons=1, urgent=False).opinions == ()
    assert renewed(one, persons=1, urgent=False).persons == 2  # never fewer than before


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (Seen(severities={"information"}), []),
        (Seen(severities={"explain-or-fix"}), ["FINDINGS"]),
        (Seen(is_first_of_kind=True), ["FIRST_OF_KIND"]),
        (Seen(marking="OPCW_PROTECTED"), []),
        (Seen(marking="OPCW_HIGHLY_PROTECTED"), ["MARKING"]),
    ],
    ids=["told only", "to explain", "first", "protected", "highly protected"],
)
def test_what_needs_eyes_is_said_by_the_table(seen: Seen, why: list[str]) -> None:
    assert needs_eyes(TABLE, seen) == why


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(Act), st.sampled_from("abc")), max_size=12))
def test_whatever_is_tried_two_persons_decide_what_asks_for_two(
    tried: list[tuple[Act, str]],
) -> None:
    item = Standing(persons=2, makers=frozenset("c"))
    for act, person in tried:
        asked = doing(act, person, to="b" if person == "a" else "a")
        if code_of(item, asked) is None:
            item = done(TABLE, item, asked)
        assert item.holder != "c"
    if item.status is ItemStatus.DONE:
        assert {person for person, _ in item.opinions} == {"a", "b"}


def test_percentiles_are_ages_of_items_that_are_there() -> None:
    assert percentiles([], (50,)) == {50: None}
    assert percentiles([9, 1, 5], (50, 85, 95)) == {50: 5, 85: 9, 95: 9}
