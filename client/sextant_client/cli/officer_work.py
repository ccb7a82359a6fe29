"""`sextant officer work`: the officers' queue, from taking an item up to deciding about it."""

from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session

app = typer.Typer(help="What waits for officers.", no_args_is_help=True)
ItemArgument = Annotated[str, typer.Argument(help="Id of the item, from the list.")]
Reason = Annotated[str, typer.Option(help="Why, as a code.")]
_HEAD = ["id", "kind", "State", "about", "why", "since", "due", "status"]
_AGES = ["kind", "waiting", "urgent", "overdue", "50 %", "85 %", "95 %"]


@app.command("list")
def list_work(
    kind: Annotated[
        str | None, typer.Option(help="examination, clarification, case, anomaly or inspection.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    status: Annotated[str | None, typer.Option(help="open, claimed or done.")] = None,
    mine: Annotated[
        bool, typer.Option("--mine", help="Only what you hold, or what is kept for you.")
    ] = False,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=200)] = 50,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List the queue: urgent items first, then the oldest."""
    run = start(home, as_json=as_json)
    given = {"kind": kind, "state": state, "status": status, "cursor": cursor}
    params: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    params |= {"limit": limit} | ({"mine": "true"} if mine else {})
    with officers_session(run.home) as session:
        found = session.request("GET", "/v1/work", params=params).json()
    rows = [_row(one) for one in found["items"]]
    lines = table_lines([_HEAD, *rows]) if rows else ["Nothing waits."]
    if found["next"]:
        lines.append(f"More with --cursor {found['next']}")
    run.output.result(found, lines)


@app.command("next")
def take_next(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Claim the first item that you may take."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        taken = session.request("POST", "/v1/work/next", repeatable=False).json()
    lines = _lines(taken["item"]) if taken["item"] else ["Nothing waits for you."]
    run.output.result(taken, lines)


@app.command("show")
def show(item: ItemArgument, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Show an item with all that was done with it."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        _tell(run, session.request("GET", f"/v1/work/{item}").json())


@app.command("claim")
def claim(item: ItemArgument, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Take an item up, for the time of a lease; again to keep it longer."""
    _act(start(home, as_json=as_json), item, act="claim", reason="TAKEN_UP")


@app.command("release")
def release(
    item: ItemArgument, reason: Reason, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Give an item back."""
    _act(start(home, as_json=as_json), item, act="release", reason=reason)


@app.command("assign")
def assign(
    item: ItemArgument,
    to: Annotated[str, typer.Option(help="Client id of the person, or oidc:<sub>.")],
    reason: Reason,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Keep an item for one person; it stands in the log."""
    _act(start(home, as_json=as_json), item, act="assign", reason=reason, to=to)


@app.command("urge")
def urge(
    item: ItemArgument, reason: Reason, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Let an item go before all that are not urgent."""
    _act(start(home, as_json=as_json), item, act="urge", reason=reason)


@app.command("decide")
def decide(
    item: ItemArgument,
    outcome: Annotated[str, typer.Argument(help="settled, passed-on or not-needed.")],
    reason: Reason,
    reference: Annotated[
        str | None, typer.Option(help="What goes on with it: a request, case or message.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Say what came of an item that you hold; it stands in the log."""
    run = start(home, as_json=as_json)
    _act(run, item, act="decide", reason=reason, outcome=outcome, reference=reference)


@app.command("ages")
def ages(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Say how many days what waits has waited, by kind."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        found = session.request("GET", "/v1/work/ages").json()
    names = ("kind", "waiting", "urgent", "overdue", "p50", "p85", "p95")
    rows = [["" if one[n] is None else str(one[n]) for n in names] for one in found["kinds"]]
    run.output.result(found, table_lines([_AGES, *rows]))


def _act(run: Run, item: str, **order: str | None) -> None:
    """Do something with an item as it stands now."""
    body = {name: value for name, value in order.items() if value is not None}
    path = f"/v1/work/{item}"
    with officers_session(run.home) as session:
        headers = {"If-Match": session.request("GET", path).headers["etag"]}
        _tell(run, session.request("POST", f"{path}/acts", json=body, headers=headers).json())


def _tell(run: Run, found: dict[str, Any]) -> None:
    lines = _lines(found["item"])
    for act in found["acts"]:
        more = " ".join(v for v in (act["to"], act["outcome"], act["reference"]) if v)
        lines.append(
            f"  {act['t']}  {act['act']}  {act['client']}  {act['reason']}  {more}".rstrip()
        )
    run.output.result(found, lines)


def _row(one: dict[str, Any]) -> list[str]:
    about = f"{one['subject']} {one['year'] or ''}".strip()
    why = ", ".join(one["why"])
    due = f"{one['due']}{' OVERDUE' if one['overdue'] else ''}"
    return [one["id"], one["kind"], one["state"], about, why, one["since"][:10], due, _status(one)]


def _status(one: dict[str, Any]) -> str:
    held = f" by {one['holder']} until {one['until'][:16]}" if one["holder"] else ""
    kept = f", kept for {one['assignee']}" if one["assignee"] else ""
    eyes = f", {one['decided']} of {one['persons']} decided" if one["persons"] > 1 else ""
    urgent = "URGENT " if one["urgent"] else ""
    return f"{urgent}{one['outcome'] or one['status']}{held}{kept}{eyes}"


def _lines(one: dict[str, Any]) -> list[str]:
    about = f"{one['subject']} {one['year'] or ''}".strip()
    of = f" of {one['state']}" if one["state"] else ""
    return [
        f"{one['id']}  {one['kind']}{of}, {about}: {one['reference']}",
        f"  {_status(one)}; {', '.join(one['why'])}; {one['marking']}; due {one['due']}",
    ]
