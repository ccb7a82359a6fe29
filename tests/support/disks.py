"""Disks that are really full, and stores that really refuse to be written.

`small_disk` mounts a file system of a few megabytes in memory; where that is not allowed, the test
is skipped and says so, and fails in CI. `read_only` has SQLite itself refuse every write of an open
database.
"""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.support.vectors import IN_CI

_BLOCK = 1 << 16


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Give a folder on a disk of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        if IN_CI:
            pytest.fail("mounting a small disk is not allowed here, and CI needs it")
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no byte free in the block; then give back what was taken."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (_BLOCK, 1):
            with suppress(OSError):
                while True:
                    file.write(os.urandom(1) * size)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def writers() -> Iterator[Callable[[], list[sqlite3.Connection]]]:
    """Collect the writing connections that are opened in the block."""
    opened: list[sqlite3.Connection] = []

    def note(connection: sqlite3.Connection, _record: object) -> None:
        opened.append(connection)

    event.listen(Engine, "connect", note)
    try:
        yield lambda: [c for c in opened if not c.execute("PRAGMA query_only").fetchone()[0]]
    finally:
        event.remove(Engine, "connect", note)


@contextmanager
def read_only(connections: list[sqlite3.Connection]) -> Iterator[None]:
    """Have these connections refuse every write in the block."""
    for connection in connections:
        connection.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        for connection in connections:
            connection.execute("PRAGMA query_only = OFF")
