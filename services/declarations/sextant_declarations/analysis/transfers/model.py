"""What transfer matching takes in and gives out: rows, sides, intervals, classes, pairs.

Amounts are `Decimal` kilograms of the pure chemical. Values only: how they are made is the
business of the other modules of this package.
"""

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

_PLAIN = re.compile(r"[0-9A-Za-z-]{1,40}")


class Direction(StrEnum):
    """Which way a row of a declarant goes."""

    EXPORT = "EXPORT"
    IMPORT = "IMPORT"


class Qualifier(StrEnum):
    """Whether a row gives its figure."""

    EXACT = "EXACT"
    LESS_THAN = "LESS_THAN"
    UNKNOWN = "UNKNOWN"
    """A row that says that something moved and not how much: blank, unknown or not applicable."""


class FiledStatus(StrEnum):
    """What a State has filed for a year and regime."""

    FILED = "FILED"
    NIL = "NIL"
    NOT_FILED = "NOT_FILED"


class Klass(StrEnum):
    """Class of a pair (the domain's table of classes; the last one is ours)."""

    MATCH = "MATCH"
    WITHIN_THRESHOLD = "WITHIN_THRESHOLD"
    QUANTITY_MISMATCH = "QUANTITY_MISMATCH"
    EXPORT_ONLY = "EXPORT_ONLY"
    IMPORT_ONLY = "IMPORT_ONLY"
    POSSIBLE = "POSSIBLE"
    PENDING = "PENDING"
    NSP_S1 = "NSP_S1"
    NSP_S2 = "NSP_S2"
    NSP_S3 = "NSP_S3"
    SELF_OR_INVALID = "SELF_OR_INVALID"
    NOT_COMPARED = "NOT_COMPARED"
    """Declared for a time in which the chemical stood in no schedule; a note says so."""

    @property
    def is_difference(self) -> bool:
        """Whether even the smallest possible difference is above the threshold."""
        return self in _DIFFERENCES

    @property
    def is_restricted(self) -> bool:
        """Whether people alone handle it: no automatic message may follow."""
        return self in {Klass.NSP_S1, Klass.NSP_S2}


_DIFFERENCES = frozenset({Klass.QUANTITY_MISMATCH, Klass.EXPORT_ONLY, Klass.IMPORT_ONLY})


class HypothesisKind(StrEnum):
    """Explanations that are tried; none is ever applied."""

    UNIT_1000 = "UNIT_1000"
    YEAR_SHIFT = "YEAR_SHIFT"
    TRANSIT = "TRANSIT"
    WRONG_CHEMICAL = "WRONG_CHEMICAL"
    CONCENTRATION = "CONCENTRATION"
    THRESHOLD_BASIS = "THRESHOLD_BASIS"
    LOW_CONCENTRATION = "LOW_CONCENTRATION"
    TYPO = "TYPO"
    DOUBLE_COUNT = "DOUBLE_COUNT"
    RE_EXPORT_FREE_ZONE = "RE_EXPORT_FREE_ZONE"


class Note(StrEnum):
    """What an officer should know of a pair beside its class."""

    DECLARED_TWICE = "DECLARED_TWICE"
    """One side gives the same figure in several declarations; it is counted once."""
    CONTRADICTORY = "CONTRADICTORY"
    """One side gives several figures in several declarations; the interval holds all of them."""
    SEVERAL_ROWS = "SEVERAL_ROWS"
    """One declaration gives several rows for the partner; they are added up."""
    NO_FIGURE = "NO_FIGURE"
    """A row says that something moved and not how much."""
    JOINED_IN_YEAR = "JOINED_IN_YEAR"
    LEFT_IN_YEAR = "LEFT_IN_YEAR"
    SCHEDULED_IN_YEAR = "SCHEDULED_IN_YEAR"
    """The chemical came into the schedules during the year.

    Transfers that are declared one by one are compared from that day on; a yearly total cannot be
    divided, and may hold what moved before.
    """
    NOT_SCHEDULED = "NOT_SCHEDULED"
    UNKNOWN_STATE = "UNKNOWN_STATE"
    PARTNER_IS_DECLARANT = "PARTNER_IS_DECLARANT"


