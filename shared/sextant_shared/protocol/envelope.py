"""Seals content into an envelope and opens one again, streaming (envelope §2.6, §2.8).

Responsible for the body, the plaintext commitment, the slots and the order of checks on opening.
Not responsible for registry or policy: the caller brings a `VerifiedManifest`.

    inner = u64be(n) ‖ content (n bytes) ‖ zeros up to padme(8 + n)

Nothing that `open_envelope` writes may be used before it returns: the caller hands in a temporary
file, or uses `open_to_path`, which renames only a complete one into place.
"""

import hmac
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from pathlib import Path
from typing import IO

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.chunked import (
    CHUNK_SIZE,
    KEY_SIZE,
    SALT_SIZE,
    BodyDecryptor,
    BodyEncryptor,
    hkdf_expand,
    padme,
)
from sextant_shared.crypto.sealing import Opener, SealingKey
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MAX_CONTENT_BYTES, Beacon, Header, Slot
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.manifest import (
    Manifest,
    VerifiedManifest,
    format_prefix,
    parse_manifest,
    sign_manifest,
)

BLOCK_SIZE = 4 * CHUNK_SIZE  # how much is held in memory while streaming
SPOOL_SIZE = 1 << 20  # bodies below 1 MiB never touch the disk while sealing
_LENGTH_SIZE = 8
_BODY_LABEL = b"dxe/1 body\x00"
_COMMITMENT_LABEL = b"dxe/1 plaintext-commitment\x00"
_SLOT_LABEL = b"dxe/1 slot\x00"


@dataclass(frozen=True, kw_only=True)
class SealRequest:
    """Everything of an envelope but its content. `created` is UTC to the second."""

    id: str
    sender: str
    signers: tuple[Signer, Signer]
    recipients: Sequence[tuple[str, SealingKey]]
    type: str
    cty: str
    classification: str
    created: str
    period: str | None = None
    irt: str | None = None
    sup: str | None = None
    log: Beacon | None = None

    def header(self) -> bytes:
        """Return the header's bytes, which the slots and the body are bound to.

        Raises:
            PlatformError: `E_MALFORMED`, with all findings.
        """
        members = {
            "v": 1,
            "id": self.id,
            "from": self.sender,
            "skid": [signer.kid for signer in self.signers],
            "to": [{"party": party, "kid": key.kid} for party, key in self.recipients],
            "type": self.type,
            "enc": "C1",
            "class": self.classification,
            "period": self.period,
            "cty": self.cty,
            "created": self.created,
            "irt": self.irt,
            "sup": self.sup,
            "log": self.log.model_dump() if self.log else None,
        }
        present = {name: value for name, value in members.items() if value is not None}
        read_model(Header, present)
        return canonical_json(present)


@dataclass(frozen=True, slots=True)
class SealedEnvelope:
    """What sealing gives: the manifest, the key that proves the content, the container's size."""

    manifest: Manifest
    kpc: bytes
    total_bytes: int


@dataclass(frozen=True, slots=True)
class OpenedEnvelope:
    """What opening gives besides the content: its size and the key that proves it to others."""

    content_size: int
    kpc: bytes


@dataclass(frozen=True, slots=True)
class _Body:
    size: int
    digest: bytes
    pc: bytes


def seal(content: IO[bytes], size: int, request: SealRequest, out: IO[bytes]) -> SealedEnvelope:
    """Write the container of `size` bytes of `content` to `out`, holding a few blocks in memory.

    Raises:
        PlatformError: `E_TOO_LARGE` beyond 100 MiB, `E_LENGTH` when `content` is not `size` bytes,
            `E_MALFORMED` for a request that makes no valid header.
    """
    if size > MAX_CONTENT_BYTES:
        raise PlatformError(
            Code.TOO_LARGE,
            "the content is too large",
            expected=f"at most {MAX_CONTENT_BYTES} bytes",
            received=f"{size} bytes",
        )
    header = request.header()
    header_hash = sha256(header)
    cek = random_bytes(KEY_SIZE)
    kpc = commitment_key(cek, header_hash)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_SIZE) as spool:
        body = _seal_body(content, size, cek, header_hash, kpc, spool)
        slots = [_seal_slot(key, cek, header_hash) for _, key in request.recipients]
        raw = sign_manifest(
            header,
            slots,
            pc=body.pc,
            body_len=body.size,
            body_sha256=body.digest,
            signers=request.signers,
        )
        manifest = parse_manifest(raw)
        out.write(format_prefix(raw) + raw)
        spool.seek(0)
        while block := spool.read(BLOCK_SIZE):
            out.write(block)
    return SealedEnvelope(manifest, kpc, manifest.total_size)


