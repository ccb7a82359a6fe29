"""`sextant send` and `reply`: messages of any type that is not a declaration."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.envelopes import EnvelopeArgument, hand_over
from sextant_client.client import Client
from sextant_client.outgoing import Outgoing, reply_to, seal_message
from sextant_shared.models.envelope import Classification

TypeArgument = Annotated[
    str, typer.Argument(metavar="TYPE", help="Type of message; docs/messages.md lists them.")
]
FileArgument = Annotated[Path, typer.Argument(help="Its content: JSON, PDF or text by its ending.")]
ClassOption = Annotated[
    Classification, typer.Option("--class", help="How sensitive the content is.")
]
SealOnly = Annotated[
    bool, typer.Option("--seal-only", help="Seal into the home; send later with submit --resume.")
]


def send(
    type_: TypeArgument,
    file: FileArgument,
    to: Annotated[
        list[str] | None, typer.Option(help="Party; again for each. By default the Secretariat.")
    ] = None,
    reply: Annotated[
        str | None, typer.Option("--reply-to", help="Id of the message that this one answers.")
    ] = None,
    supersedes: Annotated[
        str | None, typer.Option(help="Id of the message whose place this one takes.")
    ] = None,
    classification: ClassOption = Classification.C2,
    seal_only: SealOnly = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Check, seal, sign and deposit a message; its type says whether it is urgent."""
    run = start(home, as_json=as_json)
    going = Outgoing(type_, file, tuple(to or ()), classification, reply, supersedes)
    with Client(run.home) as client:
        _go(client, run, going, send=not seal_only)


def reply(
    envelope_id: EnvelopeArgument,
    file: FileArgument,
    type_: Annotated[
        str | None, typer.Option("--type", help="By default the type of the answer that is owed.")
    ] = None,
    classification: Annotated[
        Classification | None, typer.Option("--class", help="By default that of the message.")
    ] = None,
    seal_only: SealOnly = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Answer a message that was received: to its sender, with the answer that is owed for it."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        _go(
            client,
            run,
            reply_to(client, envelope_id, file, type_=type_, classification=classification),
            send=not seal_only,
        )


def _go(client: Client, run: Run, going: Outgoing, *, send: bool) -> None:
    envelope = seal_message(client, going)
    document = hand_over(client, run, envelope, watch=False, send=send)
    if run.output.as_json:
        run.output.result({"envelopes": [document | {"type": going.type}]}, [])
