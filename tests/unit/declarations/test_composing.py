"""What an officer orders, as it is composed: recipient, content, and everything wrong at once."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from sextant_declarations.domain.composing import Draft, draft_about, draft_of
from sextant_declarations.domain.exchanged import MessageOrder
from sextant_declarations.domain.reading import DeclarationSummary, VersionView
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.models.receipts import ReportedFinding, RulePack
from tests.support.messages import MESSAGES
from tests.unit.declarations.world import SEC, XAL

FOUND = ReportedFinding(
    rule="X4",
    severity=Severity.EXPLAIN_OR_FIX,
    pointer="/plants/0",
    message="more was made than the plant can make",
    expected="at most 10 t",
    received="11 t",
)
SUMMARY = DeclarationSummary(
    id="d-1",
    state="XAL",
    declaration_id="XAL-1",
    kind="S2_AND",
    year=2025,
    nil=False,
    version=2,
    versions=2,
    verdict="REGISTERED",
    registration="SEC-2026-000002",
    in_force=2,
    updated="t",
)


def version(n: int, *findings: ReportedFinding) -> VersionView:
    return VersionView(
        n=n,
        version=n,
        kind="S2_AND",
        year=2025,
        nil=False,
        closes=[],
        verdict="REGISTERED",
        registration=f"SEC-2026-00000{n}",
        sender=XAL,
        envelope=f"envelope-{n}",
        custody=n,
        received="t",
        stored="t",
        rules=RulePack(version="1", digest="A" * 43),
        content=None,
        findings=list(findings),
        compared=[],
    )


def about(
    *questions: dict[str, Any], type_: str = "clarification.request", **members: Any
) -> Draft:
    order = MessageOrder.model_validate(
        {"type": type_, "about": {"declaration": "d-1", "questions": list(questions), **members}}
    )
    assert order.about is not None
    declared = (SUMMARY, [version(1, FOUND), version(2)])
    return draft_about(order, order.about, declared, SEC, "new-id")


def test_a_finding_becomes_the_question_to_who_declared_in_answer_to_what_brought_it() -> None:
    draft = about({"pointer": "/plants/0", "rule": "X4"}, n=1)
    assert (draft.to, draft.irt, draft.findings) == (XAL, "envelope-1", ())
    content = json.loads(draft.content)
    assert content["request"] == "new-id"
    assert content["concerns"] == {"declaration_id": "XAL-1", "version": 1}
    assert content["questions"] == [
        {
            "n": 1,
            "pointer": "/plants/0",
            "rule": "X4",
            "text": "more was made than the plant can make. Expected: at most 10 t. Received: 11 t",
        }
    ]
    assert draft.facts is not None
    assert (draft.facts.numbers, draft.facts.concerns) == ((1,), ("XAL-1", 1))


def test_without_a_submission_the_newest_is_asked_about_until_the_day_that_is_named() -> None:
    draft = about({"pointer": "", "text": "Why?"}, answer_by="2027-01-15")
    assert draft.irt == "envelope-2"
    assert json.loads(draft.content)["answer_by"] == "2027-01-15"
    assert draft.facts is not None
    assert draft.facts.asked is not None


def test_every_question_without_a_finding_is_told_and_nothing_is_composed() -> None:
    with pytest.raises(PlatformError) as raised:
        about({"pointer": "/a", "rule": "X4"}, {"pointer": "/b", "rule": "T1"}, n=1)
    places = [finding.pointer for finding in raised.value.findings]
    assert places == ["/about/questions/0/rule", "/about/questions/1/rule"]


def test_a_submission_that_there_is_none_of_is_not_asked_about() -> None:
    with pytest.raises(PlatformError) as raised:
        about({"pointer": "", "text": "Why?"}, n=3)
    assert raised.value.code is Code.NOT_FOUND


def test_questions_are_sent_as_a_clarification_request_alone() -> None:
    with pytest.raises(PlatformError) as raised:
        about({"pointer": "", "text": "Why?"}, type_="correspondence")
    assert [finding.pointer for finding in raised.value.findings] == ["/type"]


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth > 1 else {}


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="no content"),
        pytest.param({"content": {}, "document": {"cty": "text/plain", "data": ""}}, id="two"),
        pytest.param({"content": {}, "to": None}, id="no recipient"),
        pytest.param({"content": nested(8)}, id="deeply nested"),
        pytest.param({"content": {}, "class": "C9"}, id="no class"),
        pytest.param({"about": {"declaration": "d", "questions": [{"pointer": ""}]}}, id="empty"),
    ],
)
def test_an_order_that_says_too_little_or_too_much_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MessageOrder.model_validate({"type": "correspondence", "to": XAL, **members})


def test_a_content_for_another_type_than_the_order_s_is_told() -> None:
    order = MessageOrder(type="inspection.notification", to=XAL, content=MESSAGES["correspondence"])
    assert [f.pointer for f in draft_of(order, SEC).findings] == ["/type"]
