"""What the register keeps of what the rules say."""

from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.domain.contents import (
    MAX_SHOWN,
    MAX_TEXT,
    MAX_TOTAL,
    bounded,
    check_content,
)
from sextant_declarations.domain.library import Library
from sextant_declarations.domain.register import StatePolicy, judge
from sextant_shared.encoding import canonical_json, parse_json
from sextant_shared.errors import Finding, Severity
from sextant_shared.models.receipts import OutcomeVerdict
from tests.integration.declarations.contents import declaration

LIMITS: Any = {"library": Library(100_000), "max_bytes": 100_000, "max_values": 1000}


def verdict(folder: Path, content: bytes) -> OutcomeVerdict:
    path = folder / "content"
    path.write_bytes(content)
    return judge(check_content(path, **LIMITS), "NA-XAL", None, StatePolicy()).outcome


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 60_000, id="deep JSON"),
        pytest.param(b'{"kind":"SHOPPING_LIST"}', id="unknown kind"),
        pytest.param(declaration(note="x" * LIMITS["max_bytes"]), id="too large"),
        pytest.param(declaration(scope=["S2"] * 1001), id="too many values"),
    ],
)
def test_what_is_no_declaration_is_rejected(tmp_path: Path, content: bytes) -> None:
    assert verdict(tmp_path, content) is OutcomeVerdict.REJECTED


def test_a_declaration_that_does_not_fit_its_kind_is_returned(tmp_path: Path) -> None:
    members = parse_json(declaration(), max_bytes=LIMITS["max_bytes"])
    del members["scope"]
    assert verdict(tmp_path, canonical_json(members)) is OutcomeVerdict.RETURNED


def test_a_nil_says_which_scopes_it_closes(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(declaration(scope=["S2", "OCPF"]))
    facts = check_content(path, **LIMITS).facts
    assert facts is not None
    assert (facts.is_nil, facts.closes, facts.year) == (True, ("S2", "OCPF"), 2025)


def finding(severity: Severity, text: str = "") -> Finding:
    return Finding(rule="T-1", severity=severity, pointer=text, message=text)


def test_a_million_flaws_become_a_bounded_number_with_what_must_be_fixed_first() -> None:
    many = [finding(Severity.INFORMATION)] * 5000 + [finding(Severity.MUST_FIX)] * 3
    shown = bounded(many)
    assert len(shown) == MAX_SHOWN + 1
    assert [f.severity for f in shown[:4]] == [*[Severity.MUST_FIX] * 3, Severity.INFORMATION]
    assert shown[-1].message == "4003 further findings are not shown"


def test_a_long_name_in_a_document_does_not_make_a_long_finding() -> None:
    (shown,) = bounded([finding(Severity.MUST_FIX, "x" * 1_000_000)])
    assert (len(shown.pointer), len(shown.message)) == (MAX_TEXT, MAX_TEXT)


def test_many_long_findings_stay_a_receipt_that_can_be_read() -> None:
    long = Finding(
        rule="T-1",
        severity=Severity.EXPLAIN_OR_FIX,
        pointer="x" * MAX_TEXT,
        message="x" * MAX_TEXT,
        args=tuple((f"figure-{n}", "x" * MAX_TEXT) for n in range(20)),
    )
    *shown, last = bounded([long] * 999)
    assert 0 < len(shown) < 999
    assert last.message == f"{999 - len(shown)} further findings are not shown"
    assert sum(len(repr(finding)) for finding in shown) < 2 * MAX_TOTAL
