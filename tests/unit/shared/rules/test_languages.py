"""Every language says what English says: each text, each figure, each choice."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from deploy.local.corpus import cases
from sextant_shared.errors import Finding
from sextant_shared.rules import wording
from sextant_shared.rules.wording import DRAFTS, LANGUAGES, Language

FOLDER = Path(wording.__file__).parent / "words"
REQUIRED = LANGUAGES
OTHERS = tuple(language for language in REQUIRED if language != "en")
LITERALS = {"true", "false"}
"""Words of the format that no language translates."""
ISOLATED = re.compile("\u2068[^\u2068\u2069]*\u2069")


class _Parts(Visitor):
    """What a pattern is made of: figures, other messages, choices, and its pieces of text."""

    def __init__(self) -> None:
        self.figures: set[str] = set()
        self.messages: set[str] = set()
        self.choices: list[tuple[str, tuple[str, ...], str]] = []
        self.texts: list[str] = []

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        self.figures.add(node.id.name)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802
        self.messages.add(node.id.name)

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802
        assert isinstance(node.selector, ast.VariableReference)
        keys = tuple(_key(variant) for variant in node.variants)
        default = next(_key(variant) for variant in node.variants if variant.default)
        self.choices.append((node.selector.id.name, keys, default))
        self.generic_visit(node)

    def visit_Pattern(self, node: ast.Pattern) -> None:  # noqa: N802
        pieces = [one.value for one in node.elements if isinstance(one, ast.TextElement)]
        self.texts.append(" ".join(pieces))
        self.generic_visit(node)


def _key(variant: ast.Variant) -> str:
    assert isinstance(variant.key, ast.Identifier)
    return variant.key.name


@lru_cache
def _entries(language: Language) -> tuple[ast.EntryType, ...]:
    text = (FOLDER / f"{language}.ftl").read_text(encoding="utf-8")
    return tuple(FluentParser().parse(text).body)


@lru_cache
def _texts(language: Language) -> Mapping[str, _Parts]:
    """Return every text by its name: `X4`, `X4.why`, `X4-total.fix`, in the order of the file."""
    return {
        name: _parts(pattern)
        for entry in _entries(language)
        if isinstance(entry, ast.Message)
        for name, pattern in _patterns(entry)
    }


def _patterns(message: ast.Message) -> Iterator[tuple[str, ast.Pattern]]:
    if message.value is not None:
        yield message.id.name, message.value
    for attribute in message.attributes:
        yield f"{message.id.name}.{attribute.id.name}", attribute.value


def _parts(pattern: ast.Pattern) -> _Parts:
    parts = _Parts()
    parts.visit(pattern)
    return parts


@lru_cache
def _findings() -> tuple[Finding, ...]:
    return tuple(finding for case in cases() for finding in case.findings())


def _is_worded(text: str) -> bool:
    """Whether there is something to translate: capitals, digits and marks are codes."""
    return bool(set(re.findall(r"[^\W\d_]*[a-z][a-z]+", text)) - LITERALS)


@pytest.mark.parametrize("language", REQUIRED)
def test_a_language_has_no_line_that_cannot_be_read(language: Language) -> None:
    lost = [entry.content for entry in _entries(language) if isinstance(entry, ast.Junk)]
    names = [
        name
        for entry in _entries(language)
        if isinstance(entry, ast.Message)
        for name, _ in _patterns(entry)
    ]
    assert lost == []
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_each_text_of_english_in_the_same_order(language: Language) -> None:
    assert list(_texts(language)) == list(_texts("en"))


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_has_the_figures_and_the_choices_of_the_english_one(language: Language) -> None:
    differing = {
        name: (parts.figures, parts.messages, parts.choices)
        for name, parts in _texts(language).items()
        if (parts.figures, parts.messages, parts.choices)
        != (_texts("en")[name].figures, _texts("en")[name].messages, _texts("en")[name].choices)
    }
    assert differing == {}


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: Language) -> None:
    left = [
        (name, text)
        for name, parts in _texts(language).items()
        for text in parts.texts
        if _is_worded(text) and text in _texts("en")[name].texts
    ]
    assert left == []


@pytest.mark.parametrize("language", REQUIRED)
def test_every_finding_of_the_corpus_can_be_said_without_a_missing_figure(
    language: Language,
) -> None:
    bundle, wrong = wording._bundle(language), []
    for finding in _findings():
        message = bundle.get_message(f"{finding.rule}-{finding.way}")
        patterns = (message.value, *message.attributes.values())
        for pattern in filter(None, patterns):
            said, errors = bundle.format_pattern(pattern, dict(finding.args))
            if errors or not said:
                wrong.append((finding.rule, finding.way, said, errors))
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_finding_of_the_corpus_falls_back_to_english(language: Language) -> None:
    for finding in _findings():
        said = wording.reworded(finding, language)
        assert said.message != finding.message
        assert said.fix != finding.fix
        assert (said.rule, said.way, said.pointer) == (finding.rule, finding.way, finding.pointer)


@pytest.mark.parametrize("language", OTHERS)
def test_a_draft_says_in_its_first_line_that_nobody_has_reviewed_it(language: Language) -> None:
    first = (FOLDER / f"{language}.ftl").read_text(encoding="utf-8").partition("\n")[0]
    is_marked = first == "# Drafted by machine; not yet reviewed by a person."
    assert is_marked == (language in DRAFTS)


@pytest.mark.skipif("ar" not in REQUIRED, reason="there are no Arabic texts yet")
def test_latin_letters_of_a_figure_stay_in_place_in_an_arabic_sentence() -> None:
    loose = []
    for finding in _findings():
        names = _texts("ar")[f"{finding.rule}-{finding.way}"].figures
        marked = {
            name: value if name in {"what", "nearest"} else f"Latin {value}"
            for name, value in finding.args
        }
        said = wording.words(finding.rule, finding.way, marked, "ar")
        for text in (said.message, said.expected, said.received, said.fix):
            assert text.count("\u2068") == text.count("\u2069")
            if "Latin" in ISOLATED.sub("", text):
                loose.append((finding.rule, finding.way, names, text))
    assert loose == []
