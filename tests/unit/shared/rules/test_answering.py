"""Answers bind to findings by rule and stable place, and never further than they say."""

import random
from dataclasses import replace
from typing import Any

from sextant_shared.errors import Finding, Severity
from sextant_shared.models.declaration import read_declaration
from sextant_shared.rules import check
from sextant_shared.rules.answering import answered, bind, is_open
from sextant_shared.rules.subject import Subject
from tests.unit.shared.rules.filed import data, national

PLACE = "/records/[2B 111-48-8]/exported"
POINTER = "/records/0/exported"


def answer(**members: Any) -> dict[str, Any]:
    return {"rule": "X4", "place": PLACE, "reason": "Samples.", "until": 2025, **members}


def told(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    findings = check(data(document)).findings
    return [(f.rule, f.way if f.rule == "A1" else "", f.answer) for f in findings]


def finding(rule: str, way: str, pointer: str = POINTER) -> Finding:
    return Finding(
        rule=rule, severity=Severity.EXPLAIN_OR_FIX, pointer=pointer, message="", way=way
    )


def reasons(findings: list[Finding], *answers: dict[str, Any]) -> list[str]:
    subject = Subject(read_declaration(national(answers=list(answers))))
    return [one.answer for one in answered(subject, findings)]


def test_an_answer_with_a_position_in_its_place_reaches_nothing() -> None:
    assert told(national(answers=[answer(place=POINTER)])) == [("X4", "", ""), ("A1", "unfit", "")]


def test_an_answer_to_another_rule_or_way_reaches_nothing() -> None:
    for other in (answer(rule="X5"), answer(way="total")):
        assert told(national(answers=[other])) == [("X4", "", ""), ("A1", "unfit", "")]


def test_an_answer_holds_up_to_its_last_year() -> None:
    assert told(national(answers=[answer(until=2024)])) == [("X4", "", ""), ("A1", "expired", "")]
    assert told(national(answers=[answer(until=2025)])) == [("X4", "", "Samples.")]
    assert told(national(answers=[answer(until=2030)])) == [("X4", "", "Samples.")]


def test_an_answered_finding_leaves_the_declaration_registered() -> None:
    assert check(data(national(answers=[answer()]))).verdict == "REGISTERED"


def test_what_waits_for_a_reason_waits_until_it_has_one() -> None:
    (open_one,) = check(data(national())).findings
    assert is_open(open_one)
    assert not is_open(replace(open_one, answer="Weighed wet."))
    for severity in (Severity.MUST_FIX, Severity.INFORMATION):
        assert not is_open(replace(open_one, severity=severity))


def test_an_answer_stays_with_its_row_however_the_rows_are_sorted() -> None:
    row = national()["records"][0]
    others = [
        {**row, "chemical": {**row["chemical"], "cas": cas, "name": name}, "exported": None}
        for cas, name in (("676-97-1", "One"), ("1066-50-8", "Two"))
    ]
    for seed in range(6):
        rows = [row, *others]
        random.Random(seed).shuffle(rows)
        document = national(records=rows, answers=[answer()])
        findings = [f for f in check(data(document)).findings if f.rule in {"X4", "A1"}]
        assert [(f.pointer, f.answer) for f in findings] == [
            (f"/records/{rows.index(row)}/exported", "Samples.")
        ]


def test_a_renamed_row_takes_no_answer_with_it() -> None:
    document = national(answers=[answer()])
    document["records"][0]["chemical"]["cas"] = "676-97-1"
    assert ("A1", "unfit", "") in told(document)
    assert all(not reason for *_, reason in told(document))


def test_two_findings_at_one_place_are_answered_together_or_by_their_way() -> None:
    both = [finding("X4", "total"), finding("X4", "range")]
    assert reasons(both, answer()) == ["Samples.", "Samples."]
    assert reasons(both, answer(way="range")) == ["", "Samples."]
    assert reasons(both, answer(way="range"), answer(reason="Post.")) == ["Post.", "Samples."]
    assert reasons([finding("X4", "total"), finding("X5", "capacity")], answer()) == [
        "Samples.",
        "",
    ]


def test_a_second_answer_to_the_same_finding_reaches_nothing() -> None:
    subject = Subject(read_declaration(national(answers=[answer(), answer(reason="Post.")])))
    bound = bind(subject, [finding("X4", "total")])
    assert (bound.reasons, bound.idle) == ({0: "Samples."}, {1: "unfit"})


def test_an_answer_does_not_settle_what_must_be_fixed() -> None:
    document = national(answers=[answer(rule="F3", place="/records/[2B 111-48-8]/imports/[ABB]")])
    document["answers"][0]["place"] += "/state_code"
    document["records"][0]["imports"][0]["state_code"] = "ABB"
    report = check(data(document))
    assert ("A1", "must-fix", "") in told(document)
    assert report.verdict == "RETURNED"
