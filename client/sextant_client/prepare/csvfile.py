"""One CSV file for a whole declaration: its first column names the sheet of each row.

The rows of the heading have the columns `field`, `value`, `unit`; those of all other sheets share
the columns of one table, so that a year's trade is one row for each chemical, direction and State.
The character after the word `sheet` separates the cells: comma, semicolon or tab. Text is UTF-8. A
cell that a spreadsheet program would run as a formula stands behind an apostrophe.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sextant_client.home import write_file
from sextant_client.prepare.gathering import Gathering
from sextant_client.prepare.layout import HEADING, UNIT, Sheet, layout_of
from sextant_client.prepare.sourced import Meter, Sourced, misread, unreadable
from sextant_client.prepare.tables import tables_of
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.strict import MAX_ECHO

# A declaration of the largest form, with all its rows, is below 20 MB.
MAX_CSV_BYTES = 256 << 20
MAX_CELL = 1 << 20  # characters; the longest text of a declaration has 20,000
SHEET, FIELD, VALUE = "sheet", "field", "value"
UNIT_COLUMN = UNIT.strip()
HINTS = ("help", "law")  # of templates: read by people only
REPORT_EVERY = 1000  # rows
_HEADER = re.compile(rb'"?sheet"?([,;\t])')
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[-+]?[0-9.]+")
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


# ---- writing


def write_csv(path: Path, document: Mapping[str, Any], *, hints: bool = False) -> None:
    """Write a document; with `hints` each field of the heading is explained beside it.

    Raises:
        PlatformError: `E_MALFORMED`, when something has no cell.
    """
    tables = tables_of(document)
    names = _columns(tables[0].sheet)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    head, *others = tables
    widest = [SHEET, *names, *(HINTS if hints else ())]
    writer.writerow(widest)
    blank = [""] * (len(widest) - 1)
    for row in head.rows:
        for value in row.values:
            one, texts = value.field, value.texts
            cells = {FIELD: one.name, VALUE: texts.value, UNIT_COLUMN: texts.unit}
            cells |= dict(zip(HINTS, (one.text, one.law), strict=True))
            writer.writerow([HEADING, *(_safe(cells.get(name)) for name in widest[1:])])
    for table in others:
        places = [widest.index(name) for name in table.sheet.columns]
        for row in table.rows:
            line = [table.sheet.name, *blank]
            for place, text in zip(places, row.cells(table.sheet), strict=True):
                if text is not None:
                    line[place] = _safe(text)
            writer.writerow(line)
    try:
        write_file(path, out.getvalue().encode())
    except UnicodeEncodeError as error:
        raise PlatformError(Code.MALFORMED, "a text is no Unicode text") from error


def _columns(heading: Sheet) -> list[str]:
    """Return the columns after the first: those of all sheets, each once."""
    names = dict.fromkeys((FIELD, VALUE, UNIT_COLUMN))
    for sheet in heading.inner:
        for below in sheet.all():
            names |= dict.fromkeys(below.links)
    for sheet in heading.inner:
        for below in sheet.all():
            names |= dict.fromkeys(below.columns)
    return list(names)


def _safe(text: str | None) -> str:
    if text is None:
        return ""
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def _unsafe(text: str) -> str:
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


# ---- reading


def read_csv(path: Path, meter: Meter) -> Sourced:
    """Return the document of a CSV file.

    Raises:
        PlatformError: `E_MALFORMED` with a line, when it is none of this form; `E_TOO_LARGE`.
    """
    size = path.stat().st_size
    if size > MAX_CSV_BYTES:
        raise PlatformError(
            Code.TOO_LARGE,
            "the file is too large for a declaration",
            expected=f"at most {MAX_CSV_BYTES:,} bytes",
            received=f"{size:,} bytes",
        )
    names, records = _open(path)
    kind = _kind(names, records)
    return _Reading(path, kind, names).read(meter)


class _Reading:
    """The reading of one file of a known kind."""

    def __init__(self, path: Path, kind: str, names: Sequence[str]) -> None:
        self._path = path
        self._names = names
        self._numbers = {name: number for number, name in reversed([*enumerate(names, start=1)])}
        heading = layout_of(kind)
        self._gathering = Gathering(heading, self._cell)
        self._sheets = {sheet.name: sheet for sheet in heading.all()}
        self._known = {n: frozenset(sheet.columns) for n, sheet in self._sheets.items()}
        self._known[HEADING] = frozenset((FIELD, VALUE, UNIT_COLUMN, *HINTS))

    def read(self, meter: Meter) -> Sourced:
        self._check_names()
        with self._path.open("rb") as file:
            total = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        report = meter("read row")
        _, records = _open(self._path)
        line = 1
        for line, cells in records:
            self._row(line, cells)
            if line % REPORT_EVERY == 0:
                report(line, max(line, total))
        if line >= REPORT_EVERY:
            report(line, line)
        return self._gathering.finish()

    def _cell(self, _sheet: str, number: int, column: str) -> str:
        if not number:
            return "line 1"
        place = self._numbers.get(column)
        return f"line {number}, column {place}" if place else f"line {number}"

    def _check_names(self) -> None:
        everywhere = sorted({name for known in self._known.values() for name in known})
        for position, name in enumerate(self._names[1:], start=2):
            if self._numbers[name] != position and name:
                self._tell(1, position, f"the column {name[:MAX_ECHO]} stands twice")
            elif name not in everywhere and name:
                self._gathering.unknown(self._gathering.heading, 1, name, name, everywhere)

    def _row(self, line: int, cells: list[str]) -> None:
        name = cells[0].strip() if cells else ""
        row = {}
        for position, cell in enumerate(cells):
            if cell and position:
                if position >= len(self._names):
                    self._tell(line, position + 1, "this cell stands under no column")
                else:
                    row[self._names[position]] = _unsafe(cell)
        if not name and not any(cell.strip() for cell in cells):
            return
        sheet = self._sheets.get(name)
        if sheet is None:
            self._gathering.unknown(self._gathering.heading, line, SHEET, name, list(self._sheets))
            return
        for column in row.keys() - self._known[name]:
            if row[column].strip() and any(column in known for known in self._known.values()):
                self._tell(
                    line,
                    self._numbers[column],
                    f"a row of {name} has no {column[:MAX_ECHO]}",
                    received=row[column],
                )
        if name == HEADING:
            field = " ".join(row.get(FIELD, "").split())
            self._gathering.add_field(line, field, row.get(VALUE), row.get(UNIT_COLUMN))
        else:
            self._gathering.add_row(sheet, line, row)

    def _tell(self, line: int, column: int, message: str, received: str = "") -> None:
        self._gathering.tell(
            misread(
                f"line {line}, column {column}",
                message,
                received=received[:MAX_ECHO],
                fix="Move it under its column, or remove it.",
            )
        )


Record = tuple[int, list[str]]  # the line on which it begins, and its cells


def _open(path: Path) -> tuple[list[str], Iterator[Record]]:
    """Return the names of the columns, and the records below them."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(_WIDE) or b"\0" in start:
        raise _unreadable("line 1", "this is no text in UTF-8", "Save it as CSV in UTF-8.")
    header = _HEADER.match(start.removeprefix(_BOM))
    if header is None:
        raise _unreadable(
            "line 1, column 1",
            "the file does not begin with the column `sheet`",
            "Begin with a template: sextant template KIND --format csv.",
        )
    records = _records(path, header.group(1).decode())
    _, names = next(records)
    return [" ".join(name.split()) for name in names], records


