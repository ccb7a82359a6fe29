"""Tries the next keys before they count: nothing here changes anything, here or at the exchange.

Each line says ok, or what to do. What can only be known once the keys are in force is not claimed.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sextant_client.enrolment import read_request
from sextant_client.identity.signing import document_of, payload_of
from sextant_client.identity.watching import REQUEST
from sextant_client.keystore import Keystore
from sextant_shared.clock import Clock, timestamp_s, uuid7
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import (
    MAX_PARTY_DOCUMENT_BYTES,
    EnrolmentRequest,
    KeyStatus,
    KeyUse,
    PartyDocument,
)
from sextant_shared.protocol.envelope import SealRequest, open_bytes, seal_bytes
from sextant_shared.protocol.keyfiles import PrivateKey
from sextant_shared.protocol.manifest import read_manifest, verify_manifest
from sextant_shared.protocol.parties import (
    RegistrarSet,
    Registry,
    VerifiedParty,
    check_document,
    possession_message,
    verify_party_document,
)
from sextant_shared.protocol.recovery import is_recovery, verify_recovery
from sextant_shared.protocol.tokens import (
    make_client_assertion,
    read_assertion,
    verify_client_assertion,
)

_TRIAL = b"rehearsal"
_ISSUER = "https://exchange.example"  # the assertion never leaves this machine


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was tried, whether it held, and what was found or is to be done."""

    name: str
    ok: bool
    found: str


@dataclass(frozen=True)
class Rehearsal:
    """The next keys of one home, beside the document in force.

    `request` is a copy that came back from the registrars; default: the one beside the keys.
    """

    keys: Keystore
    current: VerifiedParty
    registrars: RegistrarSet
    clock: Clock
    request: Path | None = None

    def lines(self) -> list[Line]:
        """Try everything that can be tried; a failure stops nothing but its own line."""
        request = self._read()
        if isinstance(request, Line):
            return [request]
        document = document_of(request)
        waiting = [key for use in KeyUse for key in self.keys.next.of_use(use)]
        lines = [_try(f"{key.use} {key.kid[:8]}", partial(_works, key)) for key in waiting]
        lines += [
            _try("document", lambda: self._document(request, document, waiting)),
            _try("possession", lambda: _possession(request, document, self.current)),
            _try("envelope", lambda: self._envelope(document)),
            _try("access", lambda: self._access(document)),
            _try("signatures", lambda: self._signatures(request)),
        ]
        return lines

    def _read(self) -> EnrolmentRequest | Line:
        path = self.request or self.keys.next.folder / REQUEST
        if not path.exists():
            return Line(
                "request", ok=False, found="nothing waits: make it, sextant keys rotate USE"
            )
        return read_request(path)

    def _document(
        self, request: EnrolmentRequest, document: PartyDocument, waiting: list[PrivateKey]
    ) -> str:
        check_document(document, self.current)
        size = len(request.document)
        if size > MAX_PARTY_DOCUMENT_BYTES:
            raise PlatformError(Code.TOO_LARGE, f"the document has {size} characters")
        active = {key.kid for key in document.keys if key.status is KeyStatus.ACTIVE}
        if missing := [key.kid[:12] for key in waiting if key.kid not in active]:
            raise PlatformError(
                Code.KEY,
                f"keys that wait are not in the document: {', '.join(missing)}",
                fix="Make the request again, or remove their files from keys/next.",
            )
        return f"version {document.ver} follows version {self.current.document.ver} in force"

    def _envelope(self, document: PartyDocument) -> str:
        """Seal with the pair and to each key that would be in force, and open it again."""
        party = VerifiedParty(document, b"", b"")
        ring = {key.kid: key for key in self._held()}
        pair = self._pair(document)
        seals = [key for key in party.active(KeyUse.SEAL) if key.kid in ring]
        for key in seals:
            request = SealRequest(
                id=uuid7(self.clock),
                sender=document.party,
                signers=pair,
                recipients=[(document.party, SealingKey.from_jwk(key.jwk))],
                type="rehearsal",
                cty="text/plain",
                classification="C1",
                created=timestamp_s(self.clock()),
            )
            container = io.BytesIO(seal_bytes(_TRIAL, request)[0])
            manifest = read_manifest(container)
            registry = Registry({document.party: party})
            skid = manifest.header.skid
            proved = verify_manifest(manifest, registry.signing_pair(document.party, skid))
            opened, _ = open_bytes(container.read(), proved, ring[key.kid].opener, document.party)
            if opened != _TRIAL:
                raise PlatformError(Code.PLAINTEXT_COMMITMENT, "another content came out")
        return f"signed, sealed, verified and opened with {len(seals)} sealing key(s)"

    def _pair(self, document: PartyDocument) -> tuple[Signer, Signer]:
        active = [k.kid for k in VerifiedParty(document, b"", b"").active(KeyUse.SIG)]
        try:
            return self.keys.next.pair(KeyUse.SIG, active)
        except PlatformError:
            return self.keys.pair(KeyUse.SIG, active)

    def _access(self, document: PartyDocument) -> str:
        listed = {key.kid for key in VerifiedParty(document, b"", b"").active(KeyUse.API)}
        held = [key for key in self._held() if key.use == KeyUse.API and key.kid in listed]
        if not held:
            raise PlatformError(Code.KEY, "no access key would be in force on this machine")
        client, now = f"{document.party}/rehearsal", self.clock()
        for key in held:
            token = make_client_assertion(client, _ISSUER, key.signer, now)
            verifier = Verifier.from_jwk(key.jwk)
            verify_client_assertion(read_assertion(token), verifier, _ISSUER, now)
        return f"{len(held)} access key(s) sign what the exchange asks for"

    def _signatures(self, request: EnrolmentRequest) -> str:
        raw = request.document.encode()
        document = document_of(request)
        if is_recovery(document, self.current):
            verify_recovery(raw, self.registrars, self.current)
            return "new root and all registrars: announce it, sextant keys announce FILE"
        verify_party_document(raw, self.registrars, self.current)
        return "enough: give it to the exchange, sextant keys enrol FILE"

    def _held(self) -> Iterator[PrivateKey]:
        for store in (self.keys, self.keys.next):
            for use in (KeyUse.SEAL, KeyUse.API):
                yield from store.of_use(use)


