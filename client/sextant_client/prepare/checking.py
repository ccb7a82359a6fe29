"""Checks a declaration's file with the rule pack; every finding names its cell or line.

What could not be read stands before what the rules say; where a place could not be read, what the
rules say of the same place would only follow from it, and is left out.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sextant_client.prepare.documents import (
    parse_document,
    read_bytes,
    read_document,
    read_sourced,
)
from sextant_client.prepare.jsonlines import JsonLines
from sextant_client.prepare.sourced import Meter, Sourced, misread, no_meter
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.rules import Report, rule_pack_id
from sextant_shared.rules import check as run_check
from sextant_shared.rules.filings import NO_FILINGS, Filings

MANY_ROWS = 1000  # from here on people wait, and are told how far it is
Source = Path | bytes | Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """A checked file: the report, and the document as it would be sent.

    `is_whole` says that every place of the file could be read, so that nothing is missing in it.
    """

    report: Report
    content: bytes
    is_whole: bool = True


@dataclass(frozen=True)
class Read:
    """A file that was read: the document as it would be sent, and what knows its places.

    JSON is kept as it stands, byte for byte, and has no `sourced`. A file that is none of its
    format is `refused`, and has no content.
    """

    content: bytes
    sourced: Sourced | None = None
    refused: PlatformError | None = None


def check(source: Source, filings: Filings | Iterable[Source] = NO_FILINGS) -> Report:
    """Check a declaration as the Secretariat does; `filings` are what the same State has filed.

    Declarations are given as files of any format, as JSON text, or as parsed documents. A filing
    that does not read is passed over.

    Raises:
        PlatformError: `E_NOT_FOUND`; `E_MALFORMED`, when no format has the ending of a file.
    """
    if not isinstance(filings, Filings):
        filings = Filings.from_documents(_documents(filings))
    return check_read(_read(source), filings).report


def read_file(path: Path, meter: Meter = no_meter) -> Read:
    """Read a file of any format.

    Raises:
        PlatformError: `E_NOT_FOUND`; `E_MALFORMED`, when no format has this ending.
    """
    if path.suffix.lower() == ".json":
        return Read(read_bytes(path))
    try:
        sourced = read_sourced(path, meter)
    except PlatformError as error:
        if not error.findings and error.code is not Code.TOO_LARGE:
            raise
        return Read(b"", refused=error)
    return Read(compact(sourced.document), sourced)


def check_read(read: Read, filings: Filings = NO_FILINGS, meter: Meter = no_meter) -> Checked:
    """Return what the rules say of what was read, with cells or lines."""
    if read.refused is not None:
        rejected = Report(None, _told(read.refused), "REJECTED", rule_pack_id(), None)
        return Checked(rejected, b"", is_whole=False)
    rows = read.sourced.rows if read.sourced is not None else 0
    progress = meter("check row") if rows >= MANY_ROWS else no_meter("")
    progress(0, rows)
    report = run_check(read.content, filings=filings)
    progress(rows, rows)
    own = [finding for finding in report.findings if not finding.document]
    of_result = [finding for finding in report.findings if finding.document]
    if read.sourced is None:
        if report.verdict != "REJECTED" and own:
            lines = JsonLines(read.content.decode())
            own = [replace(finding, source=lines(finding.pointer)) for finding in own]
        return Checked(replace(report, findings=(*own, *of_result)), read.content)
    unread = read.sourced.findings
    placed = read.sourced.placed(_causes(own, unread))
    must_fix = any(finding.severity is Severity.MUST_FIX for finding in unread)
    verdict = "RETURNED" if must_fix and report.verdict == "REGISTERED" else report.verdict
    found = (*unread, *placed, *of_result)
    report = replace(report, findings=found, verdict=verdict)
    return Checked(report, read.content, is_whole=not must_fix)


def check_file(path: Path, meter: Meter = no_meter, filings: Filings = NO_FILINGS) -> Checked:
    """Return what the rules say of a file of any format.

    Raises:
        PlatformError: as `read_file`.
    """
    return check_read(read_file(path, meter), filings, meter)


def check_content(content: bytes, filings: Filings = NO_FILINGS) -> Checked:
    """Return what the rules say of a JSON text, with lines."""
    return check_read(Read(content), filings)


def _read(source: Source) -> Read:
    if isinstance(source, Path):
        return read_file(source)
    return Read(source if isinstance(source, bytes) else compact(source))


def _documents(sources: Iterable[Source]) -> Iterator[Mapping[str, Any]]:
    for source in sources:
        if isinstance(source, Mapping):
            yield source
            continue
        with suppress(PlatformError):
            yield read_document(source) if isinstance(source, Path) else parse_document(source)


def compact(document: Mapping[str, Any]) -> bytes:
    """Return a document as bytes, without spaces."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _told(error: PlatformError) -> tuple[Finding, ...]:
    """Return what is said of a file that is none of its format."""
    if error.findings:
        return error.findings
    told = misread("the file", error.detail, expected=error.expected, fix=error.fix)
    return (replace(told, received=error.received),)


def _causes(findings: Sequence[Finding], unread: Sequence[Finding]) -> list[Finding]:
    """Return the findings of the rules that do not merely follow from a place left out."""
    out = {finding.pointer for finding in unread} - {""}
    around = {pointer for place in out for pointer in _around(place)}
    return [f for f in findings if f.pointer not in around and out.isdisjoint(_around(f.pointer))]


def _around(pointer: str) -> Iterator[str]:
    """Yield a pointer and all around it but the whole."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
