"""Reads a workbook row by row: each sheet is a stream, however long it is.

Only what a person typed is data. Formulas, errors, merged cells and hidden sheets are findings;
links to other workbooks are not followed.
"""

import difflib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from openpyxl.utils import get_column_letter

from sextant_client.prepare.archive import LIMITS, ArchiveLimits, check_archive
from sextant_client.prepare.book import Book, Rows, damage_told
from sextant_client.prepare.cells import Cell, is_blank, plain_text
from sextant_client.prepare.csvfile import (
    FIELD,
    HINTS,
    REPORT_EVERY,
    UNIT_COLUMN,
    VALUE,
    known_kind,
    no_kind,
)
from sextant_client.prepare.gathering import Gathering
from sextant_client.prepare.layout import CODES, HEADING, HELP, Sheet, layout_of
from sextant_client.prepare.sourced import Meter, Sourced, misread, unreadable
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.models.strict import MAX_ECHO, pointer_of

REQUIRED = "*"  # ends the name of a column or field that must be filled in
_Field = tuple[str, Cell, Cell]  # a row of the heading: name, value, unit


def read_workbook(path: Path, meter: Meter, limits: ArchiveLimits = LIMITS) -> Sourced:
    """Return the document of a workbook.

    Raises:
        PlatformError: `E_MALFORMED` when it is none, or names no kind; `E_TOO_LARGE`.
    """
    with path.open("rb") as file:
        entries = check_archive(file, limits)
        with damage_told(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that say nothing here
            book = Book(file)
            return _Reading(book, entries).read(meter)


@dataclass(frozen=True)
class _Columns:
    """The first row of a sheet: where each name stands, and names that stand twice."""

    at: dict[str, int] = field(default_factory=dict)
    doubled: list[int] = field(default_factory=list)


class _Reading:
    """The reading of one workbook."""

    def __init__(self, book: Book, entries: frozenset[str]) -> None:
        self._book = book
        self._entries = entries
        self._titles = {title.lower(): title for title in book.parts}
        self._columns: dict[str, _Columns] = {}

    def read(self, meter: Meter) -> Sourced:
        title = self._titles.get(HEADING.lower())
        if title is None:
            raise self._no_heading()
        columns, rows = self._table(title)
        if not {FIELD, VALUE} <= columns.at.keys():
            raise self._no_heading()
        fields = [(number, self._heading_row(columns, cells)) for number, cells in rows]
        merged = list(self._book.merged)
        kinds = [(number, row) for number, row in fields if row[0] == "kind"]
        if not kinds:
            raise no_kind(f"{title}!A1")
        kind = known_kind(plain_text(kinds[0][1][1]), self._cell(title, kinds[0][0], VALUE))
        gathering = Gathering(layout_of(kind), self._cell)
        self._check_columns(gathering, gathering.heading, (FIELD, VALUE, UNIT_COLUMN, *HINTS))
        for number, (name, value, unit) in fields:
            gathering.add_field(number, name, value, unit)
        self._tell_merged(gathering, title, merged)
        self._check_sheets(gathering)
        for sheet in gathering.heading.inner:
            for below in sheet.all():
                self._read_sheet(gathering, below, meter)
        return gathering.finish()

    def _read_sheet(self, gathering: Gathering, sheet: Sheet, meter: Meter) -> None:
        title = self._titles.get(sheet.name.lower())
        if title is None:
            return
        columns, rows = self._table(title)
        self._check_columns(gathering, sheet, sheet.columns)
        names = {at: name for name, at in columns.at.items()}
        stray = set(columns.doubled)  # columns of which it was told that they are not read
        total, report = self._book.count(self._book.parts[title]), meter(f"read {title} row")
        number = last = 1
        for number, cells in rows:
            row = {names[at]: cell for at, cell in cells.items() if at in names}
            gathering.add_row(sheet, number, row)
            for at in cells.keys() - names.keys() - stray:
                if not is_blank(cells[at]):
                    stray.add(at)
                    gathering.tell(_nameless(f"{title}!{get_column_letter(at)}{number}"))
            if number - last >= REPORT_EVERY:
                last = number
                report(number, max(number, total))
        if number >= REPORT_EVERY:
            report(number, number)
        self._tell_merged(gathering, title, self._book.merged)

    def _table(self, title: str) -> tuple[_Columns, Rows]:
        """Return the columns of a sheet, and the rows below them."""
        rows = self._book.rows(self._book.parts[title])
        number, first = next(rows, (1, {}))
        columns = self._columns[title.lower()] = _Columns()
        for at, cell in sorted(first.items()) if number == 1 else ():
            name = plain_text(cell).removesuffix(REQUIRED).rstrip()
            if name in columns.at:
                columns.doubled.append(at)
            elif name:
                columns.at[name] = at
        return columns, rows

    @staticmethod
    def _heading_row(columns: _Columns, cells: Mapping[int, Cell]) -> _Field:
        name, value, unit = (
            cells.get(columns.at.get(column, 0)) for column in (FIELD, VALUE, UNIT_COLUMN)
        )
        return plain_text(name).removesuffix(REQUIRED).rstrip(), value, unit

    def _check_columns(self, gathering: Gathering, sheet: Sheet, known: Sequence[str]) -> None:
        columns = self._columns[sheet.name.lower()]
        for name in columns.at:
            if name not in known:
                gathering.unknown(sheet, 1, name, name, known)
        for at in columns.doubled:
            place = f"{self._titles[sheet.name.lower()]}!{get_column_letter(at)}1"
            fix = "Keep one of the two columns."
            gathering.tell(misread(place, "a column of this name stands before", fix=fix))

    def _check_sheets(self, gathering: Gathering) -> None:
        known = {sheet.name.lower(): sheet for sheet in gathering.heading.all()}
        missing = [sheet for key, sheet in known.items() if key not in self._titles]
        for title, part in self._book.parts.items():
            if title.lower() in known and part.is_hidden:
                fix = "Unhide it, look at it, and delete it if it is not meant."
                gathering.tell(misread(f"{title}!A1", "the sheet is hidden", fix=fix))
            elif title.lower() not in {*known, CODES.lower(), HELP.lower()}:
                gathering.tell(_stranger(title, [sheet.name for sheet in missing]))
        for sheet in missing:
            if sheet.required and not sheet.around:
                fix = "Begin with a template: it has every sheet."
                message = f"there is no sheet {sheet.name}"
                at = pointer_of(sheet.path)
                gathering.tell(misread(f"{sheet.name}!A1", message, pointer=at, fix=fix))
        if any(name.lower().startswith("xl/externallinks/") for name in self._entries):
            told = misread("the file", "its links to other workbooks are not followed", fix="")
            gathering.tell(replace(told, severity=Severity.INFORMATION))

    def _tell_merged(self, gathering: Gathering, title: str, merged: Sequence[str]) -> None:
        for cells in merged:
            gathering.tell(
                misread(
                    f"{title}!{cells}",
                    "these cells are merged: which row their value belongs to cannot be told",
                    fix="Unmerge them and fill in each.",
                )
            )

    def _no_heading(self) -> PlatformError:
        like = difflib.get_close_matches(HEADING, list(self._book.parts), 1)
        return unreadable(
            [
                misread(
                    f"{(like or list(self._book.parts) or [HEADING])[0]}!A1",
                    f"there is no sheet {HEADING} with the columns {FIELD} and {VALUE}",
                    received=", ".join(self._book.parts)[:MAX_ECHO],
                    fix="Begin with a template: sextant template KIND.",
                )
            ]
        )

    def _cell(self, sheet: str, number: int, column: str) -> str:
        title = self._titles.get(sheet.lower(), sheet)
        at = self._columns.get(sheet.lower(), _Columns()).at.get(column, 1)
        return f"{title}!{get_column_letter(at)}{number or 1}"


def _stranger(title: str, missing: Sequence[str]) -> Finding:
    """Return what is said of a sheet that is none of the kind's."""
    like = difflib.get_close_matches(title, missing, 1)
    told = misread(
        f"{title[:MAX_ECHO]}!A1",
        "this sheet is none of the kind's, and is not read",
        expected=", ".join(like),
        fix=f"Name it {like[0]}." if like else "",
    )
    return told if like else replace(told, severity=Severity.INFORMATION)


def _nameless(place: str) -> Finding:
    return misread(
        place, "this cell stands under no column", fix="Move it under its column, or remove it."
    )
