"""A rule is explained by its words, its ways and what it was tried on; what is none is refused."""

from typing import get_args

import pytest

from deploy.local.corpus import cases
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.rules import list_rules
from sextant_shared.rules.explaining import codes, explain
from sextant_shared.rules.wording import DRAFTS, Language, ways


@pytest.mark.parametrize("code", ["", "X", "X99", "X4-nonsense", "X4range", "E_NOTHING"])
def test_what_is_no_rule_is_refused_with_what_was_asked(code: str) -> None:
    with pytest.raises(PlatformError, match="no such rule") as caught:
        explain(code)
    assert (caught.value.code, caught.value.received) == (Code.NOT_FOUND, code)


def test_a_long_word_is_not_repeated_whole() -> None:
    with pytest.raises(PlatformError) as caught:
        explain("x" * 1000)
    assert caught.value.received == "x" * 40


def test_all_rules_are_explained_in_the_order_in_which_they_speak() -> None:
    known = [rule.id for rule in list_rules()]
    assert [code for code in codes() if code in known] == known
    assert set(codes()) - set(known) == {"S0", *(f"REG-{n}" for n in range(9))}


def test_a_rule_is_explained_in_all_its_ways_and_a_way_alone() -> None:
    whole = explain(" f1 ")
    assert [way.name for way in whole.ways] == list(ways("F1"))
    one = explain("F1-Mistyped")
    assert [way.name for way in one.ways] == ["mistyped"]
    assert (one.rule, one.title, one.why) == ("F1", whole.title, whole.why)
    assert (one.severity, one.law) == (Severity.MUST_FIX, "VII.8(a), VIII.8(a)")


@pytest.mark.parametrize(
    ("code", "severity", "law"),
    [("S0", "must-fix", ""), ("REG-1", "must-fix", "VII(4)"), ("REG-5", "information", "")],
)
def test_what_the_register_finds_is_explained_too(code: str, severity: str, law: str) -> None:
    said = explain(code)
    assert (said.severity, said.law) == (Severity(severity), law)


def test_a_way_is_shown_on_a_declaration_that_was_tried() -> None:
    (way,) = explain("F1-mistyped").ways
    assert way.worked is not None
    tried = {
        case.why: [(f.rule, f.way, f.pointer, f.received) for f in case.findings()]
        for case in cases()
        if case.rule == "F1"
    }
    shown = way.worked.finding
    assert (shown.rule, shown.way, shown.pointer, shown.received) in tried[way.worked.why]
    assert "{name}" in way.message
    assert "{" not in shown.message


@pytest.mark.parametrize("language", get_args(Language))
def test_rule_and_example_are_in_the_language_that_is_asked_for(language: Language) -> None:
    said, english = explain("F1-mistyped", language), explain("F1-mistyped")
    assert said.language == language
    assert said.is_draft is (said.language in DRAFTS)
    (way,), (as_english,) = said.ways, english.ways
    assert way.worked is not None
    assert as_english.worked is not None
    is_other = said.language != "en"
    assert (way.message != as_english.message) is is_other
    assert (way.worked.finding.message != as_english.worked.finding.message) is is_other
    assert way.worked.finding.received == as_english.worked.finding.received
