"""The disk: a reserve that new work leaves alone, and ballast for when it is full all the same.

Ballast is a file that holds disk until the disk is full, and is then thrown overboard.

A full disk leaves an operator no room to act in: no log line, no copy, no `VACUUM`. The ballast is
that room. It is made when a service starts, by the disk's own allocation and not as a sparse file;
`ballast release` deletes it while the service runs, and `ballast fill` makes it again.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.errors import Code, PlatformError

NAME = "ballast"
RETRY_AFTER_S = 60  # room is made by people
_BLOCK = 512  # the unit of st_blocks, whatever the file system's own (stat(2))
_CHUNK = 1 << 20


def free_bytes(folder: Path) -> int | None:
    """Return what is free where a folder lies; None when it is not there yet, or away."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


@dataclass(frozen=True)
class Reserve:
    """Refuses new work before the disk is full: what is held already must still be finished.

    A folder that is away is no reason to refuse: whoever needs it says so better.
    """

    folder: Path
    size: int

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Reserve":
        """Return what the settings say."""
        return cls(settings.data_dir, settings.disk_reserve_bytes)

    def check(self) -> None:
        """Return when the reserve is untouched.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        free = free_bytes(self.folder)
        if free is not None and free < self.size:
            raise PlatformError(
                Code.UNAVAILABLE,
                "there is no room for more now",
                fix="Repeat later; the operator has to make room.",
                retry_after_s=RETRY_AFTER_S,
            )

    def word(self) -> str:
        """Say how it is, for readiness."""
        try:
            self.check()
        except PlatformError as error:
            return error.detail
        return "ok"


@dataclass(frozen=True)
class Ballast:
    """The ballast file of one service; a size of 0 is none."""

    path: Path
    size: int
    room: str = ""

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Ballast":
        """Return what the settings say."""
        room = settings.model_config["env_prefix"].removeprefix("SEXTANT_").rstrip("_").lower()
        return cls(settings.data_dir / NAME, settings.ballast_size, room)

    def held(self) -> int:
        """Return how many bytes of disk it really holds."""
        try:
            return self.path.stat().st_blocks * _BLOCK
        except OSError:
            return 0

    def fill(self) -> int:
        """Make it, or make it larger or smaller, if the disk has room twice over; return `held`.

        A disk that it would fill to the brim is left alone: ballast is for later, not for now.

        Raises:
            PlatformError: `E_UNAVAILABLE` when there is no room, or the disk refuses.
        """
        if self.held() < self.size:
            free = (free_bytes(self.path.parent) or 0) + self.held()
            if free < 2 * self.size:
                raise PlatformError(
                    Code.UNAVAILABLE,
                    "there is no room for the ballast",
                    expected=f"at least {2 * self.size:,} bytes free",
                    received=f"{free:,}",
                    fix="Make room, then `ballast fill`.",
                )
        try:
            self._allocate()
        except OSError as error:
            self.path.unlink(missing_ok=True)
            raise PlatformError(
                Code.UNAVAILABLE, f"the ballast cannot be made: {error.strerror}"
            ) from error
        return self.held()

    def release(self) -> int:
        """Delete it; return how many bytes became free.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the disk refuses.
        """
        freed = self.held()
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"the ballast cannot be released: {error.strerror}"
            ) from error
        return freed

    def notes(self) -> Mapping[str, str]:
        """Say what an operator must mend, for readiness."""
        if self.held() >= self.size:
            return {}
        return {
            "ballast": "not there; make room, then"
            f" `python -m sextant_{self.room} ballast fill`, or start again"
        }

    def _allocate(self) -> None:
        if self.size == 0:
            self.path.unlink(missing_ok=True)
            return
        flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        out = os.open(self.path, flags, 0o600)
        try:
            os.ftruncate(out, self.size)
            os.posix_fallocate(out, 0, self.size)
            if os.fstat(out).st_blocks * _BLOCK < self.size:  # a file system that only promises
                _write_out(out, self.size)
            os.fsync(out)
        finally:
            os.close(out)


def _write_out(out: int, size: int) -> None:
    """Write bytes that no file system can pack."""
    os.lseek(out, 0, os.SEEK_SET)
    for at in range(0, size, _CHUNK):
        os.write(out, os.urandom(min(_CHUNK, size - at)))


def make_ballast(settings: ServiceSettings) -> str:
    """Have the ballast there when a service starts; return why it is not, or nothing.

    A full disk must not keep a service from starting: readiness tells of it.
    """
    ballast = Ballast.of(settings)
    if ballast.held() == 0 == ballast.size:
        return ""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        ballast.fill()
    except (OSError, PlatformError) as error:
        return str(error)
    return ""
