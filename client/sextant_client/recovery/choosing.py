"""The folder of backups: which there are, which one a moment means, what may go.

A backup that does not verify spoils no other. What lies in the pool and is named by nobody goes.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from sextant_client.recovery.making import SETS
from sextant_client.recovery.models import Card, Manifest
from sextant_client.recovery.pgbackrest import RECEIVED
from sextant_client.recovery.signing import MANIFEST, read_manifest
from sextant_client.recovery.snapshots import POOL, check_stored
from sextant_shared.clock import Clock, parse_timestamp
from sextant_shared.errors import Code, PlatformError

POSITION = "size:"
_PIECE = re.compile(r"[0-9A-F]{24}")
_TIMELINE = 8  # digits at the beginning


def backups_in(
    root: Path, signed_by: Card | None, tell: Callable[[str], None] = lambda _text: None
) -> list[Manifest]:
    """Return the backups of a folder, oldest first, each with its signatures verified.

    `tell` is told of each that does not verify and is left out.

    Raises:
        PlatformError: `E_STATE` when there is none; as `signing.read_manifest` when none verifies.
    """
    folders = sorted(path.parent for path in (root / SETS).glob(f"*/{MANIFEST}"))
    if not folders:
        raise PlatformError(
            Code.STATE, f"there is no backup in {root}", fix="Name the folder of `ops backup --to`."
        )
    known: list[Manifest] = []
    refused: list[PlatformError] = []
    for folder in folders:
        try:
            known.append(read_manifest(folder, signed_by))
        except PlatformError as error:  # one that is damaged, or another's, spoils no other
            refused.append(error)
            tell(f"left out: {folder.name}: {error.detail}")
    if not known:
        raise refused[-1]
    return sorted(known, key=lambda each: each.t)


def chosen(backups: Sequence[Manifest], to: str | None) -> Manifest:
    """Return the newest backup up to a time (RFC 3339), or to a position of the log (`size:N`).

    Raises:
        PlatformError: `E_NOT_FOUND` when all are newer, `E_MALFORMED`.
    """
    if to is None:
        return backups[-1]
    if to.startswith(POSITION):
        number = to.removeprefix(POSITION)
        if not number.isdecimal():
            raise PlatformError(
                Code.MALFORMED, "no position of the log", expected="size:1234", received=to[:40]
            )
        fitting = [b for b in backups if b.log is not None and b.log.size <= int(number)]
    else:
        until = parse_timestamp(to)
        fitting = [b for b in backups if parse_timestamp(b.t) <= until]
    if not fitting:
        raise PlatformError(
            Code.NOT_FOUND,
            f"every backup is newer than {to}",
            expected=f"{backups[0].t} or later",
            received=to[:40],
            fix="Name a later moment, or another folder of backups.",
        )
    return fitting[-1]


def faults_in(root: Path, manifest: Manifest, now: float) -> list[str]:
    """Return one line for each file of a backup that is missing or altered.

    Keys that were to be kept for a shorter time and are gone are no fault.
    """
    files = manifest.plain
    if manifest.keys_until and parse_timestamp(manifest.keys_until) < now:
        files = [each for each in files if each != manifest.keys]
    return check_stored(root, files)


def prune(root: Path, backups: Sequence[Manifest], keep: int, clock: Clock) -> int:
    """Remove all but the newest `keep` backups, keys whose time is over, and what nobody names.

    Return how many files went. Keys of details go sooner than what they open: to destroy one must
    stay possible (docs/recovery.md). Of what a receiver wrote, pieces go that the archive had when
    the backup before the newest was made.
    """
    kept, gone = backups[-keep:], backups[:-keep]
    for manifest in gone:
        shutil.rmtree(root / SETS / manifest.id)
    now = clock()
    named = {
        each.sha256
        for manifest in kept
        for each in manifest.plain
        if each != manifest.keys or now <= parse_timestamp(manifest.keys_until or manifest.t)
    }
    removed = 0
    for path in sorted((root / POOL).glob("*/*")):
        if path.name not in named:
            path.unlink()
            removed += 1
    servers = kept[-2].servers if len(kept) > 1 else []
    return removed + sum(_let_go(root / RECEIVED / each.name, each.piece) for each in servers)


def _let_go(received: Path, piece: str) -> int:
    """Remove whole pieces before one, of its timeline: of an earlier one the archive may lack some.

    Raises:
        PlatformError: `E_UNAVAILABLE` when they cannot be removed.
    """
    old = [
        path
        for path in received.glob(f"{piece[:_TIMELINE]}*")
        if _PIECE.fullmatch(path.name) and path.name < piece
    ]
    try:
        for path in old:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise PlatformError(
            Code.UNAVAILABLE,
            f"received WAL cannot be removed: {error.strerror}",
            received=str(received),
            fix="The backup is made. Let whoever runs it write there, or the disk fills.",
        ) from error
    return len(old)
