"""Bodies that States, registrars and officers send to the exchange; all made up.

What is signed stands here as it is written, with signatures and keys of a few bytes instead of some
thousand: nobody's private key made them, and the exchange refuses them.
"""

from collections.abc import Sequence

from sextant_shared.chassis.examples import DECLARED, Examples
from sextant_shared.chassis.sidecar.routes import EXAMPLES as OF_DETAILS
from sextant_shared.crypto.keys import Alg, akp_jwk, okp_jwk, thumbprint
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.models.acts import (
    RECALL_TYP,
    DiscardReason,
    DiscardRequest,
    RecallRequest,
    RecallStatement,
    ReplayRequest,
)
from sextant_shared.models.exchange import ExtendRequest, LeaseRequest, ReleaseRequest
from sextant_shared.models.party import (
    PARTY_DOCUMENT_TYP,
    EnrolmentRequest,
    KeyStatus,
    KeyUse,
    PartyDocument,
    PartyKey,
    Possession,
)
from sextant_shared.models.statements import (
    STATEMENT_TYP,
    Says,
    Statement,
    StatementRequest,
)
from sextant_shared.models.strict import Strict

_STATE = "NA-XAL"
_NOW = "2026-03-30T14:05:09Z"
_MANIFEST = b64u(sha256(b"a manifest"))


def _key(use: KeyUse, alg: Alg, word: str) -> PartyKey:
    public = sha256(f"{use} {alg} {word}".encode())
    jwk = okp_jwk(public) if alg is Alg.ED25519 else akp_jwk(alg, public)
    return PartyKey(
        kid=thumbprint(jwk),
        use=use,
        jwk=jwk,
        status=KeyStatus.ACTIVE,
        added=_NOW,
        changed=None,
        reason="",
        suspect_from=None,
    )


_ROOT, _NEW_ROOT, _SIGNING = (
    [_key(use, alg, word) for alg in (Alg.ED25519, Alg.ML_DSA_65)]
    for use, word in ((KeyUse.ROOT, ""), (KeyUse.ROOT, "new"), (KeyUse.SIG, ""))
)
_SEALING = _key(KeyUse.SEAL, Alg.K1, "")
_ACCESS = _key(KeyUse.API, Alg.ED25519, "")
_REGISTRAR = [_key(KeyUse.ROOT, alg, "of a registrar") for alg in (Alg.ED25519, Alg.ML_DSA_65)]


def _signed(payload: Strict, typ: str, keys: Sequence[PartyKey]) -> str:
    """Return the JWS of a payload as `protocol.jws` writes it, the signatures cut short."""
    signatures = []
    for key in keys:
        alg = Alg.ED25519 if "crv" in key.jwk else Alg.ML_DSA_65
        protected = {"alg": str(alg), "kid": key.kid, "typ": typ}
        signatures.append(
            {"protected": b64u(canonical_json(protected)), "signature": b64u(b"cut short")}
        )
    text = b64u(canonical_json(payload.model_dump(mode="json")))
    return canonical_json({"payload": text, "signatures": signatures}).decode()


def _enrolment(root: Sequence[PartyKey], new: Sequence[PartyKey]) -> EnrolmentRequest:
    """Return version 2 of the State's document; `new` keys prove that it holds them."""
    document = PartyDocument(
        v=1,
        party=_STATE,
        ver=2,
        prev=b64u(sha256(b"version 1")),
        name="National Authority of XAL",
        keys=[*root, *_SIGNING, _SEALING, _ACCESS],
        contacts_hash=None,
    )
    return EnrolmentRequest(
        document=_signed(document, PARTY_DOCUMENT_TYP, [*root, *_REGISTRAR]),
        possession=[Possession(kid=key.kid, signature=b64u(b"cut short")) for key in new],
    )


_RECALL = RecallStatement(
    v=1, env=DECLARED, man=_MANIFEST, reason="Sent with the wrong attachment.", created=_NOW
)
_REPUDIATION = Statement(
    v=1,
    party=_STATE,
    t=_NOW,
    env=DECLARED,
    man=_MANIFEST,
    says=Says.REPUDIATED,
    reason="The key was copied; we did not send it.",
)
EXAMPLES: Examples = {
    **OF_DETAILS,
    "acts_recall_envelope": {
        "it went out by mistake (signatures cut short)": RecallRequest(
            statement=_signed(_RECALL, RECALL_TYP, _SIGNING)
        )
    },
    "acts_replay": {
        "its cause is mended": ReplayRequest(reason="The sealing key is in the keystore again.")
    },
    "acts_discard": {
        "it is for somebody else": DiscardRequest(
            reason=DiscardReason.MISDIRECTED, note="Told the sender by letter."
        )
    },
    "mailbox_lease_deliveries": {
        "up to ten, for five minutes": LeaseRequest(max=10, lease_s=300, wait_s=0)
    },
    "mailbox_release": {
        "try again in a minute": ReleaseRequest(error="the register is down", delay_s=60),
        "never again": ReleaseRequest(error="the package has no content", dead=True),
        "not even begun": ReleaseRequest(error="the program is stopping", untried=True),
    },
    "mailbox_extend": {"five more minutes": ExtendRequest(lease_s=300)},
    "statements_make_statement": {
        "it is not ours (signatures cut short)": StatementRequest(
            statement=_signed(_REPUDIATION, STATEMENT_TYP, _SIGNING)
        )
    },
    "parties_enrol": {
        "a further key for access (keys and signatures cut short)": _enrolment(_ROOT, [_ACCESS])
    },
    "parties_announce_recovery": {
        "a new root, the old one is lost (keys and signatures cut short)": _enrolment(
            _NEW_ROOT, _NEW_ROOT
        )
    },
}
