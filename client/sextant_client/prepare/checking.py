"""Checks a declaration's file with the rule pack; every finding names its cell or line.

What could not be read stands before what the rules say; where a place could not be read, what the
rules say of the same place would only follow from it, and is left out.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sextant_client.prepare.documents import read_bytes, read_sourced
from sextant_client.prepare.jsonlines import JsonLines
from sextant_client.prepare.sourced import Meter, no_meter
from sextant_shared.errors import Finding
from sextant_shared.rules import Report, check


@dataclass(frozen=True)
class Checked:
    """A checked file: the report, and the document as it would be sent."""

    report: Report
    content: bytes


def check_file(path: Path, meter: Meter = no_meter) -> Checked:
    """Return what the rules say of a file of any format.

    JSON is checked as it stands, byte for byte: that is what would be sent.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_MALFORMED` or `E_TOO_LARGE`, when the file is none of its
            format; for JSON that is a finding.
    """
    if path.suffix.lower() == ".json":
        return check_content(read_bytes(path))
    sourced = read_sourced(path, meter)
    content = compact(sourced.document)
    report = check(content)
    unread = sourced.findings
    placed = sourced.placed(_causes(report.findings, [f.pointer for f in unread]))
    verdict = "RETURNED" if unread and report.verdict == "REGISTERED" else report.verdict
    return Checked(replace(report, findings=(*unread, *placed), verdict=verdict), content)


def check_content(content: bytes) -> Checked:
    """Return what the rules say of a JSON text, with lines."""
    report = check(content)
    if report.verdict != "REJECTED" and report.findings:
        lines = JsonLines(content.decode())
        found = (replace(f, source=lines(f.pointer)) for f in report.findings)
        report = replace(report, findings=tuple(found))
    return Checked(report, content)


def compact(document: dict[str, Any]) -> bytes:
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
