"""What a whole year's filings of a State lack, told once, and nothing told that is not known."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.rules import check, check_filings
from sextant_shared.rules.filings import Filings
from sextant_shared.rules.policy import DEFAULT_POLICY, RulePolicy

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
KINDS = sorted((EXAMPLES / "kinds").glob("*.json"))


def folder(name: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((EXAMPLES / name).glob("*.json"))]


def document(kind: str, year: int = 0, **members: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / "kinds" / f"{kind}.json").read_text())
    if year:
        loaded |= {"reporting_year": year, "declaration_id": f"{loaded['declaration_id']}-{year}"}
    return {**loaded, **members}


def told(year: int, *documents: dict[str, Any]) -> list[str]:
    findings = check_filings(Filings.from_documents(documents), year)
    return [f"{f.rule}-{f.way} {dict(f.args)['kind']}" for f in findings]


@pytest.mark.parametrize("name", ["NA-XAL", "NA-XBO", "kinds"])
def test_the_examples_lack_nothing_beside_each_other(name: str) -> None:
    filings = Filings.from_documents(folder(name))
    assert [f.message for year in filings.years for f in check_filings(filings, year)] == []


@pytest.mark.parametrize("name", ["NA-XAL", "NA-XBO", "kinds"])
def test_the_examples_say_the_same_beside_each_other_as_alone(name: str) -> None:
    documents = folder(name)
    filings = Filings.from_documents(documents)
    for one in documents:
        data = json.dumps(one).encode()
        # Alone, an amendment says that what it amends is not there.
        alone = tuple(f for f in check(data).findings if f.rule != "A2")
        assert check(data, DEFAULT_POLICY, filings).findings == alone


def test_what_is_missing_is_told_once_by_the_rule_that_knows_most() -> None:
    both = [document("S2_AND", 2025), document("S2_SITE_ADPA", 2024)]
    planned = document("S2_SITE_ADAA", 2025)
    assert told(2025, *both, planned) == ["C2-site S2_SITE_ADPA"]
    s3 = [document("S3_AND", 2025), document("S3_SITE_ADPA", 2024)]
    assert told(2025, *s3) == ["C1-again S3_SITE_ADPA"]
    assert told(2025, *s3, document("S3_SITE_ADAA", 2025)) == ["C3-planned S3_SITE_ADPA"]


def test_each_missing_site_is_told() -> None:
    other = document("S2_SITE_ADPA", 2024, plant_site_code="XAL-PS-0008")
    other["declaration_id"] = "XAL-2024-S2-PS-0008"
    lacking = [document("S2_AND", 2025), document("S2_SITE_ADPA", 2024), other]
    assert told(2025, *lacking) == ["C2-site S2_SITE_ADPA"] * 2


def test_a_site_that_both_years_before_declare_is_told_once() -> None:
    years = [document("S2_SITE_ADPA", year) for year in (2023, 2024)]
    assert told(2025, document("S2_AND", 2025), *years) == ["C2-site S2_SITE_ADPA"]


def test_states_are_told_apart() -> None:
    lists = [document("OCPF_ANNUAL", 2024), document("OCPF_ANNUAL", 2024, state_code="XBO")]
    present = [document("S2_AND", 2025), document("OCPF_ANNUAL", 2025, state_code="XBO")]
    findings = check_filings(Filings.from_documents([*lists, *present]), 2025)
    assert [f.message for f in findings] == [
        "XAL declares no OCPF_ANNUAL for 2025, as it did for the year before."
    ]
    (finding,) = findings
    assert (finding.pointer, finding.expected, finding.received, finding.fix) == (
        "",
        "OCPF_ANNUAL for 2025, or a nil declaration",
        "nothing",
        "Send it, or a nil declaration over it. The year before it was XAL-2025-OCPF-2024.",
    )


def test_a_state_that_has_reported_nothing_yet_is_not_judged() -> None:
    before = document("OCPF_ANNUAL", 2024)
    assert told(2025, before) == []
    assert told(2025, before, document("S2_SITE_ADAA", 2025)) == []
    assert told(2025, before, document("S2_AND", 2025)) == ["C1-again OCPF_ANNUAL"]


def test_a_year_without_filings_has_no_findings() -> None:
    assert check_filings(Filings(), 2025) == ()
    assert check_filings(Filings.from_documents(folder("kinds")), 1970) == ()


def test_a_plan_for_next_year_owes_nothing_this_year() -> None:
    ahead = document("S2_SITE_ADAA", 2026)
    assert told(2025, document("S2_AND", 2025), ahead) == []


def test_without_filings_rules_that_compare_are_silent() -> None:
    comparing = {"C6", "C7", "X1", "X2", "X3", "X9", "X10", "X11", "X12"}
    for path in KINDS:
        assert not comparing & {finding.rule for finding in check(path.read_bytes()).findings}


def test_tolerances_are_policy() -> None:
    national, site = document("S2_AND"), document("S2_SITE_ADPA")
    national["records"][1]["produced"]["value"] = "56"
    filings, data = Filings.from_documents([site]), json.dumps(national).encode()
    strict = [f.rule for f in check(data, DEFAULT_POLICY, filings).findings]
    lax = RulePolicy(sum_tolerance=DEFAULT_POLICY.sum_tolerance * 10)
    assert "X1" in strict
    assert "X1" not in [f.rule for f in check(data, lax, filings).findings]


JUNK: list[Any] = [None, True, 0, -1, "", "x", [], {}, {"value": "0", "unit": "t"}, 2025]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(KINDS) - 1), st.randoms(use_true_random=False), st.sampled_from(JUNK))
def test_nothing_that_was_filed_breaks_the_rules(number: int, random: Any, junk: Any) -> None:
    documents = copy.deepcopy(folder("kinds"))
    for one in documents:
        if "reporting_year" in one:
            one["reporting_year"] = random.choice([2023, 2024, 2025])
    target: Any = documents[number]
    while True:
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        at = random.choice(keys)
        if not isinstance(target[at], dict | list) or not target[at] or random.random() < 0.2:
            target[at] = junk
            break
        target = target[at]
    filings = Filings.from_documents(documents)
    for year in (2023, 2024, 2025, 2026):
        assert all(finding.fix for finding in check_filings(filings, year))
    for one in random.sample(documents, 4):
        report = check(json.dumps(one).encode(), DEFAULT_POLICY, filings)
        assert report.verdict in {"REGISTERED", "RETURNED", "REJECTED"}
