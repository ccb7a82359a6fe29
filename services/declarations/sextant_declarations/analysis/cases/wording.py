"""The words of a request about a case, in the language of the State that is asked.

Made from the view that this State has of the case (`disclosure`), so a request cannot say more than
the view does. English and French are ours; the other four languages were drafted by machine and
wait for a reviewer, as with the words of the rules.
"""

from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

from fluent.runtime import FluentBundle, FluentResource

from sextant_declarations.analysis.cases.disclosure import ShownPair, ShownSide
from sextant_declarations.analysis.cases.model import Sense
from sextant_declarations.analysis.cases.workflow import workflow
from sextant_shared import codelists
from sextant_shared.errors import Code, PlatformError

_WORDS = files("sextant_declarations.analysis.cases") / "words"


def question(pair: ShownPair, state: str, language: str) -> str:
    """Return what a State is asked about a pair, in a language of the Convention; else in English.

    Raises:
        PlatformError: `E_STATE` for a pair that is no difference any more.
    """
    if pair.sense is Sense.NONE:
        raise PlatformError(
            Code.STATE,
            f"{pair.id} is no difference any more: there is nothing to ask",
            fix="Read the case again.",
        )
    is_exporter = state == pair.exporter
    own, other = (pair.export, pair.import_) if is_exporter else (pair.import_, pair.export)
    listed = codelists.chemicals_by_cas().get(pair.chemical)
    said = {
        "year": str(pair.year),
        "kg": _plain(own.kg),
        "other": _plain(other.kg),
        "chemical": f"{listed.name} ({pair.chemical})" if listed else pair.chemical,
        "partner": other.state,
        "threshold": _plain(pair.threshold_kg),
        "causes": ", ".join(workflow().causes),
    }
    has_more = (pair.sense is Sense.MORE_EXPORTED) == is_exporter
    sentences = [_own(own, "export" if is_exporter else "import")]
    sentences.append("other-less" if has_more else "other-more")
    if other.is_shown and other.kg is not None:
        sentences.append("other-shown")
    bundle = _bundle(language if (_WORDS / f"{language}.ftl").is_file() else "en")
    return " ".join(_said(bundle, name, said) for name in (*sentences, "please"))


def _own(own: ShownSide, way: str) -> str:
    if not own.has_row:
        return f"own-{way}-none"
    return f"own-{way}-unsaid" if own.kg is None else f"own-{way}"


def _plain(kg: Decimal | None) -> str:
    return "" if kg is None else f"{kg.normalize():f}"


def _said(bundle: FluentBundle, name: str, figures: dict[str, str]) -> str:
    pattern = bundle.get_message(name).value
    text, errors = bundle.format_pattern(pattern, figures) if pattern else ("", ())
    if errors or not text:
        raise PlatformError(Code.INTERNAL, f"{name} is not worded as it should be")
    return str(text)


@lru_cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language])  # sets what it inserts apart, for Arabic
    bundle.add_resource(FluentResource((_WORDS / f"{language}.ftl").read_text("utf-8")))
    return bundle
