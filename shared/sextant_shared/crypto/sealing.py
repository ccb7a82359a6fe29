"""Wraps a content key for one recipient: HPKE Base with a hybrid KEM (RFC 9180, envelope §2.2).

K1 is ML-KEM-768 with X25519, K2 is ML-KEM-1024 with P-384: both halves must fall before a slot
opens. The library's interface takes `info` and no `aad`, so everything is bound through `info`.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.keys import (
    P384_ORDER,
    Alg,
    Jwk,
    akp_jwk,
    algorithm_of,
    members_of,
    thumbprint,
)
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError

CEK_SIZE = 32
_TAG_SIZE = 16
PUBLIC_SIZE = {Alg.K1: 1216, Alg.K2: 1665}
ENCAPSULATION_SIZE = {Alg.K1: 1120, Alg.K2: 1665}
SLOT_SIZE = {alg: size + CEK_SIZE + _TAG_SIZE for alg, size in ENCAPSULATION_SIZE.items()}
SEED_SIZE = 32
_MLKEM768_PUBLIC_SIZE = 1184
_MLKEM1024_PUBLIC_SIZE = 1568
_MLKEM_SEED_SIZE = 64  # d ‖ z, FIPS 203 §7.1
_P384_SCALAR_SIZE = 48
_CACHED_KEYS = 4096

_SUITES = {
    Alg.K1: hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
    Alg.K2: hpke.Suite(hpke.KEM.MLKEM1024_P384, hpke.KDF.HKDF_SHA384, hpke.AEAD.AES_256_GCM),
}


class SealingKey:
    """One recipient's public sealing key."""

    __slots__ = ("_key", "alg", "jwk", "kid", "slot_size")

    def __init__(self, jwk: Mapping[str, str]) -> None:
        self.jwk: Jwk = dict(jwk)
        self.alg = _sealing_algorithm(jwk)
        self.kid = thumbprint(jwk)
        self.slot_size = SLOT_SIZE[self.alg]
        self._key = _load_public(self.alg, self.jwk["pub"])
        # A low-order X25519 point parses and fails only here (envelope §2.3): a trial seal.
        self.seal(b"trial", bytes(CEK_SIZE))

    @staticmethod
    def from_jwk(jwk: Mapping[str, str]) -> "SealingKey":
        """Return the sealing key of a public JWK after a trial seal; each key is loaded once.

        Raises:
            PlatformError: `E_KEY`.
        """
        return _sealing_key(members_of(jwk))

    def seal(self, info: bytes, plaintext: bytes) -> bytes:
        """Return `enc ‖ ciphertext` of `plaintext`, bound to `info`.

        Raises:
            PlatformError: `E_KEY` when the key cannot encapsulate.
        """
        try:
            return _SUITES[self.alg].encrypt(plaintext, self._key, info)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise PlatformError(Code.KEY, f"the {self.alg} key cannot encapsulate") from error


class Opener(Protocol):
    """Port: whoever holds a private sealing key, in a file or in a token."""

    @property
    def alg(self) -> Alg:
        """Its algorithm."""
        ...

    @property
    def kid(self) -> str:
        """Thumbprint of its public key."""
        ...

    @property
    def jwk(self) -> Jwk:
        """Its public key."""
        ...

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """Return what was sealed to this key under `info`, or raise `E_DECRYPT`."""
        ...


class SoftwareOpener:
    """An opener whose seed is in this process's memory."""

    __slots__ = ("_key", "alg", "jwk", "kid", "seed")

    def __init__(self, alg: Alg, seed: bytes) -> None:
        self.alg = alg
        self.seed = seed
        self._key, public = _load_private(alg, seed)
        self.jwk = akp_jwk(alg, public)
        self.kid = thumbprint(self.jwk)

    @classmethod
    def from_seed(cls, alg: Alg, seed: bytes) -> "SoftwareOpener":
        """Return the opener of a 32-byte seed.

        Raises:
            PlatformError: `E_KEY`.
        """
        return cls(alg, seed)

    @classmethod
    def generate(cls, alg: Alg) -> "SoftwareOpener":
        """Return an opener with a fresh seed."""
        return cls(alg, random_bytes(SEED_SIZE))

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """Return what was sealed to this key under `info`.

        Raises:
            PlatformError: `E_DECRYPT`, without saying which step failed.
        """
        if len(sealed) != SLOT_SIZE[self.alg]:
            raise PlatformError(Code.DECRYPT, "the slot does not open with this key")
        try:
            return _SUITES[self.alg].decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise PlatformError(Code.DECRYPT, "the slot does not open with this key") from error


@lru_cache(maxsize=_CACHED_KEYS)
def _sealing_key(members: tuple[tuple[str, str], ...]) -> SealingKey:
    return SealingKey(dict(members))


def _sealing_algorithm(jwk: Mapping[str, str]) -> Alg:
    alg = algorithm_of(jwk)
    if alg not in _SUITES:
        raise PlatformError(Code.KEY, f"{alg} is no sealing algorithm")
    return alg


def _load_public(alg: Alg, encoded: str) -> Any:
    try:
        public = b64u_decode(encoded, PUBLIC_SIZE[alg])
        if alg is Alg.K1:
            return hpke.MLKEM768X25519PublicKey(
                mlkem.MLKEM768PublicKey.from_public_bytes(public[:_MLKEM768_PUBLIC_SIZE]),
                x25519.X25519PublicKey.from_public_bytes(public[_MLKEM768_PUBLIC_SIZE:]),
            )
        return hpke.MLKEM1024P384PublicKey(
            mlkem.MLKEM1024PublicKey.from_public_bytes(public[:_MLKEM1024_PUBLIC_SIZE]),
            ec.EllipticCurvePublicKey.from_encoded_point(
                ec.SECP384R1(), public[_MLKEM1024_PUBLIC_SIZE:]
            ),
        )
    except PlatformError as error:
        raise PlatformError(
            Code.KEY,
            f"the {alg} public key does not load: {error.detail}",
            expected=error.expected,
            received=error.received,
        ) from error
    except ValueError as error:
        raise PlatformError(Code.KEY, f"the {alg} public key does not load") from error


def _load_private(alg: Alg, seed: bytes) -> tuple[Any, bytes]:
    if alg not in _SUITES or len(seed) != SEED_SIZE:
        raise PlatformError(Code.KEY, f"a sealing seed has {SEED_SIZE} bytes, for K1 or K2")
    if alg is Alg.K1:
        return _load_k1(hashlib.shake_256(seed).digest(_MLKEM_SEED_SIZE + 32))
    return _load_k2(hashlib.shake_256(seed).digest(_MLKEM_SEED_SIZE + 2 * _P384_SCALAR_SIZE))


def _load_k1(expanded: bytes) -> tuple[Any, bytes]:
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE])
    curve = x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:])
    public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(lattice, curve), public


def _load_k2(expanded: bytes) -> tuple[Any, bytes]:
    lattice = mlkem.MLKEM1024PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE])
    scalars = expanded[_MLKEM_SEED_SIZE:]
    scalar = int.from_bytes(scalars[:_P384_SCALAR_SIZE], "big")
    if not 0 < scalar < P384_ORDER:  # once in 2^190 seeds
        scalar = int.from_bytes(scalars[_P384_SCALAR_SIZE:], "big")
    curve = ec.derive_private_key(scalar, ec.SECP384R1())
    point = curve.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return (
        hpke.MLKEM1024P384PrivateKey(lattice, curve),
        lattice.public_key().public_bytes_raw() + point,
    )
