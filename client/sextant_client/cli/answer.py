"""`sextant answer`: reasons for findings that are right as they are, written into the file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.beside import Alone, With
from sextant_client.cli.check import Offers, check_all, offer_lines, offer_members, offers_of
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.output import finding_lines
from sextant_client.prepare.answering import (
    Memory,
    Question,
    answered,
    answers_to,
    choose,
    questions,
)
from sextant_client.prepare.checking import Checked
from sextant_client.prepare.documents import parse_document, write_document
from sextant_shared.errors import Code, Finding, PlatformError
from sextant_shared.models.declaration import DeclarationBase


def answer(
    file: Annotated[Path, typer.Argument(help="Declaration file; the reason is written into it.")],
    rule: Annotated[str | None, typer.Option(help="Rule whose finding is answered.")] = None,
    at: Annotated[str | None, typer.Option(help="Its place, as `check` shows it.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is right as it is.")] = None,
    way: Annotated[
        str | None, typer.Option(help="Only this way, where a rule finds several at one place.")
    ] = None,
    until: Annotated[
        int | None, typer.Option(help="Last reporting year for which it holds; else this one.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Take over what was answered in earlier declarations.")
    ] = False,
    with_: With = None,
    alone: Alone = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Answer a finding with a reason; without options, list what is open and what is remembered."""
    run = start(home, as_json=as_json)
    checked = check_all(run, [file], with_, alone=alone)[0][file]
    declaration = _declaration(checked)
    document = parse_document(checked.content)
    asked = questions(document, checked.report.findings)
    memory = Memory.of(run.home)
    offers = offers_of(memory, checked)
    last = until or declaration.year
    if last < declaration.year:
        raise typer.BadParameter(f"--until is before the year reported on, {declaration.year}")
    if again:
        given = _taken_over(offers, rule, at, last)
    elif rule is None and at is None and reason is None:
        _list(run, file, asked, offers, checked.report.findings)
        return
    elif rule is None or at is None or reason is None:
        raise typer.BadParameter("--rule, --at and --reason belong together")
    else:
        given = answers_to(choose(asked, rule.upper(), at, way), reason, last, way)
    write_document(file, answered(document, given))
    memory.with_answers(document, declaration.year, given).write(run.home)
    left = len(asked) - _reached(asked, given)
    lines = [f"Answered {one['rule']} {one['place']}: {one['reason']}" for one in given]
    lines.append(f"{left} open finding{'' if left == 1 else 's'} left in {file}.")
    run.output.result({"file": str(file), "answers": given, "open": left}, lines)


def _list(
    run: Run,
    file: Path,
    asked: Sequence[Question],
    offers: Offers,
    findings: Sequence[Finding],
) -> None:
    lines = [line for question in asked for line in finding_lines(question.finding)]
    lines += offer_lines(file, offers)
    lines.append(
        f"{len(asked)} open. Answer one with: sextant answer {file} --rule RULE --at PLACE"
        " --reason TEXT"
        if asked
        else "Nothing is open."
    )
    if any(finding.document for finding in findings):
        lines.append(
            "Findings of the amended declaration are answered in it: answer there, then amend."
        )
    members: list[dict[str, Any]] = [
        {
            "rule": question.finding.rule,
            "way": question.finding.way,
            "pointer": question.finding.pointer,
            "place": question.place,
            "message": question.finding.message,
        }
        for question in asked
    ]
    run.output.result(
        {"file": str(file), "questions": members, "offers": offer_members(offers)}, lines
    )


def _taken_over(
    offers: Offers, rule: str | None, at: str | None, until: int
) -> list[dict[str, Any]]:
    """Return the remembered answers for this declaration, all or those of a rule and place."""
    given = [
        one
        for question, known in offers
        if rule in {None, known.rule} and (at is None or question.is_at(at))
        for one in answers_to([question], known.reason, max(until, known.until), known.way)
    ]
    unique = {(one["rule"], one.get("way"), one["place"]): one for one in given}
    if not unique:
        raise PlatformError(
            Code.NOT_FOUND,
            "no open finding of this declaration was answered in an earlier one",
            fix="Answer it with: sextant answer FILE --rule RULE --at PLACE --reason TEXT.",
        )
    return list(unique.values())


def _reached(asked: Sequence[Question], given: Sequence[dict[str, Any]]) -> int:
    return sum(
        any(
            (one["rule"], one["place"]) == (question.finding.rule, question.place)
            and one.get("way") in {None, question.finding.way}
            for one in given
        )
        for question in asked
    )


def _declaration(checked: Checked) -> DeclarationBase:
    declaration = checked.report.declaration
    if declaration is None:
        raise PlatformError(
            Code.MALFORMED,
            "the file does not fit its model, so that nothing of it can be answered yet",
            findings=checked.report.findings,
            fix="Correct every place that the findings name.",
        )
    return declaration
