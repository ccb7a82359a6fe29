"""A folder for what one process has under way, beside those of other processes, swept when it died.

    <root>/<random>/        the folder
    <root>/<random>.lock    locked for as long as its process lives

Whoever makes its own folder removes those whose lock nobody holds, and what else lies around. The
lock is the system's: it ends with the process, however that ends. On a shared disk it holds between
machines if the disk keeps locks.
"""

import fcntl
import os
import shutil
from pathlib import Path

from sextant_shared.clock import random_bytes

_PRIVATE = 0o700
_NAME_BYTES = 8
_LOCK = ".lock"


class OwnFolder:
    """This process's folder under `root`; it is removed by `close`, or by the next start."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        self._lock, self._descriptor = _make_lock(root)
        self.path = self._lock.with_suffix("")
        self.path.mkdir(mode=_PRIVATE)
        _sweep(root, self.path)

    def close(self) -> None:
        """Remove the folder with what is in it, and let go of its lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.unlink(missing_ok=True)
        os.close(self._descriptor)


def _make_lock(root: Path) -> tuple[Path, int]:
    while True:
        lock = root / f"{random_bytes(_NAME_BYTES).hex()}{_LOCK}"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        # A sweep may have found it before it was locked: then it is another's to remove.
        if _locks(descriptor) and lock.exists():
            return lock, descriptor
        os.close(descriptor)


def _sweep(root: Path, own: Path) -> None:
    """Remove what belongs to no process that lives."""
    for lock in root.glob(f"*{_LOCK}"):
        if lock.with_suffix("") != own:
            _remove_if_left(lock)
    for left in root.iterdir():
        if left.is_dir() and left != own and not left.with_suffix(_LOCK).exists():
            shutil.rmtree(left, ignore_errors=True)


def _remove_if_left(lock: Path) -> None:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return  # its process ended just now, or another sweep was quicker
    try:
        if _locks(descriptor):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
