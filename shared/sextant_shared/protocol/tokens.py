"""Machine access: client assertions, access tokens and proofs of possession.

Responsible for the bytes and claims of `private_key_jwt` (RFC 7523), `at+jwt` (RFC 9068) and DPoP
(RFC 9449), all Ed25519. Not responsible for remembering which `jti` were seen: callers do that.
The token only gates access; the authenticity of an envelope never rests on it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sextant_shared.clock import random_bytes, timestamp_s
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role, Subject

MAX_TOKEN_BYTES = 2048
ASSERTION_LIFE_S = 120
ACCESS_LIFE_S = 300
PROOF_SKEW_S = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYP_ASSERTION = "JWT"
TYP_ACCESS = "at+jwt"
TYP_PROOF = "dpop+jwt"
_ALG = str(Alg.ED25519)
_THUMBPRINT = "x5t#S256"
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}\Z")
_PARTS = 3
MAX_ID_CHARS = 64  # of a `jti`: it is remembered, so it must not be a way to fill memory
CACHED_PROOF_KEYS = 4096


@dataclass(frozen=True, slots=True)
class Assertion:
    """A client's claim to be `client_id`, not yet verified: `kid` says by which key."""

    client_id: str
    kid: str
    jti: str
    audience: str
    expires: int
    signing_input: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified DPoP proof: who holds the key, and the id that must not come twice."""

    jkt: str
    jti: str
    issued: int


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified access token; `certificate` is the thumbprint it is bound to besides its key."""

    subject: Subject
    jkt: str
    expires: int
    certificate: str = ""


def make_client_assertion(client_id: str, issuer: str, signer: Signer, now: float) -> str:
    """Return a client assertion for the token endpoint of `issuer`."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "iat": int(now),
        "exp": int(now) + ASSERTION_LIFE_S // 2,
        "jti": b64u(random_bytes(16)),
    }
    return _sign({"alg": _ALG, "kid": signer.kid, "typ": TYP_ASSERTION}, claims, signer)


def make_token_request(
    client_id: str, issuer: str, url: str, signer: Signer, now: float
) -> tuple[dict[str, str], str]:
    """Return (form, DPoP proof) of a request for an access token at `url`."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": make_client_assertion(client_id, issuer, signer, now),
    }
    return form, make_dpop_proof("POST", url, signer, now)


def make_dpop_proof(
    method: str, url: str, signer: Signer, now: float, access_token: str | None = None
) -> str:
    """Return a proof for one request; `url` without query and fragment (RFC 9449 §4.2)."""
    claims: dict[str, Any] = {
        "htm": method,
        "htu": url,
        "iat": int(now),
        "jti": b64u(random_bytes(16)),
    }
    if access_token is not None:
        claims["ath"] = b64u(sha256(access_token.encode()))
    return _sign({"alg": _ALG, "jwk": signer.jwk, "typ": TYP_PROOF}, claims, signer)


def read_assertion(token: str) -> Assertion:
    """Parse an assertion far enough to find the key that must verify it.

    Raises:
        PlatformError: `E_AUTH`.
    """
    header, claims, signing_input, signature = _parse(token, {"alg", "kid", "typ"}, TYP_ASSERTION)
    client_id, jti = _text(claims, "sub"), _id(claims)
    if claims.get("iss") != client_id or _CLIENT_ID.match(client_id) is None:
        raise _refused("the assertion names no client", "iss = sub = client id", client_id[:64])
    kid, expires = _text(header, "kid"), _seconds(claims, "exp")
    return Assertion(client_id, kid, jti, str(claims.get("aud")), expires, signing_input, signature)


