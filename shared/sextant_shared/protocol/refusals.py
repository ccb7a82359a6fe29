"""Receipts of refused deposits: signed evidence that, when, and why an envelope was not accepted.

Built like custody receipts (`protocol.receipts`): an entry of the log and its proof, and nothing
that needs believing. It travels inside the problem document, as the evidence `refusal`.
"""

from dataclasses import dataclass

from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeRefusedEntry, parse_entry
from sextant_shared.models.receipts import MAX_CUSTODY_BYTES, RefusalDocument
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys
from sextant_shared.protocol.logproof import verify_proof

EVIDENCE = "refusal"


@dataclass(frozen=True, slots=True)
class RefusalReceipt:
    """A verified receipt: the refusal stands in the log at `index`; `t` is the exchange's time."""

    index: int
    t: str
    code: str
    entry: EnvelopeRefusedEntry
    checkpoint: Checkpoint


def format_refusal(entry: bytes, proof: str) -> bytes:
    """Return the receipt for an entry's bytes and its tlog-proof: its one encoding."""
    return canonical_json({"v": 1, "kind": "refusal", "entry": b64u(entry), "proof": proof})


def verify_refusal(
    data: bytes, manifest_digest: bytes, envelope_id: str, keys: LogKeys
) -> RefusalReceipt:
    """Return what the receipt proves about the envelope of that id and manifest (SHA-256).

    Raises:
        PlatformError: `E_MALFORMED` (not such a receipt), `E_KEY` or `E_SIGNATURE` (the checkpoint
            is not the pinned log's), `E_INTEGRITY` (the entry does not stand in the log, or is
            about another envelope or manifest).
    """
    document = read_model(RefusalDocument, parse_json(data, max_bytes=MAX_CUSTODY_BYTES))
    logged = verify_proof(b64u_decode(document.entry), document.proof, keys)
    entry = parse_entry(logged.leaf)
    about = (envelope_id, b64u(manifest_digest))
    if not isinstance(entry, EnvelopeRefusedEntry) or (entry.env, entry.man) != about:
        raise PlatformError(
            Code.INTEGRITY,
            "the receipt is not about the refusal of this envelope",
            expected=f"envelope.refused {envelope_id}",
            received=f"{entry.type} {getattr(entry, 'env', '')}",
        )
    return RefusalReceipt(logged.index, entry.t, entry.code, entry, logged.checkpoint)
