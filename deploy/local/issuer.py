"""A sign-in provider for development: three made-up people, on this machine alone.

    python -m deploy.local.issuer --port 9300

A real OpenID Connect provider in what a console needs: discovery, keys, authorization code with
PKCE (RFC 7636), access tokens of Keycloak's shape, renewal, revocation, signing out. It asks for no
password, so it refuses to start where any of our services is in production, and it answers on
loopback alone. Its key dies with it.
"""

import argparse
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sextant_shared.clock import Clock, random_bytes, system_clock
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
AUDIENCE, CLIENT = "sextant-declarations", "sextant-console"
TOKEN_LIFE_S, CODE_LIFE_S, SESSION_S = 300, 60, 36_000
KID = "development"
_NO_STORE = {"Cache-Control": "no-store"}
_SIGNED_OUT = '<!doctype html><html lang="en"><title>Signed out</title><h1>Signed out</h1></html>'


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person and the role that the tokens name."""

    sub: str
    name: str
    roles: tuple[str, ...]


PEOPLE = (
    Person("dev-officer-1", "Development officer 1", ("sextant-officer",)),
    Person("dev-officer-2", "Development officer 2", ("sextant-officer",)),
    Person("dev-auditor", "Development auditor", ("sextant-auditor",)),
)


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a code is good for: once, until its end, by who knows the verifier."""

    person: Person
    redirect_uri: str
    challenge: str
    nonce: str | None
    ends: float


@dataclass(frozen=True, slots=True)
class _Session:
    """A person who is signed in; whoever holds the token of the day may renew, once."""

    person: Person
    since: int


