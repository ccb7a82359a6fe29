"""Words questions about a declaration, and letters that extend a time, in the State's language.

A finding is said again from its rule, way and figures, as the rule book has it; what no rule words
stays as it was found. English and French are ours; the other four languages were drafted by machine
and wait for a reviewer, as with the words of the rules.
"""

from functools import lru_cache
from importlib.resources import files

from fluent.runtime import FluentBundle, FluentResource

from sextant_shared.errors import Code, Finding, PlatformError
from sextant_shared.rules.wording import Language, labelled, reworded

_WORDS = files("sextant_declarations.analysis.clarifications") / "words"


def question_of(finding: Finding, language: Language) -> str:
    """Return what a State is asked about a finding."""
    said = reworded(finding, language)
    parts = [said.message]
    parts += [labelled("expected", said.expected, language)] if said.expected else []
    parts += [labelled("received", said.received, language)] if said.received else []
    return "\n".join([*parts, _said("ask", language)])


def question_at(pointer: str, language: Language) -> str:
    """Return what a State is asked about a place that no rule speaks of; empty is the whole."""
    return _said("place" if pointer else "whole", language)


def extension_letter(
    request: str, declaration_id: str, until: str, language: Language
) -> tuple[str, str]:
    """Return subject and text of the letter that says until when the time is extended."""
    figures = {"request": request, "declaration": declaration_id, "until": until}
    subject = _said("extended-subject", language, figures)
    return subject, _said("extended-text", language, figures)


def _said(name: str, language: Language, figures: dict[str, str] | None = None) -> str:
    bundle = _bundle(language)
    pattern = bundle.get_message(name).value
    text, errors = bundle.format_pattern(pattern, figures or {}) if pattern else ("", ())
    if errors or not text:
        raise PlatformError(Code.INTERNAL, f"{name} is not worded as it should be")
    return str(text)


@lru_cache
def _bundle(language: Language) -> FluentBundle:
    bundle = FluentBundle([language])  # sets what it inserts apart, for Arabic
    bundle.add_resource(FluentResource((_WORDS / f"{language}.ftl").read_text("utf-8")))
    return bundle
