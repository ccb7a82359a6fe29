"""What can go wrong between the books of a State and its declarations: the kinds of faults.

A fault is known to nothing but the step that derives declarations, and the answer key. The first
ten are the hypotheses of transfers.md 3.4; the rest are what analysis.md tests for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

IMPORTS, EXPORTS = "imports", "exports"

UNIT_10 = "UNIT_10"
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
SWAPPED_COLUMNS = "SWAPPED_COLUMNS"
COPIED_LAST_YEAR = "COPIED_LAST_YEAR"
CAS_NEIGHBOUR = "CAS_NEIGHBOUR"
SITE_OMITTED_FROM_AND = "SITE_OMITTED_FROM_AND"
STOCK_BELOW_ZERO = "STOCK_BELOW_ZERO"
OUTLIER = "OUTLIER"
APPEARED = "APPEARED"
VANISHED = "VANISHED"
CAPACITY_EXCEEDED = "CAPACITY_EXCEEDED"
OWNER_CHANGE_UNSAID = "OWNER_CHANGE_UNSAID"
PLAN_UNIT_1000 = "PLAN_UNIT_1000"
SITE_RENAMED = "SITE_RENAMED"
DESTRUCTION_BEHIND_UNSAID = "DESTRUCTION_BEHIND_UNSAID"
FACILITY_WORK_BEHIND_UNSAID = "FACILITY_WORK_BEHIND_UNSAID"
ADDITIONAL_MISSED = "ADDITIONAL_MISSED"
ADAA_WITHOUT_ADPA = "ADAA_WITHOUT_ADPA"
MISSING_FILING = "MISSING_FILING"
LATE_FILING = "LATE_FILING"
S1_NOTICE_ONE_SIDED = "S1_NOTICE_ONE_SIDED"
S1_NOTICE_LATE = "S1_NOTICE_LATE"
S1_NOTICE_QUANTITY = "S1_NOTICE_QUANTITY"
S1_NOTICE_DAY = "S1_NOTICE_DAY"
S1_CEILING = "S1_CEILING"

TRADE_KINDS = (
    UNIT_10,
    UNIT_1000,
    YEAR_SHIFT,
    TRANSIT,
    WRONG_CHEMICAL,
    CONCENTRATION,
    THRESHOLD_BASIS,
    LOW_CONCENTRATION,
    TYPO,
    DOUBLE_COUNT,
    RE_EXPORT_FREE_ZONE,
    SWAPPED_COLUMNS,
    COPIED_LAST_YEAR,
)
NATIONAL_KINDS = (
    CAS_NEIGHBOUR,
    SITE_OMITTED_FROM_AND,
    STOCK_BELOW_ZERO,
    OUTLIER,
    APPEARED,
    VANISHED,
)
SITE_KINDS = (CAPACITY_EXCEEDED, OWNER_CHANGE_UNSAID, PLAN_UNIT_1000)
RENAMING_KINDS = (SITE_RENAMED,)
LEGACY_KINDS = (DESTRUCTION_BEHIND_UNSAID, FACILITY_WORK_BEHIND_UNSAID)
TRANSFER_KINDS = (S1_NOTICE_QUANTITY, S1_NOTICE_DAY)
FACILITY_KINDS = (S1_CEILING,)
SENDING_KINDS = (
    ADDITIONAL_MISSED,
    ADAA_WITHOUT_ADPA,
    S1_NOTICE_ONE_SIDED,
    S1_NOTICE_LATE,
    MISSING_FILING,
    LATE_FILING,
)
KINDS = (
    *TRADE_KINDS,
    *NATIONAL_KINDS,
    *RENAMING_KINDS,
    *SITE_KINDS,
    *LEGACY_KINDS,
    *TRANSFER_KINDS,
    *FACILITY_KINDS,
    *SENDING_KINDS,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault: who declares what wrongly, for which years.

    `other` is the State or chemical that is named instead; `factor` a number of its kind;
    `shipments` those that are misplaced or left out; `site` the plant site it is about; `text` what
    it is called instead.
    """

    kind: str
    declarant: str
    years: tuple[int, ...]
    regime: str = ""
    direction: str = ""
    substance: int = -1
    partner: str = ""
    other: str = ""
    other_substance: int = -1
    factor: int = 0
    shipments: frozenset[int] = frozenset()
    site: str = ""
    text: str = ""

    def is_about(self, direction: str, substance: int, partner: str) -> bool:
        """Return whether it touches one flow."""
        return (direction, substance, partner) == (self.direction, self.substance, self.partner)


@dataclass(slots=True)
class FaultPlan:
    """All planted faults, found by declarant and year."""

    faults: list[Fault] = field(default_factory=list)
    _at: dict[tuple[str, int], list[Fault]] = field(default_factory=dict)
    _taken: dict[tuple[str, int, str], Fault] = field(default_factory=dict)
    _reserved: set[tuple[str, int, str]] = field(default_factory=set)

    def plant(self, fault: Fault) -> None:
        """Add a fault."""
        self.faults.append(fault)
        for year in fault.years:
            self._at.setdefault((fault.declarant, year), []).append(fault)

    def uproot(self, fault: Fault) -> None:
        """Take the fault away again that was planted last."""
        self.faults.remove(fault)
        for year in fault.years:
            self._at[fault.declarant, year].remove(fault)

    def at(self, declarant: str, year: int, kinds: Sequence[str]) -> list[Fault]:
        """Return the faults of these kinds in what a State declares for a year."""
        found = self._at.get((declarant, year), ())
        return [fault for fault in found if fault.kind in kinds]

    def reserve(self, place: tuple[str, int, str]) -> None:
        """Keep a place free of faults."""
        self._reserved.add(place)

    def take(self, fault: Fault, places: Iterable[tuple[str, int, str]]) -> bool:
        """Reserve places for a fault; return False, and reserve nothing, if one is taken."""
        wanted = list(places)
        if any(place in self._taken or place in self._reserved for place in wanted):
            return False
        for place in wanted:
            self._taken[place] = fault
        return True

    def is_free(self, state: str, year: int) -> bool:
        """Return whether nothing of a State's aggregate data is reserved for a fault."""
        return not any(
            place[:2] == (state, year) and place[2].startswith("AND") for place in self._taken
        )

    def numbers(self) -> Mapping[Fault, str]:
        """Return the id of each fault in the answer key."""
        return MappingProxyType(
            {fault: f"F-{number:05d}" for number, fault in enumerate(self.faults, start=1)}
        )
