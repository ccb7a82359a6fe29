"""`sextant officer life, step, diff`: where a declaration stands, moving it on, what changed."""

import json
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.officer_accesses import PurposeOption
from sextant_client.cli.output import table_lines
from sextant_client.officers import officers_session
from sextant_shared.models.purposes import PURPOSE_HEADER

Declaration = Annotated[str, typer.Argument(help="Id from the list.")]


def life(
    declaration: Declaration, home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False
) -> None:
    """Show where a declaration stands, until when, and what may follow."""
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        found = session.request("GET", f"/v1/declarations/{declaration}/life").json()
    run.output.result(found, _life_lines(found))


def step(
    declaration: Declaration,
    code: Annotated[str, typer.Argument(help="Step, as `life` lists them.")],
    reason: Annotated[str, typer.Option(help="Why, as a code.")],
    reference: Annotated[
        str | None, typer.Option(help="Number of a request, or id of a message or report.")
    ] = None,
    marking: Annotated[str | None, typer.Option(help="The new marking.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Take a step with a declaration; it stands in the log."""
    run = start(home, as_json=as_json)
    path = f"/v1/declarations/{declaration}"
    wanted = {"step": code, "reason": reason, "reference": reference, "marking": marking}
    body = {name: value for name, value in wanted.items() if value is not None}
    with officers_session(run.home) as session:
        tag = session.request("GET", f"{path}/life").headers["etag"]
        headers = {"If-Match": tag}
        taken = session.request("POST", f"{path}/steps", json=body, headers=headers).json()
    run.output.result(taken, _life_lines(taken))


def diff(
    declaration: Declaration,
    purpose: PurposeOption,
    older: Annotated[int | None, typer.Option("--from", help="Older version.", min=1)] = None,
    newer: Annotated[int | None, typer.Option("--to", help="Newer version.", min=1)] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show how two versions of a declaration differ, by default the last two."""
    run = start(home, as_json=as_json)
    given = {"from": older, "to": newer}
    params = {name: value for name, value in given.items() if value is not None}
    with officers_session(run.home) as session:
        found = session.request(
            "GET",
            f"/v1/declarations/{declaration}/differences",
            params=params,
            headers={PURPOSE_HEADER: purpose},
        ).json()
    rows = [["place", "old", "new", "reason", "said by"]]
    for one in found["differences"]:
        by = f"{one['by']['declaration_id']} v{one['by']['version']}"
        said = [one["place"], _said(one["old"]), _said(one["new"]), one["reason"] or "", by]
        rows.append(said)
    title = f"{found['declaration_id']}: version {found['older']} to {found['newer']}"
    lines = table_lines(rows, "") if len(rows) > 1 else ["No difference."]
    run.output.result(found, [title, *lines])


def _life_lines(found: dict[str, Any]) -> list[str]:
    clock, handling = found["clock"], found["handling"]
    due = f"due {clock['due']} [{clock['mark']}]" if clock else "no clock"
    due += " OVERDUE" if clock and clock["overdue"] else ""
    lines = [
        f"{found['state']}  version {found['version']}, since {found['since'][:10]}, {due}",
        f"  {found['meaning']}",
        f"  {handling['marking']}: {handling['who']}",
    ]
    return [*lines, *(f"  next: {n['step']} ({', '.join(n['reasons'])})" for n in found["next"])]


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
