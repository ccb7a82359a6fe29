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
from sextant_client.prepare.sourced import Meter, Sourced, no_meter
from sextant_shared.errors import Finding, PlatformError
from sextant_shared.rules import Report
from sextant_shared.rules import check as run_check
from sextant_shared.rules.filings import NO_FILINGS, Filings

Source = Path | bytes | Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """A checked file: the report, and the document as it would be sent."""

    report: Report
    content: bytes


@dataclass(frozen=True)
class Read:
    """A file that was read: the document as it would be sent, and what knows its places.

    JSON is kept as it stands, byte for byte, and has no `sourced`.
    """

    content: bytes
    sourced: Sourced | None = None


def check(source: Source, filings: Filings | Iterable[Source] = NO_FILINGS) -> Report:
    """Check a declaration as the Secretariat does; `filings` are what the same State has filed.

    Declarations are given as files of any format, as JSON text, or as parsed documents. A filing
    that does not read is passed over.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_MALFORMED` or `E_TOO_LARGE`, for a file that is none of its
            format.
    """
    if not isinstance(filings, Filings):
        filings = Filings.from_documents(_documents(filings))
    return check_read(_read(source), filings).report


def read_file(path: Path, meter: Meter = no_meter) -> Read:
    """Read a file of any format.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_MALFORMED` or `E_TOO_LARGE`, when the file is none of its
            format; for JSON that is a finding of the check.
    """
    if path.suffix.lower() == ".json":
        return Read(read_bytes(path))
    sourced = read_sourced(path, meter)
    return Read(compact(sourced.document), sourced)


def check_read(read: Read, filings: Filings = NO_FILINGS) -> Checked:
    """Return what the rules say of what was read, with cells or lines."""
    report = run_check(read.content, filings=filings)
    own = [finding for finding in report.findings if not finding.document]
    of_result = [finding for finding in report.findings if finding.document]
    if read.sourced is None:
        if report.verdict != "REJECTED" and own:
            lines = JsonLines(read.content.decode())
            own = [replace(finding, source=lines(finding.pointer)) for finding in own]
        return Checked(replace(report, findings=(*own, *of_result)), read.content)
    unread = read.sourced.findings
    placed = read.sourced.placed(_causes(own, [f.pointer for f in unread]))
    verdict = "RETURNED" if unread and report.verdict == "REGISTERED" else report.verdict
    found = (*unread, *placed, *of_result)
    return Checked(replace(report, findings=found, verdict=verdict), read.content)


def check_file(path: Path, meter: Meter = no_meter, filings: Filings = NO_FILINGS) -> Checked:
    """Return what the rules say of a file of any format.

    Raises:
        PlatformError: as `read_file`.
    """
    return check_read(read_file(path, meter), filings)


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


def _causes(findings: Sequence[Finding], unread: Sequence[str]) -> list[Finding]:
    return [
        finding
        for finding in findings
        if not any(_covers(place, finding.pointer) for place in unread)
    ]


def _covers(place: str, pointer: str) -> bool:
    return place == pointer or pointer.startswith(f"{place}/") or place.startswith(f"{pointer}/")
