"""Words questions about a declaration, and letters that extend a time, in the State's language.

A finding is said again from its rule, way and figures, as the rule book has it; what no rule words
stays as it was found. English and French are ours; the other four languages were drafted by machine
and wait for a reviewer, as with the words of the rules.
"""

from sextant_declarations.analysis.words import said
from sextant_shared.errors import Finding
from sextant_shared.rules.wording import Language, labelled, reworded

_PACKAGE = "sextant_declarations.analysis.clarifications"


def question_of(finding: Finding, language: Language) -> str:
    """Return what a State is asked about a finding."""
    worded = reworded(finding, language)
    parts = [worded.message]
    parts += [labelled("expected", worded.expected, language)] if worded.expected else []
    parts += [labelled("received", worded.received, language)] if worded.received else []
    return "\n".join([*parts, said(_PACKAGE, "ask", language)])


def question_at(pointer: str, language: Language) -> str:
    """Return what a State is asked about a place that no rule speaks of; empty is the whole."""
    return said(_PACKAGE, "place" if pointer else "whole", language)


def extension_letter(
    request: str, declaration_id: str, until: str, language: Language
) -> tuple[str, str]:
    """Return subject and text of the letter that says until when the time is extended."""
    figures = {"request": request, "declaration": declaration_id, "until": until}
    subject = said(_PACKAGE, "extended-subject", language, figures)
    return subject, said(_PACKAGE, "extended-text", language, figures)
