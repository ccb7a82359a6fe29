"""Every case of the corpus gives exactly its findings; every rule and every way has a case."""

from collections import Counter

import pytest

from deploy.local.corpus import Case, cases
from sextant_shared.rules import list_rules
from sextant_shared.rules.wording import message_ids

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.why}")
def test_a_flawed_declaration_has_exactly_its_findings(case: Case) -> None:
    found = [(f.rule, f.way, str(f.severity), f.pointer) for f in case.findings()]
    assert found == list(case.expect)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.says], ids=lambda case: f"{case.rule}: {case.why}"
)
def test_a_finding_says_where_it_stands_and_what_mends_it(case: Case) -> None:
    finding = next(finding for finding in case.findings() if finding.rule == case.rule)
    assert (finding.message, finding.expected, finding.received, finding.fix) == case.says


def test_a_case_can_be_named_on_the_command_line() -> None:
    assert [case.why for case in CASES if not case.why.isascii()] == []


def test_no_two_cases_say_the_same() -> None:
    assert [why for why, count in Counter(case.why for case in CASES).items() if count > 1] == []


def test_a_case_tries_the_rule_of_its_file() -> None:
    known = {"S0", *(rule.id for rule in list_rules())}
    assert {case.rule for case in CASES} <= known
    idle = [c.why for c in CASES if c.expect and all(rule != c.rule for rule, *_ in c.expect)]
    assert idle == []


def test_every_wording_of_a_tried_rule_is_met() -> None:
    tried = {case.rule for case in CASES}
    worded = {name for name in message_ids("en") if name.partition("-")[0] in tried}
    met = {f"{rule}-{way}" for case in CASES for rule, way, *_ in case.expect}
    assert {name for name in worded if "-" in name} - met == set()


def test_every_finding_says_what_is_expected_and_what_to_do() -> None:
    for case in CASES:
        for f in case.findings():
            texts = (f.message, f.expected, f.received, f.fix)
            assert all(texts), (case.why, texts)
            assert "{" not in f.message + f.expected + f.fix or f.rule == "S0", (case.why, texts)
