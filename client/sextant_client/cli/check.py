"""`sextant check`: the Secretariat's rule pack, before sending."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.beside import Alone, With, declaration_files, filed_beside, read_all
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.language import Lang, Locale, language_of, remark
from sextant_client.cli.reporting import in_language, report_document, report_lines, status_of
from sextant_client.prepare.answering import Memory, Question, Remembered, questions
from sextant_client.prepare.checking import Checked, check_read
from sextant_client.prepare.documents import parse_document
from sextant_client.prepare.filings import Filing, filings_of
from sextant_client.prepare.wholeyear import YearChecked, check_years
from sextant_shared.errors import PlatformError

Files = Annotated[
    list[Path],
    typer.Argument(help="Declaration files, or folders of them; - reads standard input."),
]
Offers = list[tuple[Question, Remembered]]


def check_files(
    files: Files,
    with_: With = None,
    alone: Alone = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 5 when something is left to explain.")
    ] = False,
    lang: Lang = None,
    locale: Locale = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Check declarations offline, with the rules the Secretariat runs; all findings at once.

    They are compared with each other, with what is named by --with, and with what was sent from
    the home. Of several files, or with --with, it is also said what the years lack that they
    report on.
    """
    run = start(home, as_json=as_json)
    language = language_of(lang, locale)
    paths = declaration_files(files)
    checked, filed = check_all(run, paths, with_, alone=alone)
    years = years_of(checked, filed) if len(paths) > 1 or with_ else []
    memory = Memory.of(run.home)
    lines, documents = [], []
    for path, one in checked.items():
        report = in_language(one.report, language)
        offers = offers_of(memory, one)
        lines += [*report_lines(str(path), report, language), *offer_lines(path, offers)]
        documents.append(
            {"file": str(path), **report_document(report), "offers": offer_members(offers)}
        )
    judged = {year: in_language(year.report, language) for year in years if year.report}
    for year, report in judged.items():
        lines += report_lines(year.name, report, language)
    members = {
        "reports": documents,
        "years": [
            {"state": year.state, "year": year.year, **report_document(report)}
            for year, report in judged.items()
        ],
        "compared": [filing.members() for filing in filed],
    }
    run.output.result(members, lines)
    if filed:
        run.output.say(f"Filings compared, these files among them: {len(filed)}.")
    for told in _remarks(years, checked):
        run.output.say(told)
    if text := remark(language):
        run.output.say(text)
    return status_of([*(one.report for one in checked.values()), *judged.values()], strict=strict)


def check_all(
    run: Run, files: list[Path], named: list[Path] | None = None, *, alone: bool = False
) -> tuple[Mapping[Path, Checked], list[Filing]]:
    """Check files beside what their State has filed; return that, too."""
    reads = read_all(files, run.output.meter)
    filed = filed_beside(run, reads, named, alone=alone)
    filings = filings_of(filed)
    meter = run.output.meter
    return {path: check_read(read, filings, meter) for path, read in reads.items()}, filed


def years_of(checked: Mapping[Path, Checked], filed: list[Filing]) -> list[YearChecked]:
    """Return what the years lack that the checked files report on; of none, when checked alone."""
    reported = [one.report.declaration for one in checked.values()]
    return check_years(filter(None, reported), filings_of(filed)) if filed else []


def _remarks(years: list[YearChecked], checked: Mapping[Path, Checked]) -> list[str]:
    """Return what a reader must know of the judgement of years."""
    texts = [
        f"What {year.name} lacks cannot be said: nothing of {year.year - 1} is known here."
        for year in years
        if year.report is None
    ]
    unread = sum(one.report.declaration is None for one in checked.values())
    if unread and any(year.report for year in years):
        text = "1 file is" if unread == 1 else f"{unread} files are"
        texts.append(f"For the years {text} not there: no declaration could be read.")
    return texts


def offers_of(memory: Memory, checked: Checked) -> Offers:
    """Return the open findings of a checked declaration that were answered before elsewhere."""
    if not memory.answers:
        return []
    with suppress(PlatformError):
        document = parse_document(checked.content)
        return [
            (question, known)
            for question in questions(document, checked.report.findings)
            if (known := memory.offer(document, question)) is not None
        ]
    return []


def offer_lines(path: Path, offers: Offers) -> list[str]:
    """Return what is remembered as people read it."""
    lines = [
        f"? {question.finding.rule:<6} {question.finding.pointer}  answered for {known.year}:"
        f" {known.reason}"
        for question, known in offers
    ]
    return [*lines, f"  Take it over with: sextant answer {path} --again"] if lines else []


def offer_members(offers: Offers) -> list[dict[str, Any]]:
    """Return what is remembered as JSON members."""
    return [
        {
            "rule": question.finding.rule,
            "pointer": question.finding.pointer,
            "reason": known.reason,
            "year": known.year,
            "until": known.until,
        }
        for question, known in offers
    ]
