"""A workbook's sheets as streams of rows, each cell with what it holds and what it shows.

Responsible for the file's form alone: texts and their escapes, numbers and the formats that show
others, formulas and errors, merged cells. What the cells mean is the business of
`workbook_reading.py`. One row is in memory at a time.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from sextant_client.prepare.cells import Broken, Cell
from sextant_client.prepare.sourced import misread, unreadable
from sextant_shared.errors import PlatformError

_STRING = f"{{{SHEET_MAIN_NS}}}si"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]')
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
_ZEROS = re.compile(r"0{2,}")
# What openpyxl and what it stands on raise for a file that is no workbook inside.
_DAMAGE = (
    ParseError,
    DefusedXmlException,
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
)
Rows = Iterator[tuple[int, dict[int, Cell]]]


@dataclass(frozen=True)
class Part:
    """One sheet of a workbook: where its XML is, and whether people see it."""

    title: str
    entry: str
    is_hidden: bool


class _Reader(ExcelReader):
    """Reads what the sheets stand on, and where they are.

    Texts stay as they stand: escapes are for `_text` to read. Sheets are read when they are asked
    for; openpyxl would read each of them whole to learn its size.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, read_only=True, keep_links=False)
        self.parts: dict[str, Part] = {}

    def read_strings(self) -> None:
        """Read the texts that cells share."""
        package: Any = self.package
        part = package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            for _, node in iterparse(source):
                if node.tag == _STRING:
                    text = Text.from_tree(node)
                    self.shared_strings.append(text.content if text is not None else "")
                    node.clear()

    def read_worksheets(self) -> None:
        """Note the sheets of cells."""
        parser: Any = self.parser
        for sheet, relation in parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                part = Part(sheet.name, relation.target, sheet.state != "visible")
                if part.title.lower() in map(str.lower, self.parts):
                    raise ValueError("two sheets of one name")
                self.parts[part.title] = part


class Book:
    """The sheets of a workbook, as streams of rows."""

    def __init__(self, file: BinaryIO) -> None:
        self._reader = _Reader(file)
        self._reader.read()
        self._book: Any = self._reader.wb  # its types know nothing of what is private
        self._formats: dict[int, Broken | None] = {}
        self.merged: list[str] = []

    @property
    def parts(self) -> Mapping[str, Part]:
        """The sheets, by their titles."""
        return self._reader.parts

    def count(self, part: Part) -> int:
        """Return how many rows a sheet has, about: for progress alone."""
        with self._reader.archive.open(part.entry) as source:
            return sum(chunk.count(b"<row ") for chunk in iter(lambda: source.read(1 << 20), b""))

    def rows(self, part: Part) -> Rows:
        """Yield the rows that hold something: number, and cells by column; then know `merged`."""
        book = self._book
        with self._reader.archive.open(part.entry) as source:
            parser: Any = WorkSheetParser(
                source,
                self._reader.shared_strings,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            for number, cells in parser.parse():
                parser.row_dimensions.clear()  # else it remembers the height of a million rows
                found = {c["column"]: self._cell(c) for c in cells if c["value"] is not None}
                if found:
                    yield number, found
            merged = parser.merged_cells
            self.merged = [str(one.ref) for one in merged.mergeCell] if merged else []

    def _cell(self, cell: Mapping[str, Any]) -> Cell:
        value, form = cell["value"], cell["data_type"]
        if form == "s":
            return _text(value)
        if form == "f":
            return Broken("a formula is no declared value", str(value), "Paste it as a value.")
        if form == "e":
            return Broken("the cell holds an error", str(value), "Write the value.")
        if form == "n" and cell["style_id"]:
            trouble = self._format_trouble(cell["style_id"])
            if trouble is not None:
                return replace(trouble, received=str(value))
        found: Cell = value
        return found

    def _format_trouble(self, style: int) -> Broken | None:
        """Return what is wrong when a cell's format shows another number than it holds."""
        if style not in self._formats:
            self._formats[style] = _format_trouble(str(self._format(style)))
        return self._formats[style]

    def _format(self, style: int) -> str:
        number = self._book._cell_styles[style].numFmtId
        if number < BUILTIN_FORMATS_MAX_SIZE:
            return BUILTIN_FORMATS.get(number, "General")
        return str(self._book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE])


def _format_trouble(shown: str) -> Broken | None:
    fix = "Give the cell the format General and write the number as it is meant."
    literal = "".join(one or two for one, two in _LITERAL.findall(shown))
    bare = _LITERAL.sub("", shown)
    if "%" in bare:
        return Broken("the cell shows a percentage, not the number it holds", "", fix)
    if any(letter.isalpha() for letter in literal):
        return Broken(
            f"the cell's format shows «{literal.strip()[:20]}» beside its number", "", fix
        )
    if _SCALED.search(bare):
        return Broken("the cell shows its number divided by thousands", "", fix)
    if _ZEROS.fullmatch(bare):
        fix = "Format the cell as text and type the value again."
        return Broken("the cell shows leading zeros that it does not hold", "", fix)
    return None


def _text(text: str) -> str:
    """Return a text with its escaped characters (ECMA-376, ST_Xstring)."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)


@contextmanager
def damage_told() -> Iterator[None]:
    """Turn what openpyxl raises for a file that is no workbook inside into a finding."""
    try:
        yield
    except PlatformError:
        raise
    except _DAMAGE as error:
        message = f"the workbook is damaged inside ({_innermost(error)})"
        fix = "Open it, save it again as .xlsx, and try that file."
        raise unreadable([misread("the file", message, fix=fix)]) from error


def _innermost(error: BaseException) -> str:
    """Return the name of what went wrong first: openpyxl wraps what it meets."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
