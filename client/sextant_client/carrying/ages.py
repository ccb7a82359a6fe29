"""How old something is that was carried here: by the head of the log that came with it."""

from sextant_shared.clock import timestamp_s
from sextant_shared.protocol.checkpoints import Checkpoint

_DAY_S = 86_400


def as_of(head: Checkpoint, now: float) -> str:
    """Return how old what came with a head is, in words."""
    days = max(0, int(now - head.time) // _DAY_S)
    age = {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")
    return f"as of {timestamp_s(head.time)} ({age})"
