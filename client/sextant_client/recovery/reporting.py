"""What is told of a restore: the report, and numbers for Prometheus."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.home import write_file
from sextant_client.recovery.containers import check_containers, check_declarations
from sextant_client.recovery.databases import open_database
from sextant_client.recovery.honouring import (
    Findings,
    check_exchange,
    check_ledger,
    name_lost,
    read_receipts,
)
from sextant_client.recovery.ledger import open_ledger
from sextant_client.trust import Trust
from sextant_shared.encoding import b64, canonical_json, parse_json
from sextant_shared.protocol.checkpoints import Checkpoint

STATUS = "status.json"
SHOWN = 20


@dataclass(frozen=True)
class Places:
    """Where the rooms are: databases as files or addresses, folders beside them if there are."""

    ledger: str | Path
    exchange: str | Path | None = None
    blobs: Path | None = None
    declarations: str | Path | None = None
    vault: Path | None = None


def examine(
    places: Places,
    trust: Trust,
    heads: Sequence[Checkpoint],
    receipts: Sequence[Path],
    mirrors: Sequence[Path],
    *,
    every_byte: bool = False,
) -> Findings:
    """Return what a restored log, and the rooms beside it, can honour.

    With `every_byte` each container is read whole and held against its signed head.

    Raises:
        PlatformError: `E_INTEGRITY` when a database cannot be read.
    """
    held, unreadable = read_receipts(receipts, trust.log_keys)
    with open_ledger(places.ledger) as opened:
        found = check_ledger(opened, heads, held)
        if places.exchange is not None:
            with open_database(places.exchange) as exchange:
                check_exchange(found, opened, exchange, places.blobs)
                if every_byte:
                    check_containers(found, exchange, places.blobs)
                if places.declarations is not None:
                    with open_database(places.declarations) as declarations:
                        check_declarations(
                            found, declarations, exchange, places.vault, every_byte=every_byte
                        )
    name_lost(found, mirrors)
    found.unreadable += unreadable
    return found


def document(found: Findings) -> dict[str, Any]:
    """Return findings as JSON members."""
    newest = found.newest
    return {
        "honours": found.holds,
        "size": found.size,
        "root": b64(found.root),
        "heads": found.heads,
        "newest": None if newest is None else {"size": newest.size, "root": b64(newest.root)},
        "receipts": found.receipts,
        "lost": None
        if found.lost is None
        else {"first": found.lost[0], "last": found.lost[1], "receipts_under": _under(found)},
        "forked": [{"size": h.size, "root": b64(h.root)} for h in found.forked],
        "missing": [
            {"envelope": m.envelope, "index": m.index, "why": m.why}
            for m in sorted(found.missing, key=lambda m: m.index)
        ],
        "large_containers": found.large,
        "unknown_to_exchange": found.unknown,
        "containers": found.containers,
        "owed_files": found.owed_files,
        "behind": found.behind,
        "unreadable": found.unreadable,
    }


def lines(found: Findings) -> list[str]:
    """Return findings as people read them, gravest first."""
    verdict = "HONOURED" if found.holds else "NOT HONOURED"
    told = [f"{verdict}  log of {found.size:,} entries, root {b64(found.root)}"]
    told.append(f"  held against {found.heads} signed head(s) and {found.receipts} receipt(s)")
    told += [f"  ANOTHER HISTORY: a head of size {h.size:,} was signed" for h in found.forked]
    if found.lost is not None:
        first, last = found.lost
        told.append(f"  LOST  entries {first:,} to {last:,}: {last - first + 1:,} acknowledged")
        told.append(f"        no receipt under a head of size {_under(found)} can be honoured")
    for each in sorted(found.missing, key=lambda m: m.index)[:SHOWN]:
        told.append(f"  envelope {each.envelope}  entry {each.index:,}: {each.why}")
    if len(found.missing) > SHOWN:
        told.append(f"  and {len(found.missing) - SHOWN:,} more envelopes: the report names all")
    if found.unknown:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(found.unknown.items()))
        told.append(f"  the log is ahead of the exchange by: {counts}")
    if found.large is not None:
        told.append(f"  {found.large:,} large container(s) of the exchange looked for as files")
    if found.containers is not None:
        told.append(f"  {found.containers:,} container(s) read whole, each as it was signed")
    if found.owed_files:
        told.append(
            f"  declarations lacks files of {len(found.owed_files):,} envelope(s); the exchange has"
            " them: python -m sextant_declarations refill"
        )
    told += [f"  OLDER THAN ITS BACKUP: {each}" for each in found.behind]
    told += [f"  unreadable: {each}" for each in found.unreadable[:SHOWN]]
    return told


def write_status(root: Path, textfile: Path | None, **changed: int) -> None:
    """Remember when the newest backup was made and verified, for `doctor` and Prometheus.

    `textfile` is written for the textfile collector of the node exporter, whole or not at all.
    """
    path = root / STATUS
    known = parse_json(path.read_bytes(), max_bytes=4096) if path.exists() else {}
    known = {**known, **changed}
    write_file(path, canonical_json(known))
    if textfile is not None:
        write_file(textfile, "".join(_metric(n, known[n]) for n in METRICS if n in known).encode())
        textfile.chmod(_FOR_ALL)


_FOR_ALL = 0o644  # the exporter is another user, and these are three numbers
METRICS = {
    "backup_time_seconds": "POSIX time of the newest backup",
    "backup_verified_time_seconds": "POSIX time at which a backup was last verified whole",
    "backup_log_size": "entries of the log in the newest backup",
}


def _metric(name: str, value: int) -> str:
    full = f"sextant_{name}"
    return f"# HELP {full} {METRICS[name]}\n# TYPE {full} gauge\n{full} {value}\n"


def _under(found: Findings) -> str:
    if found.lost is None:
        return ""
    return f"{found.lost[0] + 1} to {found.lost[1] + 1}"
