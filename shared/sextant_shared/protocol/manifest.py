"""Reads, verifies and writes manifests: the signed head that comes before the body.

Responsible for everything that can be said of an envelope without opening it: container prefix,
strict shape, both signatures, one slot per recipient. Not responsible for which keys are
registered (`parties`) nor for the body (`envelope`).

    container = "DXE1" ‖ u32be manifest length ‖ manifest ‖ body ‖ EOF

A `Manifest` is what arrived; a `VerifiedManifest` exists only through `verify_manifest`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import (
    MANIFEST_TYP,
    MAX_HEADER_BYTES,
    MAX_MANIFEST_BYTES,
    Header,
    ManifestPayload,
    Slot,
)
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.jws import Jws, parse_jws, sign_jws

MAGIC = b"DXE1"
PREFIX_SIZE = 8


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that parsed: shape and encodings are right, nothing is verified."""

    raw: bytes
    digest: bytes
    header: Header
    header_hash: bytes
    slots: tuple[Slot, ...]
    pc: bytes
    body_len: int
    body_sha256: bytes
    jws: Jws

    @property
    def total_size(self) -> int:
        """Bytes of the whole container."""
        return PREFIX_SIZE + len(self.raw) + self.body_len


@dataclass(frozen=True, slots=True)
class VerifiedManifest:
    """A manifest whose two signatures verified under the pair that its header names."""

    manifest: Manifest


def parse_prefix(prefix: bytes) -> int:
    """Return the manifest's length from the first 8 bytes of a container.

    Raises:
        PlatformError: `E_MALFORMED` (no container, cut), `E_VERSION` (another version),
            `E_TOO_LARGE` (a manifest beyond 64 KiB).
    """
    if len(prefix) != PREFIX_SIZE or prefix[:3] != MAGIC[:3]:
        raise PlatformError(
            Code.MALFORMED,
            "not a DXE container",
            expected="DXE1 and a 4-byte length",
            received=prefix[:8].hex(),
        )
    if prefix[:4] != MAGIC:
        raise PlatformError(
            Code.VERSION, "unknown container version", expected="DXE1", received=prefix[:4].hex()
        )
    length = int.from_bytes(prefix[4:], "big")
    if length > MAX_MANIFEST_BYTES:
        raise PlatformError(
            Code.TOO_LARGE,
            "the manifest is too long",
            expected=f"at most {MAX_MANIFEST_BYTES} bytes",
            received=f"{length} bytes",
        )
    return length


def format_prefix(raw: bytes) -> bytes:
    """Return the 8 bytes that stand before the manifest `raw`."""
    return MAGIC + len(raw).to_bytes(4, "big")


def read_manifest(source: IO[bytes]) -> Manifest:
    """Read prefix and manifest; `source` then stands at the first byte of the body.

    Raises:
        PlatformError: what `parse_prefix` and `parse_manifest` raise; `E_MALFORMED` when cut.
    """
    length = parse_prefix(source.read(PREFIX_SIZE))
    raw = source.read(length)
    if len(raw) != length:
        raise PlatformError(
            Code.MALFORMED,
            "the container ends inside its manifest",
            expected=f"{length} bytes",
            received=f"{len(raw)} bytes",
        )
    return parse_manifest(raw)


def parse_manifest(raw: bytes) -> Manifest:
    """Return the manifest that the bytes `raw` hold.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`, `E_KEY` (algorithm not in the registry),
            `E_VERSION` (header of another version or body format).
    """
    jws = parse_jws(raw, MANIFEST_TYP, MAX_MANIFEST_BYTES)
    members = parse_json(jws.payload, max_bytes=MAX_MANIFEST_BYTES)
    payload = read_model(ManifestPayload, members)
    header_bytes = b64u_decode(payload.hdr)
    header_members = parse_json(header_bytes, max_bytes=MAX_HEADER_BYTES)
    _check_version(header_members)
    header = read_model(Header, header_members)
    _check_agreement(jws, header, payload)
    return Manifest(
        raw=raw,
        digest=sha256(raw),
        header=header,
        header_hash=sha256(header_bytes),
        slots=tuple(payload.slots),
        pc=b64u_decode(payload.pc, 32),
        body_len=payload.len,
        body_sha256=b64u_decode(payload.sha256, 32),
        jws=jws,
    )


def verify_manifest(manifest: Manifest, pair: Sequence[Verifier]) -> VerifiedManifest:
    """Verify both signatures under the registered pair; hybrid means both.

    Raises:
        PlatformError: `E_KEY` when a signature names another key or algorithm than the registered
            one, `E_SIGNATURE`.
    """
    for signature, verifier in zip(manifest.jws.signatures, pair, strict=True):
        if (signature.kid, signature.alg) != (verifier.kid, verifier.alg):
            raise PlatformError(
                Code.KEY,
                "a signature is not by the key the header names",
                expected=f"{verifier.alg} by {verifier.kid}",
                received=f"{signature.alg} by {signature.kid}",
                fix="The algorithm belongs to the registered key; messages do not choose it.",
            )
        verifier.verify(signature.signing_input, signature.signature)
    return VerifiedManifest(manifest)


def check_slots(manifest: Manifest, keys: Sequence[SealingKey]) -> None:
    """Check that each slot has exactly the length its recipient's key gives.

    Raises:
        PlatformError: `E_RECIPIENT`.
    """
    for slot, key in zip(manifest.slots, keys, strict=True):
        size = len(b64u_decode(slot.ct))
        if slot.kid != key.kid or size != key.slot_size:
            raise PlatformError(
                Code.RECIPIENT,
                f"the slot for key {slot.kid} does not fit that key",
                expected=f"{key.slot_size} bytes for {key.alg}",
                received=f"{size} bytes",
            )


def sign_manifest(
    header: bytes,
    slots: Sequence[Slot],
    *,
    pc: bytes,
    body_len: int,
    body_sha256: bytes,
    signers: Sequence[Signer],
) -> bytes:
    """Return the manifest bytes, signed by the pair in profile order."""
    payload = {
        "hdr": b64u(header),
        "slots": [{"kid": slot.kid, "ct": slot.ct} for slot in slots],
        "pc": b64u(pc),
        "len": body_len,
        "sha256": b64u(body_sha256),
    }
    return sign_jws(canonical_json(payload), MANIFEST_TYP, signers)


def _check_version(header: dict[str, object]) -> None:
    """Tell an unknown version from a malformed header (envelope §2.11)."""
    for name, known in (("v", 1), ("enc", "C1")):
        value = header.get(name)
        if isinstance(value, type(known)) and not isinstance(value, bool) and value != known:
            raise PlatformError(
                Code.VERSION,
                f"unknown {name} in the header",
                expected=str(known),
                received=str(value)[:40],
            )


def _check_agreement(jws: Jws, header: Header, payload: ManifestPayload) -> None:
    kids = [signature.kid for signature in jws.signatures]
    if kids != header.skid:
        raise PlatformError(
            Code.MALFORMED,
            "the signatures are not exactly those the header names, in its order",
            expected=", ".join(header.skid),
            received=", ".join(kids)[:120],
        )
    slots = [slot.kid for slot in payload.slots]
    recipients = [recipient.kid for recipient in header.to]
    if slots != recipients:
        raise PlatformError(
            Code.MALFORMED,
            "the slots are not exactly those of the recipients, in their order",
            expected=", ".join(recipients)[:120],
            received=", ".join(slots)[:120],
        )
