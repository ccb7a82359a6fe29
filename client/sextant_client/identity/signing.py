"""Signs and hands over the next version: by the root, by registrars, at once or on another machine.

A request file carries a document and the proofs of its new keys. It may be made where no root is,
travel to the root without a signature, and then to the registrars.
"""

import json
from collections.abc import Sequence

from sextant_client.session import Session
from sextant_client.trust import Trust
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import (
    MAX_PARTY_DOCUMENT_BYTES,
    PARTY_DOCUMENT_TYP,
    EnrolmentRequest,
    KeyUse,
    PartyDocument,
    RecoveryNotice,
    RegistryProof,
)
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.jws import add_signatures
from sextant_shared.protocol.keyfiles import PrivateKey
from sextant_shared.protocol.parties import VerifiedParty, prove_payload
from sextant_shared.protocol.registry_state import verify_registry_proof


def make_request(
    document: PartyDocument, fresh: Sequence[PrivateKey], signers: Sequence[Signer]
) -> EnrolmentRequest:
    """Return a request with the proofs of the new keys; without signers it is only a draft."""
    payload = canonical_json(document.model_dump(mode="json"))
    listed = {key.kid for key in document.keys if key.use is not KeyUse.SEAL}
    proving = [key.signer for key in fresh if key.kid in listed]
    raw = add_signatures(b64u(payload), PARTY_DOCUMENT_TYP, [], signers)
    return EnrolmentRequest(document=raw.decode(), possession=prove_payload(payload, proving))


def sign_request(request: EnrolmentRequest, root: tuple[Signer, Signer]) -> EnrolmentRequest:
    """Return the request with the root pair's signatures put first.

    Raises:
        PlatformError: `E_MALFORMED`; `E_STATE` when the root signed already.
    """
    outer = parse_json(request.document.encode(), max_bytes=MAX_PARTY_DOCUMENT_BYTES)
    existing = outer.get("signatures")
    if not isinstance(outer.get("payload"), str) or not isinstance(existing, list):
        raise PlatformError(Code.MALFORMED, "the request holds no document")
    if any(root[0].kid in _protected(item) for item in existing):
        raise PlatformError(Code.STATE, "this root pair signed the request already")
    own = json.loads(add_signatures(outer["payload"], PARTY_DOCUMENT_TYP, [], root))
    outer["signatures"] = [*own["signatures"], *existing]
    return request.model_copy(update={"document": canonical_json(outer).decode()})


def document_of(request: EnrolmentRequest) -> PartyDocument:
    """Return the document of a request, signed or not; nothing is verified.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    return read_model(
        PartyDocument, parse_json(payload_of(request), max_bytes=MAX_PARTY_DOCUMENT_BYTES)
    )


def payload_of(request: EnrolmentRequest) -> bytes:
    """Return the exact bytes that everybody signs.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    outer = parse_json(request.document.encode(), max_bytes=MAX_PARTY_DOCUMENT_BYTES)
    payload = outer.get("payload")
    if not isinstance(payload, str):
        raise PlatformError(Code.MALFORMED, "the request holds no document")
    return b64u_decode(payload)


def announce(session: Session, request: EnrolmentRequest) -> RecoveryNotice:
    """Have a recovery announced in the log, as a registrar.

    Raises:
        PlatformError: what the exchange refuses with.
    """
    party = document_of(request).party
    answer = session.request(
        "POST", f"/v1/parties/{party}/recovery", json=request.model_dump(mode="json")
    )
    return read_model(RecoveryNotice, answer.json())


def fetch_proof(session: Session, party: str) -> RegistryProof:
    """Return the proof of a party's document in force, as it travels to machines without network.

    Raises:
        PlatformError: `E_NOT_FOUND` and the rest that the exchange refuses with.
    """
    answer = session.request("GET", f"/v1/parties/{party}/proof")
    return read_model(RegistryProof, answer.json())


def verified(proof: RegistryProof, trust: Trust) -> VerifiedParty:
    """Return the document that a proof shows to be in force.

    Raises:
        PlatformError: what `verify_registry_proof` raises.
    """
    return verify_registry_proof(proof, trust.registrars, trust.log_keys).party


def _protected(item: object) -> str:
    """Return a signature's protected header as text, to look for a key id in it."""
    encoded = item.get("protected") if isinstance(item, dict) else None
    if not isinstance(encoded, str):
        return ""
    return b64u_decode(encoded).decode("utf-8", "replace")
