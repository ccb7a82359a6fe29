"""Builds envelopes for tests: valid by default, a test names what it bends."""

import io
import json
from collections.abc import Callable
from typing import Any

from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u, b64u_decode, canonical_json
from sextant_shared.models.envelope import MANIFEST_TYP
from sextant_shared.protocol.envelope import SealRequest, open_envelope, seal_bytes
from sextant_shared.protocol.jws import sign_jws
from sextant_shared.protocol.manifest import (
    Manifest,
    format_prefix,
    read_manifest,
    verify_manifest,
)
from tests.support.parties import PartyKeys, opener

ID = "01a20d9e-5a79-74d1-96a9-f8c901f813f5"
CREATED = "2026-11-24T12:00:00Z"
XAL = PartyKeys("NA-XAL")


def make_request(*, sender: PartyKeys = XAL, **changes: Any) -> SealRequest:
    """Return a request from NA-XAL to SEC."""
    fields: dict[str, Any] = {
        "id": ID,
        "sender": sender.party,
        "signers": sender.sig,
        "recipients": [("SEC", SealingKey.from_jwk(opener("SEC/seal").jwk))],
        "type": "declaration.annual",
        "cty": "application/json",
        "classification": "C2",
        "created": CREATED,
    }
    return SealRequest(**{**fields, **changes})


def make_container(content: bytes = b"hello declarations", **changes: Any) -> bytes:
    """Return a sealed container."""
    return seal_bytes(content, make_request(**changes))[0]


def pair_of(signers: tuple[Signer, Signer]) -> list[Verifier]:
    """Return the verifiers of a signing pair."""
    return [Verifier.from_jwk(signer.jwk) for signer in signers]


def open_container(
    container: bytes, sender: PartyKeys = XAL, seal_label: str = "SEC/seal"
) -> bytes:
    """Parse, verify and open a container as the Secretariat."""
    source, out = io.BytesIO(container), io.BytesIO()
    verified = verify_manifest(read_manifest(source), pair_of(sender.sig))
    open_envelope(source, verified, opener(seal_label, sender.kem), "SEC", out)
    return out.getvalue()


def split(container: bytes) -> tuple[bytes, bytes]:
    """Return (manifest, body)."""
    source = io.BytesIO(container)
    raw = read_manifest(source).raw
    return raw, source.read()


def join(raw: bytes, body: bytes) -> bytes:
    """Return a container of these parts."""
    return format_prefix(raw) + raw + body


def payload_of(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest's payload as JSON members."""
    members: dict[str, Any] = json.loads(manifest.jws.payload)
    return members


def resign(container: bytes, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> bytes:
    """Return the container with payload and header changed by `change`, validly signed again."""
    raw, body = split(container)
    payload = json.loads(b64u_decode(json.loads(raw)["payload"]))
    header = json.loads(b64u_decode(payload["hdr"]))
    before = canonical_json(header)
    change(payload, header)
    if canonical_json(header) != before:
        payload["hdr"] = b64u(canonical_json(header))
    return join(sign_jws(canonical_json(payload), MANIFEST_TYP, XAL.sig), body)
