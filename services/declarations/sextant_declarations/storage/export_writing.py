"""Writes the formats of exports: CSV, workbooks and Parquet, row by row, into a file of its own.

Spreadsheet-safe: a text that a spreadsheet would compute has an apostrophe before it in CSV, and is
a text cell in a workbook, as identifiers are; a number is one only where its column is. Parquet has
typed columns and the texts as they are: nothing computes it. It needs DuckDB, which an installation
may be without; then the format is refused with the line that installs it.
"""

import csv
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from sextant_declarations.analysis.flattening import Cell
from sextant_declarations.analysis.pictures.table import csv_cell, said
from sextant_declarations.domain.exporting.making import Sheet
from sextant_declarations.domain.exporting.orders import Made
from sextant_declarations.domain.exporting.tables import Column, Row
from sextant_declarations.storage.export_files import ExportFolder
from sextant_shared.errors import Code, PlatformError
from sextant_shared.files import sync_folder

MAX_CELL = 32_767  # characters of a workbook's cell
LAST_ROW = 1_048_576  # of a workbook's sheet
EXACT_DIGITS = 15  # that a spreadsheet keeps of a number
_TEXT = "@"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_TYPES = {"text": "VARCHAR", "integer": "BIGINT", "decimal": "DECIMAL(38,12)"}
_NULL = "\\N"
_BLOCK = 1 << 20
_PRIVATE = 0o600


def check_format(name: str) -> None:
    """Return when this installation can write a format.

    Raises:
        PlatformError: `E_UNAVAILABLE`.
    """
    if name == "parquet" and find_spec("duckdb") is None:
        raise PlatformError(
            Code.UNAVAILABLE,
            "this installation does not write Parquet",
            expected="csv or xlsx",
            received=name,
            fix="Ask the operator for requirements/parquet.txt, or take another format.",
        )


def sheets(folder: ExportFolder) -> Callable[[str, str, tuple[Column, ...]], Sheet]:
    """Return what begins the files of exports in a folder."""
    kinds: dict[str, type[_Csv | _Xlsx | _Parquet]] = {
        "csv": _Csv,
        "xlsx": _Xlsx,
        "parquet": _Parquet,
    }

    def opened(id_: str, name: str, columns: tuple[Column, ...]) -> Sheet:
        return kinds[name](folder, id_, columns)

    return opened


