"""Finding a code by what people call the thing: all lists in one form, ranked by how it fits.

Accents, case, hyphens and other signs make no difference: `N-Méthyl` finds `nmethyl`. Greek letters
are spelled out. Responsible for finding; the lists themselves say what is true.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache

from sextant_shared.codelists.chemicals import (
    FORMULA,
    HS_HEADING,
    SYNONYM,
    ChemicalFact,
    ExemptChemical,
    Limits,
    ScheduledChemical,
)
from sextant_shared.codelists.lists import Lists, lists
from sextant_shared.codelists.tables import RANGES, TABLES, CodeLine, ProductionRange

CHEMICALS, EXEMPT, STATES = "chemicals", "exempt", "states"
NAMES = (CHEMICALS, EXEMPT, STATES, RANGES, *TABLES)
"""Every list that can be shown and searched."""
_GREEK = "GREEK SMALL LETTER "  # as Unicode names them
_FRAGMENT = 3  # two letters stand inside half of all names
# What the thresholds of a Schedule do not say by themselves: to declare, to inspect.
_MORE = {
    "1": ("; research, medical, pharmaceutical facilities: more than 0.1 kg a year [T VI.11]", ""),
    "2": (" a year at one plant", " a year at one plant"),
    "3": (" a year at one plant", " a year, all Schedule 3 chemicals of a plant site together"),
}


class Rank(IntEnum):
    """How well a line fits what was asked, best first."""

    EXACT = 0
    PREFIX = 1
    WORD = 2
    FRAGMENT = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line of any list as people read it: its code, what it means, and what else it says.

    `facts` are pairs of a word and a value; `terms` are what a search compares with.
    """

    list: str
    code: str
    meaning: str
    facts: tuple[tuple[str, str], ...]
    evidence: str
    valid: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that was found, and by which of its terms."""

    line: Line
    rank: Rank
    term: str


def lines_of(name: str) -> tuple[Line, ...]:
    """Return the lines of one of `NAMES`, in the list's order."""
    return _all_lines()[name]


def search(words: str, names: Sequence[str] = NAMES) -> list[Hit]:
    """Return the lines of the lists named that fit, best first; nothing fits an empty text."""
    asked = _Asked.of(words)
    hits = []
    for name in names if asked.squeezed else ():
        for line, spelled in zip(lines_of(name), _spelled(name), strict=True):
            found = [
                (rank, term)
                for term, (squeezed, parts) in zip(line.terms, spelled, strict=True)
                if (rank := asked.rank(squeezed, parts)) is not None
            ]
            if found:
                rank, term = min(found, key=lambda pair: pair[0])
                hits.append(Hit(line, rank, term))
    return sorted(hits, key=lambda hit: hit.rank)


def spell(text: str) -> tuple[str, ...]:
    """Return the words of a text without accents, case, hyphens and signs."""
    # Twice: taking signs apart may give capitals, and folding these may give signs (UAX 31).
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(_spelled_out(sign) for sign in text if not unicodedata.combining(sign))
    kept = "".join(sign if sign.isalnum() or sign == "*" else " " for sign in plain)
    return tuple(kept.split())


def _spelled_out(sign: str) -> str:
    name = unicodedata.name(sign, "")
    return name.removeprefix(_GREEK).casefold() if name.startswith(_GREEK) else sign


@dataclass(frozen=True, slots=True)
class _Asked:
    squeezed: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, words: str) -> "_Asked":
        parts = spell(words)
        return cls("".join(parts), parts)

    def rank(self, squeezed: str, parts: Sequence[str]) -> Rank | None:
        if squeezed == self.squeezed:
            return Rank.EXACT
        if squeezed.startswith(self.squeezed):
            return Rank.PREFIX
        if all(any(part.startswith(word) for part in parts) for word in self.parts):
            return Rank.WORD
        if len(self.squeezed) < _FRAGMENT:
            return None
        inside = self.squeezed in squeezed or all(word in squeezed for word in self.parts)
        return Rank.FRAGMENT if inside else None


@lru_cache
def _all_lines() -> dict[str, tuple[Line, ...]]:
    held = lists()
    facts: dict[str, list[ChemicalFact]] = {}
    for fact in held.facts:
        facts.setdefault(fact.cas, []).append(fact)
    tables = {name: tuple(_of_table(name, line) for line in held.tables[name]) for name in TABLES}
    return {
        CHEMICALS: tuple(_of_chemical(c, facts.get(c.cas, [])) for c in held.chemicals),
        EXEMPT: tuple(_of_exempt(c, facts.get(c.cas, [])) for c in held.exempt),
        STATES: tuple(_of_states(held)),
        RANGES: tuple(map(_of_range, held.ranges)),
        **tables,
    }


