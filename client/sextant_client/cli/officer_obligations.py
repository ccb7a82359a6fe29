"""`sextant officer obligations` and `remind`: what States owe, and letters that say so."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.officer_accesses import SendingPurpose
from sextant_client.cli.output import table_lines
from sextant_client.home import write_file
from sextant_client.officers import officers_session
from sextant_shared.models.purposes import PURPOSE_HEADER

_HEAD = ["due", "State", "kind", "period", "status", "law"]
_PAGE = 200


def obligations(
    state: Annotated[str | None, typer.Option(help="State code, such as XAL.")] = None,
    kind: Annotated[str | None, typer.Option(help="Kind, such as S2_AND.")] = None,
    year: Annotated[int | None, typer.Option(help="Calendar year of the due days.")] = None,
    status: Annotated[
        str | None,
        typer.Option(
            help="not-due, promised, missing, on-time, late, late-with-notice or nil.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=_PAGE)] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the whole list as CSV into this file.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write the heat map as SVG into this file.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List what States owe and whether it came in time, by due day."""
    run = start(home, as_json=as_json)
    given: dict[str, str | int | None] = {
        "state": state,
        "kind": kind,
        "year": year,
        "status": status,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    paged = wanted | {"limit": limit} | ({"cursor": cursor} if cursor else {})
    with officers_session(run.home) as session:
        found = session.request("GET", "/v1/obligations", params=paged).json()
        for path, file in (("export", export), ("heat-map", picture)):
            if file is not None:
                data = session.request("GET", f"/v1/obligations/{path}", params=wanted).content
                write_file(file, data)
                run.output.say(f"Wrote {file}.")
    rows = [_row(one) for one in found["obligations"]]
    lines = table_lines([_HEAD, *rows]) if rows else ["Nothing is owed."]
    if found["next"]:
        lines.append(f"More with --cursor {found['next']}")
    run.output.result(found, lines)


def remind(
    state: Annotated[str | None, typer.Option(help="Only this State.")] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Only this reminder of the batch; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the batch; send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without being asked.")] = False,
    purpose: SendingPurpose = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Remind States of what is due: shows the batch, and sends it once you approve."""
    run = start(home, as_json=as_json)
    params = {"state": state} if state else {}
    with officers_session(run.home) as session:
        batch = session.request("GET", "/v1/reminders", params=params).json()["reminders"]
        chosen = [one for one in batch if not key or one["key"] in key]
        lines = [line for one in chosen for line in _letter_lines(one)] or ["Nothing is due."]
        if dry_run or not chosen:
            run.output.result({"reminders": chosen, "sent": []}, lines)
            return
        if not yes:
            for line in lines:
                run.output.say(line)
            typer.confirm(f"Send {len(chosen)} reminders?", abort=True, err=True)
        headers = {PURPOSE_HEADER: purpose} if purpose else {}
        body = {"keys": [one["key"] for one in chosen]}
        answer = session.request("POST", "/v1/reminders", json=body, headers=headers).json()
    sent = [f"{one['to']}: {one['state']}, message {one['message']}" for one in answer["sent"]]
    run.output.result({"reminders": chosen, **answer}, sent)


def _row(one: dict[str, Any]) -> list[str]:
    days = f", {one['days_late']} days" if one["days_late"] else ""
    law = f"{one['due_law']} [{one['due_evidence']}]"
    why = "" if one["because"] == "declared" else f", {one['because']} [{one['evidence']}]"
    return [
        one["due"],
        one["state"],
        one["kind"],
        one["period"],
        f"{one['status']}{days}",
        f"{law}{why}",
    ]


def _letter_lines(one: dict[str, Any]) -> list[str]:
    stage = f"{abs(one['stage'])} days {'before' if one['stage'] < 0 else 'after'}"
    return [
        f"{one['to']}  {one['kind']} {one['period']}  due {one['due']}  ({stage}, {one['key']})",
        f"  {one['subject']}",
        f"  {one['text']}",
    ]
