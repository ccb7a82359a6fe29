"""Names of keys: the closed list of algorithms, JWK shapes and thumbprints (RFC 7638, RFC 9964)."""

from collections.abc import Mapping
from enum import StrEnum

from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import Code, PlatformError

Jwk = dict[str, str]
P384_ORDER = int(  # SEC 2 §2.5.1
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    16,
)


class Alg(StrEnum):
    """The closed list. An algorithm belongs to a registered key; messages never negotiate one."""

    ED25519 = "Ed25519"
    ES384 = "ES384"
    ML_DSA_44 = "ML-DSA-44"
    ML_DSA_65 = "ML-DSA-65"
    ML_DSA_87 = "ML-DSA-87"
    K1 = "MLKEM768-X25519"
    K2 = "MLKEM1024-P384"


_FIXED = {
    Alg.ED25519: {"kty": "OKP", "crv": "Ed25519"},
    Alg.ES384: {"kty": "EC", "crv": "P-384"},
}
_COORDINATES = {Alg.ED25519: ("x",), Alg.ES384: ("x", "y")}


def algorithm_of(jwk: Mapping[str, str]) -> Alg:
    """Return the algorithm of a public JWK whose members are exactly those of its kind.

    Raises:
        PlatformError: `E_KEY` for missing, further or unknown members or values.
    """
    members_of(jwk)
    for alg, fixed in _FIXED.items():
        if all(jwk.get(name) == value for name, value in fixed.items()):
            _check_members(jwk, {*fixed, *_COORDINATES[alg]})
            return alg
    if jwk.get("kty") == "AKP" and jwk.get("alg") in set(Alg) - set(_FIXED):
        _check_members(jwk, {"kty", "alg", "pub"})
        return Alg(jwk["alg"])
    raise PlatformError(
        Code.KEY,
        "unknown kind of key",
        expected=", ".join(Alg),
        received=str(jwk.get("alg") or jwk.get("crv") or jwk.get("kty"))[:40],
    )


def members_of(jwk: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the members in one order, so that equal keys have one name in a cache.

    Raises:
        PlatformError: `E_KEY` when a member is no string.
    """
    if not all(isinstance(part, str) for member in jwk.items() for part in member):
        raise PlatformError(Code.KEY, "the members of a JWK are strings")
    return tuple(sorted(jwk.items()))


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return the key id: base64url SHA-256 over the required members (RFC 7638 §3), 43 characters.

    Raises:
        PlatformError: `E_KEY`.
    """
    algorithm_of(jwk)
    return b64u(sha256(canonical_json(dict(jwk))))


def okp_jwk(public: bytes) -> Jwk:
    """Return the JWK of a raw Ed25519 public key (RFC 8037)."""
    return {"kty": "OKP", "crv": "Ed25519", "x": b64u(public)}


def ec_jwk(x: bytes, y: bytes) -> Jwk:
    """Return the JWK of a P-384 public key (RFC 7518 §6.2)."""
    return {"kty": "EC", "crv": "P-384", "x": b64u(x), "y": b64u(y)}


def akp_jwk(alg: Alg, public: bytes) -> Jwk:
    """Return the JWK of a post-quantum or hybrid public key (RFC 9964)."""
    return {"kty": "AKP", "alg": str(alg), "pub": b64u(public)}


def _check_members(jwk: Mapping[str, str], expected: set[str]) -> None:
    if set(jwk) != expected:
        raise PlatformError(
            Code.KEY,
            "a JWK has other members than its kind",
            expected=", ".join(sorted(expected)),
            received=", ".join(sorted(jwk))[:80],
        )
