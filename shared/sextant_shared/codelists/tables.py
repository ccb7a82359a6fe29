"""The short lists: activities, product groups, purposes, reasons, causes, production ranges.

Each is a table of codes with a meaning; `regime` says where a code may be used, and is empty where
it may be used everywhere.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources.abc import Traversable

from sextant_shared.codelists.loading import PACKAGE, ListFile, Row, is_valid_on, read, read_checked

TABLES = ("activities", "amendment_reasons", "product_groups", "purposes", "transfer_causes")
"""The lists of this one shape; the file has the same name."""
RANGES = "ranges"
_CODE = re.compile(r"[A-Z0-9][A-Z0-9*_-]{0,31}")  # what the models take for a code
_REGIMES = ("", "S1", "S2", "S3")
_RANGE_REGIMES = ("S3", "DOC", "PSF")

RANGES_FILE = ListFile(
    f"{RANGES}.csv",
    (
        "code",
        "regime",
        "lower_t",
        "lower_included",
        "upper_t",
        "upper_included",
        "valid_from",
        "valid_to",
        "evidence",
        "opcw_code",
    ),
    ("code",),
)


def table_file(name: str) -> ListFile:
    """Return the shape of one of the tables."""
    header = ("code", "regime", "meaning", "valid_from", "valid_to", "evidence", "opcw_code")
    return ListFile(f"{name}.csv", header, ("code",))


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code of a table."""

    code: str
    regime: str
    meaning: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    evidence: str
    opcw_code: str

    def is_valid(self, day: dt.date) -> bool:
        """Return whether the code was in use on `day`."""
        return is_valid_on(self, day)


@dataclass(frozen=True, slots=True)
class ProductionRange:
    """A range of yearly production in tonnes; `upper_t` None is no upper end.

    Which end belongs to which range is not said by the treaty, whose ranges share their ends.
    """

    code: str
    regime: str
    lower_t: Decimal
    lower_included: bool
    upper_t: Decimal | None
    upper_included: bool
    valid_from: dt.date | None
    valid_to: dt.date | None
    evidence: str
    opcw_code: str

    def __contains__(self, tonnes: object) -> bool:
        if not isinstance(tonnes, Decimal):
            return False
        above = tonnes > self.lower_t or (self.lower_included and tonnes == self.lower_t)
        if self.upper_t is None:
            return above
        return above and (tonnes < self.upper_t or (self.upper_included and tonnes == self.upper_t))

    @property
    def meaning(self) -> str:
        """The range as people read it."""
        if self.upper_t is None:
            return f"{'from' if self.lower_included else 'more than'} {self.lower_t} t"
        lower = f"{'from' if self.lower_included else 'above'} {self.lower_t} t"
        return f"{lower} {'up to' if self.upper_included else 'to below'} {self.upper_t} t"


def read_table(name: str, folder: Traversable = PACKAGE) -> tuple[CodeLine, ...]:
    """Return one of the tables of a folder.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    return read(table_file(name), folder, _line)


def read_ranges(folder: Traversable = PACKAGE) -> tuple[ProductionRange, ...]:
    """Return the production ranges of a folder; those of one regime join without gap or overlap.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    before: dict[str, ProductionRange] = {}

    def check(_row: Row, line: ProductionRange) -> Iterator[tuple[str, str]]:
        previous = before.get(line.regime)
        before[line.regime] = line
        if line.upper_t is not None and line.upper_t <= line.lower_t:
            yield "upper_t", f"{line.upper_t} is not above lower_t, {line.lower_t}"
        if previous is None:
            return
        if previous.upper_t != line.lower_t:
            yield "lower_t", f"{line.code} does not begin where {previous.code} ends"
        elif previous.upper_included == line.lower_included:
            yield "lower_included", f"{line.lower_t} t must belong to one of two ranges"

    return read_checked(RANGES_FILE, folder, _range, check)


def _line(row: Row) -> CodeLine:
    valid_from, valid_to = row.period()
    return CodeLine(
        code=row.matching("code", _CODE, "code (capital letters, digits, - and _)"),
        regime=row.choice("regime", _REGIMES),
        meaning=row.text("meaning"),
        valid_from=valid_from,
        valid_to=valid_to,
        evidence=row.evidence(),
        opcw_code=row.maybe("opcw_code"),
    )


def _range(row: Row) -> ProductionRange:
    valid_from, valid_to = row.period()
    return ProductionRange(
        code=row.matching("code", _CODE, "code (capital letters, digits, - and _)"),
        regime=row.choice("regime", _RANGE_REGIMES),
        lower_t=row.decimal("lower_t"),
        lower_included=row.flag("lower_included"),
        upper_t=row.maybe_decimal("upper_t"),
        upper_included=row.flag("upper_included"),
        valid_from=valid_from,
        valid_to=valid_to,
        evidence=row.evidence(),
        opcw_code=row.maybe("opcw_code"),
    )
