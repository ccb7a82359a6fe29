"""The words of a message in the language of the State that reads it, out of a package's `words`."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fluent.runtime import FluentBundle, FluentResource

from sextant_shared.errors import Code, PlatformError

_DEFAULT = "en"


def said(package: str, name: str, language: str, figures: Mapping[str, str] | None = None) -> str:
    """Return a message of a package in a language of the Convention; in another, in English.

    Raises:
        PlatformError: `E_INTERNAL` for a message that lacks words, or a figure.
    """
    bundle = _bundle(package, language)
    pattern = bundle.get_message(name).value
    text, errors = bundle.format_pattern(pattern, dict(figures or {})) if pattern else ("", ())
    if errors or not text:
        raise PlatformError(Code.INTERNAL, f"{name} is not worded as it should be")
    return str(text)


@lru_cache
def _bundle(package: str, language: str) -> FluentBundle:
    folder = files(package) / "words"
    if not _words(folder, language).is_file():
        language = _DEFAULT
    bundle = FluentBundle([language])  # sets what it inserts apart, for Arabic
    bundle.add_resource(FluentResource(_words(folder, language).read_text("utf-8")))
    return bundle


def _words(folder: Traversable, language: str) -> Traversable:
    return folder / f"{language}.ftl"
