"""The two files of the air-gap path: a zip that only stores, with an index of every member.

Responsible for bounds, digests and wholeness. Not responsible for what members mean.

Written beside its place, synced and renamed: a stick that is pulled out holds the old file or the
whole new one. Read member by member; nothing is decompressed, so nothing grows.
"""

import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sextant_client.carrying.indexes import MAX_MEMBERS, AnyIndex, Member
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.archives import directory_of

MAX_INDEX_BYTES = 8 << 20
MAX_DIRECTORY_BYTES = MAX_MEMBERS * 256
MAX_SMALL_BYTES = 4 << 20  # a receipt, a registry proof, a checkpoint
INDEX = "index.json"
NOTE = "README.txt"
_BLOCK = 1 << 20
IndexModel = TypeVar("IndexModel", bound=AnyIndex)


@dataclass
class StickWriter:
    """Collects members and writes them with their index."""

    members: dict[str, bytes | Path] = field(default_factory=dict)

    def add(self, name: str, data: bytes | Path) -> str:
        """Put bytes or a file in; return the name."""
        self.members[name] = data
        return name

    def described(self) -> dict[str, Member]:
        """Return size and digest of every member."""
        return {name: _described(data) for name, data in self.members.items()}

    def write(self, target: Path, index: AnyIndex) -> int:
        """Write everything to `target`, whole or not at all; return its size.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the stick refuses.
        """
        partial = target.with_name(f".{target.name}.new")
        try:
            with partial.open("wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                    raw = index.model_dump_json(by_alias=True, indent=1).encode()
                    for name, data in {INDEX: raw, **self.members}.items():
                        _write(archive, name, data)
                file.flush()
                os.fsync(file.fileno())
            size = partial.stat().st_size
            partial.replace(target)
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"{target} cannot be written: {error.strerror or error}",
                fix="Make room or take another stick, and run the command again.",
            ) from error
        return size


class Stick:
    """A file of the air-gap path, open for reading; use as a context manager."""

    def __init__(self, path: Path) -> None:
        directory = _guarded(path, lambda: directory_of(path))
        is_ours = directory is not None and not directory.is_zip64
        if not is_ours or (directory and directory.bytes_ > MAX_DIRECTORY_BYTES):
            raise PlatformError(
                Code.MALFORMED,
                f"{path} cannot be read: no file of this kind",
                fix="Put the stick in again, or have the file written again; nothing was changed.",
            )
        self._archive = _guarded(path, lambda: zipfile.ZipFile(path))
        self._path = path
        self._members: Mapping[str, Member] = {}

    def __enter__(self) -> Self:
        """Return the stick."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._archive.close()

    def index(self, model: type[IndexModel]) -> IndexModel:
        """Return the index, once the members are exactly those that it names.

        Raises:
            PlatformError: `E_MALFORMED` and `E_TOO_LARGE` for another file than this one should be.
        """
        infos = self._archive.infolist()
        names = [info.filename for info in infos]
        if len(infos) > MAX_MEMBERS or len(set(names)) != len(names) or INDEX not in names:
            raise self._malformed("no file of this kind")
        sizes = {info.filename: info.file_size for info in infos}
        if any(i.compress_type != zipfile.ZIP_STORED or i.flag_bits & 1 for i in infos):
            raise self._malformed("its members are not merely stored")
        if sizes[INDEX] > MAX_INDEX_BYTES:
            raise PlatformError(Code.TOO_LARGE, f"the index of {self._path} is too long")
        raw = _guarded(self._path, lambda: self._archive.read(INDEX))
        index = read_model(model, parse_json(raw, max_bytes=MAX_INDEX_BYTES))
        del sizes[INDEX]
        if {name: member.size for name, member in index.members.items()} != sizes:
            raise self._malformed("its members are not exactly those of its index")
        self._members = index.members
        return index

    def small(self, name: str) -> bytes:
        """Return a small member.

        Raises:
            PlatformError: `E_MALFORMED`, `E_TOO_LARGE`, `E_DIGEST`.
        """
        member = self._member(name)
        if member.size > MAX_SMALL_BYTES:
            raise PlatformError(Code.TOO_LARGE, f"member {name} is out of bounds")
        data = _guarded(self._path, lambda: self._archive.read(name))
        if sha256(data).hexdigest() != member.sha256:
            raise _altered(name)
        return data

    def extract(self, name: str, target: Path) -> None:
        """Write a member to a file; it is the one that the index names when this returns.

        Raises:
            PlatformError: `E_MALFORMED`, `E_DIGEST`.
        """
        member = self._member(name)
        _guarded(self._path, lambda: self._copy(name, target))
        with target.open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != member.sha256:
                raise _altered(name)

    def _copy(self, name: str, target: Path) -> None:
        with self._archive.open(name) as source, target.open("wb") as out:
            while block := source.read(_BLOCK):
                out.write(block)
            out.flush()
            os.fsync(out.fileno())

    def _member(self, name: str) -> Member:
        if name not in self._members:
            raise self._malformed(f"it has no member {name}")
        return self._members[name]

    def _malformed(self, why: str) -> PlatformError:
        return PlatformError(
            Code.MALFORMED,
            f"{self._path} cannot be used: {why}",
            fix="Take the file as `sextant bundle export` or `deliver` wrote it.",
        )


T = TypeVar("T")


def _guarded(path: Path, work: Callable[[], T]) -> T:
    try:
        return work()
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, ValueError) as error:
        raise PlatformError(
            Code.MALFORMED,
            f"{path} cannot be read: {error}",
            fix="Put the stick in again, or have the file written again; nothing was changed.",
        ) from error


def _altered(name: str) -> PlatformError:
    return PlatformError(
        Code.DIGEST,
        f"member {name} is not the one that the index names",
        fix="The stick is damaged or was altered: have the file written again.",
    )


def _described(data: bytes | Path) -> Member:
    if isinstance(data, bytes):
        return Member(size=len(data), sha256=sha256(data).hexdigest())
    with data.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return Member(size=file.tell(), sha256=digest)


def _write(archive: zipfile.ZipFile, name: str, data: bytes | Path) -> None:
    info = zipfile.ZipInfo(name)  # no time and no owner of this machine
    if isinstance(data, bytes):
        archive.writestr(info, data)
        return
    info.file_size = data.stat().st_size
    with data.open("rb") as source, archive.open(info, "w") as out:
        while block := source.read(_BLOCK):
            out.write(block)
