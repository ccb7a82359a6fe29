"""`sextant log timestamps`: lists the log's time-stamps, each verified, also without a network."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.errors import UNTRUSTED
from sextant_client.evidence import contact, read_evidence
from sextant_client.home import write_file
from sextant_client.log import LogReader
from sextant_client.session import Session, transport_of
from sextant_client.timestamps import (
    StampVerdict,
    format_stamps,
    gather,
    judge,
    parse_stamps,
)
from sextant_client.trust import Trust
from sextant_shared.protocol.timestamps import read_roots


def timestamps(
    ca: Annotated[
        Path, typer.Option("--ca", help="Root certificates (PEM) of the time-stamping authority.")
    ],
    file: Annotated[
        Path | None, typer.Argument(help="A list kept with --out: verified without a network.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the list in this file.")] = None,
    trust: Annotated[Path | None, typer.Option(help="Another trust.json than your home's.")] = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """List when an outside authority saw which heads of the log, every time-stamp verified."""
    run = start(home, as_json=as_json)
    roots = read_roots(read_evidence(ca))
    pinned = Trust.load(trust) if trust else run.home.trust
    if file is not None:
        items = tuple(parse_stamps(read_evidence(file)).items)
        verdicts = judge(items, pinned, roots)
    else:
        config = run.home.config()
        reader = LogReader(
            Session(
                config.audit,
                client_id=config.client_id,
                signer=None,
                transport=transport_of(config),
            )
        )
        items = gather(reader.session)
        head = reader.checkpoint(pinned.log_keys)
        contact(run.home, pinned, head, reader)
        verdicts = judge(items, pinned, roots, head, reader.consistency)
    if out is not None:
        write_file(out, format_stamps(items))
    _show(run, verdicts)


def _show(run: Run, verdicts: list[StampVerdict]) -> None:
    """Print every verdict; the status says whether all of them hold."""
    lines = [_line(verdict) for verdict in verdicts] or ["No head was time-stamped yet."]
    rows = [
        {"size": v.size, "t": v.t, "authority": v.authority, "fault": v.fault} for v in verdicts
    ]
    run.output.result({"timestamps": rows}, lines)
    if any(verdict.fault for verdict in verdicts):
        raise typer.Exit(UNTRUSTED)


def _line(verdict: StampVerdict) -> str:
    said = f"DOES NOT HOLD  {verdict.fault}" if verdict.fault else verdict.authority
    return f"{verdict.t}  size {verdict.size:>8}  {said}"
