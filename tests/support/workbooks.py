"""Workbooks as people and programs make them, good and bad: built in the test, cell by cell."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from sextant_client.prepare.documents import write_document

Change = Callable[[Any], None]
_WRITTEN: dict[str, bytes] = {}  # to write the same document again takes a tenth of a second


def workbook(path: Path, document: dict[str, Any], change: Change | None = None) -> Path:
    """Write a document as a workbook, open it as a person's program does, change and save it."""
    name = json.dumps(document)
    if name not in _WRITTEN:
        write_document(path, document)
        _WRITTEN[name] = path.read_bytes()
    path.write_bytes(_WRITTEN[name])
    if change is not None:
        book: Workbook = load_workbook(path)
        change(book)
        book.save(path)
    return path


def cell(sheet: str, at: str, value: Any, number_format: str | None = None) -> Change:
    """Return a change of one cell."""

    def change(book: Any) -> None:
        book[sheet][at] = value
        if number_format is not None:
            book[sheet][at].number_format = number_format

    return change


def repacked(path: Path, entries: Mapping[str, Callable[[bytes], bytes]]) -> Path:
    """Rewrite some entries of a workbook; what is not there is added."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    for name, change in entries.items():
        held[name] = change(held.get(name, b""))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    path.write_bytes(packed.getvalue())
    return path


def column(path: Path, sheet: str, name: str) -> str:
    """Return the letter of a column, by its name."""
    with closing(load_workbook(path, read_only=True)) as book:
        header = next(book[sheet].iter_rows(max_row=1))
    for number, at in enumerate(header, start=1):
        if str(at.value).removesuffix("*").strip() == name:
            return get_column_letter(number)
    raise AssertionError(f"{sheet} has no column {name}")


def field_cell(path: Path, name: str) -> str:
    """Return the cell of the value of a field of the heading, by the field's name."""
    with closing(load_workbook(path, read_only=True)) as book:
        cells = [row[0] for row in book["Declaration"].iter_rows()]
    rows = {str(cell.value).removesuffix("*").strip(): cell.row for cell in cells}
    return f"B{rows[name]}"
