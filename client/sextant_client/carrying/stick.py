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
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import Index
from sextant_shared.models.envelope import EnvelopeId, PartyId, Sha256
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.archives import directory_of

MAX_MEMBERS = 8192  # 2,000 deliveries with three files each, and what proves them
MAX_DELIVERIES = 2000
MAX_ENVELOPES = 2000
MAX_INDEX_BYTES = 4 << 20
MAX_DIRECTORY_BYTES = MAX_MEMBERS * 256
MAX_SMALL_BYTES = 4 << 20  # a receipt, a registry proof, a checkpoint
MAX_MEMBER_BYTES = 128 << 20  # a container of the largest envelope
INDEX = "index.json"
NOTE = "README.txt"
_BLOCK = 1 << 20
_HEX = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_NAME = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,99}$")]
Text = Annotated[str, Field(max_length=2000)]


class Member(Strict):
    """Size in bytes and SHA-256 in hexadecimal digits of one member."""

    size: Annotated[int, Field(ge=0, le=MAX_MEMBER_BYTES)]
    sha256: _HEX


class _Index(Strict):
    v: Version1
    party: PartyId
    made: str
    members: Annotated[dict[_NAME, Member], Field(max_length=MAX_MEMBERS)]


class CarriedEnvelope(Strict):
    """One sealed envelope on its way to the exchange; `manifest` is the digest of its manifest."""

    id: EnvelopeId
    manifest: Sha256
    created: str
    container: _NAME


class StickIndex(_Index):
    """What goes out: sealed envelopes, and where the home stands, so that the rest is brought.

    `collected` says how far the mailbox is collected, `checkpoint` is the newest head the home
    verified; `parties` are those whose documents it seals to.
    """

    kind: Literal["sextant-stick"]
    collected: Annotated[int, Field(ge=0)]
    checkpoint: Annotated[str, Field(max_length=65_536)] | None
    parties: Annotated[list[PartyId], Field(max_length=64)]
    envelopes: Annotated[list[CarriedEnvelope], Field(max_length=MAX_ENVELOPES)]


class Delivered(Strict):
    """An envelope that the exchange accepted, and the member with its custody receipt."""

    id: EnvelopeId
    custody: _NAME


class Refused(Strict):
    """An envelope that was not accepted, and why."""

    id: EnvelopeId
    code: Text
    detail: Text
    fix: Text


class CarriedDelivery(Strict):
    """One delivery of the party's mailbox, still sealed, with what proves it."""

    seq: Annotated[int, Field(ge=1)]
    sender: PartyId
    id: EnvelopeId
    container: _NAME
    custody: _NAME


class CarriedProof(Strict):
    """A registry proof: of the document in force at party entry `index` of the log."""

    party: PartyId
    index: Index
    member: _NAME


class ReturnIndex(_Index):
    """What comes back. `after` is where the deliveries begin; `more` says that others wait.

    `parties` are the documents in force now, `registries` those that the deliveries refer to;
    `checkpoint` is the newest head and `consistency` leads to it from each older one.
    """

    kind: Literal["sextant-stick-back"]
    after: Annotated[int, Field(ge=0)]
    more: bool
    delivered: Annotated[list[Delivered], Field(max_length=MAX_ENVELOPES)]
    refused: Annotated[list[Refused], Field(max_length=MAX_ENVELOPES)]
    deliveries: Annotated[list[CarriedDelivery], Field(max_length=MAX_DELIVERIES)]
    parties: Annotated[list[CarriedProof], Field(max_length=64)]
    registries: Annotated[list[CarriedProof], Field(max_length=MAX_DELIVERIES)]
    checkpoint: _NAME
    consistency: _NAME


IndexModel = TypeVar("IndexModel", bound=_Index)


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

    def write(self, target: Path, index: _Index) -> int:
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
