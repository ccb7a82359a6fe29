"""The Annex on Chemicals: its entries and members, what is exempt, and what else is known of them.

Responsible for names, CAS numbers, thresholds and concentration limits as data. Formulas, synonyms
and customs headings stand in a file of their own, one fact a line, so that each has its own
evidence mark. Which amounts count, and what follows, is the business of `sextant_shared.rules`.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources.abc import Traversable

from sextant_shared.codelists.loading import PACKAGE, ListFile, Row, is_valid_on, read_checked

SCHEDULES = ("1A", "1B", "2A", "2A*", "2B", "3A", "3B")
FORMULA, SYNONYM, HS_HEADING = "formula", "synonym", "hs_heading"
_CAS = re.compile(r"[0-9]{2,7}-[0-9]{2}-[0-9]\Z")
_ENTRY = re.compile(r"[1-9][0-9]?")
# m: an enumerated member; ex: an example that the Annex gives; a letter: a part of the entry.
_SUBENTRY = re.compile(r"([a-z]-)?(m|ex)[1-9][0-9]?|[a-z]|")
_FITS = re.compile(r"(1A|1B|2A\*?|2B|3A|3B)\([1-9][0-9]?\)")
_FORMS = {
    FORMULA: re.compile(r"(?:[A-Z][a-z]?(?:[1-9][0-9]*)?)+"),
    SYNONYM: re.compile(r"\S(?:.*\S)?"),
    HS_HEADING: re.compile(r"[0-9]{4}(?:[0-9]{2})?"),
}

CHEMICALS_FILE = ListFile(
    "chemicals.csv",
    (
        "schedule",
        "entry",
        "subentry",
        "name",
        "cas",
        "is_family",
        "declaration_threshold_kg",
        "verification_threshold_kg",
        "low_concentration_limit_pct",
        "conditional_limit_pct",
        "limit_evidence",
        "valid_from",
        "valid_to",
        "notes",
        "evidence",
        "opcw_code",
    ),
    ("schedule", "entry", "subentry"),
)
EXEMPT_FILE = ListFile(
    "exempt.csv",
    ("cas", "name", "fits", "covers_salts", "valid_from", "valid_to", "evidence", "opcw_code"),
    ("cas",),
)
FACTS_FILE = ListFile(
    "chemical_facts.csv", ("cas", "fact", "value", "evidence"), ("cas", "fact", "value")
)


def is_cas(text: str) -> bool:
    """Return whether `text` has the form and the check digit of a CAS number."""
    if _CAS.match(text) is None:
        return False
    digits = text.replace("-", "")
    weighted = sum(i * int(digit) for i, digit in enumerate(reversed(digits[:-1]), start=1))
    return weighted % 10 == int(digits[-1])


@dataclass(frozen=True, slots=True)
class Limits:
    """From which mass fraction on a mixture counts; none of it stands in the treaty's text.

    At or below `low_pct` it is not declarable; above it and up to `conditional_pct` only when the
    yearly amount reaches the verification threshold. None: no such limit is agreed.
    """

    low_pct: Decimal | None
    conditional_pct: Decimal | None
    evidence: str


@dataclass(frozen=True, slots=True)
class ScheduledChemical:
    """One line of the Annex on Chemicals; thresholds in kilograms, strictly greater applies.

    A threshold of zero means any quantity. The verification threshold of Schedule 3 holds for the
    aggregate of a plant site.
    """

    schedule: str
    entry: str
    subentry: str
    name: str
    cas: str
    is_family: bool
    declaration_kg: Decimal
    verification_kg: Decimal
    limits: Limits
    valid_from: dt.date | None
    valid_to: dt.date | None
    notes: str
    evidence: str
    opcw_code: str

    @property
    def place(self) -> str:
        """Where it stands, as people write it: `2B(4) ex1`."""
        return f"{self.schedule}({self.entry}) {self.subentry}".rstrip()

    def is_valid(self, day: dt.date) -> bool:
        """Return whether it stood in the Annex on `day`."""
        return is_valid_on(self, day)


@dataclass(frozen=True, slots=True)
class ExemptChemical:
    """A chemical that fits a family of Schedule 2 and is exempt from it by name."""

    cas: str
    name: str
    fits: str
    covers_salts: bool
    valid_from: dt.date | None
    valid_to: dt.date | None
    evidence: str
    opcw_code: str


@dataclass(frozen=True, slots=True)
class ChemicalFact:
    """One thing that is known of a chemical beside the Annex."""

    cas: str
    fact: str
    value: str
    evidence: str


def read_chemicals(folder: Traversable = PACKAGE) -> tuple[ScheduledChemical, ...]:
    """Return the Annex of a folder, in its order.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    numbers: dict[str, int] = {}
    parts: dict[str, tuple[Decimal, Decimal, Limits]] = {}

    def check(row: Row, chemical: ScheduledChemical) -> Iterator[tuple[str, str]]:
        if chemical.cas and numbers.setdefault(chemical.cas, row.number) != row.number:
            yield "cas", f"{chemical.cas} stands on line {numbers[chemical.cas]}, too"
        common = (chemical.declaration_kg, chemical.verification_kg, chemical.limits)
        if parts.setdefault(chemical.schedule, common) != common:
            part = chemical.schedule
            yield "schedule", f"thresholds or limits differ from those of other lines of {part}"
        if chemical.verification_kg < chemical.declaration_kg:
            yield "verification_threshold_kg", "lies below the declaration threshold"

    return read_checked(CHEMICALS_FILE, folder, _chemical, check)


