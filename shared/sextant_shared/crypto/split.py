"""Opens K2 slots with a key whose halves lie in two places: P-384 in a token, ML-KEM in a file.

Such a key has no common seed, and the library's suite takes whole private keys only. So the parts
between the halves and the plaintext stand here: the combiner of the hybrid KEM and the base-mode
key schedule of HPKE (RFC 9180 §5.1) for the one suite that K2 names. Nothing here can seal.
"""

import hashlib
import hmac
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, mlkem
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sextant_shared.crypto.keys import Alg, Jwk, akp_jwk, thumbprint
from sextant_shared.crypto.sealing import SLOT_SIZE
from sextant_shared.errors import Code, PlatformError

LATTICE_SEED_SIZE = 64  # d ‖ z, FIPS 203 §7.1
POINT_SIZE = 97  # X9.62 uncompressed
_LATTICE_CT_SIZE = 1568
_ENC_SIZE = _LATTICE_CT_SIZE + POINT_SIZE
_LABEL = b"MLKEM1024-P384"  # draft-irtf-cfrg-concrete-hybrid-kems
# KEM 0x0051 MLKEM1024-P384, KDF 0x0002 HKDF-SHA384, AEAD 0x0002 AES-256-GCM (envelope §2.2).
_SUITE_ID = b"HPKE" + bytes.fromhex("0051 0002 0002")
_VERSION = b"HPKE-v1"
_MODE_BASE = b"\x00"
_KEY_SIZE = 32
_NONCE_SIZE = 12


class Agreement(Protocol):
    """Port: whoever holds the P-384 scalar of a split key."""

    @property
    def public(self) -> bytes:
        """Its public point, X9.62 uncompressed."""
        ...

    @property
    def place(self) -> str:
        """Where the scalar lies, as a PKCS#11 URI."""
        ...

    def agree(self, point: bytes) -> bytes:
        """Return the x-coordinate shared with `point`, which lies on the curve."""
        ...


class SplitOpener:
    """An opener for K2 whose ML-KEM seed is in memory and whose P-384 half is elsewhere."""

    __slots__ = ("_lattice", "alg", "half", "jwk", "kid", "seed")

    def __init__(self, seed: bytes, half: Agreement) -> None:
        if len(seed) != LATTICE_SEED_SIZE:
            raise PlatformError(
                Code.KEY,
                "the file's half of a split sealing key does not load",
                expected=f"{LATTICE_SEED_SIZE} bytes",
                received=str(len(seed)),
            )
        self.alg = Alg.K2
        self.seed = seed
        self.half = half
        self._lattice = mlkem.MLKEM1024PrivateKey.from_seed_bytes(seed)
        self.jwk: Jwk = akp_jwk(Alg.K2, self._lattice.public_key().public_bytes_raw() + half.public)
        self.kid = thumbprint(self.jwk)

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """Return what was sealed to this key under `info`.

        Raises:
            PlatformError: `E_DECRYPT`, without saying which step failed; `E_UNAVAILABLE` when the
                half that lies elsewhere cannot be used now.
        """
        if len(sealed) != SLOT_SIZE[Alg.K2]:
            raise _refusal()
        enc, ciphertext = sealed[:_ENC_SIZE], sealed[_ENC_SIZE:]
        key, nonce = schedule(self._decapsulate(enc), info)
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, b"")
        except InvalidTag as error:
            raise _refusal() from error

    def _decapsulate(self, enc: bytes) -> bytes:
        """Return the shared secret of the hybrid KEM: both halves, or none."""
        point = enc[_LATTICE_CT_SIZE:]
        try:
            # A token need not check: a point off the curve would tell about the scalar.
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), point)
            lattice = self._lattice.decapsulate(enc[:_LATTICE_CT_SIZE])
        except ValueError as error:
            raise _refusal() from error
        return combine(lattice, self.half.agree(point), point, self.half.public)


def combine(lattice: bytes, curve: bytes, point: bytes, public: bytes) -> bytes:
    """Return the hybrid's secret: SHA3-256(ss_PQ ‖ ss_T ‖ ct_T ‖ ek_T ‖ label)."""
    return hashlib.sha3_256(lattice + curve + point + public + _LABEL).digest()


def schedule(secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Return key and nonce of the first message in base mode (RFC 9180 §5.1)."""
    context = _MODE_BASE + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    pseudorandom = _extract(secret, b"secret", b"")
    return (
        _expand(pseudorandom, b"key", context, _KEY_SIZE),
        _expand(pseudorandom, b"base_nonce", context, _NONCE_SIZE),
    )


def _extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
    """LabeledExtract (RFC 9180 §4) with HKDF-SHA384."""
    return hmac.digest(salt or bytes(48), _VERSION + _SUITE_ID + label + ikm, "sha384")


def _expand(pseudorandom: bytes, label: bytes, info: bytes, size: int) -> bytes:
    """LabeledExpand (RFC 9180 §4): one block of HKDF-SHA384 holds all that is asked for."""
    labelled = size.to_bytes(2, "big") + _VERSION + _SUITE_ID + label + info
    return hmac.digest(pseudorandom, labelled + b"\x01", "sha384")[:size]


def _refusal() -> PlatformError:
    return PlatformError(Code.DECRYPT, "the slot does not open with this key")
