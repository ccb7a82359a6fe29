"""`sextant explain` and `sextant rules`: every code that anybody meets is explained."""

import pytest

from sextant_shared.errors import Code
from sextant_shared.rules import list_rules, rule_pack_id
from sextant_shared.rules.explaining import codes
from sextant_shared.rules.wording import ways
from tests.support.command import sextant

ALL = [*codes(), *(f"{rule}-{way}" for rule in codes() for way in ways(rule))]


@pytest.mark.parametrize("code", ["X99", "X4-nonsense", "E_NOTHING", "", "4"])
def test_what_is_no_code_is_not_explained(code: str) -> None:
    done = sextant("explain", code)
    assert done.status == 3
    assert "E_NOT_FOUND" in done.stderr


@pytest.mark.parametrize("code", ALL)
def test_every_rule_and_way_has_a_title_a_reason_and_words(code: str) -> None:
    said = sextant("explain", code, "--json").json()
    assert said["title"] != said["rule"]
    assert said["why"]
    if said["rule"] != code:
        (way,) = said["ways"]
        assert code == f"{said['rule']}-{way['name']}"
        assert way["message"] != way["name"]


@pytest.mark.parametrize("code", list(Code))
def test_every_error_code_says_what_mends_it(code: Code) -> None:
    said = sextant("explain", code.lower(), "--json").json()
    assert said["code"] == code
    assert said["title"]
    assert said["fix"]


def test_an_explanation_shows_law_ways_and_an_example() -> None:
    text = sextant("explain", "f1").stdout
    assert text.startswith("F1  CAS numbers have their check digit\n")
    assert "law: VII.8(a), VIII.8(a)" in text
    assert "F1-mistyped\n    The CAS number of {name} is mistyped." in text
    assert "example (S2_SITE_ADPA): Two digits of a CAS number are swapped." in text
    assert "received: 111-84-8" in text
    assert sextant("rules", "show", "F1").stdout == text


def test_the_list_of_rules_names_pack_and_every_rule() -> None:
    listed = sextant("rules", "list", "--json").json()
    assert listed["digest"] == rule_pack_id().digest
    shown = [rule["id"] for rule in listed["rules"]]
    assert {rule.id for rule in list_rules()} <= set(shown)
    assert len(set(shown)) == len(shown)


def test_a_language_without_texts_is_said_and_answered_in_english() -> None:
    done = sextant("explain", "F1", "--lang", "ar")
    said = sextant("explain", "F1", "--lang", "ar", "--json").json()
    if said["language"] == "en":
        assert "not written in ar yet" in done.stderr
    else:
        assert said["is_draft"]
        assert "machine drafts" in done.stderr
