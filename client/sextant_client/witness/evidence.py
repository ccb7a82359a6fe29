"""What a witness kept, as evidence files that anybody can check (`sextant_client.evidence`)."""

from sextant_client.evidence import SplitView, make_evidence, verify_evidence
from sextant_client.witness.memory import KeptRefusal
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.notes import VerifierKey, format_vkey
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from sextant_shared.protocol.witnessing import parse_add_checkpoint


def split_view_of(kept: KeptRefusal, logs: list[VerifierKey]) -> SplitView | None:
    """Return the evidence in a refusal, when it proves by itself that the log signed two histories.

    A head whose proof merely does not hold proves nothing: the proof may be the caller's fault. The
    log has to prove consistency then, or to be caught at it.

    Raises:
        PlatformError: `E_KEY` when the log is not followed with one key of each algorithm.
    """
    keys = LogKeys.from_vkeys([format_vkey(key) for key in logs if key.name == kept.origin])
    request = parse_add_checkpoint(kept.request.encode())
    held, seen = (verify_checkpoint(text, keys) for text in (kept.held, request.checkpoint))
    made = make_evidence(held, seen, list(request.proof), keys)
    try:
        verify_evidence(made.model_dump_json().encode())
    except PlatformError:
        return None
    return made
