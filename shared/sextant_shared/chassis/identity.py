"""Who is calling: gives out access tokens and authenticates each request.

Each service is the issuer for its own callers. Authentication costs one Ed25519 verification per
request: a token is verified once and remembered for its life, keys are loaded once.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse

from sextant_shared.chassis.directory import ClientDirectory, ClientRecord, StaticDirectory
from sextant_shared.chassis.edge import certificate_of
from sextant_shared.chassis.people import People
from sextant_shared.chassis.rates import Rates
from sextant_shared.chassis.replay import ReplayCache
from sextant_shared.clock import Clock
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Subject
from sextant_shared.protocol.people import issuer_of
from sextant_shared.protocol.tokens import (
    ACCESS_LIFE_S,
    ASSERTION_LIFE_S,
    ASSERTION_TYPE,
    PROOF_SKEW_S,
    AccessToken,
    Proof,
    issue_access_token,
    read_assertion,
    verify_access_token,
    verify_client_assertion,
    verify_dpop_proof,
)

__all__ = ["ClientDirectory", "ClientRecord", "Identity", "StaticDirectory"]

MAX_FORM_BYTES = 8192
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_CACHED_TOKENS = 4096
TOKEN_PATH = "/oauth/token"  # noqa: S105 -- a path
_NO_STORE = {"Cache-Control": "no-store"}


class Claims(Protocol):
    """Remembers, for all processes of a service, which proofs were used."""

    async def claim(self, id_: str, until: float) -> None:
        """Remember a proof as used; `E_AUTH` when another process took it before."""
        ...


async def _nothing() -> None:
    """Leave the directory as it is."""


class Identity:
    """The token endpoint and the check of every request."""

    def __init__(
        self,
        *,
        issuer: str,
        signer: Signer,
        directory: ClientDirectory,
        clock: Clock,
        people: People | None = None,
        proofs: Claims | None = None,
        fresh: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self.issuer = issuer
        self._signer = signer
        self._verifiers = [Verifier.from_jwk(signer.jwk)]
        self._directory = directory
        self._clock = clock
        self._people = people
        self._proofs = proofs
        self._fresh = fresh  # brings the directory up to date, before a token is given out
        self._started = int(clock())
        self._replays = ReplayCache()
        self._tokens: OrderedDict[bytes, AccessToken] = OrderedDict()
        self._granting: Rates | None = None

    def renew(self, signer: Signer) -> None:
        """Sign tokens with another key from now on; those of the key before hold until they end.

        Raises:
            PlatformError: `E_KEY` for a key of another kind.
        """
        if signer.kid == self._signer.kid:
            return
        verifier = Verifier.from_jwk(signer.jwk)
        if verifier.alg is not self._verifiers[0].alg:
            raise PlatformError(Code.KEY, f"tokens are not signed with {verifier.alg}")
        self._signer = signer
        self._verifiers = [verifier, self._verifiers[0]]

    def bound_tokens(self, rates: Rates) -> None:
        """Give each client no more tokens than its share: a token is good for many requests."""
        self._granting = rates

    async def token(self, request: Request) -> JSONResponse:
        """Answer `POST /oauth/token`: client credentials, private_key_jwt, DPoP.

        Raises:
            PlatformError: `E_AUTH`, `E_MALFORMED`, `E_TOO_LARGE`, `E_RATE`.
        """
        now = self._clock()
        if request.headers.get("content-type", "").partition(";")[0].strip() != FORM_TYPE:
            raise PlatformError(Code.MALFORMED, "not a form", expected=f"Content-Type: {FORM_TYPE}")
        form = _form(await _body(request))
        if form.get("grant_type") != "client_credentials":
            raise PlatformError(Code.MALFORMED, "unknown grant", expected="client_credentials")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise PlatformError(
                Code.MALFORMED, "unknown kind of client assertion", expected=ASSERTION_TYPE
            )
        assertion = read_assertion(form.get("client_assertion", ""))
        await self._fresh()
        record = self._directory.find(assertion.client_id, assertion.kid)
        verify_client_assertion(assertion, record.verifier, self.issuer, now)
        if self._granting is not None:
            self._granting.take(record.subject.client_id)
        lifetime = now + ASSERTION_LIFE_S + 2 * PROOF_SKEW_S
        id_ = f"a/{assertion.client_id}/{assertion.jti}"
        self._replays.remember(id_, lifetime, now)
        proof = self._proof(request, now, None)
        self._remember(request, proof, now)
        await self.claim(request)
        if self._proofs is not None:
            await self._proofs.claim(id_, lifetime)
        token = issue_access_token(
            record.subject,
            proof.jkt,
            self.issuer,
            self._signer,
            now,
            certificate=certificate_of(request.scope),
        )
        body = {"access_token": token, "token_type": "DPoP", "expires_in": ACCESS_LIFE_S}
        return JSONResponse(body, headers=_NO_STORE)

    def authenticate(self, request: Request) -> Subject:
        """Return who sent `request`.

        Raises:
            PlatformError: `E_AUTH`.
        """
        now = self._clock()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self._people and token and self._of_person(scheme.lower(), token, self._people):
            return self._person(request, scheme.lower(), token, self._people)
        if scheme.lower() != "dpop" or not token:
            raise PlatformError(
                Code.AUTH,
                "no access token",
                expected="Authorization: DPoP <token>, and a DPoP proof",
                fix=f"Fetch a token from {self.issuer}{TOKEN_PATH}.",
            )
        access = self._access(token, now)
        proof = self._proof(request, now, token)
        if proof.jkt != access.jkt:
            raise PlatformError(Code.AUTH, "the proof is by another key than the token's")
        if access.certificate and access.certificate != certificate_of(request.scope):
            raise PlatformError(
                Code.AUTH,
                "the token was given for another client certificate",
                expected="the certificate that was shown when the token was fetched",
                fix=f"Show it, or fetch a token with this one from {self.issuer}{TOKEN_PATH}.",
            )
        self._remember(request, proof, now)
        return access.subject

    async def claim(self, request: Request) -> None:
        """Refuse what another process of this room let in by the same proof.

        Raises:
            PlatformError: `E_AUTH`, `E_UNAVAILABLE`.
        """
        if self._proofs is not None and (use := getattr(request.state, "proof", None)):
            await self._proofs.claim(*use)

    @property
    def takes_people(self) -> bool:
        """Whether people who sign in at a provider are let in beside clients."""
        return self._people is not None

    @property
    def challenge(self) -> str:
        """How a caller may say who it is (RFC 9110 §11.6.1)."""
        own = 'DPoP algs="Ed25519"'
        return own if self._people is None else f'{own}, Bearer realm="{self.issuer}"'

    @staticmethod
    def _of_person(scheme: str, token: str, people: People) -> bool:
        """Return whether a person's token is shown: plain, or bound by the provider to a key."""
        if scheme == "bearer":
            return True
        return scheme == "dpop" and issuer_of(token) == people.provider.issuer

    def _person(self, request: Request, scheme: str, token: str, people: People) -> Subject:
        principal = people.authenticate(token)
        if (scheme == "dpop") != (principal.jkt is not None):
            raise PlatformError(
                Code.AUTH,
                "a token that is bound to a key is shown with a proof, and no other is",
                expected="DPoP" if principal.jkt else "Bearer",
                received=scheme,
            )
        if principal.jkt is not None:
            now = self._clock()
            proof = self._proof(request, now, token)
            if proof.jkt != principal.jkt:
                raise PlatformError(Code.AUTH, "the proof is by another key than the token's")
            self._remember(request, proof, now)
        return principal.subject

    def metadata(self) -> Mapping[str, object]:
        """Return the authorization server metadata (RFC 8414)."""
        return {
            "issuer": self.issuer,
            "token_endpoint": f"{self.issuer}{TOKEN_PATH}",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["Ed25519"],
            "dpop_signing_alg_values_supported": ["Ed25519"],
        }

    def _access(self, token: str, now: float) -> AccessToken:
        digest = sha256(token.encode("utf-8", "replace"))
        access = self._tokens.get(digest)
        if access is None or access.expires <= now:
            self._tokens.pop(digest, None)
            access = self._verified(token, now)
            self._tokens[digest] = access
            if len(self._tokens) > MAX_CACHED_TOKENS:
                self._tokens.popitem(last=False)
        return access

    def _verified(self, token: str, now: float) -> AccessToken:
        newest, *before = self._verifiers
        try:
            return verify_access_token(token, issuer=self.issuer, verifier=newest, now=now)
        except PlatformError:
            for verifier in before:
                with suppress(PlatformError):  # what is wrong with it, the newest key has said
                    return verify_access_token(
                        token, issuer=self.issuer, verifier=verifier, now=now
                    )
            raise

    def _proof(self, request: Request, now: float, token: str | None) -> Proof:
        proofs = request.headers.getlist("dpop")
        if len(proofs) != 1:
            raise PlatformError(
                Code.AUTH,
                "a request carries exactly one DPoP proof",
                expected="one DPoP header",
                received=str(len(proofs)),
            )
        proof = verify_dpop_proof(
            proofs[0],
            method=request.method,
            url=f"{self.issuer}{_sent_path(request)}",
            now=now,
            access_token=token,
        )
        if proof.issued < self._started:
            raise PlatformError(
                Code.AUTH,
                "the proof is older than this process, which cannot know whether it was used",
                fix="Make a fresh proof and repeat.",
            )
        return proof

    def _remember(self, request: Request, proof: Proof, now: float) -> None:
        """Refuse a second use; last, so that only proofs of known callers take memory."""
        id_, until = f"p/{proof.jkt}/{proof.jti}", proof.issued + 2 * PROOF_SKEW_S
        self._replays.remember(id_, until, now)
        request.state.proof = (id_, until)


def _sent_path(request: Request) -> str:
    """Return the path as it was sent: what the caller signed, before any decoding."""
    raw: bytes | None = request.scope.get("raw_path")
    return request.scope["path"] if raw is None else raw.decode("latin-1")


async def _body(request: Request) -> bytes:
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MAX_FORM_BYTES:
            raise PlatformError(Code.TOO_LARGE, "the token request is too long")
    return body


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), strict_parsing=True, max_num_fields=16, errors="strict"
        )
    except ValueError as error:
        raise PlatformError(Code.MALFORMED, "not a form", expected="name=value pairs") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise PlatformError(Code.MALFORMED, "a form field stands twice")
    return form