def read_exempt(folder: Traversable = PACKAGE) -> tuple[ExemptChemical, ...]:
    """Return the exempt chemicals of a folder.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    return read_checked(EXEMPT_FILE, folder, _exempt, lambda _row, _made: ())


def read_facts(folder: Traversable = PACKAGE) -> tuple[ChemicalFact, ...]:
    """Return what else is known of chemicals.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    return read_checked(FACTS_FILE, folder, _fact, lambda _row, _made: ())


def strangers(
    facts: tuple[ChemicalFact, ...],
    chemicals: tuple[ScheduledChemical, ...],
    exempt: tuple[ExemptChemical, ...],
) -> list[str]:
    """Return the CAS numbers of facts about chemicals that stand in no list."""
    known = {chemical.cas for chemical in chemicals} | {line.cas for line in exempt}
    return sorted({fact.cas for fact in facts} - known)


def _cas(row: Row) -> str:
    number = row.text("cas")
    if number and not is_cas(number):
        row.problem("cas", f"{number!r} is no CAS number with its check digit")
    return number


def _chemical(row: Row) -> ScheduledChemical:
    valid_from, valid_to = row.period()
    return ScheduledChemical(
        schedule=row.choice("schedule", SCHEDULES),
        entry=row.matching("entry", _ENTRY, "number of an entry"),
        subentry=row.matching("subentry", _SUBENTRY, "sub-entry such as a, m1, ex1 or a-ex1"),
        name=row.text("name"),
        cas=_cas(row) if row.maybe("cas") else "",
        is_family=row.flag("is_family"),
        declaration_kg=row.decimal("declaration_threshold_kg"),
        verification_kg=row.decimal("verification_threshold_kg"),
        limits=_limits(row),
        valid_from=valid_from,
        valid_to=valid_to,
        notes=row.maybe("notes"),
        evidence=row.evidence(),
        opcw_code=row.maybe("opcw_code"),
    )


def _limits(row: Row) -> Limits:
    low = row.percentage("low_concentration_limit_pct")
    conditional = row.percentage("conditional_limit_pct")
    if conditional is not None and (low is None or conditional <= low):
        row.problem("conditional_limit_pct", "lies not above low_concentration_limit_pct")
    return Limits(low, conditional, row.evidence("limit_evidence"))


def _exempt(row: Row) -> ExemptChemical:
    valid_from, valid_to = row.period()
    return ExemptChemical(
        cas=_cas(row),
        name=row.text("name"),
        fits=row.matching("fits", _FITS, "entry such as 2B(4)"),
        covers_salts=row.flag("covers_salts"),
        valid_from=valid_from,
        valid_to=valid_to,
        evidence=row.evidence(),
        opcw_code=row.maybe("opcw_code"),
    )


def _fact(row: Row) -> ChemicalFact:
    fact = row.choice("fact", _FORMS)
    form = _FORMS.get(fact, _FORMS[SYNONYM])
    value = row.matching("value", form, fact.replace("_", " ") or "fact")
    return ChemicalFact(_cas(row), fact, value, row.evidence())
