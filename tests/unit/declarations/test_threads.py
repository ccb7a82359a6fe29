"""How an envelope stands among others: bound, compared with what it answers, demanding answers."""

from typing import Any

import pytest

from sextant_declarations.domain.deliveries import MessageFacts
from sextant_declarations.domain.threads import Anchor, Known, Naming, bind, demands
from sextant_shared.protocol.owing import Seen
from tests.unit.declarations.world import SEC, XAL, XBO

REQUESTED = MessageFacts(reference="CR-1", concerns=("XAL-1", 2), numbers=(1, 2))
INSPECTED = MessageFacts(reference="2026/017", version=1)


def anchor(type_: str, facts: MessageFacts | None = None) -> Anchor:
    return Anchor(sender=SEC, id="asked", type=type_, thread="SEC root", facts=facts)


def found(type_: str, facts: MessageFacts, answered: Anchor | None, **changes: Any) -> list[str]:
    """Return rule, severity and place of each finding about an answer."""
    names: dict[str, Any] = {"irt": "asked", "sup": None, **changes}
    is_ours, superseded = names.pop("is_ours", False), names.pop("superseded", None)
    naming = Naming(sender=XAL, id="mine", type=type_, facts=facts, **names)
    bond = bind(naming, answered, superseded, is_ours=is_ours)
    return [f"{f.rule} {f.severity} {f.pointer}" for f in bond.findings]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(REQUESTED, [], id="the same"),
        pytest.param(
            MessageFacts(reference="CR-2", concerns=("XAL-1", 2), numbers=(1, 2)),
            ["M2 must-fix /request"],
            id="another request",
        ),
        pytest.param(
            MessageFacts(reference="CR-1", concerns=("XAL-1", 3), numbers=(1, 2)),
            ["M2 must-fix /concerns"],
            id="another version",
        ),
        pytest.param(
            MessageFacts(reference="CR-1", concerns=("XAL-1", 2), numbers=(1, 2, 9)),
            ["M2 must-fix /replies"],
            id="a reply to no question",
        ),
        pytest.param(
            MessageFacts(reference="CR-1", concerns=("XAL-1", 2), numbers=(2,)),
            ["M3 information /replies"],
            id="a question left open",
        ),
    ],
)
def test_a_reply_is_about_what_was_asked(facts: MessageFacts, expected: list[str]) -> None:
    request = anchor("clarification.request", REQUESTED)
    assert found("clarification.reply", facts, request) == expected


def test_comments_are_on_the_version_of_the_report_that_they_answer() -> None:
    report = anchor("inspection.report", INSPECTED)
    other = MessageFacts(reference="2026/017", version=2)
    assert found("inspection.comments", other, report) == ["M2 must-fix /report_version"]
    assert found("inspection.comments", INSPECTED, report) == []


def test_an_answer_to_another_type_than_its_own_may_answer_is_told() -> None:
    letter = anchor("correspondence")
    assert found("inspection.acknowledgement", MessageFacts(), letter) == ["M0 must-fix /irt"]


def test_what_came_may_name_what_is_not_here_and_what_we_send_may_not() -> None:
    """The fault may be ours: a State is not refused for what we do not know."""
    facts = MessageFacts()
    assert found("inspection.acknowledgement", facts, None) == ["M1 information /irt"]
    assert found("assistance.reply", facts, None, is_ours=True) == ["M1 must-fix /irt"]
    named = found("correspondence", facts, None, irt=None, sup="gone")
    assert named == ["M1 information /sup"]


def test_nobody_takes_the_place_of_what_another_sent() -> None:
    ours = anchor("correspondence")
    named = found("correspondence", MessageFacts(), None, irt=None, sup="asked", superseded=ours)
    assert named == ["M2 must-fix /sup"]


def test_an_answer_stands_in_the_thread_of_what_it_answers_and_else_begins_one() -> None:
    naming = Naming(sender=XAL, id="mine", type="correspondence", irt="asked", sup=None, facts=None)
    assert bind(naming, anchor("correspondence"), None).thread == "SEC root"
    assert bind(naming, None, None).thread == f"{XAL} mine"


def test_a_request_is_found_by_its_number_only_by_what_may_answer_it() -> None:
    request = anchor("clarification.request", REQUESTED)
    known = Known(by_reference={(XAL, "CR-1"): request})
    assert known.answered(XAL, None, "clarification.reply", REQUESTED) is request
    assert known.answered(XBO, None, "clarification.reply", REQUESTED) is None
    assert known.answered(XAL, None, "inspection.comments", REQUESTED) is None
    assert known.answered(XAL, "other", "clarification.reply", REQUESTED) is None


def seen(type_: str, **changes: Any) -> Seen:
    options: dict[str, Any] = {
        "sender": SEC,
        "id": "x",
        "type": type_,
        "recipients": (XAL,),
        "accepted": 1000.0,
    }
    return Seen(**{**options, **changes})


def test_a_report_asks_for_comments_and_the_one_that_annexes_them_does_not() -> None:
    first = demands(seen("inspection.report", ended=0.0), SEC, anchor("inspection.notification"))
    assert [(d.answer, d.by, d.until) for d in first] == [
        ("inspection.comments", XAL, 30 * 86_400.0)
    ]
    assert demands(seen("inspection.report"), SEC, anchor("inspection.comments")) == ()


def test_an_answer_asked_for_sooner_is_due_sooner() -> None:
    (due,) = demands(seen("clarification.request", asked=5000.0), SEC, None)
    assert (due.until, due.asked) == (5000.0, 5000.0)


def test_receipts_are_no_demand_and_what_one_state_owes_another_is_none_of_ours() -> None:
    assert demands(seen("clarification.reply", sender=XAL, recipients=(SEC,)), SEC, None) == ()
    asked = demands(seen("consultation.request", sender=XAL, recipients=(XBO, SEC)), SEC, None)
    assert [(d.answer, d.by) for d in asked] == [("consultation.reply", XBO)]
