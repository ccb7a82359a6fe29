"""The rule pack: the exact findings of each sample, each rule tried, no bytes that break it."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.corpus import cases
from sextant_shared.codelists.chemicals import is_cas
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.amount import Amount
from sextant_shared.rules import Report, check, list_rules, rule_pack_id
from sextant_shared.rules.elsewhere import ELSEWHERE
from sextant_shared.rules.policy import RulePolicy

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
SAMPLES = sorted(EXAMPLES.glob("*/*.json"))
EXPECTED = {
    "NA-XAL/s2-and-2025.json": ["X4"],
    "NA-XBO/s2-site-2025.json": ["F1", "C4"],
    "kinds/A4_90DAY_REPORT.json": ["F4"],
    "kinds/AMENDMENT.json": ["A2"],
    "kinds/WITHDRAWAL.json": ["A2"],
}
Path_ = tuple[str | int, ...]


def sample(name: str) -> dict[str, Any]:
    members: dict[str, Any] = json.loads((EXAMPLES / name).read_text())
    return members


def bent(name: str, path: Path_, value: object) -> Report:
    """Return the report on a sample with one place changed."""
    members = copy.deepcopy(sample(name))
    target: Any = members
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return check(json.dumps(members).encode())


def ids(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_each_sample_has_exactly_its_findings(path: Path) -> None:
    name = f"{path.parent.name}/{path.name}"
    report = check(path.read_bytes())
    assert ids(report) == EXPECTED.get(name, [])
    returned = name == "NA-XBO/s2-site-2025.json"
    assert report.verdict == ("RETURNED" if returned else "REGISTERED")
    assert report.declaration is not None


XAL_AND, XAL_SITE, XAL_OCPF = (f"NA-XAL/{n}-2025.json" for n in ("s2-and", "s2-site", "ocpf"))
XAL_S3 = "NA-XAL/s3-and-2025.json"
TONS = {"unit": "t"}
ROW: Path_ = ("plants", 0, "chemicals", 0)
BENT: list[tuple[str, str, Path_, object]] = [
    ("F1", XAL_SITE, (*ROW, "chemical", "cas"), "111-48-9"),
    ("F2", XAL_SITE, (*ROW, "chemical", "cas"), "64-17-5"),
    ("F2", XAL_SITE, (*ROW, "chemical", "schedule"), "2A"),
    ("F3", XAL_AND, ("records", 1, "exports", 0, "state_code"), "QAA"),
    ("F3", XAL_AND, ("records", 1, "exports", 0, "state_code"), "XAL"),
    ("F4", XAL_AND, ("records", 1, "produced"), {"value": "-1", **TONS}),
    ("F4", XAL_AND, ("records", 1, "produced"), {"value": "58.1234567", **TONS}),
    ("F5", XAL_SITE, (*ROW, "earlier", 0, "year"), 2019),
    ("F6", XAL_SITE, (*ROW, "chemical", "cas"), "108-01-0"),
    ("F7", XAL_SITE, (*ROW, "purposes", 0, "code"), "S2_LOST"),
    ("F1", "kinds/A3_RCA.json", ("agents", 0, "cas"), "532-27-5"),
    ("F8", XAL_SITE, ("address", "country"), "XBO"),
    ("F8", "kinds/S1_SSSF_ADPA.json", ("facility", "address", "country"), "XBO"),
    ("C4", XAL_SITE, ("plants",), []),
    ("C4", XAL_SITE, (*ROW, "purposes"), []),
    ("C4", XAL_SITE, (*ROW, "capacity"), None),
    ("C5", XAL_OCPF, ("sites", 0, "n_psf_plants"), 4),
    ("F7", XAL_OCPF, ("sites", 1, "doc_range"), "S3-R1"),
    ("C8", XAL_AND, ("part_count",), 3),
    ("C9", XAL_AND, ("records", 1, "consumed"), None),
    ("T1", XAL_SITE, (*ROW, "chemical", "schedule"), "2B"),
    ("T3", XAL_SITE, ("above_verification_threshold",), False),
    ("T10", XAL_AND, ("records", 1, "exports", 0, "state_code"), "XNP"),
    ("T10", XAL_S3, ("records", 1, "exports", 0, "state_code"), "XNP"),
    ("X4", XAL_AND, ("records", 1, "exported"), {"value": "90", **TONS}),
    ("X5", XAL_SITE, (*ROW, "produced"), {"value": "900", **TONS}),
]


@pytest.mark.parametrize(("rule", "name", "path", "value"), BENT)
def test_each_rule_finds_what_it_is_about(rule: str, name: str, path: Path_, value: object) -> None:
    if rule == "T1":
        members = sample(name)
        chemical = members["plants"][0]["chemicals"][0]
        for amounts in (chemical, *chemical["earlier"]):
            for field in ("produced", "processed", "consumed"):
                amounts[field] = {"value": "0.9", **TONS}
        report = check(json.dumps(members).encode())
    else:
        report = bent(name, path, value)
    found = [finding for finding in report.findings if finding.rule == rule]
    assert found, ids(report)
    assert rule not in ids(check((EXAMPLES / name).read_bytes())) or name == XAL_AND
    for finding in found:
        assert finding.message
        assert finding.law


def test_every_rule_of_the_pack_is_tried_above_or_in_the_corpus() -> None:
    tried = {rule for rule, *_ in BENT} | {case.rule for case in cases()}
    assert {rule.id for rule in list_rules()} - tried == set()


# Section 6 of the domain's reference on declarations.
NUMBERED = [
    *(f"F{number}" for number in range(1, 7)),
    *(f"C{number}" for number in range(1, 9)),
    *(f"T{number}" for number in range(1, 11)),
    *(f"X{number}" for number in range(1, 14)),
]


@pytest.mark.parametrize("number", NUMBERED)
def test_what_the_domain_numbers_is_a_rule_of_the_pack(number: str) -> None:
    assert [rule.id for rule in list_rules()].count(number) == 1


def test_what_no_rule_checks_says_where_it_is_checked_and_why() -> None:
    assert {one.where for one in ELSEWHERE} == {"the Secretariat's reconciliation", "the due days"}
    assert all(one.what and one.why for one in ELSEWHERE)


def test_a_cause_hides_its_consequence() -> None:
    report = bent(XAL_SITE, (*ROW, "chemical", "cas"), "111-48-9")
    assert ids(report) == ["F1"]


def test_all_findings_come_at_once_with_pointers_into_the_document() -> None:
    report = bent(XAL_AND, ("records",), [{"chemical": {"name": "x"}}, {"records": 1}])
    assert report.verdict == "RETURNED"
    assert len(report.findings) >= 3
    assert all(finding.pointer.startswith("/records/") for finding in report.findings)
    assert {finding.severity for finding in report.findings} == {Severity.MUST_FIX}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"kind":"S9"}',
        b"[" * 100_000,
        b'{"kind":"NIL","kind":"NIL"}',
        b"PK\x03\x04",
        b'{"kind":' + b"[" * 50 + b"]" * 50 + b"}",
    ],
)
def test_what_is_no_declaration_is_rejected_in_words(data: bytes) -> None:
    report = check(data)
    assert report.verdict == "REJECTED"
    assert report.declaration is None
    assert report.findings[0].fix


TEXTS = [path.read_bytes() for path in SAMPLES]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 10_000), st.binary(max_size=3))
def test_no_bytes_break_the_rules(text: bytes, at: int, junk: bytes) -> None:
    position = at % len(text)
    report = check(text[:position] + junk + text[position + 1 :])
    assert report.verdict in {"REGISTERED", "RETURNED", "REJECTED"}
    assert report.verdict == "REGISTERED" or report.findings


JUNK: list[object] = [None, True, 0, -1, "", "x", [], {}, {"value": "NaN", "unit": "t"}]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False), st.sampled_from(JUNK))
def test_no_structure_breaks_the_rules(text: bytes, random: Any, junk: object) -> None:
    members = json.loads(text)
    target: Any = members
    while True:
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        key = random.choice(keys)
        if not isinstance(target[key], dict | list) or not target[key] or random.random() < 0.3:
            target[key] = junk
            break
        target = target[key]
    assert check(json.dumps(members).encode()).pack == rule_pack_id()


@pytest.mark.parametrize("number", ["50-00-0", "111-48-8", "7732-18-5", "35523-89-8"])
def test_real_cas_numbers_pass(number: str) -> None:
    assert is_cas(number)


NO_CAS = ["50-00-1", "1-00-0", "50-0-0", "50000", "\u0665\u0660-\u0660\u0660-\u0660", ""]


@pytest.mark.parametrize("number", NO_CAS)
def test_mistyped_cas_numbers_do_not(number: str) -> None:
    assert not is_cas(number)


def test_the_five_kinds_of_nothing_are_apart() -> None:
    zero = Amount(value="0", unit="t")
    nil, unknown = Amount(nothing="nil"), Amount(nothing="unknown")
    assert (zero.kilograms, nil.kilograms) == (Decimal(0), Decimal(0))
    assert zero.text != nil.text
    assert unknown.kilograms is None
    assert Amount(nothing="not-applicable").kilograms is None


def test_another_policy_is_another_pack() -> None:
    assert rule_pack_id(RulePolicy(max_significant_digits=3)) != rule_pack_id()