def verify_client_assertion(
    assertion: Assertion, verifier: Verifier, issuer: str, now: float
) -> None:
    """Check signature, audience and times of an assertion (RFC 7523 §3).

    Raises:
        PlatformError: `E_AUTH`.
    """
    _verify(verifier, assertion.signing_input, assertion.signature, "the client assertion")
    if assertion.audience != issuer:
        raise _refused("the assertion is for another audience", issuer, assertion.audience[:120])
    if not now - PROOF_SKEW_S < assertion.expires <= now + ASSERTION_LIFE_S + PROOF_SKEW_S:
        raise _refused(
            "the assertion has expired or lives too long",
            f"exp within {ASSERTION_LIFE_S} s of {int(now)}",
            str(assertion.expires),
        )


def verify_dpop_proof(
    token: str, *, method: str, url: str, now: float, access_token: str | None = None
) -> Proof:
    """Check a proof against the request that carried it (RFC 9449 §4.3).

    Raises:
        PlatformError: `E_AUTH`.
    """
    claims, signing_input, signature = _parse_claims(token)
    verifier = _proof_key(token.partition(".")[0])
    _verify(verifier, signing_input, signature, "the DPoP proof")
    _expect(claims, "htm", method)
    _expect(claims, "htu", url)
    issued = _seconds(claims, "iat")
    if abs(issued - now) > PROOF_SKEW_S:
        raise _refused(
            "the proof is stale or from the future",
            f"iat within {PROOF_SKEW_S} s of {int(now)}",
            str(issued),
            _fix_of_clock(issued - now, now),
        )
    if access_token is not None:
        _expect(claims, "ath", b64u(sha256(access_token.encode())))
    return Proof(verifier.kid, _id(claims), issued)


def issue_access_token(
    subject: Subject, jkt: str, issuer: str, signer: Signer, now: float, *, certificate: str = ""
) -> str:
    """Return an access token bound to the DPoP key `jkt`, and to a client certificate if any.

    `certificate` is the thumbprint of RFC 8705 §3.1.
    """
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": issuer,
        "sub": subject.client_id,
        "client_id": subject.client_id,
        "role": str(subject.role),
        "iat": int(now),
        "exp": int(now) + ACCESS_LIFE_S,
        "jti": b64u(random_bytes(16)),
        "cnf": {"jkt": jkt, **({_THUMBPRINT: certificate} if certificate else {})},
    }
    if subject.party is not None:
        claims["party"] = subject.party
    return _sign({"alg": _ALG, "kid": signer.kid, "typ": TYP_ACCESS}, claims, signer)


def verify_access_token(token: str, *, issuer: str, verifier: Verifier, now: float) -> AccessToken:
    """Check an access token that this issuer gave out (RFC 9068 §4).

    Raises:
        PlatformError: `E_AUTH`.
    """
    header, claims, signing_input, signature = _parse(token, {"alg", "kid", "typ"}, TYP_ACCESS)
    if header["kid"] != verifier.kid:
        raise _refused("the token is by another issuer key", verifier.kid, str(header["kid"])[:43])
    _verify(verifier, signing_input, signature, "the access token")
    _expect(claims, "iss", issuer)
    _expect(claims, "aud", issuer)
    expires = _seconds(claims, "exp")
    if expires <= now:
        raise _refused("the access token has expired", f"exp after {int(now)}", str(expires))
    confirmation = claims.get("cnf")
    role, party = claims.get("role"), claims.get("party")
    if not isinstance(role, str) or role not in set(Role) or not isinstance(confirmation, dict):
        raise _refused("the access token lacks its role or key binding", "role and cnf.jkt", "")
    subject = Subject(_text(claims, "client_id"), Role(role), str(party) if party else None)
    bound_to = _text(confirmation, _THUMBPRINT) if _THUMBPRINT in confirmation else ""
    return AccessToken(subject, _text(confirmation, "jkt"), expires, bound_to)


def _sign(header: dict[str, Any], claims: dict[str, Any], signer: Signer) -> str:
    head = b64u(canonical_json(header))
    body = b64u(canonical_json(claims))
    signature = signer.sign(f"{head}.{body}".encode("ascii"))
    return f"{head}.{body}.{b64u(signature)}"


