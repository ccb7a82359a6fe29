"""`sextant log`: the head, and the rebuild of the whole tree."""

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.log import LogReader
from sextant_client.session import Session
from sextant_shared.encoding import b64u

app = typer.Typer(help="The transparency log.", no_args_is_help=True)


@app.command("verify")
def verify(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Rebuild the tree from all entries and compare it with the signed head (auditors)."""
    run = start(home, as_json=as_json)
    config, trust = run.home.config(), run.home.trust
    signer = run.home.keys.api_signer()
    reader = LogReader(Session(config.audit, client_id=config.client_id, signer=signer))
    head = reader.checkpoint(trust.log_keys)
    counts = reader.rebuild(head, run.output.meter("entries"))
    trust.accept(head, reader.consistency)
    lines = [f"CONSISTENT  {head.origin}, {head.size} entries, root {b64u(head.root)}"]
    lines += [f"  {number:>6} {kind}" for kind, number in sorted(counts.items())]
    document = {"origin": head.origin, "size": head.size, "root": b64u(head.root), "types": counts}
    run.output.result(document, lines)


@app.command("show")
def show(home: HomePath = DEFAULT_HOME, as_json: JsonFlag = False) -> None:
    """Show the log's published head, both signatures verified."""
    run = start(home, as_json=as_json)
    config, trust = run.home.config(), run.home.trust
    reader = LogReader(Session(config.audit, client_id=config.client_id, signer=None))
    head = reader.checkpoint(trust.log_keys)
    run.output.result(
        {"origin": head.origin, "size": head.size, "root": b64u(head.root), "note": head.text},
        [f"{head.origin}  size {head.size}  root {b64u(head.root)}"],
    )
