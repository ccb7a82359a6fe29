"""One signature by one key, and the two profiles in which two of them make a signing pair.

Responsible for S1 and S2 of the envelope and for the log's keys. Hybrid means AND: whoever checks
a pair verifies both halves. Private keys are held as seeds (envelope §2.3).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from sextant_shared.clock import random_bytes
from sextant_shared.crypto.keys import (
    P384_ORDER,
    Alg,
    Jwk,
    akp_jwk,
    algorithm_of,
    ec_jwk,
    members_of,
    okp_jwk,
    thumbprint,
)
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError

Profile = tuple[Alg, Alg]
S1: Profile = (Alg.ED25519, Alg.ML_DSA_65)
S2: Profile = (Alg.ES384, Alg.ML_DSA_87)
PROFILES = {"S1": S1, "S2": S2}

SIGNATURE_SIZE = {
    Alg.ED25519: 64,
    Alg.ES384: 96,
    Alg.ML_DSA_44: 2420,
    Alg.ML_DSA_65: 3309,
    Alg.ML_DSA_87: 4627,
}
_P384_SIZE = 48
_ECDSA = ec.ECDSA(hashes.SHA384())
_CACHED_KEYS = 4096  # loading a raw ML-DSA key costs 12-18 µs; parties have a handful each

_MLDSA_PUBLIC: dict[Alg, Callable[[bytes], Any]] = {
    Alg.ML_DSA_44: mldsa.MLDSA44PublicKey.from_public_bytes,
    Alg.ML_DSA_65: mldsa.MLDSA65PublicKey.from_public_bytes,
    Alg.ML_DSA_87: mldsa.MLDSA87PublicKey.from_public_bytes,
}
_MLDSA_PRIVATE: dict[Alg, Callable[[bytes], Any]] = {
    Alg.ML_DSA_44: mldsa.MLDSA44PrivateKey.from_seed_bytes,
    Alg.ML_DSA_65: mldsa.MLDSA65PrivateKey.from_seed_bytes,
    Alg.ML_DSA_87: mldsa.MLDSA87PrivateKey.from_seed_bytes,
}


def profile_of(algorithms: Sequence[Alg]) -> Profile:
    """Return the profile that two algorithms make, in that order.

    Raises:
        PlatformError: `E_KEY` when they make none.
    """
    for profile in PROFILES.values():
        if tuple(algorithms) == profile:
            return profile
    raise PlatformError(
        Code.KEY,
        "the keys make no signing pair",
        expected="Ed25519 with ML-DSA-65, or ES384 with ML-DSA-87, in that order",
        received=", ".join(algorithms)[:80],
    )


class Verifier:
    """One public signing key."""

    __slots__ = ("_key", "alg", "jwk", "kid")

    def __init__(self, jwk: Mapping[str, str]) -> None:
        self.jwk: Jwk = dict(jwk)
        self.alg = algorithm_of(jwk)
        self.kid = thumbprint(jwk)
        self._key = _load_public(self.alg, self.jwk)

    @staticmethod
    def from_jwk(jwk: Mapping[str, str]) -> "Verifier":
        """Return the verifier of a public JWK; the same key is loaded once.

        Raises:
            PlatformError: `E_KEY`.
        """
        return _verifier(members_of(jwk))

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check `signature` over `message`.

        Raises:
            PlatformError: `E_SIGNATURE`.
        """
        if len(signature) != SIGNATURE_SIZE[self.alg]:
            raise self._refusal()
        try:
            if self.alg is Alg.ES384:
                self._key.verify(_der_of(signature), message, _ECDSA)
            else:
                self._key.verify(signature, message)
        except InvalidSignature as error:
            raise self._refusal() from error

    def _refusal(self) -> PlatformError:
        return PlatformError(
            Code.SIGNATURE,
            f"the {self.alg} signature does not verify",
            expected=f"a signature by key {self.kid}",
            fix="Sign the exact bytes that are sent, with the registered key.",
        )


class Signer(Protocol):
    """Port: whoever holds a private signing key, in a file or in a token."""

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

    def sign(self, message: bytes) -> bytes:
        """Return a signature over `message`."""
        ...