@dataclass(frozen=True, slots=True, order=True)
class Document:
    """One version of one declaration."""

    state: str
    declaration_id: str
    version: int


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A value within a version: a JSON pointer."""

    document: Document
    pointer: str


@dataclass(frozen=True, slots=True, order=True)
class PairKey:
    """One year, chemical and ordered pair: exporter first."""

    year: int
    chemical: str
    exporter: str
    importer: str

    @property
    def id(self) -> str:
        """The name of the pair, the same for all versions; it fits in an address."""
        plain = self.chemical
        if not _PLAIN.fullmatch(plain):
            plain = "x" + hashlib.sha256(plain.encode()).hexdigest()[:16]
        return f"{self.year}.{plain}.{self.exporter}.{self.importer}"


@dataclass(frozen=True, slots=True)
class Row:
    """What one State declares to have sent to, or received from, one other in a year.

    `kg` is None where the row gives no figure. `half_step` is half a unit of the last digit that
    the declarant gives.
    """

    year: int
    chemical: str
    declarant: str
    direction: Direction
    partner: str
    kg: Decimal | None
    qualifier: Qualifier
    half_step: Decimal
    schedule: str
    place: Place
    mixture_note: str | None = None
    certificate: str | None = None
    """Reference of an end-use certificate (VIII.26)."""

    @property
    def key(self) -> PairKey:
        """The pair that the row speaks of."""
        if self.direction is Direction.EXPORT:
            return PairKey(self.year, self.chemical, self.declarant, self.partner)
        return PairKey(self.year, self.chemical, self.partner, self.declarant)


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which amounts, in kilograms, a figure lies."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two States says of a pair; `interval` is None where nothing bounds it.

    That is so where it has not filed, and where its row gives no figure. `kg` is what is compared:
    its figure where it gives one, and zero where it has filed and has no row. `has_total` says that
    it declares a national total of the chemical in that direction. `documents` are all versions
    that the side stands on, also when they have no row.
    """

    state: str
    direction: Direction
    filed: FiledStatus
    rows: tuple[Row, ...]
    kg: Decimal | None
    interval: Interval | None
    has_total: bool
    basis_note: str | None
    documents: tuple[Document, ...]

    @property
    def is_present(self) -> bool:
        """Whether the State has a row for the pair."""
        return bool(self.rows)

    @property
    def declared_kg(self) -> Decimal | None:
        """The figure that it declares: a State without a row has not declared zero."""
        return self.kg if self.rows else None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a hypothesis stands on, by its name; `place` where it was declared.

    `owner` is the State whose declared figure it is or is made of; None for what is no State's,
    such as a threshold. Whoever may not see figures of `owner` may not see this one. A figure made
    of two States' figures is given under `BOTH`.
    """

    name: str
    value: Decimal
    owner: str | None = None
    place: Place | None = None


BOTH = "*"
"""Owner of a figure that is made of what several States declare."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation that was tried and fits.

    `closes`: what is left of the difference, if it were so, is not above the threshold. `residual`
    is what is left, in kilograms, None where the test does not give it. `related` are the other
    pairs that it would explain or that it was read from.
    """

    kind: HypothesisKind
    closes: bool
    residual: Decimal | None
    figures: tuple[Figure, ...]
    related: tuple[PairKey, ...] = ()
    third: str | None = None
    """A third State that it speaks of: a State of transit, or the true origin or destination."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The result for one pair. `gap` and `span` are None where nothing is compared."""

    key: PairKey
    schedule: str
    threshold: Decimal
    klass: Klass
    gap: Decimal | None
    span: Decimal | None
    export: Side
    import_: Side
    notes: tuple[Note, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()

    @property
    def id(self) -> str:
        """The name of the pair, the same for all versions."""
        return self.key.id

    @property
    def versions(self) -> tuple[Document, ...]:
        """The versions of declarations that the result stands on, hypotheses included."""
        used = {*self.export.documents, *self.import_.documents}
        for hypothesis in self.hypotheses:
            used |= {figure.place.document for figure in hypothesis.figures if figure.place}
        return tuple(sorted(used))
