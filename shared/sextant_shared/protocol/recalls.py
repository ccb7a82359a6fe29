"""Recall statements: a sender's signed wish that an envelope be given to nobody any more.

Responsible for the bytes, the form and both signatures. Not responsible for whether it comes in
time: that the exchange decides, for each recipient, in one transaction with its leases.

A statement names the digest of the manifest, so it is about one envelope of one sender; its `typ`
makes it no other kind of document.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.encoding import canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import MAX_RECALL_BYTES, RECALL_TYP, RecallStatement
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.jws import Jws, parse_jws, sign_jws

_PAIR = 2


@dataclass(frozen=True, slots=True)
class Recall:
    """A parsed statement, its exact bytes and its signatures, not yet verified."""

    raw: bytes
    statement: RecallStatement
    jws: Jws

    @property
    def kids(self) -> list[str]:
        """The keys that claim to have signed, in order."""
        return [signature.kid for signature in self.jws.signatures]


def sign_recall(statement: RecallStatement, pair: Sequence[Signer]) -> bytes:
    """Return the statement signed by the pair, in profile order."""
    return sign_jws(canonical_json(statement.model_dump(mode="json")), RECALL_TYP, pair)


def read_recall(raw: bytes) -> Recall:
    """Return the statement that the bytes `raw` hold.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`, `E_KEY` for an unknown algorithm.
    """
    jws = parse_jws(raw, RECALL_TYP, MAX_RECALL_BYTES)
    if len(jws.signatures) != _PAIR:
        raise PlatformError(
            Code.MALFORMED,
            "a recall is signed by the sender's pair",
            expected=f"{_PAIR} signatures",
            received=str(len(jws.signatures)),
        )
    members = parse_json(jws.payload, max_bytes=MAX_RECALL_BYTES)
    return Recall(raw, read_model(RecallStatement, members), jws)


def verify_recall(recall: Recall, pair: Sequence[Verifier]) -> RecallStatement:
    """Return the statement once both signatures verify under the registered pair.

    Raises:
        PlatformError: `E_KEY` for another key or algorithm, `E_SIGNATURE`.
    """
    for signature, verifier in zip(recall.jws.signatures, pair, strict=True):
        if (signature.kid, signature.alg) != (verifier.kid, verifier.alg):
            raise PlatformError(
                Code.KEY,
                "a signature of the recall is not by the registered key",
                expected=f"{verifier.alg} by {verifier.kid}",
                received=f"{signature.alg} by {signature.kid}",
            )
        verifier.verify(signature.signing_input, signature.signature)
    return recall.statement
