"""`sextant officer cases`: differences to explain, from opening to settlement, with their rooms."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.officer_accesses import PurposeOption, SendingPurpose
from sextant_client.cli.output import table_lines
from sextant_client.home import write_file
from sextant_client.officers import officers_session
from sextant_shared import codelists
from sextant_shared.clock import system_clock, uuid7
from sextant_shared.models.purposes import PURPOSE_HEADER

app = typer.Typer(help="Differences to explain between two States.", no_args_is_help=True)
_CASES = "/v1/cases"
_PAGE = 200
_HEAD = ["case", "State", "chemical", "class", "stands", "due", "priority"]
_MORE = {
    "MORE_EXPORTED": "more exported",
    "MORE_IMPORTED": "more imported",
    "NONE": "no difference left",
}

Number = Annotated[str, typer.Argument(help="Number from the list, such as TD-2025-000001.")]
StateOption = Annotated[str | None, typer.Option(help="A State on either side, such as XAL.")]
ToOption = Annotated[list[str] | None, typer.Option(help="Only this State; may be repeated.")]


@app.command("list")
def list_cases(
    purpose: PurposeOption,
    state: StateOption = None,
    year: Annotated[int | None, typer.Option(help="Calendar year of the transfers.")] = None,
    status: Annotated[str | None, typer.Option(help="Where it stands, such as OPENED.")] = None,
    priority: Annotated[str | None, typer.Option(help="HIGH, MEDIUM or LOW.")] = None,
    closed: Annotated[
        bool | None, typer.Option("--closed/--open", help="Closed ones, or open ones.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=_PAGE)] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List cases, newest first, without figures."""
    run = start(home, as_json=as_json)
    wanted = {
        "state": state,
        "year": year,
        "status": status,
        "priority": priority,
        "open": None if closed is None else str(not closed).lower(),
        "limit": limit,
        "cursor": cursor,
    }
    found = _read(run, _CASES, purpose, wanted)
    rows = [_row(one, pair) for one in found["cases"] for pair in one["pairs"]]
    lines = table_lines([_HEAD, *rows]) if rows else ["No case."]
    if found["next"]:
        lines.append(f"More with --cursor {found['next']}")
    run.output.result(found, lines)


