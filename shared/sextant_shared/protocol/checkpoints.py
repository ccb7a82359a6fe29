"""Signed tree heads: the log signs each twice, and nobody believes one signature alone.

Responsible for the two signatures of the log on a checkpoint: Ed25519 (note signature, type 0x01)
and ML-DSA-44 (timestamped cosignature, type 0x06; C2SP tlog-cosignature). Not responsible for
whether a head continues an earlier one: that takes a consistency proof (`merkle.proofs`).

    Ed25519 signs     the text of the note
    ML-DSA-44 signs   what a cosigner named like the log signs (`protocol.cosignatures`)

Rules:

* Both signatures of the pinned keys must verify; if one algorithm falls, the other still stands.
* Lines of unknown keys (witnesses, a rotated key) are ignored; a line of a known key that fails
  sinks the whole note, and a known key signs once.
* Extension lines are refused: the ML-DSA signature does not cover them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sextant_shared.crypto.keys import Alg, akp_jwk, okp_jwk
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import (
    CheckpointBody,
    Note,
    NoteSignature,
    VerifierKey,
    format_checkpoint_body,
    format_note,
    format_vkey,
    is_key_name,
    parse_checkpoint_body,
    parse_note,
    parse_vkey,
)
from sextant_shared.protocol.cosignatures import (
    ML_DSA_44_COSIGNATURE,
    Cosigner,
    cosign,
    verify_cosignature,
)

ED25519_NOTE = 0x01


@dataclass(frozen=True)
class LogKeys:
    """The pinned identity of a log: its origin and both of its keys, named by the origin."""

    origin: str
    ed25519: Verifier
    ml_dsa: Verifier
    ed25519_vkey: VerifierKey = field(init=False)
    ml_dsa_vkey: VerifierKey = field(init=False)

    def __post_init__(self) -> None:
        """Refuse keys of other algorithms and origins that cannot name a key.

        Raises:
            PlatformError: `E_KEY`.
        """
        if (self.ed25519.alg, self.ml_dsa.alg) != (Alg.ED25519, Alg.ML_DSA_44):
            raise _wrong_keys(f"{self.ed25519.alg} and {self.ml_dsa.alg}")
        if not is_key_name(self.origin):
            raise PlatformError(
                Code.KEY,
                "an origin is a schema-less URL without spaces or plus, of at most 255 bytes",
                received=self.origin[:80],
            )
        keys = (
            ("ed25519_vkey", ED25519_NOTE, self.ed25519.jwk["x"]),
            ("ml_dsa_vkey", ML_DSA_44_COSIGNATURE, self.ml_dsa.jwk["pub"]),
        )
        for name, kind, encoded in keys:
            key = VerifierKey(self.origin, kind, b64u_decode(encoded))
            object.__setattr__(self, name, key)  # frozen: set once, here

    @classmethod
    def from_vkeys(cls, vkeys: Sequence[str]) -> "LogKeys":
        """Return the log whose two verifier keys are given, in either order.

        Raises:
            PlatformError: `E_MALFORMED`; `E_KEY` unless they are one Ed25519 and one ML-DSA-44 key
                of the same name.
        """
        keys = sorted((parse_vkey(text) for text in vkeys), key=lambda key: key.type)
        if [key.type for key in keys] != [ED25519_NOTE, ML_DSA_44_COSIGNATURE]:
            raise _wrong_keys(", ".join(f"type 0x{key.type:02x}" for key in keys))
        classical, post_quantum = keys
        if classical.name != post_quantum.name:
            raise PlatformError(
                Code.KEY,
                "the two keys of a log carry its origin as their name",
                expected=classical.name,
                received=post_quantum.name,
            )
        return cls(
            classical.name,
            Verifier.from_jwk(okp_jwk(classical.public_key)),
            Verifier.from_jwk(akp_jwk(Alg.ML_DSA_44, post_quantum.public_key)),
        )

    @classmethod
    def of_signers(cls, origin: str, signers: tuple[Signer, Signer]) -> "LogKeys":
        """Return the public identity of a log that signs with these (Ed25519, ML-DSA-44).

        Raises:
            PlatformError: `E_KEY`.
        """
        classical, post_quantum = signers
        return cls(origin, Verifier.from_jwk(classical.jwk), Verifier.from_jwk(post_quantum.jwk))

    @property
    def vkeys(self) -> tuple[str, str]:
        """Both keys as C2SP verifier keys, Ed25519 first."""
        return format_vkey(self.ed25519_vkey), format_vkey(self.ml_dsa_vkey)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head that both keys of the pinned log signed; `time` (POSIX seconds) is signed too."""

    origin: str
    size: int
    root: bytes
    time: int
    text: str


def sign_checkpoint(
    origin: str, size: int, root: bytes, signers: tuple[Signer, Signer], t: float
) -> str:
    """Return the checkpoint of `(size, root)` with both signatures of the log.

    `signers` are its Ed25519 and its ML-DSA-44 key, in this order; `t` is now in POSIX seconds.

    Raises:
        PlatformError: `E_KEY` for other keys, `E_MALFORMED` for a head no checkpoint can state.
    """
    keys = LogKeys.of_signers(origin, signers)
    classical, post_quantum = signers
    body = CheckpointBody(origin, size, root)
    text = format_checkpoint_body(body)
    lines = (
        _line(keys.ed25519_vkey, classical.sign(text.encode())),
        cosign(keys.ml_dsa_vkey, post_quantum, body, t),
    )
    return format_note(Note(text, lines))


def verify_checkpoint(text: str, keys: LogKeys) -> Checkpoint:
    """Return the checkpoint, signed by both keys of the pinned log.

    Raises:
        PlatformError: `E_MALFORMED` (not a checkpoint, or one with extension lines), `E_KEY` (of
            another log, or a signature of the log is missing), `E_SIGNATURE` (one is wrong).
    """
    note = parse_note(text)
    body = parse_checkpoint_body(note.text)
    if body.origin != keys.origin:
        raise PlatformError(
            Code.KEY,
            "the checkpoint is of another log",
            expected=keys.origin,
            received=body.origin,
        )
    if body.extensions:
        raise PlatformError(
            Code.MALFORMED,
            "the checkpoint has extension lines, which the ML-DSA signature does not cover",
            received=body.extensions[0][:80],
        )
    keys.ed25519.verify(note.text.encode(), _signature_by(keys.ed25519_vkey, note))
    timed = _signature_by(keys.ml_dsa_vkey, note)
    time = verify_cosignature(Cosigner(keys.ml_dsa_vkey, keys.ml_dsa), body, timed)
    return Checkpoint(body.origin, body.size, body.root, time, text)


def _signature_by(key: VerifierKey, note: Note) -> bytes:
    key_id = key.key_id
    found = [s.signature for s in note.signatures if (s.name, s.key_id) == (key.name, key_id)]
    if len(found) != 1:
        raise PlatformError(
            Code.KEY,
            f"the checkpoint needs one signature by each key of {key.name}",
            expected=f"one signature by key {key_id.hex()} (type 0x{key.type:02x})",
            received=f"{len(found)} such signatures",
            fix="Fetch the checkpoint again; if it repeats, compare the pinned keys.",
        )
    return found[0]


def _line(key: VerifierKey, signature: bytes) -> NoteSignature:
    return NoteSignature(key.name, key.key_id, signature)


def _wrong_keys(received: str) -> PlatformError:
    return PlatformError(
        Code.KEY,
        "a log has one Ed25519 key (type 0x01) and one ML-DSA-44 key (type 0x06)",
        expected="both, named by the origin",
        received=received,
    )
