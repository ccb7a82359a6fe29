"""Who is calling: gives out access tokens and authenticates each request.

Each service is the issuer for its own callers. Authentication costs one Ed25519 verification per
request: a token is verified once and remembered for its life, keys are loaded once.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import parse_qsl

from pydantic import Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from sextant_shared.chassis.replay import ReplayCache
from sextant_shared.clock import Clock
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.access import Role, Subject
from sextant_shared.protocol.tokens import (
    ACCESS_LIFE_S,
    ASSERTION_LIFE_S,
    ASSERTION_TYPE,
    PROOF_SKEW_S,
    AccessToken,
    issue_access_token,
    read_assertion,
    verify_access_token,
    verify_client_assertion,
    verify_dpop_proof,
)

MAX_FORM_BYTES = 8192
MAX_CACHED_TOKENS = 4096
TOKEN_PATH = "/oauth/token"  # noqa: S105 -- a path
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A known client and the key that must have signed its assertion."""

    subject: Subject
    verifier: Verifier


class ClientDirectory(Protocol):
    """Port: who may ask for tokens. Look-ups are in memory."""

    def find(self, client_id: str, kid: str) -> ClientRecord:
        """Return the client, or raise `E_AUTH`."""
        ...


class StaticClient(Strict):
    """One line of a clients file."""

    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
    role: Annotated[Role, Field(strict=False)]
    party: str | None
    jwk: dict[str, str]


class StaticDirectory:
    """Clients named in a file: services, officers, auditors, registrars, operators."""

    def __init__(self, clients: Sequence[StaticClient]) -> None:
        self._records: dict[tuple[str, str], ClientRecord] = {}
        for client in clients:
            verifier = Verifier.from_jwk(client.jwk)
            subject = Subject(client.client_id, client.role, client.party)
            self._records[client.client_id, verifier.kid] = ClientRecord(subject, verifier)

    @classmethod
    def from_file(cls, path: Path | None) -> "StaticDirectory":
        """Load a clients file; None is an empty directory.

        Raises:
            PlatformError: `E_MALFORMED`, `E_KEY`.
        """
        if path is None:
            return cls([])
        try:
            return cls(TypeAdapter(list[StaticClient]).validate_json(path.read_bytes()))
        except (OSError, ValidationError) as error:
            raise PlatformError(Code.MALFORMED, f"clients file {path.name}: {error}") from error

    def knows(self, client_id: str) -> bool:
        """Return whether the file names this client."""
        return any(known == client_id for known, _ in self._records)

    def find(self, client_id: str, kid: str) -> ClientRecord:
        """Return the client of that id and key.

        Raises:
            PlatformError: `E_AUTH`.
        """
        record = self._records.get((client_id, kid))
        if record is None:
            raise PlatformError(
                Code.AUTH,
                "unknown client or key",
                received=f"{client_id} with key {kid}"[:120],
                fix="Check the client id, and that this key is the registered one.",
            )
        return record


class Identity:
    """The token endpoint and the check of every request."""

    def __init__(
        self, *, issuer: str, signer: Signer, directory: ClientDirectory, clock: Clock
    ) -> None:
        self.issuer = issuer
        self._signer = signer
        self._verifier = Verifier.from_jwk(signer.jwk)
        self._directory = directory
        self._clock = clock
        self._started = int(clock())
        self._replays = ReplayCache()
        self._tokens: OrderedDict[bytes, AccessToken] = OrderedDict()

    async def token(self, request: Request) -> JSONResponse:
        """Answer `POST /oauth/token`: client credentials, private_key_jwt, DPoP.

        Raises:
            PlatformError: `E_AUTH`, `E_MALFORMED`, `E_TOO_LARGE`.
        """
        now = self._clock()
        form = _form(await _body(request))
        if form.get("grant_type") != "client_credentials":
            raise PlatformError(Code.MALFORMED, "unknown grant", expected="client_credentials")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise PlatformError(
                Code.MALFORMED, "unknown kind of client assertion", expected=ASSERTION_TYPE
            )
        assertion = read_assertion(form.get("client_assertion", ""))
        record = self._directory.find(assertion.client_id, assertion.kid)
        verify_client_assertion(assertion, record.verifier, self.issuer, now)
        lifetime = now + ASSERTION_LIFE_S + 2 * PROOF_SKEW_S
        self._replays.remember(f"a/{assertion.client_id}/{assertion.jti}", lifetime, now)
        jkt = self._proof(request, now, None)
        token = issue_access_token(record.subject, jkt, self.issuer, self._signer, now)
        body = {"access_token": token, "token_type": "DPoP", "expires_in": ACCESS_LIFE_S}
        return JSONResponse(body, headers=_NO_STORE)

    def authenticate(self, request: Request) -> Subject:
        """Return who sent `request`.

        Raises:
            PlatformError: `E_AUTH`.
        """
        now = self._clock()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "dpop" or not token:
            raise PlatformError(
                Code.AUTH,
                "no access token",
                expected="Authorization: DPoP <token>, and a DPoP proof",
                fix=f"Fetch a token from {self.issuer}{TOKEN_PATH}.",
            )
        access = self._access(token, now)
        if self._proof(request, now, token) != access.jkt:
            raise PlatformError(Code.AUTH, "the proof is by another key than the token's")
        return access.subject

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
            access = verify_access_token(
                token, issuer=self.issuer, verifier=self._verifier, now=now
            )
            self._tokens[digest] = access
            if len(self._tokens) > MAX_CACHED_TOKENS:
                self._tokens.popitem(last=False)
        return access

    def _proof(self, request: Request, now: float, token: str | None) -> str:
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
            url=f"{self.issuer}{request.url.path}",
            now=now,
            access_token=token,
        )
        if proof.issued < self._started:
            raise PlatformError(
                Code.AUTH,
                "the proof is older than this process, which cannot know whether it was used",
                fix="Make a fresh proof and repeat.",
            )
        self._replays.remember(f"p/{proof.jkt}/{proof.jti}", proof.issued + 2 * PROOF_SKEW_S, now)
        return proof.jkt


async def _body(request: Request) -> bytes:
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MAX_FORM_BYTES:
            raise PlatformError(Code.TOO_LARGE, "the token request is too long")
    return body


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=16)
    except ValueError as error:
        raise PlatformError(Code.MALFORMED, "not a form", expected="name=value pairs") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise PlatformError(Code.MALFORMED, "a form field stands twice")
    return form
