"""Reads time and place out of custody receipts that were verified before they were stored."""

from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeAcceptedEntry, parse_entry
from sextant_shared.protocol.logproof import parse_proof
from sextant_shared.protocol.receipts import parse_custody


def accepted_in(custody: bytes) -> tuple[int, str]:
    """Return the log index and the time of acceptance that a receipt states.

    Raises:
        PlatformError: `E_INTEGRITY` for a receipt that is not about an envelope.
    """
    receipt = parse_custody(custody)
    entry = parse_entry(b64u_decode(receipt.entry))
    if not isinstance(entry, EnvelopeAcceptedEntry):
        raise PlatformError(Code.INTEGRITY, "a stored custody receipt is about something else")
    return parse_proof(receipt.proof).index, entry.t
