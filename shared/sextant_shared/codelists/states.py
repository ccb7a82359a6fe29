"""States by their ISO 3166-1 alpha-3 codes: names, regions, membership, and days.

Responsible for which codes exist on which day and which of them are States Parties. A code that
ISO leaves to its users (AAA-AAZ, QMA-QZZ, XAA-XZZ, ZZA-ZZZ) stands for a synthetic State: the file
`synthetic_ranges.csv` opens those ranges, and closes them for a system without synthetic data.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from sextant_shared.codelists.loading import PACKAGE, ListFile, Row, is_valid_on, read, read_checked

SYNTHETIC = "Synthetic"
REGIONS = (
    "Africa",
    "Asia",
    "Eastern Europe",
    "Latin America and the Caribbean",
    "Western European and Others",
    SYNTHETIC,
)
_ALPHA3 = re.compile(r"[A-Z]{3}")

STATES_FILE = ListFile(
    "states.csv",
    (
        "code",
        "name",
        "is_state_party",
        "eif_date",
        "valid_from",
        "valid_to",
        "region",
        "evidence",
        "opcw_code",
    ),
    ("code",),
)
RANGES_FILE = ListFile(
    "synthetic_ranges.csv", ("first", "last", "is_state_party", "evidence"), ("first",)
)


@dataclass(frozen=True, slots=True)
class State:
    """A State as the code list knows it, from one day until another (None: open)."""

    code: str
    name: str
    is_state_party: bool
    valid_from: dt.date | None
    valid_to: dt.date | None
    region: str
    eif_date: dt.date | None = None
    """Entry into force for this State [XXI]; None where the list does not know the day."""
    evidence: str = "P"
    opcw_code: str = ""

    def is_valid(self, day: dt.date) -> bool:
        """Return whether the code was in use on `day`."""
        return is_valid_on(self, day)

    def is_state_party_on(self, day: dt.date) -> bool:
        """Return whether the Convention was in force for this State, under this code, on `day`.

        An unknown day of entry into force counts as past: membership is known, its begin is not.
        """
        begun = self.eif_date is None or self.eif_date <= day
        return self.is_state_party and begun and self.is_valid(day)


@dataclass(frozen=True, slots=True)
class SyntheticRange:
    """User-assigned codes of ISO 3166-1 that stand for synthetic States."""

    first: str
    last: str
    is_state_party: bool
    evidence: str

    def __contains__(self, code: object) -> bool:
        return (
            isinstance(code, str)
            and _ALPHA3.fullmatch(code) is not None
            and self.first <= code <= self.last
        )


class StateTable(Mapping[str, State]):
    """States by code: those of the list, and any code of an open synthetic range.

    Iteration yields the States that the list names; a lookup answers for the ranges, too.
    """

    def __init__(self, listed: Mapping[str, State], ranges: tuple[SyntheticRange, ...]) -> None:
        self._listed = dict(listed)
        self.ranges = ranges

    def __getitem__(self, code: str) -> State:
        found = self._listed.get(code)
        if found is not None:
            return found
        for synthetic in self.ranges:
            if code in synthetic:
                name = f"{code} (synthetic)"
                return State(code, name, synthetic.is_state_party, None, None, SYNTHETIC)
        raise KeyError(code)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def read_states(folder: Traversable = PACKAGE) -> StateTable:
    """Return the States and synthetic ranges of a folder's lists.

    Raises:
        PlatformError: INTERNAL, naming every problem of a file.
    """
    listed = read_checked(STATES_FILE, folder, _state, _membership)
    return StateTable(
        {state.code: state for state in listed}, read(RANGES_FILE, folder, _synthetic_range)
    )


def _state(row: Row) -> State:
    valid_from, valid_to = row.period()
    return State(
        code=row.matching("code", _ALPHA3, "alpha-3 code (three capital letters)"),
        name=row.text("name"),
        is_state_party=row.flag("is_state_party"),
        valid_from=valid_from,
        valid_to=valid_to,
        region=row.choice("region", REGIONS),
        eif_date=row.date("eif_date"),
        evidence=row.evidence(),
        opcw_code=row.maybe("opcw_code"),
    )


def _membership(_row: Row, state: State) -> Iterator[tuple[str, str]]:
    if state.eif_date and not state.is_state_party:
        yield "eif_date", "the Convention entered into force for a State that is no State Party"


def _synthetic_range(row: Row) -> SyntheticRange:
    first = row.matching("first", _ALPHA3, "alpha-3 code (three capital letters)")
    last = row.matching("last", _ALPHA3, "alpha-3 code (three capital letters)")
    if last < first:
        row.problem("last", f"{last} lies before {first}")
    return SyntheticRange(first, last, row.flag("is_state_party"), row.evidence())