@dataclass
class Issuer:
    """The provider; `grants` are the codes that wait to be redeemed, `sessions` by their token."""

    url: str
    clock: Clock
    key: ec.EllipticCurvePrivateKey
    grants: dict[str, _Grant] = field(default_factory=dict)
    sessions: dict[str, _Session] = field(default_factory=dict)

    def discovery(self, _request: Request) -> Response:
        """Answer the discovery document."""
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "end_session_endpoint": f"{self.url}/logout",
                "revocation_endpoint": f"{self.url}/revoke",
                "authorization_response_iss_parameter_supported": True,
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
            }
        )

    def keys(self, _request: Request) -> Response:
        """Answer the public key."""
        point = self.key.public_key().public_numbers()
        x, y = (b64u(one.to_bytes(32, "big")) for one in (point.x, point.y))
        own = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        return JSONResponse({"keys": [{**own, "kid": KID, "use": "sig", "alg": "ES256"}]})

    def authorize(self, request: Request) -> Response:
        """Ask which person it is, then send the browser back with a code."""
        asked = request.query_params
        if (wrong := _wrong(asked)) is not None:
            return JSONResponse({"error": "invalid_request", "error_description": wrong}, 400)
        person = next((one for one in PEOPLE if one.sub == asked.get("person")), None)
        if person is None:
            return HTMLResponse(_page(asked), headers=_NO_STORE)
        code = b64u(random_bytes(32))
        ends = self.clock() + CODE_LIFE_S
        to, challenge = asked["redirect_uri"], asked["code_challenge"]
        self.grants[code] = _Grant(person, to, challenge, asked.get("nonce"), ends)
        back = urlencode({"code": code, "state": asked.get("state", ""), "iss": self.url})
        return RedirectResponse(f"{to}?{back}", status_code=303, headers=_NO_STORE)

    async def token(self, request: Request) -> Response:
        """Answer tokens for a code, or for a token that renews; each serves once."""
        form = await _form_of(request)
        if form.get("grant_type") == "refresh_token":
            session = self.sessions.pop(form.get("refresh_token", ""), None)
            if session is None or session.since + SESSION_S < self.clock():
                return _refusal("invalid_grant")
            return self._tokens(session, None)
        grant = self.grants.pop(form.get("code", ""), None)
        challenge = b64u(sha256(form.get("code_verifier", "").encode()))
        if (
            form.get("grant_type") != "authorization_code"
            or grant is None
            or grant.ends < self.clock()
            or grant.redirect_uri != form.get("redirect_uri")
            or form.get("client_id") != CLIENT
            or not hmac.compare_digest(challenge, grant.challenge)
        ):
            return _refusal("invalid_grant")
        return self._tokens(_Session(grant.person, int(self.clock())), grant.nonce)

    async def revoke(self, request: Request) -> Response:
        """Forget a token that renews; also one that is not known (RFC 7009 §2.2)."""
        self.sessions.pop((await _form_of(request)).get("token", ""), None)
        return Response(headers=_NO_STORE)

    def logout(self, _request: Request) -> Response:
        """Say that a person is signed out: this provider remembers no browser."""
        return HTMLResponse(_SIGNED_OUT, headers=_NO_STORE)

    def _tokens(self, session: _Session, nonce: str | None) -> Response:
        now, person = int(self.clock()), session.person
        both = {"iss": self.url, "sub": person.sub, "iat": now, "exp": now + TOKEN_LIFE_S}
        both |= {"auth_time": session.since, "name": person.name, "azp": CLIENT}
        roles = {"realm_access": {"roles": [*person.roles, "offline_access"]}}
        own = {} if nonce is None else {"nonce": nonce}
        renews = b64u(random_bytes(32))
        self.sessions[renews] = session
        answer = {
            "access_token": self._signed({**both, **roles, "aud": AUDIENCE, "typ": "Bearer"}),
            "id_token": self._signed({**both, **own, "aud": CLIENT, "typ": "ID"}),
            "refresh_token": renews,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE_S,
        }
        return JSONResponse(answer, headers=_NO_STORE)

    def _signed(self, claims: Mapping[str, Any]) -> str:
        parts = ({"alg": "ES256", "typ": "JWT", "kid": KID}, claims)
        signed = ".".join(b64u(json.dumps(part).encode()) for part in parts)
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{b64u(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def refuse_in_production(environment: Mapping[str, str]) -> None:
    """Return where none of our services is in production.

    Raises:
        PlatformError: `E_POLICY`.
    """
    for name, value in environment.items():
        if name.startswith("SEXTANT_") and name.endswith("_ENVIRONMENT") and value == "production":
            raise PlatformError(
                Code.POLICY,
                "the provider for development asks for no password: it is not for production",
                received=f"{name}={value}",
                fix="Set SEXTANT_DECLARATIONS_PEOPLE_ISSUER to the provider of the Secretariat.",
            )


def create_issuer(url: str, environment: Mapping[str, str], clock: Clock) -> Starlette:
    """Return the provider as an app.

    Raises:
        PlatformError: `E_POLICY` in production, or for an address that others reach.
    """
    refuse_in_production(environment)
    if urlsplit(url).hostname not in LOOPBACK:
        raise PlatformError(
            Code.POLICY, "the provider for development answers on loopback alone", received=url
        )
    issuer = Issuer(url, clock, ec.generate_private_key(ec.SECP256R1()))
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", issuer.discovery),
            Route("/keys", issuer.keys),
            Route("/authorize", issuer.authorize),
            Route("/token", issuer.token, methods=["POST"]),
            Route("/revoke", issuer.revoke, methods=["POST"]),
            Route("/logout", issuer.logout),
        ]
    )


async def _form_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def _refusal(why: str) -> Response:
    return JSONResponse({"error": why}, 400, headers=_NO_STORE)


def _wrong(asked: Mapping[str, str]) -> str | None:
    """Return what is wrong with a request, before anybody is sent anywhere."""
    to = urlsplit(asked.get("redirect_uri", ""))
    if to.scheme != "http" or to.hostname not in LOOPBACK or to.query or to.fragment:
        return "redirect_uri is an http address on loopback without a query"
    needed = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
    for name, value in needed.items():
        if asked.get(name) != value:
            return f"{name} is {value}"
    return None if asked.get("code_challenge") else "code_challenge is missing"


def _page(asked: Mapping[str, str]) -> str:
    links = "".join(
        f'<li><a href="?{escape(urlencode({**asked, "person": one.sub}))}">{one.name}</a></li>'
        for one in PEOPLE
    )
    return (
        '<!doctype html><html lang="en"><title>Sign in</title><h1>Who are you?</h1>'
        f"<p>These people are made up; there is no password.</p><ul>{links}</ul></html>"
    )


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="A sign-in provider for development.")
    parser.add_argument("--port", type=int, default=9300)
    port = parser.parse_args().port
    url = f"http://127.0.0.1:{port}"
    app = create_issuer(url, os.environ, system_clock)
    print(f"SEXTANT_DECLARATIONS_PEOPLE_ISSUER={url}")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
