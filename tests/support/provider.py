"""A sign-in provider of Keycloak's shape: its keys, its discovery document and its tokens.

The members of tokens and documents follow Keycloak's as we know them; none was recorded from a
server. Keys are made here.
"""

import json
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sextant_shared.encoding import b64u
from sextant_shared.protocol.access import Role
from sextant_shared.protocol.people import Provider

NOW = 1_750_000_000
ISSUER = "https://sso.example/realms/secretariat"
PROVIDER = Provider(
    issuer=ISSUER,
    audience="sextant-declarations",
    role_claim="realm_access.roles",
    roles={"verification-officer": Role.OFFICER, "auditor": Role.AUDITOR},
)
Claims = dict[str, Any]


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def big(value: int, size: int | None = None) -> str:
    return b64u(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk_of(alg: str) -> Claims:
    if alg == "RS256":
        numbers = rsa_key().public_key().public_numbers()
        own = {"kty": "RSA", "n": big(numbers.n), "e": big(numbers.e)}
        return {**own, "kid": "kid-RS256", "use": "sig", "alg": alg, "x5t": "x", "x5c": ["x"]}
    if alg == "ES256":
        point = ec_key().public_key().public_numbers()
        own = {"kty": "EC", "crv": "P-256", "x": big(point.x, 32), "y": big(point.y, 32)}
        return {**own, "kid": "kid-ES256", "use": "sig", "alg": alg}
    raw = ed_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    own = {"kty": "OKP", "crv": "Ed25519", "x": b64u(raw)}
    return {**own, "kid": "kid-EdDSA", "use": "sig", "alg": alg}


ENCRYPTION = {"kid": "enc", "kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "n": "AQAB", "e": "AQAB"}


def jwks(*algs: str) -> bytes:
    listed = [ENCRYPTION, *(jwk_of(alg) for alg in algs or ("RS256", "ES256", "EdDSA"))]
    return json.dumps({"keys": listed}).encode()


def claims(**changed: Any) -> Claims:
    own = {
        "exp": NOW + 300,
        "iat": NOW - 5,
        "auth_time": NOW - 60,
        "jti": "onrtac:5b0f2d3c",
        "iss": ISSUER,
        "aud": ["sextant-declarations", "account"],
        "sub": "8c5dbb5c-6b1e-4c4e-9a3a-0d6f3c7d1a11",
        "typ": "Bearer",
        "azp": "sextant-console",
        "sid": "1f6d",
        "acr": "1",
        "allowed-origins": ["/*"],
        "realm_access": {"roles": ["offline_access", "verification-officer"]},
        "resource_access": {"account": {"roles": ["view-profile"]}},
        "scope": "openid profile",
        "preferred_username": "officer-1",
    }
    return {name: value for name, value in {**own, **changed}.items() if value is not None}


def sign(alg: str, signed: bytes) -> bytes:
    if alg == "RS256":
        return rsa_key().sign(signed, padding.PKCS1v15(), SHA256())
    if alg == "ES256":
        r, s = decode_dss_signature(ec_key().sign(signed, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return ed_key().sign(signed)


def token(body: Claims, alg: str = "RS256", header: Claims | None = None) -> str:
    head = {"alg": alg, "typ": "JWT", "kid": f"kid-{alg}", **(header or {})}
    signed = f"{b64u(json.dumps(head).encode())}.{b64u(json.dumps(body).encode())}"
    return f"{signed}.{b64u(sign(alg, signed.encode()))}"


def discovery(**changed: Any) -> Claims:
    """Return the members of Keycloak's discovery document that matter, and some that do not."""
    base = f"{ISSUER}/protocol/openid-connect"
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/certs",
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "tls_client_certificate_bound_access_tokens": True,
        "mtls_endpoint_aliases": {"token_endpoint": f"{base}/token"},
        **changed,
    }


class Served:
    """Answers for the provider; what it lists can be changed, and it can be away."""

    def __init__(self, *algs: str, **changed: Any) -> None:
        self.algs, self.changed, self.away, self.asked = algs, changed, False, 0

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.away:
            return httpx.Response(503)
        if request.url.path.endswith("/certs"):
            return httpx.Response(200, content=jwks(*self.algs))
        return httpx.Response(200, json=discovery(**self.changed))
