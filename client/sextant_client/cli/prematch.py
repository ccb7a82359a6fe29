"""`sextant prematch`: whether own rows fit the partners', without figures."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.cli.envelopes import hand_over
from sextant_client.cli.output import table_lines
from sextant_client.client import Client
from sextant_client.outgoing import Outgoing, seal_message
from sextant_client.prematch import ASK, ask_about, said
from sextant_client.prepare.documents import read_document
from sextant_client.received import stored_replies
from sextant_shared.clock import system_clock, timestamp_s
from sextant_shared.models.envelope import Classification

app = typer.Typer(
    help="Whether your rows fit your partners', without figures.", no_args_is_help=True
)
_HEAD = ["declaration", "chemical", "direction", "partner", "it"]
_WORDS = {
    "agrees": "agrees within the tolerance",
    "differs": "differs",
    "partner-silent": "partner is silent",
    "asked-too-often": "not answered: asked too often this year",
    "too-late": "not answered: after the cut-off",
    "not-own-row": "not answered: no row of the version that is registered",
}


@app.command("ask")
def ask(
    file: Annotated[Path, typer.Argument(help="The declaration, as it was registered.")],
    chemical: Annotated[str | None, typer.Option(help="Only this chemical, by CAS number.")] = None,
    partner: Annotated[str | None, typer.Option(help="Only this State, such as XBO.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Ask about the rows of a declaration; the answer comes into the inbox, sealed.

    Each row is answered a few times a year. The ask has no figure.
    """
    run = start(home, as_json=as_json)
    number = f"PM-{timestamp_s(system_clock())}"
    content = ask_about(read_document(file), number, chemical=chemical, partner=partner)
    with Client(run.home) as client, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ask.json"
        path.write_text(json.dumps(content), "utf-8")
        envelope = seal_message(client, Outgoing(ASK, path, classification=Classification.C1))
        document = hand_over(client, run, envelope, watch=False, send=True)
    run.output.say(
        f"Asked about {len(content['rows'])} rows; next: sextant inbox, then sextant prematch read."
    )
    if run.output.as_json:
        run.output.result({"envelopes": [document], "rows": content["rows"]}, [])


@app.command("read")
def read(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Show what was said of each row that you asked about, from what lies in the inbox."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        found = said(client.sent.all(), stored_replies(client.home.inbox))
    rows = [
        [
            f"{one.declaration_id} v{one.version}",
            one.row.chemical,
            one.row.direction,
            one.row.partner,
            _WORDS.get(one.word, one.word),
        ]
        for one in found
    ]
    members = [
        {
            "request": one.request,
            "declaration_id": one.declaration_id,
            "version": one.version,
            "chemical": one.row.chemical,
            "direction": one.row.direction,
            "partner": one.row.partner,
            "said": one.word,
        }
        for one in found
    ]
    lines = (
        table_lines([_HEAD, *rows]) if rows else ["Nothing was said yet. Collect: sextant inbox"]
    )
    run.output.result({"rows": members}, lines)
