"""Archives that no one person opens: m of n custodians do, each with a key of their own.

    archive = header LF body
    header  = one line of JSON: id, threshold, custodians, a group of slots for each m of them
    body    = C2SP chunked encryption of a tar file, bound to the header (`crypto.chunked`)

For each group of m custodians the content key is split into m parts that are random but for their
XOR, and each part is sealed to its custodian (HPKE, hybrid KEM, `crypto.sealing`). So fewer than m
parts tell nothing, by arithmetic and not by a rule, and no new cryptography is needed: 28 groups
for two of eight. A custodian opens his slots where his key is, and gives the parts away as a share.

Responsible for who can open. Not responsible for what is inside, nor for whether the archive is the
one that was made: the manifest that names its digest is signed.
"""

import itertools
import json
import math
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import IO, Annotated, Any, cast

from pydantic import Field

from sextant_client.recovery.models import MAX_CUSTODIANS, Card, Name
from sextant_shared.clock import random_bytes
from sextant_shared.crypto.chunked import SALT_SIZE, BodyDecryptor, BodyEncryptor
from sextant_shared.crypto.sealing import CEK_SIZE, Opener, SealingKey
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, Version1, read_model

MAX_HEADER_BYTES = 4 << 20
_BLOCK = 1 << 20
_LABEL = b"sextant/dual-control/v1"


class Group(Strict):
    """One set of custodians, by their place in the list, and the part of each."""

    of: list[int]
    slots: list[str]


class Header(Strict):
    """Who can open an archive, and with how many others."""

    v: Version1
    id: str
    threshold: Annotated[int, Field(ge=2, le=MAX_CUSTODIANS)]
    custodians: list[dict[str, str]]
    groups: list[Group]


class Share(Strict):
    """What one custodian gives for one archive: the parts of each group he is in."""

    v: Version1
    archive: str
    custodian: Name
    place: int
    parts: dict[str, str]


class _Sink:
    """Takes the bytes of a tar file and writes them encrypted."""

    def __init__(self, file: IO[bytes], encryptor: BodyEncryptor) -> None:
        self._file, self._encryptor = file, encryptor

    def write(self, data: bytes) -> int:
        self._file.write(self._encryptor.update(data))
        return len(data)


