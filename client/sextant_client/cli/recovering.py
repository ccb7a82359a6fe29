"""`sextant ops backup` and `replicate`: what a primary does so that it can be lost."""

from pathlib import Path
from typing import Annotated

import typer

from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, PassphraseFile, start
from sextant_client.home import write_file
from sextant_client.recovery.choosing import backups_in, prune
from sextant_client.recovery.making import SETS, Making
from sextant_client.recovery.models import Plan, read_file
from sextant_client.recovery.replicas import REPLICAS
from sextant_client.recovery.reporting import write_status
from sextant_client.recovery.signing import MANIFEST
from sextant_shared.clock import parse_timestamp, system_clock
from sextant_shared.models.party import KeyUse

_KEPT = 14

Textfile = Annotated[
    Path | None, typer.Option(help="Also write the times for Prometheus (textfile collector).")
]


def backup(
    plan: Annotated[Path, typer.Option(help="What is backed up: docs/recovery.md.")],
    to: Annotated[Path, typer.Option(help="Folder of backups, on another machine's disk.")],
    name: Annotated[str, typer.Option(help="Your name, as on your card.")],
    keep: Annotated[int, typer.Option(min=1, help="How many backups stay.")] = _KEPT,
    clear: Annotated[
        bool,
        typer.Option("--clear", help="Sealed rooms may lie in clear there: the disk is encrypted."),
    ] = False,
    textfile: Textfile = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Back up every room while it is used; sign what was made."""
    run = start(home, as_json=as_json)
    pair = run.keystore(passphrase_file).pair(KeyUse.SIG)
    wanted = read_file(Plan, plan, "the plan")
    made = Making(to, wanted, name, pair, system_clock, clear, run.output.say)()
    removed = prune(to, backups_in(to, None), keep, system_clock)
    size = made.log.size if made.log else 0
    write_status(
        to, textfile, backup_time_seconds=int(parse_timestamp(made.t)), backup_log_size=size
    )
    manifest = to / SETS / made.id / MANIFEST
    files = sum(len(room.files) for room in made.rooms) + len(made.others) + 1
    told = [
        f"Backup {made.id}: {files:,} files, log of {size:,} entries; {removed:,} files removed.",
        *(
            f"Server {each.name}: {each.label} of pgBackRest, to {each.lsn} of its WAL,"
            f" {'encrypted' if each.encrypted else 'in clear'}."
            for each in made.servers
        ),
        f"Keys are sealed: {made.threshold} of {', '.join(made.custodians)} open them together.",
        f"Tell the log: sextant log report backup --of audit --size {size} --file {manifest}",
    ]
    run.output.result(made.model_dump(mode="json"), told)


def replicate(
    plan: Annotated[Path, typer.Option(help="What is backed up.")],
    to: Annotated[Path, typer.Option(help="Folder of backups.")],
    out: Annotated[Path, typer.Option(help="Where to write the configuration of Litestream.")],
    interval: Annotated[str, typer.Option(help="How much a loss may cost: 50ms, 1s.")] = "100ms",
    only: Annotated[
        list[str] | None, typer.Option("--room", help="Only this room: its user runs Litestream.")
    ] = None,
    clear: Annotated[
        bool,
        typer.Option("--clear", help="Also rooms that the plan seals; replicas are in clear."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write the configuration with which Litestream copies every change of SQLite files at once."""
    run = start(DEFAULT_HOME, as_json=as_json)
    planned = [room for room in read_file(Plan, plan, "the plan").rooms if room.server is None]
    planned = [room for room in planned if not only or room.name in only]
    rooms = [room for room in planned if clear or not room.sealed]
    text = "dbs:\n" + "".join(
        f"  - path: {Path(str(room.database)).resolve()}\n"
        f"    monitor-interval: {interval}\n"
        f"    replica:\n      type: file\n      path: {(to / REPLICAS / room.name).resolve()}\n"
        f"      sync-interval: {interval}\n"
        for room in rooms
    )
    write_file(out, text.encode())
    names = [room.name for room in rooms]
    told = [f"Wrote {out} for {', '.join(names)}. Run: litestream replicate -config {out}"]
    told += [
        f"Left out: {room.name} is sealed, and replicas are not. With --clear it is copied too, to"
        " a disk that must be encrypted."
        for room in planned
        if room not in rooms
    ]
    run.output.result({"rooms": names, "file": str(out)}, told)
