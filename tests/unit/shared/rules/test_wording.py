"""Findings in words: titles, reasons, figures, other languages, and letters that run leftwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sextant_shared.errors import Finding, Severity
from sextant_shared.rules import list_rules, wording

FRENCH = """
F1 = Les numéros CAS ont leur chiffre de contrôle
    .why = Le dernier chiffre se calcule.
F1-mistyped = Le numéro CAS de { $name } est mal saisi.
    .expected = chiffres-chiffres-chiffre
    .fix = Copiez-le à nouveau.
S0-missing = Ceci doit être rempli.
    .expected = { $what }
    .received = rien
    .fix = Ajoutez-le.
"""
ARABIC = "F1-mistyped = الرقم { $name } خطأ\n"
CAS = Finding(
    rule="F1",
    severity=Severity.MUST_FIX,
    pointer="/cas",
    message="The CAS number of Thiodiglycol is mistyped.",
    expected="digits",
    received="111-48-9",
    fix="Copy it again.",
    way="mistyped",
    args=(("name", "Thiodiglycol"),),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    english = (Path(wording.__file__).parent / "words" / "en.ftl").read_text(encoding="utf-8")
    for language, text in {"en": english, "fr": FRENCH, "ar": ARABIC}.items():
        (tmp_path / f"{language}.ftl").write_text(text, encoding="utf-8")
    monkeypatch.setattr(wording, "_FOLDER", tmp_path)
    for cached in (wording._bundle, wording._figures):
        cached.cache_clear()
    yield
    for cached in (wording._bundle, wording._figures):
        cached.cache_clear()


@pytest.mark.parametrize("rule", ["S0", *(rule.id for rule in list_rules())])
def test_every_rule_has_a_title_and_a_reason(rule: str) -> None:
    assert wording.title(rule) != rule
    assert wording.explanation(rule).endswith(".")


def test_a_title_and_a_reason_come_in_another_language() -> None:
    assert wording.title("F1", "fr") == "Les numéros CAS ont leur chiffre de contrôle"
    assert wording.explanation("F1", "fr") == "Le dernier chiffre se calcule."


def test_what_another_language_lacks_is_said_in_english() -> None:
    assert wording.title("F2", "fr") == wording.title("F2")
    assert wording.explanation("F1", "ar") == wording.explanation("F1")
    assert wording.words("F4", "negative", {}, "fr") == wording.words("F4", "negative", {})


def test_what_nobody_has_worded_says_its_own_name() -> None:
    assert wording.title("F99") == "F99"
    assert wording.explanation("F99") == ""
    assert wording.words("F99", "strange", {}) == wording.Words(message="strange")


def test_a_finding_is_said_again_in_another_language() -> None:
    said = wording.reworded(CAS, "fr")
    assert said.message == "Le numéro CAS de Thiodiglycol est mal saisi."
    assert said.expected == "chiffres-chiffres-chiffre"
    assert said.fix == "Copiez-le à nouveau."
    assert said.received == "111-48-9"
    assert (said.rule, said.pointer, said.severity) == (CAS.rule, CAS.pointer, CAS.severity)


def test_words_for_nothing_are_translated_and_values_are_not() -> None:
    english = wording.words("S0", "missing", {"what": "text", "allowed": ""})
    missing = Finding(
        rule="S0",
        severity=Severity.MUST_FIX,
        pointer="/name",
        message=english.message,
        expected=english.expected,
        received=english.received,
        way="missing",
        args=(("what", "text"), ("allowed", "")),
    )
    assert wording.reworded(missing, "fr").received == "rien"


def test_what_was_expected_stays_where_the_other_language_does_not_say() -> None:
    assert wording.reworded(CAS, "ar").expected == "digits"


def test_a_finding_without_wording_stays_as_it_is() -> None:
    plain = Finding(rule="F1", severity=Severity.MUST_FIX, pointer="", message="hand-made")
    assert wording.reworded(plain, "fr") is plain
    strange = Finding(
        rule="Z9", severity=Severity.MUST_FIX, pointer="", message="other", way="other"
    )
    assert wording.reworded(strange, "fr") is strange


def test_a_name_in_other_letters_keeps_its_direction() -> None:
    assert "\u2068Thiodiglycol\u2069" in wording.reworded(CAS, "ar").message
    # After Arabic letters the parts of a number would change places.
    number = wording.words("F1", "mistyped", {"name": "111-48-8"}, "ar").message
    assert "\u2068111-48-8\u2069" in number
    assert "\u2068" not in wording.words("F1", "mistyped", {"name": "Thiodiglycol"}).message
    arabic = wording.words("F1", "mistyped", {"name": "كبريتيد"}).message
    assert arabic == "The CAS number of \u2068كبريتيد\u2069 is mistyped."
    hebrew = wording.words(
        "F1", "mistyped", {"name": "\u05d2\u05d5\u05e4\u05e8\u05d9\u05ea"}, "fr"
    ).message
    assert hebrew.startswith("Le numéro CAS de \u2068\u05d2\u05d5\u05e4\u05e8\u05d9\u05ea\u2069")


def test_the_messages_of_a_language_can_be_listed() -> None:
    assert wording.message_ids("fr") == {"F1", "F1-mistyped", "S0-missing"}


def test_the_ways_of_a_rule_stand_in_the_order_of_its_words() -> None:
    assert wording.ways("F1") == ("mistyped",)
    assert wording.ways("F10") == ("latitude", "longitude")
    assert wording.ways("F4") == ("negative", "precise")


def test_a_way_is_shown_with_the_names_of_its_figures() -> None:
    assert wording.pattern("F1", "mistyped").message == "The CAS number of {name} is mistyped."
    assert wording.pattern("F1", "mistyped", "fr").message.startswith("Le numéro CAS de {name}")


def test_a_figure_is_the_same_as_its_text_and_shown_set_apart() -> None:
    figure = wording._Figure("2025-06-30", "ar")
    assert figure == "2025-06-30"
    assert figure != "2025-06-31"
    assert hash(figure) == hash("2025-06-30")
    assert "2025-06-30" in figure.format(None)
    assert figure.format(None) != "2025-06-30"