class _Source:
    """Gives the bytes of a tar file while it is decrypted."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._held = blocks, bytearray()

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._held) < size:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held += block
        wanted = len(self._held) if size < 0 else size
        data = bytes(self._held[:wanted])
        del self._held[:wanted]
        return data


def seal_archive(
    out: Path, members: Iterable[tuple[str, Path]], custodians: Sequence[Card], threshold: int
) -> None:
    """Write an archive of files, each under its name, that `threshold` custodians open together.

    Raises:
        PlatformError: `E_KEY` when there are fewer custodians, or one stands there twice.
    """
    keys = _sealing_keys(custodians, threshold)
    content_key, id_ = random_bytes(CEK_SIZE), b64u(random_bytes(16))
    groups = [
        {"of": list(of), "slots": _split(content_key, id_, of, keys)}
        for of in itertools.combinations(range(len(keys)), threshold)
    ]
    header = canonical_json(
        {
            "v": 1,
            "id": id_,
            "threshold": threshold,
            "custodians": [
                {"name": card.name, "kid": key.kid}
                for card, key in zip(custodians, keys, strict=True)
            ],
            "groups": groups,
        }
    )
    encryptor = BodyEncryptor(content_key, _context(header), random_bytes(SALT_SIZE))
    with _private(out) as file:
        file.write(header + b"\n" + encryptor.header)
        sink = cast("IO[bytes]", _Sink(file, encryptor))
        with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for name, path in members:
                tar.add(path, arcname=name, recursive=False, filter=_plain)
        file.write(encryptor.finish())
        file.flush()
        os.fsync(file.fileno())


def read_header(path: Path) -> Header:
    """Return who can open an archive.

    Raises:
        PlatformError: `E_STATE` when it cannot be read, `E_MALFORMED` for another file.
    """
    with _opened(path) as file:
        return _header(file)[0]


def open_share(path: Path, opener: Opener) -> Share:
    """Return the share of the custodian who holds the key.

    Raises:
        PlatformError: `E_KEY` when he is no custodian of it, `E_DECRYPT` for altered slots.
    """
    header = read_header(path)
    found = [i for i, each in enumerate(header.custodians) if each["kid"] == opener.kid]
    if len(found) != 1:
        raise PlatformError(
            Code.KEY,
            "this key opens no part of the archive",
            expected=", ".join(f"{c['name']} ({c['kid'][:8]})" for c in header.custodians),
            received=opener.kid[:8],
            fix="Name the home of a custodian who stood in the plan when the backup was made.",
        )
    [place] = found
    parts = {
        _called(group.of): b64u(
            opener.open(
                _info(header.id, group.of, place),
                b64u_decode(group.slots[group.of.index(place)]),
            )
        )
        for group in header.groups
        if place in group.of
    }
    name = header.custodians[place]["name"]
    return Share(v=1, archive=header.id, custodian=name, place=place, parts=parts)


def unseal_archive(path: Path, shares: Sequence[Share], into: Path) -> list[Path]:
    """Lay the files of an archive out below `into`, private; return where they are.

    Raises:
        PlatformError: `E_FORBIDDEN` with too few shares or shares of another archive,
            `E_KEY_COMMITMENT` or `E_BODY` for shares or bytes that do not fit.
    """
    into = into.resolve()
    with _opened(path) as file:
        header, raw = _header(file)
        body = BodyDecryptor(_joined(header, shares), _context(raw))
        source = cast("IO[bytes]", _Source(_plaintext(file, body)))
        try:
            with tarfile.open(fileobj=source, mode="r|") as tar:
                laid = [_extract(tar, member, into) for member in tar if member.isfile()]
            while source.read(_BLOCK):
                pass  # to the end: only the last chunk says that nothing was cut off
        except tarfile.TarError as error:
            raise PlatformError(Code.BODY, "the archive holds no readable tar file") from error
    return laid


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> Path:
    target = into / member.name
    if target.resolve() != target.absolute() or into.resolve() not in target.resolve().parents:
        raise PlatformError(Code.BODY, "a name in the archive leads out of it")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source: Any = tar.extractfile(member)
    with _private(target) as file:
        while block := source.read(_BLOCK):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return target


def _plaintext(file: IO[bytes], body: BodyDecryptor) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield from body.update(block)
    yield body.finish()


def _joined(header: Header, shares: Sequence[Share]) -> bytes:
    held: Mapping[int, Share] = {s.place: s for s in shares if s.archive == header.id}
    for group in header.groups:
        if all(place in held for place in group.of):
            parts = [b64u_decode(held[i].parts[_called(group.of)], CEK_SIZE) for i in group.of]
            return reduce(_xor, parts)
    raise PlatformError(
        Code.FORBIDDEN,
        "no one person opens this archive",
        expected=f"shares of {header.threshold} of "
        + ", ".join(each["name"] for each in header.custodians),
        received=", ".join(sorted(s.custodian for s in held.values()))
        or "no share of this archive",
        fix="Each custodian makes one: sextant ops share ARCHIVE --home HOME --out FILE.",
    )


def _split(
    content_key: bytes, id_: str, of: Sequence[int], keys: Sequence[SealingKey]
) -> list[str]:
    parts = [random_bytes(CEK_SIZE) for _ in of[1:]]
    parts.append(reduce(_xor, parts, content_key))
    return [
        b64u(keys[place].seal(_info(id_, of, place), part))
        for place, part in zip(of, parts, strict=True)
    ]


def _sealing_keys(custodians: Sequence[Card], threshold: int) -> list[SealingKey]:
    keys = [SealingKey.from_jwk(card.seal) for card in custodians if card.seal]
    different = len({key.kid for key in keys})
    if different != len(custodians) or different < threshold or threshold < 2:  # noqa: PLR2004 -- dual
        raise PlatformError(
            Code.KEY,
            "an archive under dual control needs custodians with a sealing key each",
            expected=f"{max(threshold, 2)} or more different keys",
            received=f"{different} of {len(custodians)} cards",
            fix="Each custodian: sextant keys generate --use seal, then sextant ops card.",
        )
    return keys


def _header(file: IO[bytes]) -> tuple[Header, bytes]:
    line = file.readline(MAX_HEADER_BYTES)
    if not line.endswith(b"\n"):
        raise PlatformError(Code.MALFORMED, "this is no archive under dual control")
    raw = line[:-1]
    header = read_model(Header, parse_json(raw, max_bytes=MAX_HEADER_BYTES))
    groups = math.comb(len(header.custodians), header.threshold)
    if len(header.groups) != groups or any(len(g.of) != len(g.slots) for g in header.groups):
        raise PlatformError(
            Code.MALFORMED,
            "the archive's header does not fit its custodians",
            expected=f"{groups} groups",
            received=str(len(header.groups)),
        )
    return header, raw


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise PlatformError(Code.STATE, f"cannot read {path}: {error.strerror}") from error


def _called(of: Sequence[int]) -> str:
    return "-".join(map(str, of))


def _info(id_: str, of: Sequence[int], place: int) -> bytes:
    return _LABEL + json.dumps([id_, list(of), place]).encode()


def _context(header: bytes) -> bytes:
    return _LABEL + sha256(header)


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Keep names and bytes alone: who owned a file on a lost machine helps nobody."""
    if not member.isfile():
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
