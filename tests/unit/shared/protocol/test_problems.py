"""Every code has a row, and an error survives the way over HTTP."""

import json

import pytest

from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.protocol.problems import TABLE, error_of, problem_of


@pytest.mark.parametrize("code", list(Code))
def test_each_code_has_a_row_and_comes_back(code: Code) -> None:
    finding = Finding(rule="F1", severity=Severity.MUST_FIX, pointer="/a", message="m", law="VII")
    error = PlatformError(code, "detail", expected="e", received="r", findings=[finding])
    document = problem_of(error, "0" * 32)
    assert document["type"] == f"urn:dxe:error:{code}"
    back = error_of(TABLE[code].status, json.dumps(document).encode())
    assert (back.code, back.detail, back.expected, back.received) == (code, "detail", "e", "r")
    assert back.findings == (finding,)
    assert back.fix


@pytest.mark.parametrize(
    ("status", "code"), [(503, Code.UNAVAILABLE), (502, Code.UNAVAILABLE), (500, Code.INTERNAL)]
)
def test_an_answer_that_is_no_problem_document_is_named_by_its_status(
    status: int, code: Code
) -> None:
    for body in (b"<html>", b"", b"[]", b'{"code":"E_UNHEARD"}'):
        assert error_of(status, body).code is code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, Code.AUTH),
        (403, Code.FORBIDDEN),
        (404, Code.NOT_FOUND),
        (409, Code.STATE),
        (418, Code.INTERNAL),
        (503, Code.UNAVAILABLE),
    ],
)
def test_an_answer_without_a_body_is_what_its_status_says(status: int, code: Code) -> None:
    assert error_of(status, b"").code is code  # HEAD has none
