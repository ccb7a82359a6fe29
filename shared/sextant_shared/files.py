"""Files that are the old one or the whole new one, whatever stops the process between.

Responsible for the order of steps that makes it so: temporary file, fsync, rename, fsync of the
folder. Not responsible for what stands in a file or for who may read it.

Two calls and not one: thousands of files share few folders, and each folder is synced once, before
whatever tells the world that its files are there.
"""

import os
from pathlib import Path

_PREFIX, _SUFFIX = ".", ".new"


def is_unfinished(name: str) -> bool:
    """Whether this is the name of a file whose writer was stopped."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file whose bytes are durable before its name is; `sync_folder` makes the name so.

    Raises:
        OSError: what the file system refuses; the old file, if any, stays as it was.
    """
    partial = path.with_name(f"{_PREFIX}{path.name}{_SUFFIX}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: what the file system refuses.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