def seal_bytes(content: bytes, request: SealRequest) -> tuple[bytes, SealedEnvelope]:
    """Return the container of a small content, and what `seal` returns."""
    out = io.BytesIO()
    sealed = seal(io.BytesIO(content), len(content), request, out)
    return out.getvalue(), sealed


def open_envelope(
    source: IO[bytes], verified: VerifiedManifest, opener: Opener, party: str, out: IO[bytes]
) -> OpenedEnvelope:
    """Write the content to `out`; `source` stands at the first byte of the body.

    Raises:
        PlatformError: `E_NOT_RECIPIENT`, `E_DECRYPT`, `E_KEY_COMMITMENT`, `E_BODY`, `E_LENGTH`,
            `E_DIGEST`, `E_PADDING`, `E_PLAINTEXT_COMMITMENT`. Discard `out` then.
    """
    manifest = verified.manifest
    cek = _open_slot(manifest, opener, party)
    kpc = commitment_key(cek, manifest.header_hash)
    digest = new_sha256()
    reader = _InnerReader(out, hmac.new(kpc, digestmod="sha256"))
    decryptor = BodyDecryptor(cek, _BODY_LABEL + manifest.header_hash)
    remaining = manifest.body_len
    while remaining and (block := source.read(min(BLOCK_SIZE, remaining))):
        remaining -= len(block)
        digest.update(block)
        for chunk in decryptor.update(block):
            reader.take(chunk)
    if remaining or source.read(1):
        raise PlatformError(
            Code.LENGTH,
            "the body is not as long as the manifest says",
            expected=f"{manifest.body_len} bytes",
            received="fewer" if remaining else "more",
        )
    if not hmac.compare_digest(digest.digest(), manifest.body_sha256):
        raise PlatformError(Code.DIGEST, "the body is not the one that was signed")
    reader.take(decryptor.finish())
    size = reader.finish()
    if not hmac.compare_digest(reader.mac.digest(), manifest.pc):
        raise PlatformError(
            Code.PLAINTEXT_COMMITMENT, "the content is not the one that was committed to"
        )
    return OpenedEnvelope(size, kpc)


def open_bytes(
    body: bytes, verified: VerifiedManifest, opener: Opener, party: str
) -> tuple[bytes, OpenedEnvelope]:
    """Return the content of a small body, and what `open_envelope` returns."""
    out = io.BytesIO()
    opened = open_envelope(io.BytesIO(body), verified, opener, party, out)
    return out.getvalue(), opened


def open_to_path(
    source: IO[bytes], verified: VerifiedManifest, opener: Opener, party: str, target: Path
) -> OpenedEnvelope:
    """Open into `target`, which appears only when everything verified.

    Raises:
        PlatformError: what `open_envelope` raises; then no file is left behind.
    """
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".opening-", delete=False) as out:
        partial = Path(out.name)
        try:
            opened = open_envelope(source, verified, opener, party, out.file)
        except BaseException:
            partial.unlink()
            raise
    partial.rename(target)
    return opened


def commitment_key(cek: bytes, header_hash: bytes) -> bytes:
    """Return `kpc`: whoever gets it and the content can check the signed commitment."""
    return hkdf_expand(cek, _COMMITMENT_LABEL + header_hash, 32)