def _try(name: str, work: Callable[[], str]) -> Line:
    try:
        return Line(name, ok=True, found=work())
    except PlatformError as error:
        words = [error.detail, error.expected and f"expected: {error.expected}", error.fix]
        return Line(name, ok=False, found=". ".join(word for word in words if word))


def _works(key: PrivateKey) -> str:
    if key.use == KeyUse.SEAL:
        sealed = SealingKey.from_jwk(key.jwk).seal(_TRIAL, bytes(32))
        if key.opener.open(_TRIAL, sealed) != bytes(32):
            raise PlatformError(Code.DECRYPT, "another key came out of the slot")
        return f"{key.key.alg}: sealed to it, and it opened"
    Verifier.from_jwk(key.jwk).verify(_TRIAL, key.signer.sign(_TRIAL))
    return f"{key.key.alg}: signed, and it verified"


def _possession(request: EnrolmentRequest, document: PartyDocument, before: VerifiedParty) -> str:
    """Check the proofs over the payload: the document need not be signed by anybody yet."""
    known = {key.kid for key in before.document.keys}
    message = possession_message(payload_of(request))
    proofs = {proof.kid: proof.signature for proof in request.possession}
    fresh = [k for k in document.keys if k.kid not in known and k.use is not KeyUse.SEAL]
    for key in fresh:
        if key.kid not in proofs:
            raise PlatformError(
                Code.POLICY,
                f"the new {key.use} key {key.kid[:12]} does not prove its private half",
                fix="Make the request again: sextant keys rotate USE.",
            )
        Verifier.from_jwk(key.jwk).verify(message, b64u_decode(proofs[key.kid]))
    return f"{len(fresh)} new key(s) prove their private half"
