"""The words of a request about a case, in the language of the State that is asked.

Made from the view that this State has of the case (`disclosure`), so a request cannot say more than
the view does. English and French are ours; the other four languages were drafted by machine and
wait for a reviewer, as with the words of the rules.
"""

from decimal import Decimal

from sextant_declarations.analysis.cases.disclosure import ShownPair, ShownSide
from sextant_declarations.analysis.cases.model import Sense
from sextant_declarations.analysis.cases.workflow import workflow
from sextant_declarations.analysis.words import said
from sextant_shared import codelists
from sextant_shared.errors import Code, PlatformError

_PACKAGE = "sextant_declarations.analysis.cases"


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
    figures = {
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
    return " ".join(said(_PACKAGE, name, language, figures) for name in (*sentences, "please"))


def _own(own: ShownSide, way: str) -> str:
    if not own.has_row:
        return f"own-{way}-none"
    return f"own-{way}-unsaid" if own.kg is None else f"own-{way}"


def _plain(kg: Decimal | None) -> str:
    return "" if kg is None else f"{kg.normalize():f}"
