"""`sextant officer grants` and `cleared`: who may know of what, given by two persons."""

from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_shared.clock import system_clock, uuid7

app = typer.Typer(help="Who may know of what.", no_args_is_help=True)
GrantArgument = Annotated[str, typer.Argument(help="Id of the grant, from the list.")]
Reason = Annotated[str, typer.Option(help="Why, as a code.")]
_HEAD = ["id", "person", "no.", "function", "State", "kinds", "up to", "from", "until", "stands"]
_CLEARED = ["no.", "function", "kinds", "up to", "from", "until", "stands"]


@app.command("list")
def list_grants(
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    person: Annotated[str | None, typer.Option(help="Client id of a person.")] = None,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=200)] = 50,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List grants, newest first; for officers and auditors."""
    run = start(home, as_json=as_json)
    given = {"state": state, "person": person, "cursor": cursor, "limit": limit}
    params = {name: value for name, value in given.items() if value is not None}
    with officers_session(run.home) as session:
        found = session.request("GET", "/v1/grants", params=params).json()
    rows = [[one["id"], one["person"], *_row(one, with_state=True)] for one in found["grants"]]
    lines = table_lines([_HEAD, *rows]) if rows else ["There are no grants."]
    if found["next"]:
        lines.append(f"More with --cursor {found['next']}")
    run.output.result(found, lines)


@app.command("request")
def request(
    person: Annotated[str, typer.Argument(help="Client id of the person, or oidc:<sub>.")],
    function: Annotated[
        str, typer.Option(help="evaluator, transfer-analyst, inspection-planner or inspector.")
    ],
    state: Annotated[str, typer.Option(help="Of which State, such as XAL.")],
    kind: Annotated[list[str], typer.Option(help="Kinds, such as S2_*; may be repeated.")],
    ceiling: Annotated[str, typer.Option("--up-to", help="Highest marking.")],
    until: Annotated[str, typer.Option(help="Last day, as 2027-12-31.")],
    reason: Reason,
    reference: Annotated[
        str | None, typer.Option(help="The writing or mandate that it rests on.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Ask for a grant; another person approves it."""
    run = start(home, as_json=as_json)
    body: dict[str, Any] = {
        "person": person,
        "function": function,
        "state": state,
        "kinds": kind,
        "ceiling": ceiling,
        "until": until,
        "reason": reason,
        **({"reference": reference} if reference else {}),
    }
    with officers_session(run.home) as session:
        _tell(run, session.request("POST", "/v1/grants", json=body).json())


@app.command("approve")
def approve(
    grant: GrantArgument, reason: Reason, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Approve a grant: the State is told, and it holds thirty days after it was."""
    _act(start(home, as_json=as_json), grant, "approve", reason)


@app.command("refuse")
def refuse(
    grant: GrantArgument, reason: Reason, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Refuse a grant that was asked for."""
    _act(start(home, as_json=as_json), grant, "refuse", reason)


@app.command("revoke")
def revoke(
    grant: GrantArgument, reason: Reason, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Take a grant back, at once."""
    _act(start(home, as_json=as_json), grant, "revoke", reason)


@app.command("cleared")
def cleared(
    state: Annotated[str, typer.Argument(help="State code, such as XAL.")],
    send: Annotated[
        bool, typer.Option("--send", help="Send the list to the State, sealed.")
    ] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List who is cleared for a State, by function and number, as the State is told."""
    run = start(home, as_json=as_json)
    path = f"/v1/grants/cleared/{state}"
    with officers_session(run.home) as session:
        if send:
            headers = {"Idempotency-Key": uuid7(system_clock)}
            answer = session.request("POST", path, headers=headers).json()
            found = answer["sent"]
        else:
            answer = found = session.request("GET", path).json()
    rows = [_row(one, with_state=False) for one in found["cleared"]]
    lines = table_lines([_CLEARED, *rows]) if rows else ["Nobody is cleared."]
    run.output.result(answer, [*lines, *([f"SENT  {answer['message']}"] if send else [])])


def _act(run: Run, grant: str, act: str, reason: str) -> None:
    path = f"/v1/grants/{grant}"
    body = {"act": act, "reason": reason}
    with officers_session(run.home) as session:
        headers = {"If-Match": session.request("GET", path).headers["etag"]}
        _tell(run, session.request("POST", f"{path}/acts", json=body, headers=headers).json())


def _tell(run: Run, one: dict[str, Any]) -> None:
    begins = one["begins"] or "the notice's receipt and thirty days"
    what = f"{one['function']}: {one['state']} {', '.join(one['kinds'])}, up to {one['ceiling']}"
    lines = [
        f"{one['standing'].upper()}  {one['id']}  {one['person']} (no. {one['number']})",
        f"  {what}, from {begins} until {one['until']}",
    ]
    run.output.result(one, lines)


def _row(one: dict[str, Any], *, with_state: bool) -> list[str]:
    return [
        str(one["number"]),
        one["function"],
        *([one["state"]] if with_state else []),
        " ".join(one["kinds"]),
        one["ceiling"],
        one["begins"] or "",
        one["until"],
        one["standing"],
    ]