class _Csv:
    """CSV (RFC 4180)."""

    def __init__(self, folder: ExportFolder, id_: str, columns: tuple[Column, ...]) -> None:
        self.folder, self.id, self.columns, self.count = folder, id_, columns, 0
        self.partial = folder.partial(id_)
        handle = os.open(self.partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        self.file = open(handle, "w", encoding="utf-8", newline="")  # noqa: PTH123, SIM115
        self.writer = csv.writer(self.file, lineterminator="\r\n")
        self.head()

    def head(self) -> None:
        self.writer.writerow([csv_cell(column.name) for column in self.columns])

    def cell(self, value: Cell) -> str:
        return csv_cell(value)

    def write(self, rows: list[Row]) -> None:
        self.count += len(rows)
        self.writer.writerows([[self.cell(value) for value in row] for row in rows])

    def finish(self) -> Made:
        self.file.close()
        return _kept(self.folder, self.id, self.partial, self.count)

    def drop(self) -> None:
        self.file.close()
        self.partial.unlink(missing_ok=True)


class _Xlsx:
    """One sheet with a heading that stays in sight."""

    def __init__(self, folder: ExportFolder, id_: str, columns: tuple[Column, ...]) -> None:
        self.folder, self.id, self.columns, self.count = folder, id_, columns, 0
        self.book = Workbook(write_only=True)
        self.sheet = self.book.create_sheet("export")
        self.sheet.freeze_panes = "A2"
        bold = Font(bold=True)
        self.sheet.append([self._text(column.name, bold) for column in columns])

    def write(self, rows: list[Row]) -> None:
        self.count += len(rows)
        if self.count >= LAST_ROW:
            raise PlatformError(
                Code.TOO_LARGE,
                "a workbook does not hold so many rows",
                expected=f"at most {LAST_ROW - 1:,}",
                fix="Narrow the export, or take csv or parquet.",
            )
        for row in rows:
            pairs = zip(row, self.columns, strict=True)
            self.sheet.append([self._cell(value, column) for value, column in pairs])

    def finish(self) -> Made:
        partial = self.folder.partial(self.id)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(handle, "wb") as file:
            self.book.save(file)
        return _kept(self.folder, self.id, partial, self.count)

    def drop(self) -> None:
        if not self.sheet.closed:
            self.sheet.close()
            self.sheet._writer.cleanup()  # noqa: SLF001 -- else its rows lie about until we stop
        self.folder.partial(self.id).unlink(missing_ok=True)

    def _cell(self, value: Cell, column: Column) -> Any:
        if value is None:
            return None
        if column.form == "text" or not _is_exact(value):
            return self._text(said(value))
        return value

    def _text(self, text: str, font: Font | None = None) -> Any:
        if len(text) > MAX_CELL:
            raise PlatformError(
                Code.TOO_LARGE,
                "a text is longer than a workbook's cell holds",
                expected=f"at most {MAX_CELL:,} characters",
                received=f"{len(text):,}",
                fix="Take csv or parquet.",
            )
        cell = WriteOnlyCell(self.sheet, _CONTROL.sub(_escaped, text))
        cell.data_type = "s"  # also what begins with =
        cell.number_format = _TEXT
        if font is not None:
            cell.font = font
        return cell


class _Parquet(_Csv):
    """Parquet with typed columns, made of a CSV whose empty cells are told from empty texts."""

    def head(self) -> None:
        """Write none: columns and their types are given."""

    def cell(self, value: Cell) -> str:
        return _NULL if value is None else said(value)

    def write(self, rows: list[Row]) -> None:
        self.count += len(rows)
        for row in rows:
            cells = (_NULL if v is None else _quoted(said(v)) for v in row)
            self.file.write(",".join(cells) + "\n")

    def finish(self) -> Made:
        self.file.close()
        partial = self.partial.with_suffix(f"{self.partial.suffix}.parquet")
        duckdb = import_module("duckdb")
        types = {f"c{n}": _TYPES[column.form] for n, column in enumerate(self.columns)}
        named = ", ".join(f"c{n} AS {_name(c.name)}" for n, c in enumerate(self.columns))
        read = (
            f"read_csv({_quoted(str(self.partial), chr(39))}, header=false, auto_detect=false,"
            f" columns={types}, delim=',', quote='\"', escape='\"', new_line='\\n',"
            f" nullstr='{_NULL}', allow_quoted_nulls=false, max_line_size=33554432)"
        )
        to = f"{_quoted(str(partial), chr(39))} (FORMAT parquet, COMPRESSION zstd)"
        # Names and paths are quoted, and no value of a table stands in the statement.
        statement = f"COPY (SELECT {named} FROM {read}) TO {to}"  # noqa: S608
        try:
            with duckdb.connect(config={"threads": 1, "memory_limit": "512MB"}) as connection:
                connection.execute(statement)
        except duckdb.Error as error:
            partial.unlink(missing_ok=True)
            raise PlatformError(
                Code.TOO_LARGE,
                "a value does not fit the types of Parquet",
                expected="decimals of at most 26 digits before and 12 after the point",
                fix="Take csv.",
            ) from error
        self.partial.unlink()
        return _kept(self.folder, self.id, partial, self.count)


def _kept(folder: ExportFolder, id_: str, partial: Path, count: int) -> Made:
    """Sync a file that was written, and give it its name."""
    digest = hashlib.sha256()
    partial.chmod(_PRIVATE)  # whoever wrote it; the folder was private all along
    with partial.open("rb+") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
        os.fsync(file.fileno())
    size = partial.stat().st_size
    partial.replace(folder.path(id_))
    sync_folder(folder.folder)
    return Made(count, size, digest.digest())


def _is_exact(value: Cell) -> bool:
    """Return whether a spreadsheet keeps a number as it is."""
    if not isinstance(value, int | Decimal):
        return False
    return len(Decimal(value).normalize().as_tuple().digits) <= EXACT_DIGITS


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"_x{ord(character):04X}_" for character in found[0])


def _quoted(text: str, mark: str = '"') -> str:
    return mark + text.replace(mark, mark * 2) + mark


def _name(name: str) -> str:
    return _quoted(name)


__all__: Sequence[str] = ("check_format", "sheets")
