"""`sextant officer send`, `ask`, `thread` and `owed`: exchanges with States, for officers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.officer_accesses import PurposeOption, SendingPurpose
from sextant_client.cli.output import table_lines
from sextant_client.officers import Order, content_of, officers_session, send_order
from sextant_shared.models.envelope import Classification
from sextant_shared.models.purposes import PURPOSE_HEADER

KeyOption = Annotated[
    str | None, typer.Option(help="Your name of this order; repeated, nothing is sent twice.")
]
ClassOption = Annotated[
    Classification | None, typer.Option("--class", help="By default the service's usual one.")
]


def send(
    type_: Annotated[
        str, typer.Argument(metavar="TYPE", help="Type of message; docs/messages.md lists them.")
    ],
    file: Annotated[Path, typer.Argument(help="Its content: JSON, PDF or text by its ending.")],
    to: Annotated[str, typer.Option(help="The party, such as NA-XAL.")],
    reply: Annotated[
        str | None, typer.Option("--reply-to", help="Id of the envelope that it answers.")
    ] = None,
    supersedes: Annotated[
        str | None, typer.Option(help="Id of the message whose place this one takes.")
    ] = None,
    classification: ClassOption = None,
    key: KeyOption = None,
    purpose: SendingPurpose = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Send a message to a State in the name of the Secretariat."""
    order = Order(
        type=type_,
        to=to,
        parts=content_of(file),
        reply_to=reply,
        supersedes=supersedes,
        classification=classification,
    )
    _send(order, key, purpose, home, as_json=as_json)


def ask(
    declaration: Annotated[str, typer.Argument(help="Id of the declaration, from the list.")],
    at: Annotated[str, typer.Option(help="Place in it, as a JSON pointer; none: the whole.")] = "",
    rule: Annotated[
        str | None, typer.Option(help="Rule whose finding at that place is the question.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The question, in your words.")] = None,
    n: Annotated[int | None, typer.Option(help="Which submission; by default the newest.")] = None,
    request: Annotated[str | None, typer.Option(help="Your number of the request.")] = None,
    answer_by: Annotated[
        str | None, typer.Option(help="Day by which a reply is asked for, as 2027-01-15.")
    ] = None,
    classification: ClassOption = None,
    key: KeyOption = None,
    purpose: SendingPurpose = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Ask the State that declared it to clarify a place of a declaration."""
    question = {"pointer": at, "rule": rule, "text": text}
    about = {
        "declaration": declaration,
        "n": n,
        "request": request,
        "questions": [{name: value for name, value in question.items() if value is not None}],
        "answer_by": answer_by,
    }
    given = {name: value for name, value in about.items() if value is not None}
    order = Order(
        type="clarification.request",
        to=None,
        parts={"about": given},
        classification=classification,
    )
    _send(order, key, purpose, home, as_json=as_json)


def thread(
    envelope_id: Annotated[str, typer.Argument(help="Id of any envelope of the thread.")],
    purpose: PurposeOption,
    sender: Annotated[
        str | None, typer.Option(help="Who sent that envelope. By default the Secretariat.")
    ] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Show a thread in order: who sent what, where it stands, and what is owed in it."""
    run = start(home, as_json=as_json)
    own = run.home.config().party
    path = f"/v1/threads/{sender or own}/{envelope_id}"
    with officers_session(run.home) as session:
        found = session.request("GET", path, headers={PURPOSE_HEADER: purpose}).json()
    rows = [
        [
            message["accepted"] or "not accepted yet",
            f"{message['sender']} to {', '.join(message['to'])}",
            message["type"],
            message["state"],
            message["id"],
        ]
        for message in found["messages"]
    ]
    state = "open" if found["is_open"] else "closed"
    root = found["thread"]
    lines = [f"Thread {root['sender']} {root['id']}: {state}", *table_lines(rows, "  ")]
    run.output.result(found, [*lines, *_owed_lines(found["owed"])])


def owed(
    by: Annotated[str | None, typer.Option(help="Party that owes, such as NA-XAL.")] = None,
    state: Annotated[
        str, typer.Option(help="open (with what is overdue), overdue, answered, superseded.")
    ] = "open",
    limit: Annotated[int, typer.Option(help="Longest list.", min=1, max=200)] = 50,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List what is owed by whom until when, and what is overdue: by States, and by us."""
    run = start(home, as_json=as_json)
    params: dict[str, str | int] = {"state": state, "limit": limit, **({"by": by} if by else {})}
    with officers_session(run.home) as session:
        found = session.request("GET", "/v1/owed", params=params).json()
    lines = _owed_lines(found["owed"])
    if found["total"] > len(found["owed"]):
        lines.append(f"{found['total'] - len(found['owed'])} more; raise --limit or name --by.")
    run.output.result(found, lines)


def _send(order: Order, key: str | None, purpose: str | None, home: Path, *, as_json: bool) -> None:
    run = start(home, as_json=as_json)
    with officers_session(run.home) as session:
        sent = send_order(session, order, key, purpose)
    lines = [
        f"{sent['type']} to {sent['to']}: {sent['state']}",
        f"  message {sent['message']}",
        f"  see it with `sextant officer thread {sent['id']}`",
    ]
    run.output.result(sent, [*lines, *_owed_lines(sent["owed"])])


def _owed_lines(owed: list[dict[str, Any]]) -> list[str]:
    if not owed:
        return ["Nothing is owed."]
    rows = [
        [
            due["by"],
            due["answer"],
            due["until"] or f"runs after {due['after']}",
            _said(due),
            f"to {due['type']} {due['message']['id']}",
            ", ".join(part for part in (due["law"], due["evidence"]) if part),
        ]
        for due in owed
    ]
    return ["Owed:", *table_lines(rows, "  ")]


def _said(due: dict[str, Any]) -> str:
    if due["answered_by"] is None:
        return str(due["state"]).upper() if due["is_late"] else str(due["state"])
    late = ", late" if due["is_late"] else ""
    return f"answered{late} by {due['answered_by']['id']}"
