"""JWS General JSON (RFC 7515 §7.2.1) as the platform allows it: closed, strict, all signatures.

Responsible for the shape and for the exact bytes each signature covers. Not responsible for which
keys must sign: the caller verifies **every** signature against registered keys. The `typ` of the
protected header separates domains: a signature for one kind of document is none for another.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SIGNATURE_SIZE, Signer
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError

MAX_PROTECTED_BYTES = 256  # {"alg","kid","typ"} takes about 100
MAX_SIGNATURES = 64
CACHED_HEADERS = 4096
_KID = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(frozen=True, slots=True)
class JwsSignature:
    """One signature and the exact bytes it covers."""

    alg: Alg
    kid: str
    signing_input: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Jws:
    """A parsed JWS; nothing is verified yet."""

    payload: bytes
    signatures: tuple[JwsSignature, ...]


def parse_jws(data: bytes, typ: str, max_bytes: int) -> Jws:
    """Return the payload and signatures of a JWS whose protected headers say `typ`.

    Raises:
        PlatformError: `E_TOO_LARGE`; `E_MALFORMED` for any deviation of shape or encoding; `E_KEY`
            for an algorithm outside the registry.
    """
    outer = parse_json(data, max_bytes=max_bytes)
    _check_members(outer, {"payload", "signatures"}, "the JWS")
    payload, signatures = outer["payload"], outer["signatures"]
    if not isinstance(payload, str) or not isinstance(signatures, list):
        raise _malformed("payload is a string and signatures a list")
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise _malformed(f"a JWS carries 1 to {MAX_SIGNATURES} signatures")
    decoded = b64u_decode(payload)  # first: what is no base64url is no signing input either
    return Jws(decoded, tuple(_parse_signature(item, payload, typ) for item in signatures))


def sign_jws(payload: bytes, typ: str, signers: Sequence[Signer]) -> bytes:
    """Return a JWS with one signature per signer, in that order."""
    return add_signatures(b64u(payload), typ, [], signers)


def countersign_jws(data: bytes, typ: str, max_bytes: int, signers: Sequence[Signer]) -> bytes:
    """Return the JWS `data` with further signatures appended over the same payload.

    Raises:
        PlatformError: what `parse_jws` raises.
    """
    parse_jws(data, typ, max_bytes)
    outer = json.loads(data)
    return add_signatures(outer["payload"], typ, outer["signatures"], signers)


def add_signatures(
    payload: str, typ: str, existing: Sequence[dict[str, str]], signers: Sequence[Signer]
) -> bytes:
    """Return the JWS text of an encoded payload, its existing signatures and new ones."""
    added = []
    for signer in signers:
        header = {"alg": str(signer.alg), "kid": signer.kid, "typ": typ}
        protected = b64u(canonical_json(header))
        signature = signer.sign(f"{protected}.{payload}".encode("ascii"))
        added.append({"protected": protected, "signature": b64u(signature)})
    return canonical_json({"payload": payload, "signatures": [*existing, *added]})


def _parse_signature(item: object, payload: str, typ: str) -> JwsSignature:
    if not isinstance(item, dict):
        raise _malformed("a signature is an object")
    _check_members(item, {"protected", "signature"}, "a signature")
    protected, encoded = item["protected"], item["signature"]
    if not isinstance(protected, str) or not isinstance(encoded, str):
        raise _malformed("protected and signature are strings")
    alg, kid = _read_protected(protected, typ)
    signing_input = f"{protected}.{payload}".encode("ascii")
    return JwsSignature(alg, kid, signing_input, b64u_decode(encoded))


@lru_cache(maxsize=CACHED_HEADERS)
def _read_protected(protected: str, typ: str) -> tuple[Alg, str]:
    """Parse a protected header; one signer's is the same in every message it signs."""
    header = parse_json(b64u_decode(protected), max_bytes=MAX_PROTECTED_BYTES, max_depth=1)
    _check_members(header, {"alg", "kid", "typ"}, "a protected header")
    if header["typ"] != typ:
        raise PlatformError(
            Code.MALFORMED,
            "another kind of document",
            expected=typ,
            received=str(header["typ"])[:40],
        )
    if header["alg"] not in set(SIGNATURE_SIZE):
        raise PlatformError(
            Code.KEY,
            "the signature algorithm is not in the registry",
            expected=", ".join(SIGNATURE_SIZE),
            received=str(header["alg"])[:40],
        )
    if not isinstance(header["kid"], str) or _KID.match(header["kid"]) is None:
        raise _malformed("a kid is a 43-character thumbprint")
    return Alg(header["alg"]), header["kid"]


def _check_members(value: dict[str, object], expected: set[str], what: str) -> None:
    if set(value) != expected:
        raise PlatformError(
            Code.MALFORMED,
            f"{what} has other members than it may",
            expected=", ".join(sorted(expected)),
            received=", ".join(sorted(value))[:80],
        )


def _malformed(detail: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, detail)
