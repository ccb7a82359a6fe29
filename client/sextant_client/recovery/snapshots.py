"""Copies of databases, folders and files, each with its digest, durable when they are told.

A database is copied with `VACUUM INTO` on a connection that only reads: one moment, no write and no
checkpoint beside the service's own, and nothing of rows that were deleted. All files lie in a pool
under their digests, which all backups of a folder share: a blob is copied once.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sextant_client.recovery.databases import open_file
from sextant_client.recovery.models import Copied
from sextant_shared.errors import Code, PlatformError
from sextant_shared.files import is_unfinished, sync_folder

POOL = "pool"
PRIVATE = 0o700
_PRIVATE_FILE = 0o600
_BUSY_S = 30.0
# Of a running service, and of no use without it; a database beside a folder is copied by itself.
_NEVER = (".lock", "-wal", "-shm", "-journal")
_STAGING = "staging"


def copy_database(source: Path, target: Path) -> str:
    """Copy a database while it is used; return the version of its tables.

    Raises:
        PlatformError: `E_STATE` when there is none, `E_UNAVAILABLE` when it cannot be copied,
            `E_INTEGRITY` when the copy is damaged.
    """
    target.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    with closing(open_file(source)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_S * 1000)}")
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"{source.name} cannot be copied: {error}"
            ) from error
    sync_file(target)
    return require_sound(target)


def require_sound(path: Path) -> str:
    """Return the version of a database's tables, once SQLite finds it whole.

    Raises:
        PlatformError: `E_INTEGRITY` with what it found.
    """
    with closing(open_file(path)) as connection:
        try:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            keys = connection.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.Error as error:
            found, keys = [str(error)], []
        if found != ["ok"] or keys:
            raise PlatformError(
                Code.INTEGRITY,
                f"{path.name} is damaged",
                expected="ok",
                received="; ".join(map(str, [*found, *keys]))[:300],
                fix="Take another backup.",
            )
        return _version(connection)


def _version(connection: sqlite3.Connection) -> str:
    try:
        rows: list[Any] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return "none"  # keys of details have no versions
    return str(rows[0][0]) if rows else "none"


def files_of(source: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of a file, or of all files below a folder that a backup wants."""
    if source.is_file():
        yield source.name, source
        return
    for folder, below, names in os.walk(source):
        below[:] = sorted(name for name in below if name != _STAGING)
        for name in sorted(names):
            path = Path(folder) / name
            wanted = not name.endswith(_NEVER) and not is_unfinished(name) and "#" not in name
            if wanted and path.is_file() and not path.is_symlink():
                yield str(path.relative_to(source)), path


def store(root: Path, source: Path, name: str, *, move: bool = False) -> Copied:
    """Keep a file in the pool of a backup folder, under its digest; durable on return.

    The same bytes are kept once, whichever file and backup they come from.

    Raises:
        OSError: what the disk refuses, or when the source went away.
    """
    digest = digest_of(source)
    target = stored_at(root, digest)
    size = source.stat().st_size
    if not target.exists():
        target.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        partial = target.with_name(f".{digest}.new")
        if move:
            source.replace(partial)
        else:
            shutil.copyfile(source, partial)
            partial.chmod(_PRIVATE_FILE)
        if digest_of(partial) != digest:
            partial.unlink()
            raise PlatformError(
                Code.UNAVAILABLE,
                f"{name} changed while it was copied",
                fix="Run the backup again; only files that never change lie in such folders.",
            )
        sync_file(partial)
        partial.replace(target)
        sync_folder(target.parent)
    elif move:
        source.unlink()
    return Copied(path=name, size=size, sha256=digest)


def stored_at(root: Path, digest: str) -> Path:
    """Return where the pool of a backup folder keeps bytes of this SHA-256."""
    return root / POOL / digest[:2] / digest


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Make a file and its name durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(path.parent)


def check_stored(root: Path, files: Iterable[Copied]) -> list[str]:
    """Return one line for each file that the pool lacks or holds damaged."""
    faults = []
    for each in files:
        path = stored_at(root, each.sha256)
        if not path.is_file():
            faults.append(f"{each.path} is missing ({POOL}/{each.sha256[:2]}/{each.sha256})")
        elif path.stat().st_size != each.size or digest_of(path) != each.sha256:
            faults.append(f"{each.path} is not what was backed up ({path})")
    return faults
