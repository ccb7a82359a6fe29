"""Need-to-know: what a line covers, when a grant holds, what a function reaches."""

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_declarations.analysis.classification import MARKINGS
from sextant_declarations.analysis.need import (
    Line,
    Need,
    Phase,
    Standing,
    begins,
    line_of,
    need_policy,
    read_standing,
    stands,
)
from sextant_shared.errors import Code, PlatformError

TABLE = need_policy()
DAY = dt.date(2027, 3, 1)
LINE = Line(states=["XAL"], kinds=["S2_*"], ceiling="OPCW_PROTECTED")


@pytest.mark.parametrize(
    ("owners", "kind", "marking"),
    [
        ("XBO", "S2_AND", "OPCW_RESTRICTED"),
        ("XAL", "S3_AND", "OPCW_RESTRICTED"),
        ("XAL", "S2_AND", "OPCW_HIGHLY_PROTECTED"),
        ("XAL", "S2_AND", "C3"),
        ("XAL", "S2_AND", ""),
        ("XAL XBO", "S2_AND", "OPCW_RESTRICTED"),
        ("XAL", "message:correspondence", "C1"),
        ("", "S2_AND", "C0"),
    ],
    ids=[
        "another State",
        "another kind",
        "a higher marking",
        "a higher class",
        "no known marking",
        "two States of which one is not covered",
        "a message",
        "nobody's",
    ],
)
def test_what_no_line_covers_is_not_seen(owners: str, kind: str, marking: str) -> None:
    assert not Need((LINE,)).sees(owners, kind, marking)


def test_what_a_line_covers_is_seen() -> None:
    need = Need((LINE, LINE.model_copy(update={"states": ["XBO"], "messages": True})))
    assert need.sees("XAL", "S2_AND", "OPCW_PROTECTED")
    assert need.sees("XAL XBO", "S2_SITE_ADPA", "C2")
    assert need.sees("XBO", "message:correspondence", "C1")


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(["XAL", "XBO", "*"]), st.sampled_from(["S2_*", "*"]))),
    st.sampled_from(["XAL", "XBO"]),
    st.sampled_from(["S2_AND", "NIL"]),
    st.sampled_from(MARKINGS),
)
def test_a_further_line_never_hides_anything(
    lines: list[tuple[str, str]], state: str, kind: str, marking: str
) -> None:
    made = tuple(
        Line(states=[states], kinds=[kinds], ceiling="OPCW_PROTECTED") for states, kinds in lines
    )
    seen = [Need(made[:n]).sees(state, kind, marking) for n in range(len(made) + 1)]
    assert seen == sorted(seen)
    assert not seen[0]


def test_a_grant_holds_thirty_days_after_the_state_was_told_and_not_before() -> None:
    assert (TABLE.notice_days.value, TABLE.notice_days.mark) == (30, "T")
    begin, until = begins("2027-03-01T12:00:00.000Z", TABLE), dt.date(2027, 12, 31)
    assert begin == dt.date(2027, 3, 31)
    days = [DAY, dt.date(2027, 3, 30), dt.date(2027, 3, 31), until, dt.date(2028, 1, 1)]
    assert [stands(Phase.GRANTED, begin, until, day) for day in days] == [
        Standing.PENDING,
        Standing.PENDING,
        Standing.HOLDS,
        Standing.HOLDS,
        Standing.OVER,
    ]


@pytest.mark.parametrize("phase", [Phase.REQUESTED, Phase.REFUSED, Phase.REVOKED])
def test_what_is_not_granted_never_holds(phase: Phase) -> None:
    assert stands(phase, DAY, DAY, DAY).value == phase.value


def test_a_notice_that_nobody_received_begins_nothing() -> None:
    assert begins(None, TABLE) is None
    assert stands(Phase.GRANTED, None, DAY, DAY) is Standing.PENDING


def test_a_function_reaches_its_own_kinds_alone() -> None:
    with pytest.raises(PlatformError) as caught:
        line_of(TABLE, "transfer-analyst", "XAL", ["S2_AND", "S2_SITE_ADPA"], MARKINGS[1])
    assert caught.value.code is Code.POLICY
    assert caught.value.received == "S2_SITE_ADPA"
    with pytest.raises(PlatformError) as caught:
        line_of(TABLE, "administrator", "XAL", ["*"], MARKINGS[1])
    assert caught.value.code is Code.MALFORMED
    found = line_of(TABLE, "transfer-analyst", "XAL", ["S2_AND"], MARKINGS[1])
    assert (found.states, found.messages) == (["XAL"], False)


@pytest.mark.parametrize("grantors", [["a"], ["a", "a"]], ids=["one", "one twice"])
def test_two_persons_grant(grantors: list[str]) -> None:
    with pytest.raises(PlatformError) as caught:
        read_standing(json.dumps({"grantors": grantors, "standing": []}).encode())
    assert caught.value.code is Code.MALFORMED
