"""Makes a party's documents: the first one, its countersignature, and trust files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sextant_client.home import as_json, read_json, write_file
from sextant_client.keystore import Keystore
from sextant_client.trust import PinnedLog, TrustFile, policy_text
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import (
    MAX_PARTY_DOCUMENT_BYTES,
    PARTY_DOCUMENT_TYP,
    EnrolmentRequest,
    KeyStatus,
    KeyUse,
    PartyDocument,
    PartyKey,
    PartySummary,
    RegistrarKeys,
    RegistrarsFile,
)
from sextant_shared.models.strict import Version1, read_model
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.jws import countersign_jws
from sextant_shared.protocol.keyfiles import PrivateKey
from sextant_shared.protocol.parties import prove_possession, sign_party_document

if TYPE_CHECKING:
    from sextant_client.session import Session

_USES = (KeyUse.ROOT, KeyUse.SIG, KeyUse.SEAL, KeyUse.API)


def request_enrolment(keys: Keystore, party: str, name: str, clock: Clock) -> EnrolmentRequest:
    """Return version 1 of a party's document, signed by its root pair, with proofs of possession.

    Raises:
        PlatformError: `E_KEY` when the folder lacks a key.
    """
    added = timestamp_s(clock())
    held = {use: keys.of_use(use) for use in _USES}
    for use, found in held.items():
        if not found:
            raise PlatformError(Code.KEY, f"no {use} key in {keys.folder}")
    root, pair = keys.pair(KeyUse.ROOT), keys.pair(KeyUse.SIG)
    ordered = [
        *_lines(KeyUse.ROOT, root, added),
        *_lines(KeyUse.SIG, pair, added),
        *_lines(KeyUse.SEAL, held[KeyUse.SEAL], added),
        *_lines(KeyUse.API, held[KeyUse.API], added),
    ]
    document = PartyDocument(
        v=1, party=party, ver=1, prev=None, name=name, keys=ordered, contacts_hash=None
    )
    raw = sign_party_document(document, root)
    signers = [*pair, *(key.signer for key in held[KeyUse.API])]
    return EnrolmentRequest(document=raw.decode(), possession=prove_possession(raw, signers))


def countersign(request: EnrolmentRequest, pair: tuple[Signer, Signer]) -> EnrolmentRequest:
    """Return the request with a registrar's pair of signatures added.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    raw = countersign_jws(
        request.document.encode(), PARTY_DOCUMENT_TYP, MAX_PARTY_DOCUMENT_BYTES, pair
    )
    return request.model_copy(update={"document": raw.decode()})


def enrol(session: "Session", party: str, request: EnrolmentRequest) -> PartySummary:
    """Give a countersigned request to the exchange, as a registrar.

    Raises:
        PlatformError: what the exchange refuses with.
    """
    answer = session.request(
        "POST", f"/v1/parties/{party}/documents", json=request.model_dump(mode="json")
    )
    return read_model(PartySummary, answer.json())


def read_request(path: Path) -> EnrolmentRequest:
    """Load a request file.

    Raises:
        PlatformError: `E_STATE`, `E_MALFORMED`.
    """
    return read_model(EnrolmentRequest, read_json(path))


def write_request(path: Path, request: EnrolmentRequest) -> None:
    """Store a request file."""
    write_file(path, as_json(request.model_dump(mode="json")))


def registrars_of(pairs: dict[str, Sequence[Signer]], threshold: int) -> RegistrarsFile:
    """Return the public registrars file of these pairs."""
    return RegistrarsFile(
        threshold=threshold,
        registrars=[
            RegistrarKeys(name=name, keys=[dict(signer.jwk) for signer in pair])
            for name, pair in pairs.items()
        ],
    )


def make_trust(
    registrars: RegistrarsFile, log: LogDiscovery, policy: bytes | None = None
) -> TrustFile:
    """Return a trust file that pins registrars, log and witness policy.

    Raises:
        PlatformError: `E_MALFORMED`, `E_KEY` for log keys that are no pair, `E_POLICY` for a
            policy about other logs.
    """
    version: Version1 = 1
    keys = LogKeys.from_vkeys(log.vkeys)
    pinned = PinnedLog(origin=keys.origin, vkeys=list(keys.vkeys), receipt_key=log.receipt_key)
    text = None if policy is None else policy_text(policy, keys)
    return TrustFile(v=version, registrars=registrars, log=pinned, checkpoint=None, policy=text)


def read_registrars(path: Path) -> RegistrarsFile:
    """Load a registrars file.

    Raises:
        PlatformError: `E_MALFORMED`, `E_STATE`.
    """
    return read_model(RegistrarsFile, read_json(path))


def read_log(path: Path) -> LogDiscovery:
    """Load a log's public origin and keys.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    return read_model(LogDiscovery, parse_json(path.read_bytes(), max_bytes=1 << 16))


def _lines(use: KeyUse, keys: Sequence[Signer | PrivateKey], added: str) -> list[PartyKey]:
    return [
        PartyKey(
            kid=key.kid,
            use=use,
            jwk=dict(key.jwk),
            status=KeyStatus.ACTIVE,
            added=added,
            changed=None,
            reason="enrolment",
            suspect_from=None,
        )
        for key in keys
    ]
