"""`sextant bundle`: the copy of record, and its offline verification."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client import errors as exits
from sextant_client.bundle import create_bundle
from sextant_client.cli.carrying import accept, deliver, export
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, start
from sextant_client.client import Client
from sextant_client.trust import Trust
from sextant_client.verifier.heads import classed
from sextant_client.verify import verify_bundle
from sextant_shared.models.receipts import Level

app = typer.Typer(help="Copies of record, and sealed envelopes on a stick.", no_args_is_help=True)
app.command("export")(export)
app.command("deliver")(deliver)
app.command("accept")(accept)


@app.command("create")
def create(
    envelope_id: Annotated[str, typer.Argument(help="Envelope id.")],
    out: Annotated[Path, typer.Option(help="Where to write the bundle.")],
    with_content: Annotated[
        bool, typer.Option("--with-content", help="Include what was declared, readable.")
    ] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Write everything that proves one envelope and its answers into one file."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        create_bundle(client, envelope_id, out, with_content=with_content)
    run.output.result({"bundle": str(out)}, [f"Wrote {out} ({out.stat().st_size:,} bytes)."])


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="Bundle file.")],
    trust: Annotated[Path, typer.Option(help="Your trust.json.")],
    level: Annotated[
        Level, typer.Option(help="Demand this level: logged, or witnessed by your policy.")
    ] = Level.LOGGED,
    as_json: JsonFlag = False,
) -> int:
    """Verify a bundle offline, check by check; each failure class has its own exit status."""
    run = start(DEFAULT_HOME, as_json=as_json)
    verified = verify_bundle(file, classed(exits.TRUST, lambda: Trust.load(trust)), level)
    lines = [f"ok  {check.name:<18} {check.found}" for check in verified.checks]
    lines.append(
        f"VERIFIED  {verified.sender} sent {verified.envelope_id},"
        f" log entry {verified.index}, {verified.t}, level {verified.level}"
    )
    if verified.is_doubtful:
        lines.append(f"DOUBTFUL  {verified.said or 'flagged, and its sender did not affirm it'}")
    document = {
        "sender": verified.sender,
        "envelope": verified.envelope_id,
        "index": verified.index,
        "t": verified.t,
        "level": str(verified.level),
        "flags": list(verified.flags),
        "said": verified.said,
        "checks": [{"name": check.name, "found": check.found} for check in verified.checks],
    }
    run.output.result(document, lines)
    return exits.WARNINGS if verified.is_doubtful else exits.OK
