from typing import Any

import pytest

from sextant_shared.encoding import b64u
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.models.receipts import OpenedReceipt, OutcomeReceipt, ReportedFinding
from sextant_shared.models.strict import read_model
from tests.support.logs import INSTANT, envelope_id

DIGEST = b64u(bytes(32))
COMMON = {"v": 1, "env": envelope_id(1), "man": DIGEST, "custody": 4, "t": INSTANT}
OPENED = {**COMMON, "kind": "opened", "verdict": "OPENED", "reason": None}
MUST_FIX = {"rule": "R1", "severity": "must-fix", "pointer": "/a", "message": "missing"}
OUTCOME: dict[str, Any] = {
    **COMMON,
    "kind": "outcome",
    "verdict": "REGISTERED",
    "reason": None,
    "registration": "2026/17",
    "rules": {"version": "1", "digest": DIGEST},
    "findings": [{**MUST_FIX, "severity": "information"}],
    "content": DIGEST,
}


@pytest.mark.parametrize(
    ("bend", "word"),
    [
        ({"verdict": "REJECTED"}, "reason"),
        ({"reason": "CONTENT"}, "reason"),
        ({"registration": None}, "registration"),
        ({"verdict": "RETURNED"}, "registration"),
        ({"findings": [MUST_FIX]}, "must-fix"),
        ({"verdict": "LOST"}, "verdict"),
        ({"reason": "UNREADABLE"}, "reason"),
    ],
)
def test_an_outcome_that_contradicts_itself_is_refused(bend: dict[str, Any], word: str) -> None:
    with pytest.raises(PlatformError, match=f"E_MALFORMED.*{word}"):
        read_model(OutcomeReceipt, {**OUTCOME, **bend})


@pytest.mark.parametrize(
    "bend", [{"verdict": "REJECTED"}, {"reason": "UNREADABLE"}, {"v": 2}, {"v": True}, {"v": 1.0}]
)
def test_an_opened_receipt_that_contradicts_itself_is_refused(bend: dict[str, Any]) -> None:
    with pytest.raises(PlatformError, match="E_MALFORMED"):
        read_model(OpenedReceipt, {**OPENED, **bend})


def test_receipts_write_what_they_read() -> None:
    assert read_model(OpenedReceipt, OPENED).model_dump(mode="json") == OPENED
    outcome = read_model(OutcomeReceipt, OUTCOME).model_dump(mode="json")
    texts = dict.fromkeys(("expected", "received", "fix", "law", "way", "answer", "document"), "")
    assert outcome == {**OUTCOME, "findings": [{**OUTCOME["findings"][0], **texts, "args": {}}]}


def test_a_finding_travels_unchanged() -> None:
    finding = Finding(
        rule="R7",
        severity=Severity.EXPLAIN_OR_FIX,
        pointer="/a/0",
        message="m",
        expected="e",
        received="r",
        fix="f",
        law="VA Part VI 8",
    )
    assert ReportedFinding.of(finding).finding() == finding
