"""In which language the command speaks of rules: as asked, else as the terminal is set."""

import sys
from typing import Annotated

import typer

from sextant_shared.rules.wording import DRAFTS, LANGUAGES, Language

Lang = Annotated[
    str | None, typer.Option("--lang", help="Language of rules: en, fr, es, ru, ar or zh.")
]
# The first that is set counts, as for every other program.
Locale = Annotated[
    str | None, typer.Option("--locale", hidden=True, envvar=["LC_ALL", "LC_MESSAGES", "LANG"])
]


def language_of(lang: str | None, locale: str | None) -> Language:
    """Return the language that was asked for, else the terminal's, else English.

    Output that is no terminal is read by programs: it is English unless a language is named.

    Raises:
        typer.BadParameter: when it is none of the six.
    """
    if lang is not None:
        named = _known(lang)
        if named is None:
            raise typer.BadParameter(f"{lang} is none of {', '.join(LANGUAGES)}")
        return named
    spoken = (locale or "").partition(".")[0].partition("_")[0]
    return (_known(spoken) if sys.stdout.isatty() else None) or "en"


def _known(name: str) -> Language | None:
    return next((language for language in LANGUAGES if language == name.lower()), None)


def remark(language: Language) -> str:
    """Return what a reader must know of the texts of a language; empty when nothing."""
    if language in DRAFTS:
        return f"Texts in {language} are machine drafts waiting for a reviewer; English counts."
    return ""