@lru_cache
def _spelled(name: str) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]:
    return tuple(
        tuple(("".join(parts := spell(term)), parts) for term in line.terms)
        for line in lines_of(name)
    )


def _of_chemical(chemical: ScheduledChemical, known: Sequence[ChemicalFact]) -> Line:
    kind = "family" if chemical.is_family else ""
    facts = [
        ("CAS", chemical.cas),
        ("kind", "example" if chemical.subentry.rpartition("-")[2].startswith("ex") else kind),
        *_beside(known),
        ("declarable", _more_than(chemical.declaration_kg) + _MORE[chemical.schedule[0]][0]),
        ("inspected", _more_than(chemical.verification_kg) + _MORE[chemical.schedule[0]][1]),
        ("mixtures", f"{limit_text(chemical.limits)} [{chemical.limits.evidence}]"),
        ("note", chemical.notes),
    ]
    # «Sarin: O-Isopropyl …» is known by either half.
    halves = chemical.name.split(": ", 1)
    number = f"{chemical.schedule} {chemical.entry}"
    terms = (
        chemical.place,
        number,
        *halves,
        chemical.name,
        chemical.cas,
        *(f.value for f in known),
    )
    return Line(
        CHEMICALS,
        chemical.place,
        chemical.name,
        _told(facts),
        chemical.evidence,
        _days(chemical.valid_from, chemical.valid_to),
        _unlike(terms),
    )


def _of_exempt(chemical: ExemptChemical, known: Sequence[ChemicalFact]) -> Line:
    salts = ", with its protonated salts," if chemical.covers_salts else ""
    why = f"no: exempt by name{salts} from {chemical.fits}, which it would fit"
    facts = [*_beside(known), ("declarable", why)]
    halves = chemical.name.split(": ", 1)
    return Line(
        EXEMPT,
        chemical.cas,
        chemical.name,
        _told(facts),
        chemical.evidence,
        _days(chemical.valid_from, chemical.valid_to),
        _unlike((chemical.cas, *halves, chemical.name, *(f.value for f in known), chemical.fits)),
    )


def _of_states(held: Lists) -> Iterator[Line]:
    for code, state in held.states.items():
        party = "State Party" if state.is_state_party else "no State Party"
        since = f" since {state.eif_date}" if state.eif_date else ""
        facts = [("region", state.region), ("status", f"{party}{since}")]
        days = _days(state.valid_from, state.valid_to)
        yield Line(STATES, code, state.name, _told(facts), state.evidence, days, (code, state.name))


def _of_range(line: ProductionRange) -> Line:
    days = _days(line.valid_from, line.valid_to)
    facts = _told([("regime", line.regime)])
    terms = (line.code, f"{line.regime} {line.meaning}", line.meaning)
    return Line(RANGES, line.code, line.meaning, facts, line.evidence, days, terms)


def _of_table(name: str, line: CodeLine) -> Line:
    days = _days(line.valid_from, line.valid_to)
    facts = _told([("regime", line.regime)])
    return Line(
        name, line.code, line.meaning, facts, line.evidence, days, (line.code, line.meaning)
    )


def limit_text(limits: Limits) -> str:
    """Return up to which mass fraction a mixture does not count."""
    if limits.low_pct is None:
        return "no limit agreed"
    text = f"up to {limits.low_pct} % not declarable"
    if limits.conditional_pct is not None:
        text += f", up to {limits.conditional_pct} % only from the verification threshold"
    return text


def _beside(known: Sequence[ChemicalFact]) -> Iterator[tuple[str, str]]:
    words = {FORMULA: "formula", SYNONYM: "also", HS_HEADING: "customs heading"}
    for fact, word in words.items():
        found = [f for f in known if f.fact == fact]
        if found:
            marks = ", ".join(dict.fromkeys(f.evidence for f in found))
            yield word, f"{', '.join(f.value for f in found)} [{marks}]"


def _more_than(kilograms: Decimal) -> str:
    return f"more than {kilograms:,} kg".replace(",", " ") if kilograms else "any quantity"


def _days(first: object, last: object) -> str:
    since = f"from {first}" if first else ""
    return f"{since} until {last}".strip() if last else since


def _told(facts: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((word, value) for word, value in facts if value)


def _unlike(terms: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, terms)))
