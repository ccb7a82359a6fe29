"""`sextant officer inspection`: selections, inspections step by step, and mandate packages."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.officer_accesses import PurposeOption
from sextant_client.cli.output import table_lines
from sextant_client.officers import content_of, officers_session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.purposes import PURPOSE_HEADER

app = typer.Typer(help="Selections, inspections and mandates.", no_args_is_help=True)
Number = Annotated[str, typer.Argument(help="Number, such as INS-2026-0001.")]
SelectionId = Annotated[str, typer.Argument(metavar="SELECTION", help="Id from the list.")]
_REGIMES = ("S1", "S2", "S3", "OCPF")
Regime = Annotated[str, typer.Option(help=f"One of: {', '.join(_REGIMES)}.")]


@app.command("draw")
def draw(
    year: Annotated[int, typer.Option(help="Calendar year of the inspections.")],
    want: Annotated[list[str], typer.Option(help="How many of a regime, as OCPF=3; repeat it.")],
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Draw sites under the caps; the draw stands in the log and can be repeated."""
    run = start(home, as_json=as_json)
    order = {"year": year, "wanted": dict(_wanted(one) for one in want)}
    with officers_session(run.home) as session:
        headers = {PURPOSE_HEADER: purpose}
        made = session.request("POST", "/v1/selections", json=order, headers=headers).json()
    run.output.result(made, _selection_lines(made))


