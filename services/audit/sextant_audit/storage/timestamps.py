"""Time-stamps as files, one for each head that has one: written once, never over another.

    <data_dir>/timestamps/00000000000000000700.json     the model `StampedHead`, canonical JSON

Files and no table: each proves itself to anybody who has it, a lost one takes nothing from the log,
and a copy of the folder is whole whenever it is made.
"""

import os
import re
from pathlib import Path

from sextant_shared.encoding import canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import StampedHead
from sextant_shared.models.strict import read_model

MAX_FILE_BYTES = 1 << 18
_NAME = re.compile(r"([0-9]{20})\.json", re.ASCII)


class TimestampFolder:
    """The port `Stamps` on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self) -> StampedHead | None:
        """Return the time-stamp of the largest head."""
        sizes = self._sizes()
        return self._read(sizes[-1]) if sizes else None

    def after(self, size: int, limit: int) -> list[StampedHead]:
        """Return up to `limit` time-stamps of heads larger than `size`, smallest first."""
        return [self._read(each) for each in self._sizes() if each > size][:limit]

    def find(self, size: int) -> StampedHead | None:
        """Return the time-stamp of the head of one size."""
        return self._read(size) if self._path(size).exists() else None

    def add(self, stamped: StampedHead) -> None:
        """Keep a time-stamp; it is durable on return.

        Raises:
            PlatformError: `E_STATE` when the head has one, `E_UNAVAILABLE` when the disk does not
                take it.
        """
        data = canonical_json(stamped.model_dump())
        path = self._path(stamped.size)
        begun = path.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with begun.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(begun, path)  # unlike a rename, it never takes another's place
            begun.unlink()
            _sync(self._folder)
        except FileExistsError as error:
            raise PlatformError(
                Code.STATE, f"the head of size {stamped.size} is time-stamped already"
            ) from error
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"the time-stamp cannot be kept: {error.strerror}"
            ) from error

    def _sizes(self) -> list[int]:
        try:
            names = [entry.name for entry in self._folder.iterdir()]
        except OSError:
            return []
        return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))

    def _path(self, size: int) -> Path:
        return self._folder / f"{size:020d}.json"

    def _read(self, size: int) -> StampedHead:
        """Return what a file holds.

        Raises:
            PlatformError: `E_INTEGRITY` when it cannot be read as what was written.
        """
        try:
            data = self._path(size).read_bytes()
            stamped = read_model(StampedHead, parse_json(data, max_bytes=MAX_FILE_BYTES))
        except (OSError, PlatformError) as error:
            raise _damaged(size) from error
        if stamped.size != size or canonical_json(stamped.model_dump()) != data:
            raise _damaged(size)
        return stamped


def _damaged(size: int) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        f"the time-stamp of the head of size {size} is not what was written",
        fix="Restore its file from a copy: it holds nothing secret, and every copy proves itself.",
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
