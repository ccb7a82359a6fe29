"""Cosignatures: a witness says that a tree head continues everything it saw of the log before.

Responsible for C2SP tlog-cosignature: both kinds of signature lines, made and verified. Not
responsible for the consistency a witness checks first (`protocol.witnessing`), nor for how many
witnesses are enough (`protocol.policies`).

    signature line    = "— " name " " base64(key id, 4 bytes || time, 8 bytes || signature) LF
    Ed25519 signs     "cosignature/v1" LF "time " decimal LF || text of the note     (type 0x04)
    ML-DSA-44 signs   "subtree/v1" LF NUL || len8 name || time, 8 bytes || len8 origin
                      || start = 0, 8 bytes || size, 8 bytes || root, 32 bytes       (type 0x06)

Rules:

* Lines of unknown keys are ignored; a line of a known key that fails sinks the note.
* A witness's time is never zero: zero would make no statement about the largest tree seen.
* Ed25519 does not sign the cosigner's name, so one Ed25519 key serves one name only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sextant_shared.crypto.keys import Alg, akp_jwk, okp_jwk
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import (
    CheckpointBody,
    NoteSignature,
    VerifierKey,
    format_checkpoint_body,
    parse_vkey,
)

ED25519_COSIGNATURE = 0x04
ML_DSA_44_COSIGNATURE = 0x06
MAX_TIME = 2**63 - 1
_TIME_SIZE = 8
_ML_DSA_LABEL = b"subtree/v1\n\x00"
_TYPES = {Alg.ED25519: ED25519_COSIGNATURE, Alg.ML_DSA_44: ML_DSA_44_COSIGNATURE}


@dataclass(frozen=True)
class Cosigner:
    """Somebody whose cosignatures can be recognised and checked: one name, one key."""

    key: VerifierKey
    verifier: Verifier

    @classmethod
    def from_key(cls, key: VerifierKey) -> "Cosigner":
        """Return the cosigner of a verifier key.

        Raises:
            PlatformError: `E_KEY` for a type that makes no cosignatures, or a key that does not
                load.
        """
        if key.type == ED25519_COSIGNATURE:
            return cls(key, Verifier.from_jwk(okp_jwk(key.public_key)))
        if key.type == ML_DSA_44_COSIGNATURE:
            return cls(key, Verifier.from_jwk(akp_jwk(Alg.ML_DSA_44, key.public_key)))
        raise PlatformError(
            Code.KEY,
            f"the key of {key.name} makes no cosignatures",
            expected="type 0x04 (Ed25519) or 0x06 (ML-DSA-44)",
            received=f"type 0x{key.type:02x}",
        )

    @classmethod
    def from_vkey(cls, text: str) -> "Cosigner":
        """Return the cosigner of a verifier key as one word.

        Raises:
            PlatformError: `E_MALFORMED`, `E_KEY`.
        """
        return cls.from_key(parse_vkey(text))


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: by which key, and the POSIX second it was made."""

    key: VerifierKey
    time: int
    line: NoteSignature


def cosigner_key(name: str, signer: Signer) -> VerifierKey:
    """Return the verifier key of a signer that cosigns under `name`.

    Raises:
        PlatformError: `E_KEY` for an algorithm that makes no cosignatures.
    """
    if signer.alg not in _TYPES:
        raise PlatformError(
            Code.KEY,
            f"{signer.alg} makes no cosignatures",
            expected="Ed25519 or ML-DSA-44",
            received=str(signer.alg),
        )
    encoded = signer.jwk["x"] if signer.alg is Alg.ED25519 else signer.jwk["pub"]
    return VerifierKey(name, _TYPES[signer.alg], b64u_decode(encoded))


def cosign(key: VerifierKey, signer: Signer, body: CheckpointBody, t: float) -> NoteSignature:
    """Return the cosignature line of `body` at time `t`, in POSIX seconds.

    Raises:
        PlatformError: `E_MALFORMED` for a body that no cosignature can state.
    """
    time = int(t)
    signature = signer.sign(_message(key, body, time))
    return NoteSignature(key.name, key.key_id, time.to_bytes(_TIME_SIZE, "big") + signature)


def verify_cosignature(cosigner: Cosigner, body: CheckpointBody, timed: bytes) -> int:
    """Return the time of a signature line's bytes, which the cosigner made over `body`.

    Raises:
        PlatformError: `E_MALFORMED` for a time out of range, `E_SIGNATURE`.
    """
    time = int.from_bytes(timed[:_TIME_SIZE], "big")
    if not 0 < time <= MAX_TIME:
        raise PlatformError(
            Code.MALFORMED,
            f"the time of a cosignature by {cosigner.key.name} is out of range",
            expected="POSIX seconds from 1 to 2^63 - 1",
            received=str(time),
        )
    cosigner.verifier.verify(_message(cosigner.key, body, time), timed[_TIME_SIZE:])
    return time


def find_cosignatures(
    cosigners: Iterable[Cosigner], body: CheckpointBody, lines: Iterable[NoteSignature]
) -> list[Cosignature]:
    """Return the newest cosignature of each known key among `lines`, all of them verified.

    Raises:
        PlatformError: `E_MALFORMED`, `E_SIGNATURE` for a line of a known key that does not hold.
    """
    found: dict[bytes, Cosignature] = {}
    by_id = {(c.key.name, c.key.key_id): c for c in cosigners}
    for line in lines:
        cosigner = by_id.get((line.name, line.key_id))
        if cosigner is None:
            continue
        time = verify_cosignature(cosigner, body, line.signature)
        known = found.get(cosigner.key.public_key)
        if known is None or known.time < time:
            found[cosigner.key.public_key] = Cosignature(cosigner.key, time, line)
    return list(found.values())


def _message(key: VerifierKey, body: CheckpointBody, time: int) -> bytes:
    text = format_checkpoint_body(body)
    if key.type == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    head = (0).to_bytes(8, "big") + body.size.to_bytes(8, "big") + body.root
    stamp = time.to_bytes(_TIME_SIZE, "big")
    return _ML_DSA_LABEL + _opaque(key.name) + stamp + _opaque(body.origin) + head


def _opaque(text: str) -> bytes:
    data = text.encode()
    if not 0 < len(data) <= 0xFF:  # noqa: PLR2004 -- one length byte stands before it
        raise PlatformError(
            Code.MALFORMED,
            "a name or origin in a cosignature has 1 to 255 bytes",
            received=f"{len(data)} bytes",
        )
    return len(data).to_bytes(1, "big") + data