def verify_content(content: IO[bytes], kpc: bytes, manifest: Manifest) -> None:
    """Check that `content` is what the manifest commits to, without any decryption key.

    Raises:
        PlatformError: `E_PLAINTEXT_COMMITMENT`.
    """
    mac = hmac.new(kpc, digestmod="sha256")
    while block := content.read(BLOCK_SIZE):
        mac.update(block)
    if not hmac.compare_digest(mac.digest(), manifest.pc):
        raise PlatformError(
            Code.PLAINTEXT_COMMITMENT, "the content is not the one that was committed to"
        )


def _seal_body(
    content: IO[bytes], size: int, cek: bytes, header_hash: bytes, kpc: bytes, out: IO[bytes]
) -> _Body:
    encryptor = BodyEncryptor(cek, _BODY_LABEL + header_hash, random_bytes(SALT_SIZE))
    mac = hmac.new(kpc, digestmod="sha256")
    digest = new_sha256(encryptor.header)
    written = out.write(encryptor.header)
    for block in _inner(content, size, mac):
        sealed = encryptor.update(block)
        digest.update(sealed)
        written += out.write(sealed)
    last = encryptor.finish()
    digest.update(last)
    written += out.write(last)
    return _Body(written, digest.digest(), mac.digest())


def _inner(content: IO[bytes], size: int, mac: "hmac.HMAC") -> Iterator[bytes]:
    """Yield length, content and padding; the commitment covers the content alone."""
    yield size.to_bytes(_LENGTH_SIZE, "big")
    remaining = size
    while remaining and (block := content.read(min(BLOCK_SIZE, remaining))):
        remaining -= len(block)
        mac.update(block)
        yield block
    if remaining or content.read(1):
        raise PlatformError(
            Code.LENGTH, "the content does not have the announced size", expected=f"{size} bytes"
        )
    padding = padme(_LENGTH_SIZE + size) - _LENGTH_SIZE - size
    for start in range(0, padding, BLOCK_SIZE):
        yield bytes(min(BLOCK_SIZE, padding - start))


def _seal_slot(key: SealingKey, cek: bytes, header_hash: bytes) -> Slot:
    return Slot(kid=key.kid, ct=b64u(key.seal(_slot_info(header_hash, key.kid), cek)))


def _open_slot(manifest: Manifest, opener: Opener, party: str) -> bytes:
    for recipient, slot in zip(manifest.header.to, manifest.slots, strict=True):
        if recipient.party == party and recipient.kid == opener.kid:
            cek = opener.open(_slot_info(manifest.header_hash, opener.kid), b64u_decode(slot.ct))
            if len(cek) != KEY_SIZE:
                raise PlatformError(Code.DECRYPT, "the slot does not hold a content key")
            return cek
    raise PlatformError(Code.NOT_RECIPIENT, f"the envelope has no slot for {party} and this key")


def _slot_info(header_hash: bytes, kid: str) -> bytes:
    return _SLOT_LABEL + header_hash + b64u_decode(kid, 32)


class _InnerReader:
    """Takes the decrypted stream apart: length, content to `out`, padding that must be zero."""

    def __init__(self, out: IO[bytes], mac: "hmac.HMAC") -> None:
        self.mac = mac
        self._out = out
        self._head = b""
        self._size = -1
        self._left = 0
        self._total = 0

    def take(self, data: bytes) -> None:
        self._total += len(data)
        if self._size < 0:
            needed = _LENGTH_SIZE - len(self._head)
            self._head, data = self._head + data[:needed], data[needed:]
            if len(self._head) < _LENGTH_SIZE:
                return
            self._size = self._left = int.from_bytes(self._head, "big")
            if self._size > MAX_CONTENT_BYTES:
                raise PlatformError(Code.PADDING, "the inner length is beyond the limit")
        content, padding = data[: self._left], data[self._left :]
        self._left -= len(content)
        self.mac.update(content)
        self._out.write(content)
        if padding.count(0) != len(padding):
            raise PlatformError(Code.PADDING, "the padding is not zero")

    def finish(self) -> int:
        if self._size < 0 or self._left or self._total != padme(_LENGTH_SIZE + self._size):
            raise PlatformError(Code.PADDING, "the padding does not fit the content's length")
        return self._size