@app.command("selections")
def selections(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """List what was drawn when and by whom; no site."""
    run = start(home, as_json=as_json)
    found = _get(run, "/v1/selections")
    rows = [["selection", "when", "who", "year", "drawn", "list"]]
    rows += [
        [one["id"], one["t"], one["client"], str(one["year"]), str(one["picks"]),
         one["digest"][:16]]
        for one in found["selections"]
    ]  # fmt: skip
    lines = table_lines(rows) if len(rows) > 1 else ["Nothing was drawn."]
    run.output.result(found, [found["marking"], *lines])


@app.command("selection")
def selection(
    id_: SelectionId,
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show what was drawn, and why each site was."""
    run = start(home, as_json=as_json)
    found = _get(run, f"/v1/selections/{id_}", purpose)
    run.output.result(found, _selection_lines(found))


@app.command("verify")
def verify(
    id_: SelectionId,
    purpose: PurposeOption,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Draw a selection again from the register and its seed; end with 1 if it does not hold."""
    run = start(home, as_json=as_json)
    found = _get(run, f"/v1/selections/{id_}/verification", purpose)
    lines = [
        f"{'HOLDS' if found['holds'] else 'DOES NOT HOLD'}  selection {id_}",
        f"  inputs as registered then: {_same(found['expected_inputs'], found['found_inputs'])}",
        f"  list drawn again:          {_same(found['expected_list'], found['found_list'])}",
    ]
    if not found["policy_is_newest"]:
        lines.append("  weights have changed since; those of the selection were used")
    run.output.result(found, lines)
    if not found["holds"]:
        raise typer.Exit(1)


@app.command("plan")
def plan(
    state: Annotated[str, typer.Argument(help="State code, such as XAL.")],
    code: Annotated[str, typer.Argument(help="The State's code of the site.")],
    regime: Regime,
    kind: Annotated[str, typer.Option(help="initial or routine.")] = "routine",
    drawn: Annotated[
        str | None, typer.Option("--selection", help="Id of the selection that names the site.")
    ] = None,
    known_on: Annotated[
        str | None, typer.Option(help="Day as known on which the mandate shows the site.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Plan an inspection; it is told to nobody until it is notified."""
    run = start(home, as_json=as_json)
    wanted = {"state": state, "code": code, "regime": regime, "kind": kind,
              "selection": drawn, "known_on": known_on}  # fmt: skip
    order = {name: value for name, value in wanted.items() if value is not None}
    with officers_session(run.home) as session:
        made = session.request("POST", "/v1/inspections", json=order, repeatable=False).json()
    run.output.result(made, _lines(made))


@app.command("list")
def list_inspections(
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List inspections, newest first."""
    run = start(home, as_json=as_json)
    found = _get(run, "/v1/inspections", state=state)
    rows = [["number", "site", "regime", "status", "since", "overdue", "marking"]]
    for one in found["inspections"]:
        site = f"{one['site']['state']} {one['site']['code']}"
        rows.append(
            [one["number"], site, one["regime"], one["status"], one["since"][:10],
             str(one["overdue"] or ""), one["marking"]]
        )  # fmt: skip
    run.output.result(found, table_lines(rows) if len(rows) > 1 else ["No inspection."])


@app.command("show")
def show(number: Number, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Show where an inspection stands: steps, clocks, requests, and what may follow."""
    run = start(home, as_json=as_json)
    found = _get(run, f"/v1/inspections/{number}")
    run.output.result(found, _lines(found))


@app.command("step")
def step(
    number: Number,
    code: Annotated[str, typer.Argument(help="Step, as `show` lists them.")],
    reason: Annotated[str, typer.Option(help="Why, as a code.")],
    purpose: PurposeOption,
    content: Annotated[
        Path | None, typer.Option(help="File with the content of the message that it sends.")
    ] = None,
    marking: Annotated[
        str | None, typer.Option(help="Marking of that message, if not the usual one.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Take a step with an inspection, and send what it sends; it stands in the log."""
    run = start(home, as_json=as_json)
    order: dict[str, Any] = {"step": code, "reason": reason}
    if content is not None:
        order |= content_of(content)
    if marking is not None:
        order["marking"] = marking
    path = f"/v1/inspections/{number}"
    with officers_session(run.home) as session:
        tag = session.request("GET", path).headers["etag"]
        headers = {"If-Match": tag, PURPOSE_HEADER: purpose}
        taken = session.request("POST", f"{path}/steps", json=order, headers=headers).json()
    run.output.result(taken, _lines(taken))


@app.command("grant")
def grant(
    number: Number,
    client: Annotated[str, typer.Argument(help="Who may read it: an inspector's client id.")],
    until: Annotated[
        str, typer.Option(help="Last day, as 2026-12-31; a day that is over ends it.")
    ],
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Let an inspector read the mandate package until a day."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        order = {"client": client, "until": until}
        made = session.request("POST", f"/v1/inspections/{number}/grants", json=order).json()
    run.output.result(made, _lines(made))


@app.command("mandate")
def mandate(
    number: Number,
    purpose: PurposeOption,
    out: Annotated[Path | None, typer.Option(help="File to write; never overwritten.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Read what is known of the site on the day of the plan."""
    run = start(home, as_json=as_json)
    if out is not None and out.exists():
        raise PlatformError(Code.STATE, f"{out} is there already", fix="Name another file.")
    found = _get(run, f"/v1/inspections/{number}/mandate", purpose)
    if out is not None:
        out.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    site = found["site"]
    rows = [["declaration", "version", "kind", "year"]]
    rows += [
        [one["declaration_id"], str(one["version"]), one["kind"], str(one["year"])]
        for one in found["documents"]
    ]
    title = f"{found['number']}  {site['state']} {site['code']}, as known on {found['known_on']}"
    wrote = [f"Wrote {out}."] if out is not None else []
    run.output.result(found, [title, found["marking"], *table_lines(rows, "  "), *wrote])


@app.command("comments")
def comments(
    number: Number,
    purpose: PurposeOption,
    out: Annotated[Path, typer.Option(help="File to write; never overwritten.")],
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write the State's newest comments on the report into a file, as they came."""
    run = start(home, as_json=as_json)
    if out.exists():
        raise PlatformError(Code.STATE, f"{out} is there already", fix="Name another file.")
    with officers_session(run.home) as session:
        path, headers = f"/v1/inspections/{number}/comments", {PURPOSE_HEADER: purpose}
        data = session.request("GET", path, headers=headers).content
    out.write_bytes(data)
    run.output.result(
        {"file": str(out), "size": len(data)}, [f"Wrote {out} ({len(data):,} bytes)."]
    )


def _get(run: Run, path: str, purpose: str | None = None, **params: str | None) -> Any:
    given = {name: value for name, value in params.items() if value is not None}
    headers = {PURPOSE_HEADER: purpose} if purpose else {}
    with officers_session(run.home) as session:
        return session.request("GET", path, params=given, headers=headers).json()


def _wanted(text: str) -> tuple[str, int]:
    regime, _, count = text.partition("=")
    if regime not in _REGIMES or not count.isdigit():
        raise typer.BadParameter(f"{text}: write a regime and a number, as OCPF=3")
    return regime, int(count)


def _same(expected: str, found: str) -> str:
    return "the same" if expected == found else f"{found[:16]}, not {expected[:16]}"


def _selection_lines(found: dict[str, Any]) -> list[str]:
    made = found["selection"]
    lines = [
        f"{found['marking']}  selection {found['id']} for {made['year']}",
        f"  seed {made['seed']}",
        f"  inputs {made['input_digest']}, list {found['digest']}",
    ]
    lines += map(_list_line, made["lists"])
    rows = [["n", "regime", "state", "site", "name", "drawn", "probability", "score"]]
    for pick in made["picks"]:
        parts = " + ".join(f"{part['name']} {part['points']}" for part in pick["parts"])
        rows.append(
            [str(pick["n"]), pick["regime"], pick["state"], pick["code"], pick["name"],
             pick["drawn"], f"{pick['probability']} among {pick['among']}",
             f"{pick['score']} = {parts}"]
        )  # fmt: skip
    return [*lines, *table_lines(rows, "  ")]


def _list_line(one: dict[str, Any]) -> str:
    return (
        f"  {one['regime']} [{one['law']}]: {one['declared']} declared,"
        f" {one['inspectable']} may be inspected, {one['at_site_cap']} sites and"
        f" {one['at_state_cap']} by their State at the cap; {one['drawn']} of"
        f" {one['wanted']} drawn"
    )


def _lines(found: dict[str, Any]) -> list[str]:
    site = found["site"]
    what = f"{site['state']} {site['code']}, {found['regime']} {found['kind']}"
    title = f"{found['number']}  {found['status']}  {what}, {found['marking']}"
    lines = [title, f"  {found['meaning']}"]
    lines += table_lines(
        [[s["t"], s["step"], s["target"], s["client"], s["reason"], _facts(s)]
         for s in found["steps"]], "  ",
    )  # fmt: skip
    clocks = [
        [c["what"], c["by"], c["until"] or f"runs after {c['runs_after']}", _stands(c),
         f"{c['law']} [{c['mark']}]"]
        for c in found["clocks"]
    ]  # fmt: skip
    lines += ["Owed:", *table_lines(clocks, "  ")] if clocks else []
    for one in found["requests"]:
        lines.append(
            f"  request {one['request']}: {one['state']}, about {one['declaration_id']}"
            f" version {one['version']}, issues {', '.join(map(str, one['issues']))}"
        )
    lines += [
        f"  {one['client']} may read the mandate until {one['until'][:10]}"
        for one in found["grants"] if one["holds"]
    ]  # fmt: skip
    return [*lines, *(f"  next: {n['step']} ({', '.join(n['reasons'])})" for n in found["next"])]


def _facts(taken: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in taken["facts"].items())


def _stands(clock: dict[str, Any]) -> str:
    late = ", late" if clock["is_late"] and clock["state"] == "answered" else ""
    return f"{clock['state']}{late}"
