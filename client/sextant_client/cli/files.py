"""`sextant template`, `copy`, `import`, `export`: declarations in the files people work with."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.compose import Out, find_kind, today
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.reporting import report_document, report_lines, status_of
from sextant_client.home import Home, write_file
from sextant_client.home import as_json as json_bytes
from sextant_client.prepare.checking import check_file
from sextant_client.prepare.documents import read_document, write_document
from sextant_client.prepare.lastyear import sent_for
from sextant_client.prepare.new import Beginning, year_of
from sextant_client.prepare.rolling import roll
from sextant_client.prepare.template import write_template
from sextant_client.sent import SentFolder
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import OutcomeReceipt

Format = Annotated[str, typer.Option("--format", help="xlsx or csv.")]
OutFile = Annotated[Path, typer.Option("--out", "-o", help="Where to write it.")]
MAX_MARKS = 40  # pointers shown to people; --json has all


def template(
    kind: Annotated[str, typer.Argument(help="Kind, such as S2_SITE_ADPA.")],
    form: Format = "xlsx",
    out: Out = None,
    year: Annotated[
        int | None, typer.Option(help="Year it reports on; else the next one due.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write an empty workbook or CSV of a kind, with help and the codes to choose from."""
    run = start(home, as_json=as_json)
    chosen = find_kind(kind)
    path = out or Path(f"{chosen.id.lower().replace('_', '-')}.{form}")
    begin = Beginning(year or year_of(chosen, today().year), run.home.heading())
    write_template(path, chosen, begin)
    lines = [f"Wrote {path}: {chosen.title}.", f"Fill it in, then: sextant check {path}"]
    run.output.result({"file": str(path), "kind": chosen.id}, lines)


def copy(
    what: Annotated[str, typer.Argument(help="A declaration's file; a kind, with --from.")],
    out: OutFile,
    from_year: Annotated[
        int | None, typer.Option("--from", help="Year of the declaration to copy.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Year of the copy; else the next.")] = None,
    declaration_id: Annotated[
        str | None, typer.Option("--id", help="Which of several sent declarations.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Begin this year's declaration with last year's: its amounts become the look-back."""
    run = start(home, as_json=as_json)
    path = Path(what)
    if path.suffix:
        document = read_document(path)
        if from_year is not None and document.get("reporting_year") != from_year:
            raise PlatformError(
                Code.STATE,
                f"{path} is of another year",
                expected=str(from_year),
                received=str(document.get("reporting_year")),
                fix="Name the file of that year.",
            )
    elif from_year is None:
        raise typer.BadParameter("name a file, or a kind with --from YEAR")
    else:
        document = sent_for(run.home, find_kind(what), from_year, declaration_id)
    rolled = roll(document, year)
    write_document(out, rolled.document, frozenset(rolled.marks))
    marks = sorted(rolled.marks)
    lines = [
        f"Wrote {out}: {rolled.document['declaration_id']}, from {document['declaration_id']}.",
        f"{len(marks)} places changed or must be filled in:",
        *(f"  {mark}" for mark in marks[:MAX_MARKS]),
        *(["  …"] if len(marks) > MAX_MARKS else []),
        f"Fill it in, then: sextant check {out}",
    ]
    run.output.result({"file": str(out), "marks": marks}, lines)


def import_(
    file: Annotated[
        Path, typer.Argument(help="A declaration as XLSX, CSV, XML or another format.")
    ],
    out: OutFile,
    as_json: JsonFlag = False,
) -> int:
    """Turn a file into the JSON that is sent; what the rules say is shown, with cell or line."""
    run = start(DEFAULT_HOME, as_json=as_json)
    if out.suffix.lower() != ".json":
        raise typer.BadParameter("an import is written as .json")
    checked = check_file(file, run.output.meter)
    report, name = checked.report, str(file)
    lines = report_lines(name, report)
    document = {"file": name, **report_document(report)}
    if checked.is_whole and report.verdict != "REJECTED":
        write_file(out, json_bytes(json.loads(checked.content)))
        lines.append(f"Wrote {out}.")
        document["out"] = str(out)
    else:
        lines.append("Nothing was written: correct what cannot be read.")
    run.output.result(document, lines)
    return status_of([report], strict=False)


def export(
    file: Annotated[Path, typer.Argument(help="A declaration in any format.")],
    to: Annotated[str, typer.Option("--to", help="Format: xlsx, csv, json, xml or pdf.")],
    out: Out = None,
    fonts: Annotated[
        list[Path] | None, typer.Option("--font", help="PDF: a font, or a folder; repeatable.")
    ] = None,
    receipt: Annotated[
        str | None, typer.Option("--receipt", help="PDF: envelope whose verdict stands on it.")
    ] = None,
    with_findings: Annotated[
        bool, typer.Option("--findings", help="PDF: with what the rules say of the file.")
    ] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write a declaration in another format, beside the file or to -o; pdf is for paper."""
    run = start(home, as_json=as_json)
    path = out or file.with_suffix(f".{to}")
    if f".{to}" != path.suffix.lower():
        raise typer.BadParameter(f"-o does not end with .{to}")
    if to != "pdf" and (fonts or receipt or with_findings):
        raise typer.BadParameter("--font, --receipt and --findings are for --to pdf")
    document = read_document(file)
    if to == "pdf":
        # Loaded where it is needed: most runs print nothing, and would start slower.
        from sextant_client.prepare.pdf.printing import Extras, write_pdf  # noqa: PLC0415

        verdict = outcome_of(run.home, receipt) if receipt else None
        findings = check_file(file).report.findings if with_findings else ()
        write_pdf(path, document, Extras(receipt=verdict, findings=findings, fonts=fonts or ()))
    else:
        write_document(path, document)
    run.output.result({"file": str(path)}, [f"Wrote {path}."])


def outcome_of(home: Home, envelope_id: str) -> OutcomeReceipt:
    """Return the newest verdict of the Secretariat on an envelope that is stored here.

    Raises:
        PlatformError: `E_NOT_FOUND`, when there is none.
    """
    answers = (received.answer() for received in SentFolder.replies(home.inbox, envelope_id))
    verdicts = [answer for answer in answers if isinstance(answer, OutcomeReceipt)]
    if not verdicts:
        raise PlatformError(
            Code.NOT_FOUND,
            f"no verdict of the Secretariat on {envelope_id[:40]} is stored here",
            fix="Collect it first: sextant inbox.",
        )
    return verdicts[-1]
