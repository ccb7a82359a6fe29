"""Reads and writes declarations as files, whatever the format: the ending of the name decides."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sextant_client.home import as_json, write_file
from sextant_client.prepare.csvfile import read_csv, write_csv
from sextant_client.prepare.jsonlines import JsonLines
from sextant_client.prepare.sourced import Meter, Sourced, no_meter
from sextant_client.prepare.xml.reading import read_xml
from sextant_client.prepare.xml.writing import write_xml
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.rules import MAX_BYTES, MAX_DEPTH

Marks = frozenset[str]
Reader = Callable[[Path, Meter], Sourced]
Writer = Callable[[Path, dict[str, Any], Marks], None]


def read_document(path: Path) -> dict[str, Any]:
    """Return the document of a file.

    Raises:
        PlatformError: `E_NOT_FOUND` when it cannot be read, `E_MALFORMED` when it is none, or when
            some place of it cannot be read without guessing.
    """
    return read_sourced(path).whole()


def read_sourced(path: Path, meter: Meter = no_meter) -> Sourced:
    """Return the document of a file with the cell or line of each place.

    Raises:
        PlatformError: `E_NOT_FOUND` when the file cannot be read, `E_MALFORMED` or `E_TOO_LARGE`
            when it is none of its format. What is wrong inside is in the findings.
    """
    refused = _REFUSED.get(path.suffix.lower())
    reader: Reader = refused or _format(path, _READERS, "read")
    try:
        return reader(path, meter)
    except OSError as error:
        raise _missing(path) from error


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        PlatformError: `E_NOT_FOUND`, when it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _missing(path) from error


def write_document(path: Path, document: dict[str, Any], marks: Marks = frozenset()) -> None:
    """Write a document; `marks` are pointers of places to mark, where the format can.

    Raises:
        PlatformError: `E_MALFORMED`, when no format has this ending.
    """
    writer: Writer = _format(path, _WRITERS, "written")
    writer(path, document, marks)


def parse_document(data: bytes) -> dict[str, Any]:
    """Return the document of a JSON text.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`.
    """
    return parse_json(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and all below it whose ending can be read, in order.

    What is hidden, or kept by an open spreadsheet (`~$…`), is nobody's declaration.
    """
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in _READERS and path.is_file():
            yield path


def _read_json(path: Path, _meter: Meter) -> Sourced:
    data = path.read_bytes()
    return Sourced(parse_document(data), JsonLines(data.decode()))


def _write_json(path: Path, document: dict[str, Any], _marks: Marks) -> None:
    write_file(path, as_json(document))


def _missing(path: Path) -> PlatformError:
    return PlatformError(Code.NOT_FOUND, f"cannot read {path}", fix="Name a file that is there.")


def _format(path: Path, formats: Mapping[str, Any], done: str) -> Any:
    found = formats.get(path.suffix.lower())
    if found is None:
        raise PlatformError(
            Code.MALFORMED,
            f"declarations are {done} in no such format",
            expected=", ".join(formats),
            received=path.name[-80:],
            fix="Name a file with one of these endings.",
        )
    return found


# The libraries of workbooks and print are loaded for the files that need them: they would take
# longer than checking a declaration does.
def _read_workbook(path: Path, meter: Meter) -> Sourced:
    from sextant_client.prepare.workbook_reading import read_workbook  # noqa: PLC0415

    return read_workbook(path, meter)


def _write_workbook(path: Path, document: dict[str, Any], marks: Marks) -> None:
    from sextant_client.prepare.workbook_writing import write_workbook  # noqa: PLC0415

    write_workbook(path, document, marks)


def _write_pdf(path: Path, document: dict[str, Any], _marks: Marks) -> None:
    from sextant_client.prepare.pdf.printing import write_pdf  # noqa: PLC0415

    write_pdf(path, document)


def _write_csv(path: Path, document: dict[str, Any], _marks: Marks) -> None:
    write_csv(path, document)


def _read_xml(path: Path, _meter: Meter) -> Sourced:
    return read_xml(path)


def _write_xml(path: Path, document: dict[str, Any], _marks: Marks) -> None:
    write_xml(path, document)


_READERS: Mapping[str, Reader] = {
    ".json": _read_json,
    ".xlsx": _read_workbook,
    ".csv": read_csv,
    ".xml": _read_xml,
}
# Read to the point where it can be said why not: macros, the old form, a password.
_REFUSED: Mapping[str, Reader] = {".xls": _read_workbook, ".xlsm": _read_workbook}
_WRITERS: Mapping[str, Writer] = {
    ".json": _write_json,
    ".xlsx": _write_workbook,
    ".csv": _write_csv,
    ".xml": _write_xml,
    ".pdf": _write_pdf,
}
