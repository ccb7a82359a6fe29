"""`sextant verify`: what any file of evidence proves, offline."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client import errors as exits
from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, start
from sextant_client.trust import Trust
from sextant_client.verifier.files import About, verify_file
from sextant_client.verifier.heads import classed
from sextant_shared.models.receipts import Level


def verify(
    file: Annotated[
        Path, typer.Argument(help="Bundle, receipt, tlog-proof, COSE receipt or checkpoint.")
    ],
    trust: Annotated[Path, typer.Option(help="Your trust.json.")],
    entry: Annotated[
        Path | None,
        typer.Option(help="The entry that a proof is of: its bytes, or a receipt that holds them."),
    ] = None,
    container: Annotated[
        Path | None, typer.Option(help="The sealed envelope that a receipt is for.")
    ] = None,
    level: Annotated[
        Level, typer.Option(help="Demand this level: logged, or witnessed by your policy.")
    ] = Level.LOGGED,
    as_json: JsonFlag = False,
) -> int:
    """Verify a file of evidence offline; each failure class has its own exit status."""
    run = start(DEFAULT_HOME, as_json=as_json)
    pinned = classed(exits.TRUST, lambda: Trust.load(trust))
    proved = verify_file(file, pinned, level, About(entry, container))
    run.output.result(proved.document, proved.lines)
    return exits.WARNINGS if proved.is_doubtful else exits.OK
