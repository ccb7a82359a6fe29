"""`sextant check` and `sextant rules`: the Secretariat's rule pack, before sending."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client import errors as exits
from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_client.cli.output import finding_lines
from sextant_client.prepare.checking import Checked, check_content, check_file
from sextant_client.prepare.sourced import Meter, no_meter
from sextant_shared.errors import Finding, Severity
from sextant_shared.models.receipts import ReportedFinding
from sextant_shared.rules import Report, list_rules, rule_pack_id
from sextant_shared.rules.wording import title

rules_app = typer.Typer(help="The rule pack.", no_args_is_help=True)
Files = Annotated[list[Path], typer.Argument(help="Declaration files; - reads standard input.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check_files)


def check_files(
    files: Files,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 5 when something is left to explain.")
    ] = False,
    as_json: JsonFlag = False,
) -> int:
    """Check declarations offline, with the rules the Secretariat runs; all findings at once."""
    run = start(DEFAULT_HOME, as_json=as_json)
    reports = {str(path): check_input(path, run.output.meter).report for path in files}
    lines = [line for name, report in reports.items() for line in report_lines(name, report)]
    documents = [{"file": name, **report_document(report)} for name, report in reports.items()]
    run.output.result({"reports": documents}, lines)
    return status_of(list(reports.values()), strict=strict)


def check_input(path: Path, meter: Meter = no_meter) -> Checked:
    """Check a file of any format, or JSON from standard input for `-`."""
    if str(path) == "-":
        return check_content(sys.stdin.buffer.read())
    return check_file(path, meter)


def status_of(reports: list[Report], *, strict: bool) -> int:
    """Return the exit status of checked declarations."""
    severities = {finding.severity for report in reports for finding in report.findings}
    if any(report.verdict != "REGISTERED" for report in reports):
        return exits.FINDINGS
    if strict and Severity.EXPLAIN_OR_FIX in severities:
        return exits.WARNINGS
    return exits.OK


def count(report: Report, severity: Severity) -> int:
    """Return how many findings weigh so much."""
    return sum(finding.severity is severity for finding in report.findings)


def report_lines(name: str, report: Report) -> list[str]:
    """Return a report as people read it; the first line is the verdict."""
    word = "VALID" if report.verdict == "REGISTERED" else "INVALID"
    fix, explain = count(report, Severity.MUST_FIX), count(report, Severity.EXPLAIN_OR_FIX)
    pack = rule_pack_id()
    head = f"{word}  {name}  {fix} to fix, {explain} to explain"
    head += f"   rule pack {pack.version} (sha256:{pack.digest[:8]}…)"
    return [head, *(line for finding in report.findings for line in finding_lines(finding))]


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


@rules_app.command("list")
def rules_list(as_json: JsonFlag = False) -> None:
    """List every rule with its severity, law and meaning."""
    run = start(DEFAULT_HOME, as_json=as_json)
    rules = [
        {"id": r.id, "severity": str(r.severity), "law": r.law, "title": title(r.id)}
        for r in list_rules()
    ]
    lines = [f"{r['id']:<5} {r['severity']:<15} {r['title']}  [{r['law']}]" for r in rules]
    run.output.result({"rules": rules}, lines)
