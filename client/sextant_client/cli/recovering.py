"""`sextant ops backup`, `restore`, `verify-backup`, `check`, `replicate`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sextant_client import errors as exits
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, PassphraseFile, Run, start
from sextant_client.home import write_file
from sextant_client.recovery.dual import Share
from sextant_client.recovery.honouring import Findings
from sextant_client.recovery.making import SETS, Making
from sextant_client.recovery.models import Card, Plan, read_file
from sextant_client.recovery.reporting import (
    document,
    examine,
    heads_of,
    lines,
    write_status,
)
from sextant_client.recovery.restoring import (
    REPLICAS,
    Restored,
    backups_in,
    chosen,
    faults_in,
    prune,
    require_empty,
)
from sextant_client.recovery.restoring import (
    restore as restore_backup,
)
from sextant_client.recovery.signing import MANIFEST
from sextant_client.trust import Trust
from sextant_shared.clock import parse_timestamp, system_clock
from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse

REPORT = "NOT-HONOURED.json"
_KEPT = 14
_APART = (
    "  NOT CHECKED: the log of this backup lies on a server. Restore it there, then hold all of it"
    " against heads: sextant ops check postgresql://… --exchange FILE (docs/recovery.md)"
)

SignedBy = Annotated[Path, typer.Option(help="Card of the operator whose backups are believed.")]
TrustFileOption = Annotated[Path, typer.Option("--trust", help="Your trust.json: the pinned log.")]
Shares = Annotated[
    list[Path] | None, typer.Option("--share", help="A custodian's share; given once for each.")
]
Heads = Annotated[
    list[str] | None,
    typer.Option("--checkpoint", help="A head held elsewhere: file or address; as many as given."),
]
Receipts = Annotated[
    list[Path] | None, typer.Option("--receipts", help="Receipts, or folders (homes) of them.")
]
Mirrors = Annotated[
    list[Path] | None, typer.Option("--mirror", help="A copy of the log: its head and entries.")
]
Textfile = Annotated[
    Path | None, typer.Option(help="Also write the times for Prometheus (textfile collector).")
]


def backup(
    plan: Annotated[Path, typer.Option(help="What is backed up: docs/recovery.md.")],
    to: Annotated[Path, typer.Option(help="Folder of backups, on another machine's disk.")],
    name: Annotated[str, typer.Option(help="Your name, as on your card.")],
    keep: Annotated[int, typer.Option(min=1, help="How many backups stay.")] = _KEPT,
    textfile: Textfile = None,
    passphrase_file: PassphraseFile = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Back up every room while it is used; sign what was made."""
    run = start(home, as_json=as_json)
    pair = run.keystore(passphrase_file).pair(KeyUse.SIG)
    made = Making(to, read_file(Plan, plan, "the plan"), name, pair, system_clock, run.output.say)()
    removed = prune(to, backups_in(to, None), keep, system_clock)
    size = made.log.size if made.log else 0
    write_status(
        to, textfile, backup_time_seconds=int(parse_timestamp(made.t)), backup_log_size=size
    )
    manifest = to / SETS / made.id / MANIFEST
    files = sum(len(room.files) for room in made.rooms) + len(made.others) + 1
    told = [
        f"Backup {made.id}: {files:,} files, log of {size:,} entries; {removed:,} files removed.",
        f"Keys are sealed: {made.threshold} of {', '.join(made.custodians)} open them together.",
        f"Tell the log: sextant log report backup --of audit --size {size} --file {manifest}",
    ]
    run.output.result(made.model_dump(mode="json"), told)


