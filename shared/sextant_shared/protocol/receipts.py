"""Custody receipts: a log entry and its proof, and nothing that needs believing.

Responsible for building the receipt and for every check a holder can make offline. The receipt has
no signature of its own: both signatures of the log in its checkpoint stand for the exchange and
the log at once. Not responsible for consistency with other checkpoints (`merkle.proofs`) nor for
the manifest's own signatures (`sextant_shared.protocol.manifest`).

Order of checks: form, level, proof and both log signatures, entry, envelope id, manifest digest.
"""

from dataclasses import dataclass
from json.encoder import encode_basestring

from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeAcceptedEntry, parse_entry
from sextant_shared.models.receipts import MAX_CUSTODY_BYTES, CustodyDocument, Level
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys
from sextant_shared.protocol.logproof import parse_proof, verify_proof


@dataclass(frozen=True, slots=True)
class CustodyReceipt:
    """A verified receipt: the envelope stands in the log at `index`.

    `t` is the exchange's time of acceptance; `reg` the index of the newest party entry then;
    `checkpoint` carries the time the log signed.
    """

    index: int
    t: str
    reg: int
    level: Level
    entry: EnvelopeAcceptedEntry
    checkpoint: Checkpoint


def format_custody(entry: bytes, proof: str, *, level: Level = Level.LOGGED) -> bytes:
    """Return the receipt for an entry's bytes and its tlog-proof: its one encoding.

    Written by hand, as for each deposit: names in their order, and text as RFC 8785 has it. The
    dash before the signatures of a checkpoint is not ASCII, which costs the general way twice.

    Raises:
        PlatformError: `E_MALFORMED` for a proof that has no encoding, which none has that verified.
    """
    quoted = encode_basestring(proof)
    text = f'{{"entry":"{b64u(entry)}","kind":"custody","level":"{level}","proof":{quoted},"v":1}}'
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PlatformError(Code.MALFORMED, f"no canonical JSON: {error}") from error


def parse_custody(data: bytes) -> CustodyDocument:
    """Return the receipt as it travels, checked in form only.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`.
    """
    value = parse_json(data, max_bytes=MAX_CUSTODY_BYTES)
    document = read_model(CustodyDocument, value)
    if canonical_json(value) != data:
        raise PlatformError(
            Code.MALFORMED,
            "the receipt is not in its canonical encoding",
            expected="RFC 8785 JSON, as the exchange handed it out",
            fix="Keep the receipt byte for byte; fetch it again from the exchange.",
        )
    return document


def verify_custody(
    data: bytes, manifest_digest: bytes, envelope_id: str, keys: LogKeys
) -> CustodyReceipt:
    """Return what the receipt proves about the envelope of that id and manifest (SHA-256).

    Raises:
        PlatformError: `E_MALFORMED` (not a receipt, or one that claims more than it proves),
            `E_KEY` or `E_SIGNATURE` (the checkpoint is not the pinned log's), `E_INTEGRITY` (the
            entry does not stand in the log, or is about another envelope), `E_DIGEST` (about
            another manifest of this envelope).
    """
    document = parse_custody(data)
    _check_claims(document)
    logged = verify_proof(b64u_decode(document.entry), document.proof, keys)
    entry = parse_entry(logged.leaf)
    if not isinstance(entry, EnvelopeAcceptedEntry):
        raise PlatformError(
            Code.INTEGRITY,
            "the entry in the receipt is not about an accepted envelope",
            expected="envelope.accepted",
            received=entry.type,
        )
    if entry.env != envelope_id:
        raise PlatformError(
            Code.INTEGRITY,
            "the receipt is for another envelope",
            expected=envelope_id,
            received=entry.env,
        )
    if entry.man != b64u(manifest_digest):
        raise PlatformError(
            Code.DIGEST,
            "the receipt is for another manifest",
            expected=b64u(manifest_digest),
            received=entry.man,
            fix="Compare the stored manifest with the one that was deposited.",
        )
    return CustodyReceipt(
        logged.index, entry.t, entry.reg, document.level, entry, logged.checkpoint
    )


def _check_claims(document: CustodyDocument) -> None:
    """Refuse what the log's signatures cannot carry: witness levels and unauthenticated extras."""
    if document.level is not Level.LOGGED:
        raise PlatformError(
            Code.MALFORMED,
            "the receipt claims witnesses, and no witness policy is pinned to check them",
            expected=Level.LOGGED,
            received=document.level,
            fix="Verify the receipt of level logged.",
        )
    if parse_proof(document.proof).extra is not None:
        raise PlatformError(
            Code.MALFORMED, "the proof in the receipt carries data that nothing authenticates"
        )
