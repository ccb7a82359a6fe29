"""Who a person is, by an access token of an OpenID Connect provider, verified here alone.

Responsible for the bytes, the signature and the claims of a token (RFC 7519, RFC 9068, RFC 8725)
and for which of a provider's keys count. Not responsible for fetching keys, nor for what a role
may do (`access`). An algorithm belongs to a key of the provider; the token's header only has to
repeat it, so that no key is ever used for another algorithm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sextant_shared.encoding import b64u_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role, Subject

MAX_TOKEN_BYTES = 8192  # Keycloak lists groups and roles of all clients in its tokens
MAX_KEYS = 32
MAX_JWKS_BYTES = 131_072
MIN_RSA_BITS = 2048  # RFC 7518 §3.3
MAX_RSA_BITS = 8192  # a larger one only costs time
TYPES = frozenset({"JWT", "at+jwt", "application/at+jwt"})
DISCOVERY = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0 §4
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PREFIX = "oidc:"  # no client of a clients file can be called so
_PARTS = 3
_P256_BYTES = 32
_MAX_DEPTH = 6
_MAX_ID = 64
_ALGS = {"RSA ": "RS256", "EC P-256": "ES256", "OKP Ed25519": "EdDSA"}
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A public key of the provider and the one algorithm that it signs by."""

    kid: str
    alg: str
    key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Whose tokens are believed, and how its claims are read.

    `role_claim` is a path such as `realm_access.roles` or `groups`; `roles` says which role of the
    platform each of its values is. What is not named there gives no role.
    """

    issuer: str
    audience: str
    role_claim: str
    roles: Mapping[str, Role]
    skew_s: int = 30
    longest_life_s: int = 3600
    session_s: int = 36_000


@dataclass(frozen=True, slots=True)
class Principal:
    """A person who was signed in elsewhere: `via` says by whom; `jkt` if a key is needed too."""

    id: str
    role: Role
    display: str
    via: str
    expires: int
    jkt: str | None

    @property
    def subject(self) -> Subject:
        """The caller as the decision table knows it; a person acts for no party."""
        return Subject(self.id, self.role, None)


def check_address(url: str, what: str) -> None:
    """Return when tokens may rest on what this address says: https, or this machine.

    Raises:
        PlatformError: `E_POLICY`.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise PlatformError(
        Code.POLICY, f"the {what} is not reached by https", expected="https", received=url[:120]
    )


def read_keys(jwks: bytes) -> dict[str, ProviderKey]:
    """Return the signing keys of a JWK Set by their ids; keys of other kinds are left out.

    Raises:
        PlatformError: `E_KEY` when no key can be used, or an id stands twice; `E_MALFORMED`,
            `E_TOO_LARGE`.
    """
    listed = parse_json(jwks, max_bytes=MAX_JWKS_BYTES, max_depth=_MAX_DEPTH).get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise PlatformError(Code.KEY, "not a JWK Set", expected=f"a list of 1 to {MAX_KEYS} keys")
    keys: dict[str, ProviderKey] = {}
    for jwk in listed:
        found = _read_key(jwk) if isinstance(jwk, dict) else None
        if found is not None and found.kid in keys:
            raise PlatformError(Code.KEY, "two keys have one id", received=found.kid[:_MAX_ID])
        if found is not None:
            keys[found.kid] = found
    if not keys:
        raise PlatformError(
            Code.KEY, "no key of the provider can be used", expected="RS256, ES256 or EdDSA"
        )
    return keys


def key_id_of(token: str) -> str:
    """Return which key a token names, before anything of it is believed.

    Raises:
        PlatformError: `E_AUTH`.
    """
    return _text(_header(_split(token)[0]), "kid")


def issuer_of(token: str) -> str:
    """Return who a token says made it, before anything of it is believed.

    Raises:
        PlatformError: `E_AUTH`.
    """
    return _text(_object(_split(token)[1]), "iss")


def verify_person(token: str, key: ProviderKey, provider: Provider, now: float) -> Principal:
    """Return who the token speaks of.

    Raises:
        PlatformError: `E_AUTH`, saying which check failed.
    """
    encoded_header, encoded_claims, encoded_signature = _split(token)
    header = _header(encoded_header)
    if header.get("alg") != key.alg or header.get("kid") != key.kid:
        raise _refused(
            "the token names another algorithm or key",
            f"{key.alg} by {key.kid[:_MAX_ID]}",
            f"{str(header.get('alg'))[:20]}",
        )
    signed = f"{encoded_header}.{encoded_claims}".encode("ascii")
    _verify(key, signed, _bytes(encoded_signature))
    claims = _object(encoded_claims)
    _expect(claims.get("iss") == provider.issuer, "issuer", provider.issuer, claims.get("iss"))
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    _expect(provider.audience in named, "audience", provider.audience, audience)
    expires = _times(claims, provider, now)
    _expect(claims.get("typ", "Bearer") in {"Bearer", "DPoP"}, "kind", "Bearer", claims.get("typ"))
    subject = _text(claims, "sub")
    if len(subject) > _MAX_ID or not subject.isascii() or not subject.isprintable():
        raise _refused("claim sub is no id", f"up to {_MAX_ID} printable characters", "")
    return Principal(
        id=f"{PREFIX}{subject}",
        role=_role(claims, provider),
        display=_display(claims, subject),
        via=provider.issuer,
        expires=expires,
        jkt=_thumbprint(claims),
    )


