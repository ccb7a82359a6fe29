"""Open cases of a State as a table, for its customs service: CSV and XLSX, from its views alone.

Numbers that are names (CAS, case) stay text: a spreadsheet makes dates of some of them.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from sextant_declarations.analysis.cases.disclosure import ShownCase, ShownPair, ShownSide
from sextant_declarations.analysis.cases.model import Sense
from sextant_shared import codelists

TABLE = 200  # cases that are read at once
COLUMNS = (
    "case",
    "state",
    "due",
    "year",
    "chemical",
    "CAS",
    "schedule",
    "direction",
    "partner",
    "own figure, kg",
    "partner's figure, kg",
    "partner declares",
    "threshold, kg",
    "declarations",
)
_NOT_SHOWN = "not shown"
_NO_ROW = "no row"
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def lines(views: Iterable[ShownCase], state: str) -> Iterator[list[str]]:
    """Yield one line for each pair of each case."""
    for view in views:
        for pair in view.pairs:
            yield [view.number, str(view.state), str(view.due or ""), *_of_pair(pair, state)]


def csv_of(views: Iterable[ShownCase], state: str) -> bytes:
    """Return the table as CSV (RFC 4180), with a line of names."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_plain(value) for value in line] for line in lines(views, state))
    return out.getvalue().encode()


def xlsx_of(views: Iterable[ShownCase], state: str) -> bytes:
    """Return the table as a workbook of one sheet; every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("cases")
    for row in (list(COLUMNS), *lines(views, state)):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"  # never a formula, whatever a name begins with
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula: States choose their numbers."""
    return f"'{value}" if value.startswith(_FORMULAS) else value


def _of_pair(pair: ShownPair, state: str) -> list[str]:
    is_exporter = state == pair.exporter
    own, other = (pair.export, pair.import_) if is_exporter else (pair.import_, pair.export)
    listed = codelists.chemicals_by_cas().get(pair.chemical)
    says = "no difference left"
    if pair.sense is not Sense.NONE:
        says = "less" if (pair.sense is Sense.MORE_EXPORTED) == is_exporter else "more"
    return [
        str(pair.year),
        listed.name if listed else "",
        pair.chemical,
        pair.schedule,
        "export" if is_exporter else "import",
        other.state,
        _figure(own),
        _figure(other),
        says,
        f"{pair.threshold_kg.normalize():f}",
        ", ".join(own.declarations),
    ]


def _figure(side: ShownSide) -> str:
    if not side.is_shown:
        return _NOT_SHOWN
    if not side.has_row:
        return _NO_ROW
    return "" if side.kg is None else f"{side.kg.normalize():f}"
