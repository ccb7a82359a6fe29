"""The words of the rules, in the six official languages of the Convention (XXIV).

One Fluent file a language, in `words/`. A message `F1` is the rule's title, its attribute `why` the
explanation; `F1-mistyped` words one way in which it does not hold, with the attributes `expected`,
`received` and `fix`. The code is the contract, the text is not: English travels in receipts, and
any finding can be said again in another language from its rule, way and figures.

What a declaration says is put between direction isolates where its direction could disturb that of
the sentence (UAX #9), so that a Latin name in an Arabic sentence, or the reverse, stays in place.
Digits too: after Arabic letters the parts of 2025-06-30 or of a CAS number would change places.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentType

from sextant_shared.errors import Finding

Language = Literal["en", "fr", "es", "ru", "ar", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "fr", "es", "ru", "ar", "zh")
RIGHT_TO_LEFT: frozenset[Language] = frozenset({"ar"})
DRAFTS: frozenset[Language] = frozenset({"es", "ru", "ar", "zh"})
"""Languages whose texts were drafted by machine and still wait for a reviewer."""
_FIGURE = re.compile(r"\$([A-Za-z][A-Za-z0-9_-]*)")
_WIDE_COLON = "\uff1a"
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_FOLDER = files("sextant_shared.rules") / "words"


@dataclass(frozen=True, slots=True)
class Words:
    """How one way is said; an empty text says that there is nothing to say."""

    message: str
    expected: str = ""
    received: str = ""
    fix: str = ""


class _Figure(FluentType):
    """What a declaration says: variants are chosen by it as it is; shown, it is set apart."""

    def __init__(self, text: str, language: Language) -> None:
        self._text, self._language = text, language

    def format(self, _locale: object) -> str:
        return _isolated(self._text, self._language)

    def __eq__(self, key: object) -> bool:
        return self._text == key

    def __hash__(self) -> int:
        return hash(self._text)


def words(rule: str, way: str, args: Mapping[str, str], language: Language = "en") -> Words:
    """Return the words for one way in which a rule does not hold."""
    texts = _texts(f"{rule}-{way}", args, language)
    return Words(
        message=texts.get("", way),
        expected=texts.get("expected", ""),
        received=texts.get("received", ""),
        fix=texts.get("fix", ""),
    )


def title(rule: str, language: Language = "en") -> str:
    """Return what holds where the rule holds, in a few words."""
    return _texts(rule, {}, language).get("", rule)


def explanation(rule: str, language: Language = "en") -> str:
    """Return why the rule is there and what to do, for somebody who meets it."""
    return _texts(rule, {}, language).get("why", "")


def reworded(finding: Finding, language: Language) -> Finding:
    """Return a finding in another language; one without wording stays as it is."""
    if not finding.way or not _is_worded(f"{finding.rule}-{finding.way}"):
        return finding
    said = words(finding.rule, finding.way, dict(finding.args), language)
    english = words(finding.rule, finding.way, dict(finding.args))
    is_word = english.received and finding.received == english.received
    return replace(
        finding,
        message=said.message,
        expected=said.expected or finding.expected,
        received=said.received if is_word else finding.received,
        fix=said.fix,
    )


def label(name: str, language: Language = "en") -> str:
    """Return a word that stands before one of the texts, with its mark, such as `expected:`."""
    return _labels()[language][name]


def in_line(text: str) -> str:
    """Return a text for a line that holds other things too, which keeps its own direction there."""
    if any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text


def labelled(name: str, text: str, language: Language = "en") -> str:
    """Return a text behind its label; a full-width colon brings its own space."""
    said = label(name, language)
    space = "" if said.endswith(_WIDE_COLON) else " "
    return in_line(f"{said}{space}{_isolated(text, language)}")


def ways(rule: str) -> tuple[str, ...]:
    """Return the ways in which a rule may not hold, in the order of its words."""
    start = f"{rule}-"
    return tuple(
        name.removeprefix(start)
        for name in _bundle("en")._messages  # noqa: SLF001 - the library has no accessor
        if name.startswith(start)
    )


def pattern(rule: str, way: str, language: Language = "en") -> Words:
    """Return the words for one way with the names of its figures in braces."""
    return words(rule, way, _figures(language), language)


def message_ids(language: Language) -> frozenset[str]:
    """Return the ids of all messages of a language, for those who keep it complete."""
    return frozenset(_bundle(language)._messages)  # noqa: SLF001 - the library has no accessor


@lru_cache
def _bundle(language: Language) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(_text(language)))
    return bundle


def _text(language: Language) -> str:
    return (_FOLDER / f"{language}.ftl").read_text(encoding="utf-8")


@lru_cache
def _labels() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(
        (_FOLDER / "labels.json").read_text(encoding="utf-8")
    )
    return found


@lru_cache
def _figures(language: Language) -> Mapping[str, str]:
    """Return every figure that the words of a language speak of, as it is shown without a value."""
    return {name: f"{{{name}}}" for name in _FIGURE.findall(_text(language))}


def _is_worded(name: str) -> bool:
    return _bundle("en").has_message(name)


def _texts(name: str, args: Mapping[str, str], language: Language) -> dict[str, str]:
    """Return the value (under "") and the attributes of a message; English where it is missing."""
    bundle = _bundle(language)
    if not bundle.has_message(name):
        if language == "en":
            return {}
        return _texts(name, args, "en")
    message = bundle.get_message(name)
    figures = {key: _Figure(value, language) for key, value in args.items()}
    patterns = {"": message.value, **message.attributes}
    return {
        key: str(bundle.format_pattern(pattern, figures)[0])
        for key, pattern in patterns.items()
        if pattern is not None
    }


def _isolated(text: str, language: Language) -> str:
    foreign = {"L", "EN"} if language in RIGHT_TO_LEFT else {"R", "AL"}
    if any(unicodedata.bidirectional(letter) in foreign for letter in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text