def _read_key(jwk: Mapping[str, Any]) -> ProviderKey | None:
    """Return a key, or None for one that signs no tokens or by an algorithm that we do not take."""
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid or jwk.get("use", "sig") != "sig" or "d" in jwk:
        return None
    alg = _ALGS.get(f"{jwk.get('kty')} {jwk.get('crv', '')}")
    if alg is None or jwk.get("alg", alg) not in ({alg, "Ed25519"} if alg == "EdDSA" else {alg}):
        return None
    try:
        return ProviderKey(kid, alg, _public(alg, jwk))
    except (PlatformError, ValueError, TypeError, KeyError):
        return None


def _public(alg: str, jwk: Mapping[str, Any]) -> PublicKey:
    if alg == "EdDSA":
        return ed25519.Ed25519PublicKey.from_public_bytes(b64u_decode(jwk["x"], 32))
    if alg == "ES256":
        x, y = (int.from_bytes(b64u_decode(jwk[one], _P256_BYTES), "big") for one in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    n, e = (int.from_bytes(b64u_decode(jwk[one]), "big") for one in ("n", "e"))
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS:
        raise PlatformError(Code.KEY, "an RSA key of another size than is taken")
    return rsa.RSAPublicNumbers(e, n).public_key()


def _verify(key: ProviderKey, signed: bytes, signature: bytes) -> None:
    try:
        if isinstance(key.key, rsa.RSAPublicKey):
            key.key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        elif isinstance(key.key, ec.EllipticCurvePublicKey):
            key.key.verify(_asn1(signature), signed, ec.ECDSA(SHA256()))
        else:
            key.key.verify(signature, signed)
    except InvalidSignature as error:
        raise _refused("the token's signature does not verify", f"by {key.kid[:64]}", "") from error


def _asn1(signature: bytes) -> bytes:
    if len(signature) != 2 * _P256_BYTES:  # RFC 7518 §3.4
        raise InvalidSignature
    r, s = signature[:_P256_BYTES], signature[_P256_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _times(claims: Mapping[str, Any], provider: Provider, now: float) -> int:
    """Return when the token ends, once all its times fit."""
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires + provider.skew_s <= now:
        raise _refused("the token has expired", f"exp after {int(now)}", str(expires))
    starts = max(issued, _seconds(claims, "nbf") if "nbf" in claims else issued)
    if starts - provider.skew_s > now:
        raise _refused("the token is not valid yet", f"nbf and iat to {int(now)}", str(starts))
    if expires - issued > provider.longest_life_s:
        raise _refused(
            "the token lives too long",
            f"at most {provider.longest_life_s} s",
            f"{expires - issued} s",
        )
    if "auth_time" in claims:
        since = now - _seconds(claims, "auth_time")
        if since > provider.session_s:
            raise _refused(
                "the person signed in too long ago",
                f"at most {provider.session_s} s",
                f"{since:.0f} s",
            )
    return expires


def _role(claims: Mapping[str, Any], provider: Provider) -> Role:
    """Return the one role; who has two would give leave to himself."""
    value: Any = claims
    for name in provider.role_claim.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    named: Sequence[Any] = value if isinstance(value, list) else []
    roles = {provider.roles[one] for one in named if isinstance(one, str) and one in provider.roles}
    if len(roles) != 1:
        raise _refused(
            "the token gives not exactly one role of the platform",
            f"one of {', '.join(sorted(provider.roles))} in {provider.role_claim}",
            f"{len(roles)}",
        )
    return roles.pop()


def _display(claims: Mapping[str, Any], subject: str) -> str:
    for name in ("name", "preferred_username"):
        value = claims.get(name)
        if isinstance(value, str) and value.strip():
            return "".join(c for c in value if c.isprintable())[:_MAX_ID]
    return subject


def _thumbprint(claims: Mapping[str, Any]) -> str | None:
    confirmation = claims.get("cnf")
    if confirmation is None:
        return None
    jkt = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    if not isinstance(jkt, str):
        raise _refused("the token is bound in a way that is not taken", "cnf.jkt", "")
    return jkt


def _split(token: str) -> tuple[str, str, str]:
    parts = token.split(".")
    if len(token) > MAX_TOKEN_BYTES or len(parts) != _PARTS or not token.isascii():
        raise _refused("not a signed token", f"three parts, at most {MAX_TOKEN_BYTES} bytes", "")
    return parts[0], parts[1], parts[2]


def _header(encoded: str) -> dict[str, Any]:
    header = _object(encoded)
    typ = header.get("typ")
    if typ not in TYPES or "crit" in header:
        raise _refused(
            "the token's header is not taken", "typ JWT or at+jwt, no crit", str(typ)[:20]
        )
    return header


def _object(encoded: str) -> dict[str, Any]:
    try:
        return parse_json(_bytes(encoded), max_bytes=MAX_TOKEN_BYTES, max_depth=_MAX_DEPTH)
    except PlatformError as error:
        raise _refused(f"not a strict token: {error.detail}", error.expected, "") from error


def _bytes(encoded: str) -> bytes:
    try:
        return b64u_decode(encoded)
    except PlatformError as error:
        raise _refused(f"not a strict token: {error.detail}", error.expected, "") from error


def _expect(holds: object, what: str, expected: str, received: object) -> None:
    if not holds:
        raise _refused(f"the token is of another {what}", expected, str(received)[:120])


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _refused(f"the token has no {name}", "a string", "")
    return value


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(f"the token has no {name}", "seconds since 1970", "")
    return value


def _refused(detail: str, expected: str | None, received: str) -> PlatformError:
    return PlatformError(
        Code.AUTH, detail, expected=expected or "", received=received, fix="Sign in again."
    )