def _parse(
    token: str, members: set[str], typ: str
) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Return (header, claims, signing input, signature) of a compact JWS, strictly."""
    claims, signing_input, signature = _parse_claims(token)
    header = _parse_header(token.partition(".")[0], frozenset(members), typ)
    return header, claims, signing_input, signature


def _parse_claims(token: str) -> tuple[dict[str, Any], bytes, bytes]:
    """Return (claims, signing input, signature) of a compact JWS, strictly."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN_BYTES or len(parts) != _PARTS or not token.isascii():
        raise _refused("not a compact JWS", f"three parts, at most {MAX_TOKEN_BYTES} bytes", "")
    try:
        claims = parse_json(b64u_decode(parts[1]), max_bytes=MAX_TOKEN_BYTES, max_depth=2)
        signature = b64u_decode(parts[2], 64)
    except PlatformError as error:
        detail = f"not a strict JWS: {error.detail}"
        raise _refused(detail, error.expected, error.received) from error
    return claims, f"{parts[0]}.{parts[1]}".encode("ascii"), signature


def _parse_header(encoded: str, members: frozenset[str], typ: str) -> dict[str, Any]:
    try:
        header = parse_json(b64u_decode(encoded), max_bytes=MAX_TOKEN_BYTES, max_depth=2)
    except PlatformError as error:
        detail = f"not a strict JWS: {error.detail}"
        raise _refused(detail, error.expected, error.received) from error
    if set(header) != members or header["typ"] != typ or header["alg"] != _ALG:
        raise _refused(
            "the token's header is not of its kind",
            f"{', '.join(sorted(members))} with typ {typ} and alg {_ALG}",
            f"{', '.join(sorted(header))[:60]} with typ {str(header.get('typ'))[:20]}"
            f" and alg {str(header.get('alg'))[:20]}",
        )
    return header


@lru_cache(maxsize=CACHED_PROOF_KEYS)
def _proof_key(encoded: str) -> Verifier:
    """Return the key of a proof's header; one client's header is the same in every proof."""
    jwk = _parse_header(encoded, frozenset({"alg", "jwk", "typ"}), TYP_PROOF)["jwk"]
    if not isinstance(jwk, dict) or jwk.get("crv") != _ALG:
        raise _refused("the proof's key is no Ed25519 key", _ALG, "another key")
    return _load(jwk)


def _load(jwk: dict[str, str]) -> Verifier:
    try:
        return Verifier.from_jwk(jwk)
    except PlatformError as error:
        raise _refused("the proof's key does not load", "an Ed25519 JWK", error.detail) from error


def _verify(verifier: Verifier, signing_input: bytes, signature: bytes, what: str) -> None:
    try:
        verifier.verify(signing_input, signature)
    except PlatformError as error:
        raise _refused(f"{what} does not verify", f"a signature by {verifier.kid}", "") from error


def _expect(claims: dict[str, Any], name: str, expected: str) -> None:
    if claims.get(name) != expected:
        raise _refused(f"claim {name} does not fit", expected, str(claims.get(name))[:120])


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _refused(f"claim {name} is missing", "a string", "")
    return value


def _id(claims: dict[str, Any]) -> str:
    value = _text(claims, "jti")
    if len(value) > MAX_ID_CHARS:
        raise _refused("claim jti is too long", f"at most {MAX_ID_CHARS} characters", "")
    return value


def _seconds(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(f"claim {name} is missing", "seconds since 1970", "")
    return value


def _fix_of_clock(ahead_s: float, now: float) -> str:
    """Return what mends a clock that differs; the answer's header `Date` says the same time."""
    direction = "ahead of" if ahead_s > 0 else "behind"
    return (
        f"Your clock is {abs(ahead_s):.0f} s {direction} the service's, which says"
        f" {timestamp_s(now)}: set it, or send a proof as soon as it is made."
    )


def _refused(detail: str, expected: str, received: str, fix: str = "") -> PlatformError:
    return PlatformError(Code.AUTH, detail, expected=expected, received=received, fix=fix)
