"""Packages: several documents as the content of one envelope, read and written part by part.

Responsible for the bytes and for every check that they allow. Not responsible for where parts end
up beyond a folder, nor for what is inside them.

    package = "SXP1" ‖ u32be manifest length ‖ manifest ‖ part 1 ‖ … ‖ part n ‖ EOF

The manifest is canonical JSON (`models.package`) and says where everything is, so that nothing is
searched for: no offsets to lie, no second directory, no compression, no folders, nothing between
or behind the parts. One set of parts has one encoding.
"""

import hmac
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from hashlib import sha256 as new_sha256
from io import BufferedReader
from pathlib import Path
from typing import IO

from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MAX_CONTENT_BYTES
from sextant_shared.models.package import (
    MAX_PARTS,
    PackageManifest,
    PackagePart,
    PartRole,
    flaw_of,
)
from sextant_shared.models.strict import read_model

MAGIC = b"SXP1"
PREFIX_SIZE = 8
MAX_PACKAGE_MANIFEST_BYTES = 65_536  # 64 parts with the longest names and types take 30 KiB
MAX_SHOWN = 80  # characters of a name repeated in a message
_BLOCK = 1 << 18


@dataclass(frozen=True)
class PackageLimits:
    """How much a reader takes on; never more than the format allows.

    `parts` bounds the rows and files that one envelope makes, `bytes_` the disk they take.
    """

    parts: int = MAX_PARTS
    bytes_: int = MAX_CONTENT_BYTES


DEFAULT_LIMITS = PackageLimits()


@dataclass(frozen=True, slots=True)
class Place:
    """One part and where its first byte stands in the package."""

    part: PackagePart
    offset: int


@dataclass(frozen=True)
class Item:
    """One document to be packed: a file and what it is."""

    path: Path
    name: str
    cty: str


def read_package_manifest(
    source: IO[bytes], limits: PackageLimits = DEFAULT_LIMITS
) -> tuple[PackageManifest, int]:
    """Return the manifest and the size of the whole package; `source` then stands at part 1.

    Raises:
        PlatformError: `E_MALFORMED` (no package, or one whose parts do not fit together),
            `E_VERSION`, `E_TOO_LARGE` (more than the limits).
    """
    prefix = source.read(PREFIX_SIZE)
    length = _manifest_length(prefix)
    raw = source.read(length)
    if len(raw) != length:
        raise PlatformError(Code.MALFORMED, "the package ends within its manifest")
    value = parse_json(raw, max_bytes=MAX_PACKAGE_MANIFEST_BYTES, max_depth=3)
    manifest = read_model(PackageManifest, value)
    if canonical_json(value) != raw:
        raise PlatformError(
            Code.MALFORMED,
            "the package's manifest is not in its canonical encoding",
            expected="RFC 8785 JSON",
        )
    total = PREFIX_SIZE + length + sum(part.size for part in manifest.parts)
    if len(manifest.parts) > limits.parts:
        raise PlatformError(
            Code.TOO_LARGE,
            "the package has too many parts",
            expected=f"at most {limits.parts}",
            received=str(len(manifest.parts)),
            fix="Send some of the attachments in an envelope of their own.",
        )
    if total > limits.bytes_:
        raise PlatformError(
            Code.TOO_LARGE,
            "the package is too large",
            expected=f"at most {limits.bytes_} bytes",
            received=f"{total} bytes",
            fix="Send some of the attachments in an envelope of their own.",
        )
    return manifest, total


def check_package(source: IO[bytes], limits: PackageLimits = DEFAULT_LIMITS) -> tuple[Place, ...]:
    """Read a package to its end and return where each part stands, once every digest held.

    Raises:
        PlatformError: as `read_package_manifest`; `E_LENGTH`, `E_DIGEST`.
    """
    manifest, total = read_package_manifest(source, limits)
    offset = total - sum(part.size for part in manifest.parts)
    places = []
    for part in manifest.parts:
        for _ in _blocks(source, part):
            pass
        places.append(Place(part, offset))
        offset += part.size
    _at_end(source)
    return tuple(places)


def unpack(source: IO[bytes], folder: Path, limits: PackageLimits = DEFAULT_LIMITS) -> list[Path]:
    """Write each part to a file of its name; `folder` appears with all of them or not at all.

    Raises:
        PlatformError: as `check_package`; then nothing is left behind.
    """
    manifest, _ = read_package_manifest(source, limits)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".unpacking-"))
    try:
        for part in manifest.parts:
            with (partial / part.name).open("xb") as out:
                for block in _blocks(source, part):
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
        _at_end(source)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial)
        raise
    return [folder / part.name for part in manifest.parts]


