"""Restores a backup into an empty folder, and keeps the folders of backups in order.

Which moment: `--to` counts for exchange and declarations. The log always comes back to its newest
entry: it only grows, a part of it is of no use to anybody, and to leave entries out would be to
lose what was acknowledged. A log that is newer than the exchange is right; the report names what
the exchange then lacks.

Nothing is written over: the target is empty, or the restore is refused before the first byte. What
was restored is checked by `honouring`; a folder whose report does not hold is not put to use.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sextant_client.recovery import dual
from sextant_client.recovery.making import SETS
from sextant_client.recovery.models import Card, Copied, CopiedRoom, Manifest
from sextant_client.recovery.signing import MANIFEST, read_manifest
from sextant_client.recovery.snapshots import (
    POOL,
    PRIVATE,
    check_stored,
    digest_of,
    require_sound,
    stored_at,
    sync_file,
)
from sextant_shared.clock import Clock, parse_timestamp
from sextant_shared.errors import Code, PlatformError

REPLICAS = "replicas"
KEYS = "keys"
_POSITION = "size:"
_PATIENCE_S = 3600
_DATABASES = (".db", ".sqlite3")


@dataclass(frozen=True)
class Restored:
    """What lies in the target: the databases by room, and from which backup each came."""

    databases: dict[str, Path]
    rooms_from: Manifest
    log_from: Manifest
    keys: bool
    replicas: tuple[str, ...]


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
    if to.startswith(_POSITION):
        number = to.removeprefix(_POSITION)
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


def require_empty(into: Path) -> None:
    """Return if nothing stands where a restore would write.

    Raises:
        PlatformError: `E_STATE`.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise PlatformError(
            Code.STATE,
            f"{into} is not empty",
            expected="an empty folder, or none",
            fix="A restore writes over nothing: name another folder, keep this one as evidence.",
        )


def restore(
    root: Path,
    backups: Sequence[Manifest],
    to: str | None,
    into: Path,
    shares: Sequence[dual.Share] = (),
) -> Restored:
    """Lay a backup out below `into`, every file compared with its digest, every database whole.

    Raises:
        PlatformError: `E_STATE` for a target that is not empty, `E_INTEGRITY` for a file that is
            missing or altered, `E_FORBIDDEN` with too few shares for a sealed room.
    """
    require_empty(into)
    rooms_from, log_from = chosen(backups, to), backups[-1]
    wanted: list[CopiedRoom] = []
    for room in rooms_from.rooms:
        source = log_from if room.name == "audit" else rooms_from
        wanted += [found] if (found := source.room(room.name)) else []
    into.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    databases: dict[str, Path] = {}
    replicas: list[str] = []
    for room in wanted:
        replica = root / REPLICAS / room.name
        if room.engine == "sqlite":
            _lay_room(root, room, into, shares)
            databases[room.name] = _database(room, into)
            moment = None if room.name == "audit" else to
            if replica.is_dir() and not (moment or "").startswith(_POSITION):
                _from_replica(replica, databases[room.name], moment)
                replicas.append(room.name)
            require_sound(databases[room.name])
    _lay(root, rooms_from.others, into)
    keys = _lay_keys(root, log_from, into, shares)
    return Restored(databases, rooms_from, log_from, keys, tuple(replicas))


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
    stay possible (docs/recovery.md).
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
    return removed


def litestream() -> str:
    """Return the program that replicates SQLite.

    Raises:
        PlatformError: `E_STATE` when it is not installed.
    """
    beside = Path(sys.executable).with_name("litestream")
    found = str(beside) if beside.is_file() else shutil.which("litestream")
    if found is None:
        raise PlatformError(
            Code.STATE,
            "litestream is not installed",
            fix="pip install --require-hashes -r requirements/recovery.txt",
        )
    return found


def _from_replica(replica: Path, target: Path, to: str | None) -> None:
    """Put the newest state that Litestream holds, or that of a time, in place of the snapshot."""
    fresh = target.with_name(f".{target.name}.new")
    moment = ["-timestamp", to] if to else []
    command = [litestream(), "restore", *moment, "-o", str(fresh), f"file://{replica.resolve()}"]
    done = subprocess.run(  # noqa: S603 -- a program of ours with paths of ours
        command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
    )
    if done.returncode != 0:
        raise PlatformError(
            Code.UNAVAILABLE,
            f"litestream could not restore {target.name}",
            received=(done.stderr or done.stdout)[-300:],
            fix="Move the folder of replicas away to restore the snapshot alone.",
        )
    fresh.replace(target)
    sync_file(target)


def _lay_room(root: Path, room: CopiedRoom, into: Path, shares: Sequence[dual.Share]) -> None:
    if room.archive is None:
        _lay(root, room.files, into)
        return
    _require(check_stored(root, [room.archive]))
    dual.unseal_archive(stored_at(root, room.archive.sha256), shares, into)
    for each in room.files:
        path = into / each.path
        if not path.is_file() or digest_of(path) != each.sha256:
            _require([f"{each.path} is not what was sealed"])


def _lay_keys(root: Path, source: Manifest, into: Path, shares: Sequence[dual.Share]) -> bool:
    if source.keys is None or not shares:
        return False
    _require(check_stored(root, [source.keys]))
    archive = stored_at(root, source.keys.sha256)
    ids = {dual.read_header(archive).id}
    if not ids & {share.archive for share in shares}:
        return False  # shares of a sealed room alone
    dual.unseal_archive(archive, shares, into / KEYS)
    return True


def _lay(root: Path, files: Iterable[Copied], into: Path) -> None:
    for each in files:
        _require(check_stored(root, [each]))
        target = into / each.path
        target.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        shutil.copyfile(stored_at(root, each.sha256), target)
        target.chmod(0o600)
        sync_file(target)


def _database(room: CopiedRoom, into: Path) -> Path:
    for each in room.files:
        path = Path(each.path)
        if len(path.parts) == 2 and path.suffix in _DATABASES:  # noqa: PLR2004 -- room and file
            return into / path
    raise PlatformError(Code.MALFORMED, f"the backup of {room.name} names no database")


def _require(faults: list[str]) -> None:
    if faults:
        raise PlatformError(
            Code.INTEGRITY,
            f"the backup is damaged: {faults[0]}",
            fix="Take another backup; ask `sextant ops verify-backup` for all faults.",
        )
