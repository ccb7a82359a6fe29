"""`sextant recall` and `sextant inbox …`: taking back what was sent, mending what was given up."""

from typing import Annotated, Any

import typer

from sextant_client import acts
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.envelopes import EnvelopeArgument
from sextant_client.cli.following import collect_inbox, follow_inbox
from sextant_client.client import Client
from sextant_shared.clock import system_clock
from sextant_shared.models.acts import ActView, DiscardReason

inbox_app = typer.Typer(
    help="Collect what is new; mend what was given up.", invoke_without_command=True
)
SeqArgument = Annotated[int, typer.Argument(help="Number from the list.", min=1)]
_WORDS = {"recalled": "recalled", "too-late": "too late: it has the envelope"}


def recall(
    envelope_id: EnvelopeArgument,
    reason: Annotated[
        str, typer.Option(help="Why; recipients and whoever sees the statement read it.")
    ],
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Take an envelope back from every recipient that has not leased or fetched it."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        done = acts.recall(client, client.sent.find(envelope_id), reason, system_clock)
    if not done.is_carried:
        run.output.result(recalled_document(done), recalled_lines(done))
        return
    run.output.result(
        {**recalled_document(done), "signed": True},
        [
            f"SIGNED   {done.envelope_id}  recall; carry it within a day: sextant bundle export",
            "  Until it is at the exchange, recipients may take the envelope.",
        ],
    )


def recalled_lines(done: acts.Recalled) -> list[str]:
    """Return what a recall did, for people."""
    place = f"log entry {done.index}" if done.receipt else "its proof follows: do the same again"
    copies = [f"  {copy.party:<12} {_WORDS[copy.outcome]}" for copy in done.copies]
    return [f"RECALL   {done.envelope_id}  {place}", *copies]


def recalled_document(done: acts.Recalled) -> dict[str, Any]:
    """Return what a recall did, as JSON."""
    return {
        "id": done.envelope_id,
        "index": done.index,
        "recipients": [copy.model_dump(mode="json") for copy in done.copies],
        "receipt": str(done.receipt) if done.receipt else None,
    }


@inbox_app.callback()
def inbox(
    ctx: typer.Context,
    wait: Annotated[int, typer.Option(help="Seconds to wait for the first one.", max=60)] = 0,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay, and print what comes as it comes, until Ctrl-C.")
    ] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Collect what is new, urgent first: verify, open, store; say what is owed for it."""
    if ctx.invoked_subcommand is not None:
        return
    run = start(home, as_json=as_json)
    if follow:
        follow_inbox(run)
    else:
        collect_inbox(run, wait)


@inbox_app.command("dead-letters")
def dead_letters(
    after: Annotated[int, typer.Option(help="Show those after this number.", min=0)] = 0,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List what was given up in your mailbox, with the reasons."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        page = acts.dead_letters(client, after)
    lines = [f"{d.seq:>6}  {d.type}  {d.id}  from {d.sender}  {d.last_error}" for d in page.items]
    run.output.result(page.model_dump(mode="json", by_alias=True), lines or ["No dead letters."])


@inbox_app.command("replay")
def replay(
    seq: SeqArgument,
    reason: Annotated[str, typer.Option(help="Why it may come again.")] = "",
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Let a dead letter come again, once its cause is mended."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        view = acts.replay(client, seq, reason)
    run.output.result(view.model_dump(mode="json"), act_lines(view, seq))


@inbox_app.command("discard")
def discard(
    seq: SeqArgument,
    reason: Annotated[DiscardReason, typer.Option(help="Why, as a code.", case_sensitive=False)],
    note: Annotated[str, typer.Option(help="Why, in your words.")] = "",
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Give up a dead letter for good; it stands in the log."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        view = acts.discard(client, seq, reason, note)
    run.output.result(view.model_dump(mode="json"), act_lines(view, seq))


def act_lines(view: ActView, seq: int) -> list[str]:
    """Return an act on a delivery as people read it."""
    what = view.type.partition(".")[2].upper()
    place = "its proof follows" if view.index is None else f"log entry {view.index}"
    return [f"{what}  delivery {seq}  {place}"]