def read_part(path: Path, n: int = 0) -> bytes:
    """Return one part of a package that was checked before, by default the message.

    Raises:
        PlatformError: as `read_package_manifest`; `E_NOT_FOUND`, `E_LENGTH`, `E_DIGEST`.
    """
    with path.open("rb") as source:
        manifest, _ = read_package_manifest(source)
        if n >= len(manifest.parts):
            raise PlatformError(Code.NOT_FOUND, f"the package has no part {n}")
        source.seek(sum(part.size for part in manifest.parts[:n]), os.SEEK_CUR)
        return b"".join(_blocks(source, manifest.parts[n]))


def write_package(message: Item, attachments: Sequence[Item], out: IO[bytes]) -> PackageManifest:
    """Write a package; the same documents give the same bytes.

    Raises:
        PlatformError: `E_MALFORMED` with each name or type that does not fit, `E_TOO_LARGE`,
            `E_STATE` for a file that cannot be read, `E_LENGTH` or `E_DIGEST` for one that changed
            meanwhile.
    """
    items = [message, *attachments]
    if len(items) > MAX_PARTS:
        raise PlatformError(
            Code.TOO_LARGE,
            "an envelope takes no more attachments",
            expected=f"at most {MAX_PARTS - 1}",
            received=str(len(attachments)),
            fix="Send the rest in an envelope of its own.",
        )
    manifest = read_model(
        PackageManifest,
        {"v": 1, "parts": [_described(item, n) for n, item in enumerate(items)]},
    )
    raw = canonical_json(manifest.model_dump(mode="json"))
    out.write(MAGIC + len(raw).to_bytes(4, "big") + raw)
    for item, part in zip(items, manifest.parts, strict=True):
        with _opened(item.path) as source:
            for block in _blocks(source, part):
                out.write(block)
            _at_end(source)
    return manifest


def plain_name(name: str) -> str:
    """Return a file's name as a part may be called.

    Raises:
        PlatformError: `E_MALFORMED` when it would have to be changed.
    """
    flaw = flaw_of(name)
    if flaw is not None:
        raise PlatformError(
            Code.MALFORMED,
            f"a file called {name[:MAX_SHOWN]!r} cannot be attached",
            expected=f"a name that {flaw}",
            received=name[:MAX_SHOWN],
            fix="Rename the file.",
        )
    return name


def _manifest_length(prefix: bytes) -> int:
    if len(prefix) != PREFIX_SIZE or prefix[:3] != MAGIC[:3]:
        raise PlatformError(
            Code.MALFORMED,
            "not a package",
            expected="SXP1 and a 4-byte length",
            received=prefix.hex(),
        )
    if prefix[:4] != MAGIC:
        raise PlatformError(
            Code.VERSION, "unknown package version", expected="SXP1", received=prefix[:4].hex()
        )
    length = int.from_bytes(prefix[4:], "big")
    if length > MAX_PACKAGE_MANIFEST_BYTES:
        raise PlatformError(
            Code.TOO_LARGE,
            "the package's manifest is too long",
            expected=f"at most {MAX_PACKAGE_MANIFEST_BYTES} bytes",
            received=f"{length} bytes",
        )
    return length


def _blocks(source: IO[bytes], part: PackagePart) -> Iterator[bytes]:
    """Yield the bytes of one part; what they are worth is known when the last one was taken."""
    digest, remaining = new_sha256(), part.size
    while remaining and (block := source.read(min(_BLOCK, remaining))):
        remaining -= len(block)
        digest.update(block)
        yield block
    if remaining:
        raise PlatformError(
            Code.LENGTH,
            f"the package ends within the part {part.name}",
            expected=f"{part.size} bytes",
            received=f"{part.size - remaining} bytes",
        )
    if not hmac.compare_digest(digest.digest(), b64u_decode(part.sha256, 32)):
        raise PlatformError(
            Code.DIGEST, f"the part {part.name} is not the one that the manifest names"
        )


def _at_end(source: IO[bytes]) -> None:
    if source.read(1):
        raise PlatformError(Code.LENGTH, "there is more than the manifest names")


def _described(item: Item, n: int) -> dict[str, object]:
    with _opened(item.path) as source:
        digest = file_digest(source, "sha256").digest()
        size = source.tell()
    role = PartRole.ATTACHMENT if n else PartRole.MESSAGE
    return {
        "name": plain_name(item.name),
        "cty": item.cty,
        "size": size,
        "sha256": b64u(digest),
        "role": str(role),
    }


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise PlatformError(
            Code.STATE, f"cannot read {path}", fix="Name a file that is there and readable."
        ) from error
