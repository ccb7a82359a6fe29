"""Receipts of logged acts: an entry, its proof, and the detail that the entry commits to.

Responsible for the commitment, for building a receipt and for every check its holder can make
offline. Not responsible for what an act does: that is the exchange's.

Order of checks: form, proof and both log signatures, entry, envelope id, commitment.
"""

from dataclasses import dataclass
from typing import Any

from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import MAX_ACT_RECEIPT_BYTES, ActReceipt
from sextant_shared.models.entries import ActEntry, parse_entry
from sextant_shared.models.receipts import Level
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys
from sextant_shared.protocol.logproof import verify_proof

COMMIT_LABEL = b"audit-commit/v1"
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class VerifiedAct:
    """A receipt that holds: the act's entry stands in the log at `index`.

    `detail` is None in the receipt of somebody whom the detail is not for.
    """

    index: int
    entry: ActEntry
    detail: dict[str, Any] | None
    checkpoint: Checkpoint


def commitment(salt: bytes, detail: bytes) -> bytes:
    """Return what an entry says of a detail: nothing, until the salt is shown with it."""
    return sha256(COMMIT_LABEL + salt + detail)


def act_receipt(entry: bytes, proof: str, opening: tuple[bytes, bytes] | None) -> ActReceipt:
    """Return the receipt of an act; `opening` is its detail and salt, None for others' details."""
    detail, salt = (b64u(opening[0]), b64u(opening[1])) if opening else (None, None)
    return ActReceipt(
        v=1,
        kind="act",
        level=Level.LOGGED,
        entry=b64u(entry),
        proof=proof,
        detail=detail,
        salt=salt,
    )


def format_act(receipt: ActReceipt) -> bytes:
    """Return the one encoding of a receipt."""
    return canonical_json(receipt.model_dump(mode="json"))


def verify_act(data: bytes, envelope_id: str, keys: LogKeys) -> VerifiedAct:
    """Return what a receipt proves about an act on the envelope of that id.

    Raises:
        PlatformError: `E_MALFORMED` (no receipt, or one that claims more than it proves), `E_KEY`
            or `E_SIGNATURE` (the checkpoint is not the pinned log's), `E_INTEGRITY` (the entry is
            not in the log, or about something else), `E_DIGEST` (the detail is not the one that the
            entry commits to).
    """
    value = parse_json(data, max_bytes=MAX_ACT_RECEIPT_BYTES)
    receipt = read_model(ActReceipt, value)
    if canonical_json(value) != data:
        raise PlatformError(
            Code.MALFORMED,
            "the receipt is not in its canonical encoding",
            expected="RFC 8785 JSON",
        )
    if receipt.level is not Level.LOGGED or (receipt.detail is None) != (receipt.salt is None):
        raise PlatformError(
            Code.MALFORMED,
            "the receipt claims what nothing in it proves",
            expected="level logged, and a detail with its salt or neither",
            received=f"level {receipt.level}",
        )
    logged = verify_proof(b64u_decode(receipt.entry), receipt.proof, keys)
    entry = parse_entry(logged.leaf)
    if not isinstance(entry, ActEntry) or entry.env != envelope_id:
        raise PlatformError(
            Code.INTEGRITY,
            "the receipt is not about an act on this envelope",
            expected=envelope_id,
            received=f"{entry.type} {getattr(entry, 'env', '')}".strip(),
        )
    return VerifiedAct(logged.index, entry, _detail(receipt, entry), logged.checkpoint)


def _detail(receipt: ActReceipt, entry: ActEntry) -> dict[str, Any] | None:
    if receipt.detail is None or receipt.salt is None:
        return None
    detail = b64u_decode(receipt.detail)
    if b64u(commitment(b64u_decode(receipt.salt, SALT_BYTES), detail)) != entry.commit:
        raise PlatformError(Code.DIGEST, "the detail is not the one that the entry commits to")
    return parse_json(detail, max_bytes=MAX_ACT_RECEIPT_BYTES)