class SoftwareSigner:
    """A signer whose seed is in this process's memory."""

    __slots__ = ("_key", "alg", "jwk", "kid", "seed")

    def __init__(self, alg: Alg, seed: bytes) -> None:
        self.alg = alg
        self.seed = seed
        self._key, self.jwk = _load_private(alg, seed)
        self.kid = thumbprint(self.jwk)

    @classmethod
    def from_seed(cls, alg: Alg, seed: bytes) -> "SoftwareSigner":
        """Return the signer of a seed: 32 bytes, for ES384 a 48-byte scalar.

        Raises:
            PlatformError: `E_KEY`.
        """
        return cls(alg, seed)

    @classmethod
    def generate(cls, alg: Alg) -> "SoftwareSigner":
        """Return a signer with a fresh seed."""
        if alg is not Alg.ES384:
            return cls(alg, random_bytes(32))
        # FIPS 186-5 A.2.1: extra random bits make the reduction's bias negligible.
        scalar = int.from_bytes(random_bytes(_P384_SIZE + 16), "big") % (P384_ORDER - 1) + 1
        return cls(alg, scalar.to_bytes(_P384_SIZE, "big"))

    def sign(self, message: bytes) -> bytes:
        """Return a signature over `message`; ML-DSA is hedged, ES384 is r‖s."""
        if self.alg is Alg.ES384:
            r, s = decode_dss_signature(self._key.sign(message, _ECDSA))
            return r.to_bytes(_P384_SIZE, "big") + s.to_bytes(_P384_SIZE, "big")
        signature: bytes = self._key.sign(message)
        return signature


@lru_cache(maxsize=_CACHED_KEYS)
def _verifier(members: tuple[tuple[str, str], ...]) -> Verifier:
    return Verifier(dict(members))


def _load_public(alg: Alg, jwk: Jwk) -> Any:
    try:
        if alg is Alg.ED25519:
            return ed25519.Ed25519PublicKey.from_public_bytes(b64u_decode(jwk["x"], 32))
        if alg is Alg.ES384:
            x, y = (b64u_decode(jwk[name], _P384_SIZE) for name in ("x", "y"))
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), b"\x04" + x + y)
        if alg in _MLDSA_PUBLIC:
            return _MLDSA_PUBLIC[alg](b64u_decode(jwk["pub"]))
    except (ValueError, PlatformError) as error:
        raise PlatformError(Code.KEY, f"the {alg} public key does not load") from error
    raise PlatformError(Code.KEY, f"{alg} is no signing algorithm")


def _load_private(alg: Alg, seed: bytes) -> tuple[Any, Jwk]:
    size = _P384_SIZE if alg is Alg.ES384 else 32
    if len(seed) != size:
        raise PlatformError(Code.KEY, f"a seed of {alg} has {size} bytes", received=str(len(seed)))
    try:
        if alg is Alg.ED25519:
            key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
            return key, okp_jwk(key.public_key().public_bytes_raw())
        if alg is Alg.ES384:
            scalar = ec.derive_private_key(int.from_bytes(seed, "big"), ec.SECP384R1())
            point = scalar.public_key().public_numbers()
            return scalar, ec_jwk(
                point.x.to_bytes(_P384_SIZE, "big"), point.y.to_bytes(_P384_SIZE, "big")
            )
        if alg in _MLDSA_PRIVATE:
            lattice = _MLDSA_PRIVATE[alg](seed)
            return lattice, akp_jwk(alg, lattice.public_key().public_bytes_raw())
    except ValueError as error:
        raise PlatformError(Code.KEY, f"the {alg} private key does not load") from error
    raise PlatformError(Code.KEY, f"{alg} is no signing algorithm")


def _der_of(signature: bytes) -> bytes:
    """Return DER of r‖s (RFC 7518 §3.4)."""
    r = int.from_bytes(signature[:_P384_SIZE], "big")
    s = int.from_bytes(signature[_P384_SIZE:], "big")
    return encode_dss_signature(r, s)
