"""Messages: each type has one model; what does not fit is told all at once."""

import json
from typing import Any

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import MESSAGE_CTY, MODELS, InspectionReport, read_message
from sextant_shared.protocol.message_types import TABLE
from tests.support.messages import MESSAGES


def refused(type_: str, document: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        read_message(type_, json.dumps(document).encode())
    return caught.value


def changed(type_: str, **changes: Any) -> dict[str, Any]:
    return {**MESSAGES[type_], **changes}


def test_every_place_that_does_not_fit_is_told_at_once() -> None:
    document = changed("inspection.notification", arrival="tomorrow", kind="surprise", extra=1)
    del document["site"]
    error = refused("inspection.notification", document)
    assert error.code is Code.MALFORMED
    pointers = {finding.pointer for finding in error.findings}
    assert pointers == {"/arrival", "/kind", "/extra", "/site"}


def test_a_content_of_another_type_than_its_envelope_is_refused() -> None:
    error = refused("inspection.comments", MESSAGES["correspondence"])
    assert [finding.pointer for finding in error.findings] == ["/type"]
    assert (error.expected, error.received) == ("inspection.comments", "correspondence")


def test_a_type_without_a_model_is_refused_with_those_that_have_one() -> None:
    error = refused("declaration.annual", {})
    assert "correspondence" in error.expected


@pytest.mark.parametrize("document", [[], 1, None, {}])
def test_what_is_no_message_at_all_is_refused(document: Any) -> None:
    assert refused("correspondence", document).code is Code.MALFORMED


def test_bytes_that_are_no_json_are_refused() -> None:
    with pytest.raises(PlatformError) as caught:
        read_message("correspondence", b'{"v":1,"v":1}')
    assert caught.value.code is Code.MALFORMED


def test_a_question_that_stands_twice_is_refused() -> None:
    question = {"n": 2, "pointer": "/sites/0", "text": "Which?"}
    error = refused(
        "clarification.request", changed("clarification.request", questions=[question, question])
    )
    assert error.findings[0].pointer == "/questions"
    assert "2" in error.findings[0].message


@pytest.mark.parametrize("pointer", ["sites", "/a~2b", "/~"])
def test_a_question_about_no_place_is_refused(pointer: str) -> None:
    questions = [{"n": 1, "pointer": pointer, "text": "Which?"}]
    error = refused("clarification.request", changed("clarification.request", questions=questions))
    assert error.findings[0].pointer == "/questions/0/pointer"


@pytest.mark.parametrize(
    ("aircraft", "fits"),
    [
        ({"clearance": "needed", "details": "one jet"}, True),
        ({"clearance": "not-applicable"}, True),
        ({"clearance": "needed"}, False),
        ({"clearance": "not-applicable", "details": "one jet"}, False),
    ],
)
def test_an_aircraft_is_described_when_it_needs_a_clearance(
    aircraft: dict[str, str], *, fits: bool
) -> None:
    document = changed("inspection.notification", aircraft=aircraft)
    if fits:
        read_message("inspection.notification", json.dumps(document).encode())
    else:
        assert refused("inspection.notification", document).findings[0].pointer == "/aircraft"


def test_comments_are_annexed_to_a_report_from_its_second_version_on() -> None:
    annexed = "018f0000-0000-7000-8000-000000000001"
    refused("inspection.report", changed("inspection.report", comments=annexed))
    refused("inspection.report", changed("inspection.report", version=2))
    second = changed("inspection.report", version=2, comments=annexed)
    read = read_message("inspection.report", json.dumps(second).encode())
    assert isinstance(read, InspectionReport)
    assert read.comments == annexed


@pytest.mark.parametrize("type_", list(MODELS))
def test_a_message_of_each_type_reads_and_writes_the_same(type_: str) -> None:
    message = read_message(type_, json.dumps(MESSAGES[type_]).encode())
    assert message.type == type_
    assert read_message(type_, message.model_dump_json().encode()) == message


def test_every_type_that_carries_messages_has_a_model_and_no_other() -> None:
    assert {row.name for row in TABLE.values() if MESSAGE_CTY in row.content_types} == set(MODELS)
