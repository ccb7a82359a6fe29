"""How a report of the rules is shown: the verdict first, then every finding with its place."""

from dataclasses import replace
from typing import Any

from sextant_client import errors as exits
from sextant_client.cli.output import finding_lines
from sextant_shared.errors import Finding, Severity
from sextant_shared.models.receipts import ReportedFinding
from sextant_shared.rules import PackId, Report
from sextant_shared.rules.answering import is_open
from sextant_shared.rules.wording import Language, reworded

MAX_SHOWN = 500  # findings for people; a wrong column of a large file has one a row
SHOWN_DIGEST = 8  # characters: enough to compare by eye
_COUNTED = (
    (Severity.MUST_FIX, "error", "errors"),
    (Severity.EXPLAIN_OR_FIX, "warning", "warnings"),
    (Severity.INFORMATION, "remark", "remarks"),
)


def status_of(reports: list[Report], *, strict: bool) -> int:
    """Return the exit status of checked declarations."""
    if any(report.verdict != "REGISTERED" for report in reports):
        return exits.FINDINGS
    if strict and any(is_open(finding) for report in reports for finding in report.findings):
        return exits.WARNINGS
    return exits.OK


def in_language(report: Report, language: Language) -> Report:
    """Return a report with its findings in a language."""
    if language == "en":
        return report
    return replace(report, findings=tuple(reworded(f, language) for f in report.findings))


def report_lines(name: str, report: Report, language: Language = "en") -> list[str]:
    """Return a report as people read it; the first line is the verdict."""
    word = "VALID" if report.verdict == "REGISTERED" else "INVALID"
    head = f"{word}  {counts(report)}   {pack_text(report.pack)}   {name}"
    shown, left = report.findings[:MAX_SHOWN], len(report.findings) - MAX_SHOWN
    rest = [f"… and {left:,} more findings; --json gives all."] if left > 0 else []
    return [head, *(line for finding in shown for line in finding_lines(finding, language)), *rest]


def counts(report: Report) -> str:
    """Return how many findings weigh how much; what is answered is counted apart."""
    answered = sum(bool(finding.answer) for finding in report.findings)
    open_ = [finding for finding in report.findings if not finding.answer]
    parts = []
    for severity, one, many in _COUNTED:
        count = sum(finding.severity is severity for finding in open_)
        if count or severity is not Severity.INFORMATION:
            parts.append(f"{count} {one if count == 1 else many}")
    if answered:
        parts.append(f"{answered} question{'' if answered == 1 else 's'} answered")
    return ", ".join(parts)


def pack_text(pack: PackId) -> str:
    """Return which rules spoke, in a few characters."""
    return f"rule-pack {pack.version} (sha256:{pack.digest[:SHOWN_DIGEST]}…)"


def report_document(report: Report) -> dict[str, Any]:
    """Return a report as JSON members."""
    return {
        "verdict": report.verdict,
        "rules": {"version": report.pack.version, "digest": report.pack.digest},
        "findings": [finding_document(finding) for finding in report.findings],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON members, with the cell or line it came from."""
    return {**ReportedFinding.of(finding).model_dump(mode="json"), "source": finding.source}
