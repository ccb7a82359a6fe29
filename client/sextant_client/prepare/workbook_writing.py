"""Writes a document as a workbook that people fill in: drop-downs, help, marks.

Nothing is locked, and a drop-down warns but does not forbid. The first row of each sheet stays in
sight; what must be filled in ends with `*` and is shaded; the help of the models stands beside the
fields of the heading, and in comments of the columns. `marks` are shaded in a second colour. A
number is written as a number where a spreadsheet keeps it exactly, else as text.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from sextant_client.home import write_file
from sextant_client.prepare.cells import MisreadError, decimal_text
from sextant_client.prepare.codes import Offer, offer_of, offers, unit_offer
from sextant_client.prepare.layout import CODES, ROW, UNIT, Field, Sheet
from sextant_client.prepare.tables import Table, tables_of
from sextant_client.prepare.workbook_reading import REQUIRED
from sextant_shared.errors import Code, PlatformError

MAX_CELL = 32_767  # characters, in every spreadsheet program; more would be cut off
LAST_ROW = 1_048_576
HEADER = ("field", "value", "unit", "help", "law")
_INLINE = 255  # characters of a drop-down that stands in the sheet itself
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_HARMLESS = re.compile(r"[A-Za-z][A-Za-z0-9 .,;_:()*-]{0,299}")
_WIDTHS = (34, 40, 8, 70, 20)
_TEXT = "@"  # the format that keeps a spreadsheet program from reading a date into a code
_BOLD, _WRAP = Font(bold=True), Alignment(wrap_text=True, vertical="top")
_HEADER_FILL = PatternFill("solid", fgColor="FFDDE6F0")
_REQUIRED_FILL = PatternFill("solid", fgColor="FFFFE0B2")
_MARK_FILL = PatternFill("solid", fgColor="FFFFF176")
_ROW_NAME = "By this name the rows of other sheets name this one. Blank: by its code or chemical."
_LINK = "The row of that sheet to which this one belongs. May be blank where it has only one row."


def write_workbook(path: Path, document: Mapping[str, Any], marks: frozenset[str]) -> None:
    """Write a document.

    Raises:
        PlatformError: `E_MALFORMED`, when something has no cell.
    """
    tables = tables_of(document)
    _check_lengths(tables)  # before the first sheet is begun
    _Writing(tables, marks).save(path)


class _Writing:
    """The writing of one workbook."""

    def __init__(self, tables: list[Table], marks: frozenset[str]) -> None:
        self._book = Workbook(write_only=True)
        self._marks = marks
        self._offers: dict[str, str] = {}  # titles of lists, and the ranges where they stand
        head, *others = tables
        lists = offers(head.sheet)
        for number, offer in enumerate(lists):
            column = get_column_letter(2 * number + 1)
            self._offers[offer.title] = f"{CODES}!${column}$2:${column}${len(offer.codes) + 1}"
        self._heading(head)
        for table in others:
            self._table(table)
        self._codes(lists)

    def save(self, path: Path) -> None:
        held = io.BytesIO()
        self._book.save(held)
        write_file(path, held.getvalue())

    def _heading(self, table: Table) -> None:
        sheet = self._sheet(table.sheet.name, "C2")
        for column, width in enumerate(_WIDTHS, start=1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.append([self._cell(sheet, name, font=_BOLD, fill=_HEADER_FILL) for name in HEADER])
        values = [value for row in table.rows for value in row.values]
        for number, value in enumerate(values, start=2):
            field, fill = value.field, self._fill(value.pointer)
            self._offer(sheet, offer_of(table.sheet, field), f"B{number}", many=field.many)
            self._offer(sheet, unit_offer(field), f"C{number}")
            name = f"{field.name} {REQUIRED}" if field.required else field.name
            sheet.append(
                [
                    self._cell(sheet, name, fill=_REQUIRED_FILL if field.required else None),
                    self._value(sheet, field, value.texts.value, fill),
                    self._cell(sheet, value.texts.unit, fill=fill),
                    self._cell(sheet, field.text, wrap=True),
                    self._cell(sheet, field.law),
                ]
            )

    def _table(self, table: Table) -> None:
        sheet = self._sheet(table.sheet.name, "A2")
        header = []
        for column, head in enumerate(_heads(table.sheet), start=1):
            letter = get_column_letter(column)
            sheet.column_dimensions[letter].width = max(12, len(head.name) + 3)
            if head.is_text:
                sheet.column_dimensions[letter].number_format = _TEXT
            self._offer(sheet, head.offer, f"{letter}2:{letter}{LAST_ROW}", many=head.many)
            header.append(self._header(sheet, head))
        sheet.append(header)
        for row in table.rows:
            cells = [self._cell(sheet, link) for link in row.links]
            cells += [self._cell(sheet, row.name)] if table.sheet.has_row_names else []
            for value in row.values:
                fill = self._fill(value.pointer)
                cells.append(self._value(sheet, value.field, value.texts.value, fill))
                if value.field.form == "amount":
                    cells.append(self._cell(sheet, value.texts.unit, fill=fill))
            sheet.append(cells)

    def _codes(self, lists: list[Offer]) -> None:
        sheet = self._sheet(CODES, "A2")
        names = [name for offer in lists for name in (offer.title, "meaning")]
        for column in range(1, len(names) + 1):
            width = 40 if column % 2 == 0 else 16
            sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.append([self._cell(sheet, name, font=_BOLD, fill=_HEADER_FILL) for name in names])
        for number in range(max((len(offer.codes) for offer in lists), default=0)):
            pairs = (o.codes[number] if number < len(o.codes) else (None, None) for o in lists)
            sheet.append([self._cell(sheet, text) for pair in pairs for text in pair])

    def _sheet(self, name: str, freeze: str) -> Any:
        sheet = self._book.create_sheet(name)
        sheet.freeze_panes = freeze
        return sheet

    def _header(self, sheet: Any, head: "_Head") -> Any:
        name = f"{head.name} {REQUIRED}" if head.required else head.name
        fill = _REQUIRED_FILL if head.required else _HEADER_FILL
        cell = self._cell(sheet, name, font=_BOLD, fill=fill)
        if head.help:
            cell.comment = Comment(head.help, "Sextant", height=120, width=320)
        return cell

    def _fill(self, pointer: str) -> PatternFill | None:
        while pointer and self._marks:
            if pointer in self._marks:
                return _MARK_FILL
            pointer = pointer.rpartition("/")[0]
        return None

    def _value(self, sheet: Any, field: Field, text: str | None, fill: PatternFill | None) -> Any:
        if text is not None and field.form in {"amount", "number"} and not field.many:
            number = _number(text)
            if number is not None:
                return self._cell(sheet, number, fill=fill)
        cell = self._cell(sheet, text, fill=fill)
        if isinstance(cell, Cell) and _is_text(field):
            cell.number_format = _TEXT
        return cell

    @staticmethod
    def _cell(
        sheet: Any,
        value: str | float | None,
        *,
        font: Font | None = None,
        fill: PatternFill | None = None,
        wrap: bool = False,
    ) -> Any:
        if value is None and fill is None:
            return None
        if fill is None and font is None and not wrap and _is_harmless(value):
            return value
        cell: Any = WriteOnlyCell(sheet)
        if isinstance(value, str):
            cell.value = _escaped(value)
            cell.data_type = "s"  # also what begins with = or reads #REF!
            cell.quotePrefix = value[:1] in set("=+-@")
        elif value is not None:
            cell.value = value
        if font is not None:
            cell.font = font
        if fill is not None:
            cell.fill = fill
        if wrap:
            cell.alignment = _WRAP
        return cell

    def _offer(self, sheet: Any, offer: Offer | None, cells: str, *, many: bool = False) -> None:
        """Offer codes at cells; a code that is not offered is warned of, and may stand."""
        if offer is None or not offer.codes:
            return
        where = self._offers.get(offer.title) or f'"{",".join(offer.values)}"'
        if len(where) > _INLINE:
            return
        choice = DataValidation(type="list", formula1=where, allow_blank=True, sqref=cells)
        choice.errorStyle = "warning"
        choice.showErrorMessage = offer.only and not many
        sheet.data_validations.append(choice)


@dataclass(frozen=True)
class _Head:
    """One column of a table."""

    name: str
    help: str
    offer: Offer | None = None
    required: bool = False
    many: bool = False
    is_text: bool = False


def _heads(sheet: Sheet) -> Iterator[_Head]:
    for link in sheet.links:
        yield _Head(link, _LINK, is_text=True)
    if sheet.has_row_names:
        yield _Head(ROW, _ROW_NAME, is_text=True)
    for field in sheet.fields:
        offer, told = offer_of(sheet, field), _help(field)
        yield _Head(field.name, told, offer, field.required, field.many, _is_text(field))
        if field.form == "amount":
            unit = f"{field.name}{UNIT}"
            yield _Head(unit, "The unit of the amount.", unit_offer(field), field.required)


def _help(field: Field) -> str:
    parts = [field.text, f"[{field.law}]" if field.law else ""]
    parts.append("Required." if field.required else "")
    parts.append("Several values stand between ;" if field.many else "")
    return " ".join(part for part in parts if part)


def _is_text(field: Field) -> bool:
    return field.form in {"text", "code", "json"} or field.many


def _number(text: str) -> float | None:
    """Return the number of a text, if a spreadsheet gives the same text back."""
    try:
        number = int(text) if text.lstrip("-").isdecimal() else float(text)
        return number if decimal_text(number) == text else None
    except (MisreadError, ValueError, OverflowError):
        return None


def _is_harmless(value: str | float | None) -> bool:
    """Whether a value is written as it is: no formula, no error, no date when typed again."""
    return not isinstance(value, str) or _HARMLESS.fullmatch(value) is not None


def _escaped(text: str) -> str:
    """Escape the characters that XML does not carry, as spreadsheet programs do."""
    return _CONTROL.sub(lambda match: f"_x{ord(match.group()):04X}_", text)


def _check_lengths(tables: list[Table]) -> None:
    """Refuse what a cell would cut off."""
    for row in (row for table in tables for row in table.rows):
        for text in (*row.links, row.name, *(value.texts.value or "" for value in row.values)):
            if len(text) > MAX_CELL:
                raise PlatformError(
                    Code.TOO_LARGE,
                    f"the text that begins {text[:30]!r} is too long for the cell of a workbook",
                    expected=f"at most {MAX_CELL:,} characters",
                    received=f"{len(text):,} characters",
                    fix="Write the declaration as CSV or JSON.",
                )