@app.command("show")
def show(
    number: Number,
    purpose: PurposeOption,
    as_state: Annotated[str | None, typer.Option("--as", help="As this State is shown it.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show a case in full, or as one of its States is shown it."""
    run = start(home, as_json=as_json)
    if as_state is not None:
        seen = _read(run, f"{_CASES}/{number}/views/{as_state}", purpose)
        run.output.result(seen, _case_lines(seen))
        return
    found = _read(run, f"{_CASES}/{number}", purpose)
    lines = [*_case_lines(found["case"]), f"  {found['meaning']}"]
    clock = found["clock"]
    if clock:
        overdue = "  OVERDUE" if clock["overdue"] else ""
        lines.append(f"  due {clock['due']} [{clock['mark']}] {clock['source']}{overdue}")
    lines += [
        f"  with {one['other']} ({one['case'] or 'no case'}): {one['kind']} {one['third'] or ''}"
        for one in found["together"]
    ]
    lines += [f"  next: {n['step']} ({', '.join(n['reasons'])})" for n in found["next"]]
    run.output.result(found, lines)


@app.command("steps")
def steps(number: Number, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """List the steps of a case, newest first, with their places in the log."""
    run = start(home, as_json=as_json)
    found = _read(run, f"{_CASES}/{number}/steps", None, {"limit": _PAGE})
    head = ["when", "step", "to", "by", "why", "cause", "log index"]
    rows = [
        [
            one["t"][:16],
            one["step"],
            one["target"],
            one["client"],
            " ".join(part for part in (one["reason"], one["reference"]) if part),
            one["cause"] or "",
            "" if one["index"] is None else str(one["index"]),
        ]
        for one in found["steps"]
    ]
    run.output.result(found, table_lines([head, *rows]))


@app.command("step")
def step(
    number: Number,
    code: Annotated[str, typer.Argument(help="Step, as `show` lists them.")],
    reason: Annotated[str, typer.Option(help="Why, as a code.")],
    purpose: PurposeOption,
    cause: Annotated[
        str | None,
        typer.Option(
            help="Why the figures differed, as a code: sextant codes list transfer_causes."
        ),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Number of another case, or id of a message.")
    ] = None,
    priority: Annotated[str | None, typer.Option(help="HIGH, MEDIUM or LOW.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Take a step with a case; it stands in the log."""
    run = start(home, as_json=as_json)
    given = {
        "step": code,
        "reason": reason,
        "cause": cause,
        "reference": reference,
        "priority": priority,
    }
    taken = _change(run, number, "steps", given, purpose)
    run.output.result(taken, [f"{number}: {code}"])


@app.command("ask")
def ask(
    number: Number,
    purpose: PurposeOption,
    reason: Annotated[str, typer.Option(help="Why, as a code.")] = "EXPLANATION_WANTED",
    to: ToOption = None,
    words: Annotated[str | None, typer.Option(help="Words after the prefilled text.")] = None,
    answer_by: Annotated[str | None, typer.Option(help="Day to answer by: 2027-01-15.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Ask the States of a case to explain, each in its language and with its own row."""
    run = start(home, as_json=as_json)
    given = {"reason": reason, "to": to or None, "words": words, "answer_by": answer_by}
    sent = _change(run, number, "requests", given, purpose)
    run.output.result(sent, _sent_lines(sent))


@app.command("room")
def room(
    number: Number,
    purpose: PurposeOption,
    as_state: Annotated[
        str | None, typer.Option("--as", help="Only what this State knows of.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show all that is said about a case, in order, and which States know of it."""
    run = start(home, as_json=as_json)
    found = _read(run, f"{_CASES}/{number}/messages", purpose, {"state": as_state})
    head = ["when", "from", "to", "type", "state", "known to", "envelope"]
    rows = [
        [
            (one["accepted"] or "")[:16],
            one["sender"],
            " ".join(one["to"]),
            one["type"],
            one["state"],
            " ".join(one["states"]),
            one["id"],
        ]
        for one in found["messages"]
    ]
    run.output.result(found, table_lines([head, *rows]) if rows else ["Nothing is said yet."])


@app.command("write")
def write(
    number: Number,
    subject: Annotated[str, typer.Option(help="Subject of the letter.")],
    text: Annotated[str, typer.Option(help="The letter.")],
    to: ToOption = None,
    key: Annotated[
        str | None, typer.Option(help="Name of this order; repeated, it sends nothing new.")
    ] = None,
    purpose: SendingPurpose = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write to the States of a case that were asked, one sealed letter each."""
    run = start(home, as_json=as_json)
    headers = {"Idempotency-Key": key or uuid7(system_clock)}
    headers |= {PURPOSE_HEADER: purpose} if purpose else {}
    body = {"subject": subject, "text": text, **({"to": to} if to else {})}
    path = f"{_CASES}/{number}/messages"
    with officers_session(run.home) as session:
        sent = session.request("POST", path, json=body, headers=headers).json()
    run.output.result(sent, _sent_lines(sent))


@app.command("statistics")
def statistics(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Count cases by year: opened, closed within twelve months, causes, the same flow again."""
    run = start(home, as_json=as_json)
    found = _read(run, f"{_CASES}/statistics", None)
    head = ["year", "opened", "closed", "in 12 months", "unresolved", "again", "causes"]
    rows = [
        [
            *(str(one[name]) for name in ("year", "opened", "closed", "in_time", "unresolved")),
            str(one["again"]),
            ", ".join(f"{cause} {n}" for cause, n in one["causes"].items()),
        ]
        for one in found["years"]
    ]
    run.output.result(found, table_lines([head, *rows]) if rows else ["No case."])


@app.command("export")
def export(
    state: Annotated[str, typer.Argument(help="State code, such as XAL.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File that ends in .csv or .xlsx.")],
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write the open cases of a State as it may see them, for its customs service."""
    run = start(home, as_json=as_json)
    kind = out.suffix.lower().removeprefix(".")
    if kind not in ("csv", "xlsx"):
        raise typer.BadParameter("--out ends in .csv or .xlsx")
    params = {"state": state, "format": kind}
    headers = {PURPOSE_HEADER: purpose}
    with officers_session(run.home) as session:
        path = f"{_CASES}/export"
        data = session.request("GET", path, params=params, headers=headers).content
    write_file(out, data)
    run.output.result({"file": str(out), "bytes": len(data)}, [f"Wrote {out}."])


def _read(
    run: Run, path: str, purpose: str | None, params: dict[str, Any] | None = None
) -> dict[str, Any]:
    given = {name: value for name, value in (params or {}).items() if value is not None}
    headers = {PURPOSE_HEADER: purpose} if purpose else {}
    with officers_session(run.home) as session:
        found: dict[str, Any] = session.request("GET", path, params=given, headers=headers).json()
    return found


def _change(
    run: Run, number: str, what: str, given: dict[str, Any], purpose: str
) -> dict[str, Any]:
    """Do something with a case as it stands now: whoever is quicker wins."""
    body = {name: value for name, value in given.items() if value is not None}
    why = {PURPOSE_HEADER: purpose}
    with officers_session(run.home) as session:
        tag = session.request("GET", f"{_CASES}/{number}", headers=why).headers["etag"]
        headers = {**why, "If-Match": tag}
        answer = session.request("POST", f"{_CASES}/{number}/{what}", json=body, headers=headers)
    found: dict[str, Any] = answer.json()
    return found


def _row(one: dict[str, Any], pair: dict[str, Any]) -> list[str]:
    priority = "PEOPLE ONLY" if one["restricted"] else one["priority"]
    return [
        one["number"],
        f"{pair['exporter']} to {pair['importer']}",
        _name(pair["chemical"]),
        pair["class_"],
        one["state"],
        one["due"] or "",
        priority,
    ]


def _case_lines(case: dict[str, Any]) -> list[str]:
    title = f"{case['number']}  {case['state']}  since {case['since']}  {case['priority'] or ''}"
    lines = [title.rstrip()]
    for pair in case["pairs"]:
        sides = (("export", "exporter"), ("import_", "importer"))
        said = [f"{pair[who]} {_said(pair[side])}" for side, who in sides]
        what = f"{_name(pair['chemical'])} (Schedule {pair['schedule']})"
        lines.append(f"  {pair['year']} {what}: {'; '.join([*said, _MORE[pair['sense']]])}")
        lines += [
            f"    tried: {one['kind']}{', closes it' if one['closes'] else ''}"
            for one in pair["explanations"] or []
        ]
    return lines


def _name(chemical: str) -> str:
    known = codelists.chemicals_by_cas().get(chemical)
    return f"{known.name} {chemical}" if known else chemical


def _said(side: dict[str, Any]) -> str:
    if not side["is_shown"]:
        return "not shown"
    if side["kg"] is not None:
        return f"{side['kg']} kg"
    return "no figure" if side["has_row"] else f"no row ({side['filed']})"


def _sent_lines(sent: dict[str, Any]) -> list[str]:
    return [f"{one['to']}: {one['type']}, message {one['message']}" for one in sent["sent"]]
