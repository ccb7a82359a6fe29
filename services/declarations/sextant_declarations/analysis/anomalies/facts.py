"""What the methods compare: figures out of effective declarations, each with its place.

One `Facts` for a State. Nothing is judged here and nothing is dropped: a figure that is blank,
unknown or not applicable is None, and no method takes it for zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sextant_declarations.analysis.anomalies.model import Place
from sextant_shared.rules.figures import in_grams, shown

ACTIVITIES = ("produced", "processed", "consumed")
TOTALS = (*ACTIVITIES, "imported", "exported")
WAYS = ("imports", "exports")


@dataclass(frozen=True, slots=True)
class Figure:
    """One declared amount: between which kilograms it lies, as it was written, and where.

    `high` is None where a range has no upper end.
    """

    low: Decimal
    high: Decimal | None
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class TradeRow:
    """What moved from or to one partner; `kg` is None for «below the threshold»."""

    partner: str
    kg: Decimal | None
    text: str
    place: Place
    implied: Decimal | None = None
    """What the national total leaves for the only row without a figure."""


@dataclass(frozen=True, slots=True)
class National:
    """Aggregate national data of one chemical and year."""

    year: int
    regime: str
    chemical: str
    name: str
    schedule: str
    totals: Mapping[str, Figure]
    rows: Mapping[str, tuple[TradeRow, ...]]
    place: Place
    denied: Mapping[str, Figure] = field(default_factory=dict)
    """Totals of which the State says that the question does not arise."""


@dataclass(frozen=True, slots=True)
class AtPlant:
    """One chemical at one plant: done in a year, or planned for it (`ahead`)."""

    year: int
    regime: str
    site: str
    plant: str
    chemical: str
    name: str
    schedule: str
    amounts: Mapping[str, Figure]
    capacity: Figure | None
    place: Place
    is_additional: bool = False


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """A plant site as one declaration of a year names it."""

    year: int
    kind: str
    code: str
    name: str
    operator: str
    address: tuple[str, ...]
    note: str
    place: Place

    @property
    def is_past(self) -> bool:
        """Whether the declaration is of past activities."""
        return self.kind.endswith("ADPA")


@dataclass(frozen=True, slots=True)
class Stock:
    """One Schedule 1 chemical at one facility in a year; flows are summed, None if one is open."""

    year: int
    facility: str
    facility_type: str
    facility_name: str
    chemical: str
    name: str
    produced: Figure | None
    received: Decimal | None
    used: Decimal | None
    most: Figure | None
    end: Figure | None
    place: Place


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of one Schedule 1 transfer."""

    declarant: str
    sender: str
    receiver: str
    chemical: str
    day: int
    """Ordinal of the planned day."""
    day_text: str
    kg: Decimal | None
    text: str
    recipient: str
    place: Place


@dataclass(frozen=True, slots=True)
class Step:
    """What is planned, or was done, of one line or structure of Articles IV and V.

    `amounts` are (tonnes as kilograms, items); `reason` is why it fell behind.
    """

    article: str
    year: int
    facility: str
    code: str
    planned: tuple[Decimal | None, int | None]
    done: tuple[Decimal | None, int | None]
    is_done: bool
    reason: str
    text: str
    place: Place


@dataclass(slots=True)
class Facts:
    """All that is compared of one State."""

    state: str
    national: dict[tuple[int, str], National] = field(default_factory=dict)
    past: list[AtPlant] = field(default_factory=list)
    ahead: list[AtPlant] = field(default_factory=list)
    sites: list[SiteSeen] = field(default_factory=list)
    stocks: list[Stock] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    listed: list[tuple[int, str, Decimal, bool]] = field(default_factory=list)
    """Schedule 1 transfers of the yearly lists: year, chemical, kilograms, whether received."""
    plans: list[Step] = field(default_factory=list)
    reports: list[Step] = field(default_factory=list)
    filed: dict[tuple[str, int], Place] = field(default_factory=dict)
    """Kinds filed for a year; `NIL:<scope>` for what was declared as nothing."""
    twice: list[tuple[Place, Place]] = field(default_factory=list)
    """Two declarations that say the same thing of the same year: the first counts."""
    initial_years: set[int] = field(default_factory=set)
    reported_years: set[int] = field(default_factory=set)
    """Years on which anything that looks back was filed."""
    contradictory: list[tuple[Place, ...]] = field(default_factory=list)
    """Amendments of one version: the one filed first counts."""
    read: dict[str, tuple[Place, int]] = field(default_factory=dict)
    """Each declaration that was read, by its number: which version of it, and its year."""
    part: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """Years that are not whole, of a chemical or (empty) of all, and why (`terms`)."""

    def is_whole(self, year: int, chemical: str = "") -> bool:
        """Return whether a year can be held against other years and other States."""
        return (year, "") not in self.part and (year, chemical) not in self.part

    def owes_for(self, year: int) -> bool:
        """Return whether a report on a year is due: a State that left by then owes none."""
        after = self.part.get((year + 1, ""))
        return self.part.get((year, "")) != "OUT" and after not in {"OUT", "LEFT"}

    def year_of(self, place: Place) -> int:
        """Return the reporting year of the declaration at a place."""
        return self.read[place.declaration_id][1]


def mass(kg: Decimal, schedule: str = "") -> str:
    """Return a mass as a card shows it; Schedule 1 in grams."""
    return in_grams(kg) if schedule.startswith("1") else shown(kg)
