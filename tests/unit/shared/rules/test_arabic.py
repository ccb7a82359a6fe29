"""Arabic beside Latin: codes, days and numbers keep their order, and choices are still found."""

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from sextant_shared.rules import wording
from sextant_shared.rules.wording import LANGUAGES, in_line, labelled, words

FSI, PDI = "\u2068", "\u2069"
TEXTS = Path(wording.__file__).parent / "words" / "ar.ftl"
LOOSE = re.compile(r"[A-Za-z]|\d[.:/-]\d")


class _Loose(Visitor):
    """Latin letters and composed numbers that stand in a text outside direction isolates."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Pattern(self, node: ast.Pattern) -> None:  # noqa: N802
        text = "".join(
            one.value if isinstance(one, ast.TextElement) else "…" for one in node.elements
        )
        if LOOSE.search(re.sub(f"{FSI}[^{PDI}]*{PDI}", "", text)) or text.count(FSI) != text.count(
            PDI
        ):
            self.found.append(text)
        self.generic_visit(node)


def test_no_latin_word_or_composed_number_of_the_arabic_texts_stands_loose() -> None:
    visitor = _Loose()
    visitor.visit(FluentParser().parse(TEXTS.read_text(encoding="utf-8")))
    assert visitor.found == []


@pytest.mark.parametrize("figure", ["2025-06-30", "7803-51-2", "-70.66", "30 t", "/records/0"])
def test_a_figure_with_marks_keeps_the_order_of_its_parts(figure: str) -> None:
    said = words("F5", "outside-year", {"year": figure}, "ar")
    assert said.expected.endswith(f"{FSI}{figure}{PDI}")


def test_a_figure_in_arabic_needs_no_isolates_in_arabic_but_in_english() -> None:
    assert words("F5", "outside-year", {"year": "سنة"}, "ar").expected.endswith(" سنة")
    assert words("F5", "outside-year", {"year": "سنة"}).expected == f"days of {FSI}سنة{PDI}"


def test_the_choice_of_a_text_is_that_of_english() -> None:
    one = words("S0", "missing", {"what": "state", "allowed": ""}, "ar")
    assert one.expected == "رمز دولة من ثلاثة أحرف لاتينية كبيرة"
    none = words("S0", "choice", {"nearest": "none", "allowed": "A"}, "ar").fix
    near = words("S0", "choice", {"nearest": "A", "allowed": "A"}, "ar").fix
    assert none != near
    assert f"{FSI}A{PDI}" in near


def test_an_arabic_text_in_a_line_with_codes_keeps_its_own_direction() -> None:
    assert in_line("days of 2025") == "days of 2025"
    assert in_line("مجموع") == f"{FSI}مجموع{PDI}"
    assert labelled("law", "VII(4)") == "law: VII(4)"
    assert labelled("law", "VII(4)", "ar") == f"{FSI}النص: {FSI}VII(4){PDI}{PDI}"


def test_every_language_has_every_label() -> None:
    labels = wording._labels()
    assert list(labels) == list(LANGUAGES)
    for language, names in labels.items():
        assert list(names) == list(labels["en"])
        if language != "en":
            assert names != labels["en"]


def test_a_full_width_colon_needs_no_space_behind_it() -> None:
    assert labelled("law", "VII(4)", "zh") == "依据\uff1aVII(4)"
    assert labelled("law", "VII(4)", "fr") == "texte : VII(4)"