def restore(
    backups: Annotated[Path, typer.Argument(help="Folder of backups.")],
    into: Annotated[Path, typer.Option(help="Where to restore to: an empty folder, or none.")],
    signed_by: SignedBy,
    trust: TrustFileOption,
    to: Annotated[
        str | None, typer.Option(help="Time (RFC 3339) or `size:N`; the log comes whole always.")
    ] = None,
    share: Shares = None,
    checkpoint: Heads = None,
    receipts: Receipts = None,
    mirror: Mirrors = None,
    accept_loss: Annotated[
        str | None, typer.Option(help="Go on without what the exchange lost; says why.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Restore into an empty folder, and say exactly which receipts cannot be honoured."""
    run = start(DEFAULT_HOME, as_json=as_json)
    require_empty(into)
    card = read_file(Card, signed_by, "the card")
    pinned, known = Trust.load(trust), backups_in(backups, card, run.output.say)
    run.output.say(f"Restoring {chosen(known, to).id} (log: {known[-1].id})")
    restored = restore_backup(backups, known, to, into, _shares(share))
    if "audit" not in restored.databases:
        run.output.result({"honours": None, "into": str(into)}, [*_told_of(restored, into), _APART])
        raise typer.Exit(exits.WARNINGS)
    found = _examined(restored, pinned, checkpoint, receipts, mirror)
    told = [*lines(found), *_told_of(restored, into)]
    if found.holds:
        run.output.result({**document(found), "into": str(into)}, told)
        return
    _refuse_or_accept(run, found, into, accept_loss, told)


def verify_backup(
    backups: Annotated[Path, typer.Argument(help="Folder of backups.")],
    signed_by: SignedBy,
    trust: TrustFileOption,
    to: Annotated[str | None, typer.Option(help="As `restore --to`; default the newest.")] = None,
    share: Shares = None,
    checkpoint: Heads = None,
    receipts: Receipts = None,
    mirror: Mirrors = None,
    textfile: Textfile = None,
    as_json: JsonFlag = False,
) -> None:
    """Restore a backup into a scratch folder, check all of it, and remove the folder again."""
    run = start(DEFAULT_HOME, as_json=as_json)
    card = read_file(Card, signed_by, "the card")
    pinned, known = Trust.load(trust), backups_in(backups, card, run.output.say)
    manifest = chosen(known, to)
    faults = faults_in(backups, manifest, system_clock())
    members: dict[str, object] = {"backup": manifest.id, "faults": faults}
    told = [f"Backup {manifest.id}, signed by the card's keys; {len(manifest.plain):,} files read."]
    told += [f"  DAMAGED  {fault}" for fault in faults]
    holds, is_apart = not faults, False
    sealed = [room.name for room in manifest.rooms if room.archive]
    if not faults and (not sealed or share):
        with tempfile.TemporaryDirectory(prefix="sextant-verify-") as scratch:
            into = Path(scratch) / "restored"
            restored = restore_backup(backups, known, to, into, _shares(share))
            keys = "and the keys opened" if restored.keys else "the keys stayed sealed"
            told.append(f"  {len(restored.databases)} database(s) whole; {keys}")
            is_apart = "audit" not in restored.databases
            if is_apart:
                told.append(_APART)
            else:
                found = _examined(restored, pinned, checkpoint, receipts, mirror)
                told += lines(found)
                holds, members = found.holds, {**members, **document(found)}
        members["keys"] = restored.keys
    elif sealed:
        told.append(f"  sealed and so not opened: {', '.join(sealed)}; give shares to check them")
    is_whole = not is_apart and not (sealed and not share)
    if holds and is_whole:
        verified = int(system_clock())
        write_status(backups, textfile, backup_verified_time_seconds=verified)
    run.output.result({**members, "sound": holds}, told)
    if not holds:
        raise typer.Exit(exits.UNTRUSTED)
    if not is_whole:
        raise typer.Exit(exits.WARNINGS)


def check(
    ledger: Annotated[str, typer.Argument(help="Ledger: a file, or a postgresql:// address.")],
    trust: TrustFileOption,
    exchange: Annotated[
        Path | None, typer.Option(help="The exchange's database file beside it.")
    ] = None,
    checkpoint: Heads = None,
    receipts: Receipts = None,
    mirror: Mirrors = None,
    as_json: JsonFlag = False,
) -> None:
    """Hold a ledger, wherever it was restored to, against heads, receipts and the exchange."""
    run = start(DEFAULT_HOME, as_json=as_json)
    pinned = Trust.load(trust)
    heads = heads_of(pinned, None, checkpoint or [], mirror or [])
    found = examine(ledger, exchange, pinned, heads, receipts or [], mirror or [])
    run.output.result(document(found), lines(found))
    if not found.holds:
        raise typer.Exit(exits.UNTRUSTED)


def replicate(
    plan: Annotated[Path, typer.Option(help="What is backed up.")],
    to: Annotated[Path, typer.Option(help="Folder of backups.")],
    out: Annotated[Path, typer.Option(help="Where to write the configuration of Litestream.")],
    interval: Annotated[str, typer.Option(help="How much a loss may cost: 50ms, 1s.")] = "100ms",
    clear: Annotated[
        bool,
        typer.Option("--clear", help="Also rooms that the plan seals; replicas are in clear."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write the configuration with which Litestream copies every change of SQLite files at once."""
    run = start(DEFAULT_HOME, as_json=as_json)
    planned = [room for room in read_file(Plan, plan, "the plan").rooms if room.database]
    rooms = [room for room in planned if clear or not room.sealed]
    text = "dbs:\n" + "".join(
        f"  - path: {Path(room.database).resolve()}\n"
        f"    monitor-interval: {interval}\n"
        f"    replica:\n      type: file\n      path: {(to / REPLICAS / room.name).resolve()}\n"
        f"      sync-interval: {interval}\n"
        for room in rooms
        if room.database
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


def _examined(
    restored: Restored,
    pinned: Trust,
    checkpoint: Sequence[str] | None,
    receipts: Sequence[Path] | None,
    mirror: Sequence[Path] | None,
) -> Findings:
    ledger = restored.databases.get("audit")
    if ledger is None:
        raise PlatformError(
            Code.STATE, "the log of this backup lies on a server", fix=_APART.strip()
        )
    heads = heads_of(pinned, restored.log_from.log, checkpoint or [], mirror or [])
    exchange = restored.databases.get("exchange")
    return examine(ledger, exchange, pinned, heads, receipts or [], mirror or [])


def _refuse_or_accept(
    run: Run, found: Findings, into: Path, accepted: str | None, told: list[str]
) -> None:
    """Set a restore aside that does not hold, unless an operator takes the loss upon himself."""
    log_is_whole = not (found.lost or found.forked)
    aside = into if accepted and log_is_whole else into.with_name(f"{into.name}.not-honoured")
    report = {**document(found), "accepted": accepted if log_is_whole else None}
    if aside != into:
        into.rename(aside)
    write_file(aside / REPORT, canonical_json(report))
    told.append(f"  the report names all of it: {aside / REPORT}")
    if accepted and log_is_whole:
        told.append(
            "  accepted. Tell the log, and the senders: sextant log report restore --of exchange"
            f" --size {found.size} --file {aside / REPORT}"
        )
    elif log_is_whole:
        told.append("  Ask the senders for these envelopes, or: --accept-loss REASON.")
    else:
        told.append(
            "  No loss of the log can be accepted: fill it from a mirror, docs/recovery.md."
        )
    run.output.result({**report, "into": str(aside)}, told)
    if not (accepted and log_is_whole):
        raise typer.Exit(exits.UNTRUSTED)


def _told_of(restored: Restored, into: Path) -> list[str]:
    said = [f"  {name:<13} {path}" for name, path in restored.databases.items()]
    said += [f"  of {name}: the newest change that Litestream held" for name in restored.replicas]
    keys = f"keys in {into / 'keys'}" if restored.keys else "keys stayed sealed: no shares given"
    return [*said, f"  {keys}"]


def _shares(paths: Sequence[Path] | None) -> list[Share]:
    return [read_file(Share, path, "the share") for path in paths or ()]
