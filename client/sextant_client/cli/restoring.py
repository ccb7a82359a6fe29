"""`sextant ops restore`, `verify-backup` and `check`: what comes back, and what it still proves."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sextant_client import errors as exits
from sextant_client.cli.context import DEFAULT_HOME, JsonFlag, Run, start
from sextant_client.cli.recovering import Textfile
from sextant_client.home import write_file
from sextant_client.recovery.choosing import backups_in, chosen, faults_in
from sextant_client.recovery.databases import is_address
from sextant_client.recovery.dual import Share
from sextant_client.recovery.heads import heads_of
from sextant_client.recovery.honouring import Findings
from sextant_client.recovery.models import Card, read_file
from sextant_client.recovery.replicas import REPLICAS
from sextant_client.recovery.reporting import (
    Places,
    document,
    examine,
    lines,
    write_status,
)
from sextant_client.recovery.restoring import KEYS, Restored, require_empty, restored
from sextant_client.recovery.returning import PASSABLE, SERVERS
from sextant_client.trust import Trust
from sextant_shared.clock import system_clock
from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.checkpoints import Checkpoint

REPORT = "NOT-HONOURED.json"
BLOBS, VAULT = "blobs", "vault"
_STARTED = ("signer, which remembers first", "audit", "exchange", "declarations, after its refill")
_NO_LOG = "  NOT CHECKED: this backup has no log; hold it against one: sextant ops check"

SignedBy = Annotated[Path, typer.Option(help="Card of the operator whose backups are believed.")]
TrustFileOption = Annotated[Path, typer.Option("--trust", help="Your trust.json: the pinned log.")]
Shares = Annotated[
    list[Path] | None, typer.Option("--share", help="A custodian's share; given once for each.")
]
Heads = Annotated[
    list[str] | None,
    typer.Option("--checkpoint", help="A head held elsewhere: file or address; as many as given."),
]
CaFile = Annotated[
    Path | None,
    typer.Option(help="Authorities (PEM) of the addresses of --checkpoint, and no others."),
]
Receipts = Annotated[
    list[Path] | None, typer.Option("--receipts", help="Receipts, or folders (homes) of them.")
]
Mirrors = Annotated[
    list[Path] | None, typer.Option("--mirror", help="A copy of the log: its head and entries.")
]


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
    ca_file: CaFile = None,
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
    heads = heads_of(pinned, known[-1].log, checkpoint or [], mirror or [], ca_file)
    run.output.say(f"Restoring {chosen(known, to).id} (log: {known[-1].id})")
    with restored(backups, known, to, into, _shares(share), run.output.say) as there:
        found = _examined(there, into, pinned, heads, receipts, mirror)
    if found is None:
        told = [*_told_of(there, backups, into), _NO_LOG]
        run.output.result({"honours": None, "into": str(into)}, told)
        raise typer.Exit(exits.WARNINGS)
    told = [*lines(found), *_told_of(there, backups, into)]
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
    ca_file: CaFile = None,
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
    holds, is_whole = not faults, True
    closed: list[str] = [room.name for room in manifest.rooms if room.archive]
    closed += [server.name for server in manifest.servers]
    if holds and (not closed or share):
        heads = heads_of(pinned, known[-1].log, checkpoint or [], mirror or [], ca_file)
        with tempfile.TemporaryDirectory(prefix="sextant-verify-") as scratch:
            Path(scratch).chmod(PASSABLE)
            into = Path(scratch) / "restored"
            with restored(backups, known, to, into, _shares(share), run.output.say) as there:
                found = _examined(there, into, pinned, heads, receipts, mirror, every_byte=True)
                for server in there.servers:
                    how, damaged = server.pages()
                    told.append(f"  server {server.name}: pages looked at by {how}")
                    faults += damaged
        told += [f"  DAMAGED  {fault}" for fault in faults]
        keys = "and the keys opened" if there.keys else "the keys stayed sealed"
        told.append(f"  {len(there.databases)} database(s) whole; {keys}")
        members["keys"], is_whole, holds = there.keys, found is not None, not faults
        if found is not None:
            told += lines(found)
            holds, members = holds and found.holds, {**members, **document(found)}
        else:
            told.append(_NO_LOG)
    elif closed:
        is_whole = False
        told.append(f"  sealed and so not opened: {', '.join(closed)}; give shares to check them")
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
        str | None, typer.Option(help="The exchange's database: a file, or an address.")
    ] = None,
    blobs: Annotated[
        Path | None, typer.Option(help="Its folder of large containers, if not beside a file.")
    ] = None,
    declarations: Annotated[
        str | None, typer.Option(help="The database of declarations: a file, or an address.")
    ] = None,
    vault: Annotated[Path | None, typer.Option(help="The vault of declarations.")] = None,
    every_byte: Annotated[
        bool, typer.Option("--every-byte", help="Read each container whole.")
    ] = False,
    checkpoint: Heads = None,
    ca_file: CaFile = None,
    receipts: Receipts = None,
    mirror: Mirrors = None,
    as_json: JsonFlag = False,
) -> None:
    """Hold a ledger, wherever it was restored to, against heads, receipts and the other rooms."""
    run = start(DEFAULT_HOME, as_json=as_json)
    pinned = Trust.load(trust)
    heads = heads_of(pinned, None, checkpoint or [], mirror or [], ca_file)
    if declarations is not None and exchange is None:
        raise PlatformError(
            Code.MALFORMED,
            "declarations are held against the exchange",
            expected="--exchange",
            received="--declarations alone",
            fix="Name the exchange's database too: --exchange PLACE.",
        )
    if blobs is None and exchange is not None and not is_address(exchange):
        blobs = Path(exchange).with_name(BLOBS)
    places = Places(ledger, exchange, _folder(blobs), declarations, vault)
    found = examine(places, pinned, heads, receipts or [], mirror or [], every_byte=every_byte)
    run.output.result(document(found), lines(found))
    if not found.holds:
        raise typer.Exit(exits.UNTRUSTED)


def _examined(
    there: Restored,
    into: Path,
    pinned: Trust,
    heads: Sequence[Checkpoint],
    receipts: Sequence[Path] | None,
    mirror: Sequence[Path] | None,
    *,
    every_byte: bool = False,
) -> Findings | None:
    """Hold what was restored against everything that is known; None when there is no log in it."""
    ledger = there.databases.get("audit")
    if ledger is None:
        return None
    places = Places(
        ledger,
        there.databases.get("exchange"),
        _folder(into / "exchange" / BLOBS),
        there.databases.get("declarations"),
        _folder(into / "declarations" / VAULT),
    )
    found = examine(places, pinned, heads, receipts or [], mirror or [], every_byte=every_byte)
    found.behind = [server.behind for server in there.servers if server.behind]
    return found


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


def _told_of(there: Restored, backups: Path, into: Path) -> list[str]:
    """Say what lies where, and what is to be done with it."""
    said = [
        f"  {name:<13} {path}" for name, path in there.databases.items() if not is_address(path)
    ]
    for server in there.servers:
        data = into / SERVERS / server.name / "data"
        said.append(f"  server {server.name}: {data}, to {server.came_to} of its WAL")
        said += [f"    {key} was {value}, and is empty now" for key, value in server.reset.items()]
    said += [f"  of {name}: the newest change that Litestream held" for name in there.replicas]
    sealed = [backups / REPLICAS / room.name for room in there.rooms_from.rooms if room.archive]
    said += [
        f"  {replica} holds a sealed room in clear: remove it (rm -r) once the room serves again"
        for replica in sealed
        if replica.exists()
    ]
    keys = f"keys in {into / KEYS}" if there.keys else "keys stayed sealed: no shares given"
    order = [*(f"server {server.name}" for server in there.servers), *_STARTED]
    return [*said, f"  {keys}", f"  start, as docs/recovery.md says: {', '.join(order)}"]


def _folder(path: Path | None) -> Path | None:
    return path if path is not None and path.is_dir() else None


def _shares(paths: Sequence[Path] | None) -> list[Share]:
    return [read_file(Share, path, "the share") for path in paths or ()]
