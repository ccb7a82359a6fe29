"""`sextant rules` and `sextant explain`: what the rules and the codes of errors mean."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_client.cli.language import Lang, Locale, language_of, remark
from sextant_client.cli.output import finding_lines
from sextant_client.cli.reporting import pack_text
from sextant_shared.errors import Code
from sextant_shared.protocol.problems import RECIPIENT_LOCAL
from sextant_shared.protocol.problems import TABLE as PROBLEMS
from sextant_shared.rules import rule_pack_id
from sextant_shared.rules.explaining import Explanation, Way, codes, explain
from sextant_shared.rules.wording import Language, in_line, label, labelled

rules_app = typer.Typer(help="The rule pack.", no_args_is_help=True)
_ERROR = "E_"


def explain_code(
    code: Annotated[str, typer.Argument(help="A rule (X4), a way (X4-range) or an error (E_KEY).")],
    lang: Lang = None,
    locale: Locale = None,
    as_json: JsonFlag = False,
) -> None:
    """Explain a rule or an error code: what holds, why, what mends it, with an example."""
    run = start(DEFAULT_HOME, as_json=as_json)
    if code.upper().startswith(_ERROR) and code.upper() in set(Code):
        run.output.result(error_members(Code(code.upper())), error_lines(Code(code.upper())))
        return
    language = language_of(lang, locale)
    said = explain(code, language)
    run.output.result(members(said), lines(said))
    if text := remark(language):
        run.output.say(text)


@rules_app.command("list")
def rules_list(lang: Lang = None, locale: Locale = None, as_json: JsonFlag = False) -> None:
    """List every rule with its severity, law and meaning."""
    run = start(DEFAULT_HOME, as_json=as_json)
    language = language_of(lang, locale)
    rules = [explain(code, language) for code in codes()]
    pack = rule_pack_id()
    shown = [f"{r.rule:<5} {r.severity:<15} {in_line(r.title)}{law_text(r)}" for r in rules]
    listed = [
        {"id": r.rule, "severity": str(r.severity), "law": r.law, "title": r.title} for r in rules
    ]
    run.output.result(
        {"version": pack.version, "digest": pack.digest, "rules": listed},
        [pack_text(pack), *shown],
    )
    if text := remark(language):
        run.output.say(text)


@rules_app.command("show")
def rules_show(
    rule: Annotated[str, typer.Argument(help="A rule, such as X4.")],
    lang: Lang = None,
    locale: Locale = None,
    as_json: JsonFlag = False,
) -> None:
    """Show one rule; the same as `sextant explain`."""
    explain_code(rule, lang, locale, as_json)


def lines(said: Explanation) -> list[str]:
    """Return an explanation as people read it."""
    language = said.language
    how = in_line(label(said.severity, language))
    texts = [f"{said.rule}  {in_line(said.title)}", f"  {said.severity}: {how}"]
    texts += [f"  {labelled('law', said.law, language)}"] if said.law else []
    texts += ["", f"  {in_line(said.why)}"] if said.why else []
    for way in said.ways:
        texts += ["", f"  {said.rule}-{way.name}", *way_lines(way, language)]
    return texts


def way_lines(way: Way, language: Language = "en") -> list[str]:
    """Return one way in which a rule does not hold, with its worked example."""
    texts = [f"    {in_line(way.message)}"]
    texts += [
        f"    {labelled(name, text, language)}"
        for name in ("expected", "fix")
        if (text := getattr(way, name))
    ]
    if way.worked is not None:
        example = in_line(label("example", language))
        texts.append(f"    {example} ({way.worked.kind}): {way.worked.why}")
        texts += [f"      {line}" for line in finding_lines(way.worked.finding, language)]
    return texts


def members(said: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON members."""
    return asdict(said)


def law_text(said: Explanation) -> str:
    """Return the paragraph in brackets, where there is one."""
    return f"  [{said.law}]" if said.law else ""


def error_lines(code: Code) -> list[str]:
    """Return what an error code means as people read it."""
    row = PROBLEMS[code]
    status = "never sent" if code in RECIPIENT_LOCAL else f"HTTP {row.status}"
    return [f"{code}  {row.title}  ({status})", f"  fix: {row.fix}"]


def error_members(code: Code) -> dict[str, Any]:
    """Return what an error code means as JSON members."""
    row = PROBLEMS[code]
    return {
        "code": str(code),
        "title": row.title,
        "status": None if code in RECIPIENT_LOCAL else row.status,
        "fix": row.fix,
    }