def _records(path: Path, separator: str) -> Iterator[Record]:
    csv.field_size_limit(MAX_CELL)
    lines = _lines(path)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(
            f"line {line}",
            f"the row that begins here is no CSV: {error}",
            'Put texts with quotes or line breaks in double quotes, and double those inside ("").',
        ) from error


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if b"\0" in line:
                place = f"line {number}"
                raise _unreadable(place, "a NUL byte is no text", "Save it as CSV in UTF-8.")
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise _unreadable(
                    f"line {number}",
                    f"byte {error.start + 1} of this line is no UTF-8",
                    "Save it as CSV in UTF-8 (not Latin-1 or a code page).",
                ) from error
            yield text.removeprefix("\ufeff") if number == 1 else text


def _kind(names: Sequence[str], records: Iterator[Record]) -> str:
    """Return the kind that the heading names.

    Raises:
        PlatformError: `E_MALFORMED`, when it names none.
    """
    for line, cells in records:
        row = dict(zip(names, cells, strict=False))
        if row.get(SHEET, "").strip() == HEADING and row.get(FIELD, "").strip() == "kind":
            return known_kind(row.get(VALUE, ""), f"line {line}")
    raise no_kind("line 1")


def known_kind(name: str, source: str) -> str:
    """Return a kind of the catalogue.

    Raises:
        PlatformError: `E_MALFORMED`, when it is none.
    """
    kind = name.strip()
    if kind not in CATALOGUE:
        raise unreadable(
            [
                misread(
                    source,
                    "this is no kind of declaration that is carried here",
                    pointer="/kind",
                    expected=", ".join(CATALOGUE),
                    received=kind[:MAX_ECHO],
                    fix="Name the kind of declaration.",
                )
            ]
        )
    return kind


def no_kind(source: str) -> PlatformError:
    """Return the error for a file whose heading names no kind."""
    return _unreadable(
        source,
        f"no row of {HEADING} has the field `kind`",
        "Begin with a template: sextant template KIND.",
    )


def _unreadable(source: str, message: str, fix: str) -> PlatformError:
    return unreadable([misread(source, message, fix=fix)])
