"""A person signs in at the Secretariat's provider, and what is kept of it in the home.

Responsible for the authorization code flow with PKCE of a public client (RFC 8252, RFC 7636, RFC
9207), renewal, and signing out. Not responsible for the browser's way back (`loopback`), nor for
what a token is worth: the service decides on each request. The ID token is taken from the provider
itself over https, so its claims are compared and its signature is not needed (OpenID Connect Core
§3.1.3.7); it names the person on this screen and gives no access.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from sextant_client.home import Home, as_json, read_json
from sextant_shared.clock import Clock, random_bytes, system_clock, timestamp_s
from sextant_shared.encoding import b64u, b64u_decode, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.files import sync_folder, write_whole
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.people import DISCOVERY, check_address

FILE = "sign-in.json"
CLIENT = "sextant-console"
SCOPE = "openid profile"
TIMEOUT_S = 15.0
MARGIN_S = 15  # a token that ends sooner is renewed first: it must last for the request
MAX_ANSWER_BYTES = 131_072
_PRIVATE = 0o600
_AGAIN = "sextant officer login"


class SignIn(Strict):
    """Who is signed in, where, and until when; the file is its owner's alone."""

    v: Version1
    issuer: str
    client: str
    subject: str
    name: str
    access_token: str
    expires: int
    refresh_token: str | None
    id_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider is asked what; `names_itself` says that its answers carry `iss`."""

    issuer: str
    authorize: str
    token: str
    end_session: str | None
    revoke: str | None
    names_itself: bool


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one sign-in is recognised by; none of it is stored."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> "Secrets":
        """Return new ones of 256 bits each."""
        return cls(*(b64u(random_bytes(32)) for _ in range(3)))


def load(home: Home) -> SignIn | None:
    """Return who is signed in, None for nobody.

    Raises:
        PlatformError: `E_MALFORMED` for a file of another shape.
    """
    path = _path(home)
    return read_model(SignIn, read_json(path)) if path.exists() else None


def keep(home: Home, signed_in: SignIn) -> None:
    """Store who is signed in, for the owner of the home alone."""
    write_whole(_path(home), as_json(signed_in.model_dump(mode="json")), _PRIVATE)
    sync_folder(home.path)


def forget(home: Home) -> None:
    """Remove who is signed in."""
    _path(home).unlink(missing_ok=True)


@dataclass(frozen=True)
class Desk:
    """Where people sign in: a client of one provider."""

    issuer: str
    client: str = CLIENT
    clock: Clock = system_clock
    transport: httpx.BaseTransport | None = None

    def endpoints(self) -> Endpoints:
        """Return where the provider is asked what, by its discovery document.

        Raises:
            PlatformError: `E_POLICY` for another issuer, or a place without https;
                `E_UNAVAILABLE`, `E_MALFORMED`.
        """
        check_address(self.issuer, "provider")
        found = self._answer("GET", f"{self.issuer.rstrip('/')}{DISCOVERY}")
        if found.get("issuer") != self.issuer:
            raise PlatformError(
                Code.POLICY,
                "the discovery document is of another issuer",
                expected=self.issuer,
                received=str(found.get("issuer"))[:120],
                fix="Give --issuer exactly as the provider writes it.",
            )
        methods = found.get("code_challenge_methods_supported", ["S256"])
        if "S256" not in methods:
            raise PlatformError(
                Code.POLICY,
                "the provider does not bind codes to who asked for them (PKCE)",
                expected="S256",
                received=str(methods)[:120],
            )
        places = {
            name: _place(found, f"{name}_endpoint")
            for name in ("authorization", "token", "end_session", "revocation")
        }
        return Endpoints(
            issuer=self.issuer,
            authorize=_needed(places["authorization"], "authorization_endpoint"),
            token=_needed(places["token"], "token_endpoint"),
            end_session=places["end_session"],
            revoke=places["revocation"],
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def address(
        self, places: Endpoints, secrets: Secrets, redirect_uri: str, *, anew: bool = False
    ) -> str:
        """Return the address a browser is sent to; `anew` asks for the password in any case."""
        asked = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": secrets.state,
            "nonce": secrets.nonce,
            "code_challenge": b64u(sha256(secrets.verifier.encode())),
            "code_challenge_method": "S256",
            **({"prompt": "login"} if anew else {}),
        }
        joint = "&" if "?" in places.authorize else "?"
        return f"{places.authorize}{joint}{urlencode(asked)}"

    def redeem(
        self, places: Endpoints, secrets: Secrets, redirect_uri: str, answer: Mapping[str, str]
    ) -> SignIn:
        """Return who signed in, for the provider's answer; its state was compared already.

        Raises:
            PlatformError: `E_AUTH` for a refusal, or an answer or ID token that is not for us.
        """
        said = answer.get("iss")
        if said != places.issuer and (places.names_itself or said is not None):
            raise _refused("the answer is of another provider", places.issuer, said or "none")
        if "error" in answer or not answer.get("code"):
            raise _refused("the provider did not sign you in", "a code", _reason(answer))
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": redirect_uri,
            "code_verifier": secrets.verifier,
        }
        tokens = self._tokens(places, form)
        claims = self._claims(tokens, places.issuer)
        if not hmac.compare_digest(str(claims.get("nonce")), secrets.nonce):
            raise _refused("the ID token is of another sign-in", "our nonce", "another")
        return self._signed_in(tokens, claims, None)

    def renew(self, signed_in: SignIn) -> SignIn:
        """Return the same person with a token that lasts.

        Raises:
            PlatformError: `E_AUTH` when the provider ended it, `E_UNAVAILABLE`.
        """
        if signed_in.refresh_token is None:
            raise self._ended(signed_in)
        places = self.endpoints()
        form = {"grant_type": "refresh_token", "refresh_token": signed_in.refresh_token}
        try:
            tokens = self._tokens(places, form)
        except PlatformError as error:
            if error.code is not Code.AUTH:
                raise
            raise self._ended(signed_in) from error
        if "id_token" not in tokens:
            tokens["id_token"] = signed_in.id_token
            claims = _claims_of(signed_in.id_token)
        else:
            claims = self._claims(tokens, places.issuer)
        if claims.get("sub") != signed_in.subject:
            raise _refused("the provider answers for another person", signed_in.subject, "another")
        return self._signed_in(tokens, claims, signed_in.refresh_token)

    def leave(self, signed_in: SignIn) -> str | None:
        """Revoke what can be revoked; return where a browser ends the sign-in, if it can.

        Raises:
            PlatformError: `E_UNAVAILABLE`; the home has forgotten it by then.
        """
        places = self.endpoints()
        if places.revoke is not None and signed_in.refresh_token is not None:
            form = {"token": signed_in.refresh_token, "token_type_hint": "refresh_token"}
            self._posted(places.revoke, form)
        if places.end_session is None:
            return None
        hint = {"id_token_hint": signed_in.id_token, "client_id": self.client}
        return f"{places.end_session}?{urlencode(hint)}"

    def _tokens(self, places: Endpoints, form: Mapping[str, str]) -> dict[str, Any]:
        response = self._posted(places.token, form)
        found = _object(response)
        if response.is_error:
            raise _refused("the provider gives no token", "a token", _reason(found))
        kind = str(found.get("token_type"))
        if kind.lower() != "bearer" or not isinstance(found.get("access_token"), str):
            raise _refused("the provider's token is of another kind", "Bearer", kind[:40])
        return found

    def _signed_in(
        self, tokens: Mapping[str, Any], claims: Mapping[str, Any], refresh: str | None
    ) -> SignIn:
        lasts = tokens.get("expires_in", 60)
        given = tokens.get("refresh_token", refresh)
        name = claims.get("name") or claims.get("preferred_username") or claims["sub"]
        return SignIn(
            v=1,
            issuer=self.issuer,
            client=self.client,
            subject=str(claims["sub"]),
            name=printable(str(name)),
            access_token=tokens["access_token"],
            expires=int(self.clock()) + (lasts if isinstance(lasts, int) else 60),
            refresh_token=given if isinstance(given, str) else None,
            id_token=str(tokens["id_token"]),
        )

    def _claims(self, tokens: Mapping[str, Any], issuer: str) -> dict[str, Any]:
        claims = _claims_of(str(tokens.get("id_token")))
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        ends = claims.get("exp")
        if claims.get("iss") != issuer or self.client not in named:
            raise _refused("the ID token is not for this client", f"{issuer}, {self.client}", "")
        if not isinstance(claims.get("sub"), str) or not isinstance(ends, int):
            raise _refused("the ID token names no person", "sub and exp", "")
        if ends + MARGIN_S < self.clock():
            raise _refused("the ID token has ended", "a clock that fits the provider's", str(ends))
        return claims

    def _ended(self, signed_in: SignIn) -> PlatformError:
        return PlatformError(
            Code.AUTH,
            f"the sign-in of {signed_in.name} has ended",
            expected=f"a token that lasts beyond {timestamp_s(self.clock())}",
            received=f"one to {timestamp_s(signed_in.expires)}",
            fix=f"Sign in again: {_AGAIN}",
        )

    def _posted(self, url: str, form: Mapping[str, str]) -> httpx.Response:
        return self._asked("POST", url, {**form, "client_id": self.client})

    def _answer(self, method: str, url: str) -> dict[str, Any]:
        response = self._asked(method, url, None)
        if response.is_error:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"the provider answers {response.status_code}",
                received=url[:120],
                fix="Check the address of the provider: --issuer.",
            )
        return _object(response)

    def _asked(self, method: str, url: str, form: Mapping[str, str] | None) -> httpx.Response:
        try:
            with httpx.Client(
                transport=self.transport, timeout=TIMEOUT_S, trust_env=False
            ) as client:
                return client.request(method, url, data=form)
        except httpx.TransportError as error:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"the provider does not answer ({type(error).__name__})",
                received=url[:120],
                fix="Check the address and the network, then run it again.",
            ) from error


def bearer_of(home: Home, desk: Callable[[SignIn], Desk] | None = None) -> Callable[[], str] | None:
    """Return what gives a token that lasts, renewed when it must be; None when nobody signed in."""
    if not _path(home).exists():
        return None
    at = desk or (lambda one: Desk(one.issuer, one.client))

    def token() -> str:
        held = load(home)
        if held is None:
            raise PlatformError(Code.AUTH, "nobody is signed in any more", fix=_AGAIN)
        here = at(held)
        if held.expires - MARGIN_S > here.clock():
            return held.access_token
        try:
            renewed = here.renew(held)
        except PlatformError:
            other = load(home)  # another command may have renewed it meanwhile
            if other is None or other == held:
                raise
            return other.access_token
        keep(home, renewed)
        return renewed.access_token

    return token


def printable(text: str) -> str:
    """Return a name that is safe to print, bounded."""
    return "".join(c for c in text if c.isprintable())[:64]


def _path(home: Home) -> Path:
    return home.path / FILE


def _claims_of(token: str) -> dict[str, Any]:
    try:
        _, claims, _ = token.split(".")
        return parse_json(b64u_decode(claims), max_bytes=MAX_ANSWER_BYTES, max_depth=6)
    except (ValueError, PlatformError) as error:
        raise _refused("the provider's ID token cannot be read", "three parts", "") from error


def _object(response: httpx.Response) -> dict[str, Any]:
    return parse_json(response.content, max_bytes=MAX_ANSWER_BYTES, max_depth=8)


def _place(found: Mapping[str, Any], name: str) -> str | None:
    place = found.get(name)
    if not isinstance(place, str):
        return None
    check_address(place, f"provider's {name}")
    return place


def _needed(place: str | None, name: str) -> str:
    if place is None:
        raise PlatformError(Code.MALFORMED, "the provider says too little", expected=name)
    return place


def _reason(said: Mapping[str, Any]) -> str:
    words = (said.get("error"), said.get("error_description"))
    return printable(": ".join(word for word in words if isinstance(word, str))) or "nothing"


def _refused(detail: str, expected: str, received: str) -> PlatformError:
    return PlatformError(
        Code.AUTH,
        detail,
        expected=expected,
        received=received[:120],
        fix=f"Sign in again: {_AGAIN}",
    )
