"""The log entry of an officer's decision: about which envelope, and, committed, what and by whom.

What the service does by itself has entries of its own; this is what a person ordered.
"""

from collections.abc import Mapping
from typing import Any

from sextant_shared.protocol.notes import MadeNote, make_note


def decision(
    what: str, officer: str, env: str, ref: int | None, now: float, **more: Any
) -> MadeNote:
    """Return the note of a decision.

    `ref` is the index of the envelope's custody entry, None for a message of ours that the exchange
    does not hold yet.
    """
    detail: Mapping[str, Any] = {"decision": what, "officer": officer, **more}
    members = {"env": env, "ref": ref}
    return make_note("decision", members, now, owner="declarations", detail=detail)
