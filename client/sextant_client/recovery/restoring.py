"""Restores a backup into an empty folder: files, databases, servers, keys.

Which moment: `--to` counts for exchange and declarations. The log always comes back to its newest
entry: it only grows, a part of it is of no use to anybody, and to leave entries out would be to
lose what was acknowledged. A log that is newer than the exchange is right; the report names what
the exchange then lacks.

Nothing is written over: the target is empty, or the restore is refused before the first byte. What
was restored is checked by `honouring`; a folder whose report does not hold is not put to use.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sextant_client.recovery import dual
from sextant_client.recovery.choosing import POSITION, chosen
from sextant_client.recovery.models import Copied, CopiedRoom, CopiedServer, Manifest
from sextant_client.recovery.replicas import newer_replica, restore_replica
from sextant_client.recovery.returning import (
    CONFIG,
    NEWEST,
    SERVERS,
    Moment,
    Returned,
    require_tools,
    returned,
)
from sextant_client.recovery.snapshots import (
    PRIVATE,
    check_stored,
    digest_of,
    require_sound,
    stored_at,
    sync_file,
)
from sextant_shared.errors import Code, PlatformError

KEYS = "keys"
_DATABASES = (".db", ".sqlite3")
_Wanted = Sequence[tuple[CopiedRoom, Manifest]]


@dataclass(frozen=True)
class Restored:
    """What lies in the target: the databases by room, and from which backup each came.

    A database is a file, or an address that answers while its server is among `servers`.
    """

    databases: Mapping[str, str | Path]
    rooms_from: Manifest
    log_from: Manifest
    keys: bool
    replicas: tuple[str, ...]
    servers: tuple[Returned, ...]


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


@contextmanager
def restored(
    root: Path,
    backups: Sequence[Manifest],
    to: str | None,
    into: Path,
    shares: Sequence[dual.Share] = (),
    say: Callable[[str], None] = lambda _text: None,
) -> Iterator[Restored]:
    """Lay a backup out below `into`, every file compared with its digest, every database whole.

    Servers run inside the block, so that they can be looked at, and are stopped after it.

    Raises:
        PlatformError: `E_STATE` for a target that is not empty or a program that is too old,
            `E_POLICY` for a moment that would take the log back, `E_INTEGRITY` for a file that is
            missing or altered, `E_FORBIDDEN` with too few shares for a sealed room or a server.
    """
    require_empty(into)
    rooms_from, log_from = chosen(backups, to), backups[-1]
    wanted = _wanted(rooms_from, log_from)
    if to is not None:
        _require_log_apart([room for room, _ in wanted])
    returning = _servers(wanted, to)
    if shares:
        require_tools([copied for copied, _ in returning.values()], log_from.tools)
    into.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    keys = _lay_keys(root, log_from, into, shares)
    if returning and not keys:
        raise _needs_keys(returning)
    databases: dict[str, str | Path] = {}
    replicas: list[str] = []
    for room, source in wanted:
        (into / room.name).mkdir(mode=PRIVATE, exist_ok=True)
        _lay_room(root, room, into, shares)
        _lay_later(root, room, log_from, into)
        if room.engine == "sqlite":
            databases[room.name] = database = _database(room, into)
            until = None if room.name == "audit" else to
            if _take_newest(root, room, source, database, until):
                replicas.append(room.name)
    _lay(root, rooms_from.others, into)
    with ExitStack() as running:
        servers = {}
        for name, (copied, moment) in returning.items():
            say(f"server {name}: pgBackRest, then its WAL")
            at = returned(root, copied, into / KEYS / SERVERS / name / CONFIG, into, moment)
            servers[name] = running.enter_context(at)
        for room, _ in wanted:
            if room.server is not None:
                address = servers[room.server].local.address(str(room.database))
                databases[room.name] = address
        yield Restored(
            databases, rooms_from, log_from, keys, tuple(replicas), tuple(servers.values())
        )


def _wanted(rooms_from: Manifest, log_from: Manifest) -> _Wanted:
    """Return the rooms, each with the backup it comes from: the log from the newest."""
    found = []
    for room in rooms_from.rooms:
        source = log_from if room.name == "audit" else rooms_from
        found += [(of, source)] if (of := source.room(room.name)) else []
    return found


def _require_log_apart(rooms: Sequence[CopiedRoom]) -> None:
    log = next((room.server for room in rooms if room.name == "audit"), None)
    beside = [room.name for room in rooms if log and room.server == log and room.name != "audit"]
    if beside:
        raise PlatformError(
            Code.POLICY,
            f"the log is on the server {log} too, and comes back whole, whatever is restored",
            expected="a server of its own for the log, if other rooms go back to a moment",
            received=f"audit, {', '.join(beside)} on {log}",
            fix="Leave out --to: everything comes back to the newest moment.",
        )


def _servers(wanted: _Wanted, to: str | None) -> dict[str, tuple[CopiedServer, Moment]]:
    """Return the servers of the rooms, and to which moment each goes; the log's to the end."""
    found: dict[str, tuple[CopiedServer, Moment]] = {}
    for room, source in wanted:
        if room.server is None:
            continue
        copied = source.server(room.server)
        if copied is None:
            raise PlatformError(Code.MALFORMED, f"the backup knows no server {room.server}")
        if to is None or room.name == "audit":
            moment = NEWEST
        elif to.startswith(POSITION):
            moment = Moment(lsn=copied.lsn)
        else:
            moment = Moment(time=to)
        found[room.server] = (copied, moment)
    return found


def _needs_keys(servers: Iterable[str]) -> PlatformError:
    return PlatformError(
        Code.FORBIDDEN,
        f"{', '.join(servers)}: a server comes back by what is sealed with the keys",
        expected="shares of the keys",
        received="none",
        fix="Custodians make them: sextant ops share BACKUPS --of keys --home HOME --out FILE.",
    )


def _take_newest(
    root: Path, room: CopiedRoom, source: Manifest, database: Path, to: str | None
) -> bool:
    """Put what Litestream has in the place of a snapshot, if it knows more."""
    replica = newer_replica(root, room.name, source.t)
    is_taken = replica is not None and not (to or "").startswith(POSITION)
    if replica is not None and is_taken:
        restore_replica(replica, database, to)
    require_sound(database)
    return is_taken


def _lay_later(root: Path, room: CopiedRoom, newest: Manifest, into: Path) -> None:
    """Lay the files that came to the folders of a room since the backup it comes from.

    A database goes beyond its backup; each file is named by what is in it, and one too many is
    named by nothing.
    """
    later = newest.room(room.name)
    if later is None or later.archive or room.archive:
        return
    held = {each.path for each in room.files}
    folders = [f for f in later.files if f.path not in held and len(Path(f.path).parts) > 2]  # noqa: PLR2004
    _lay(root, folders, into)


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
