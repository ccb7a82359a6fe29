"""Remembers ids that must not come twice while they could still be accepted.

Bounded in memory and lost with the process: therefore proofs issued before the process started are
refused (`identity`). What a restart can still let through twice is the proof of a client whose
clock ran ahead of ours by more than the restart took.
"""

from sextant_shared.errors import Code, PlatformError

MAX_REMEMBERED = 200_000  # two minutes of 1,500 requests a second
SLOT_S = 5  # ids are forgotten together, so that one long-lived id does not keep the others


class ReplayCache:
    """Ids seen, each at least until it expires."""

    def __init__(self, max_remembered: int = MAX_REMEMBERED) -> None:
        self._seen: set[str] = set()
        self._slots: dict[int, list[str]] = {}
        self._max = max_remembered
        self._swept = 0

    def remember(self, id_: str, expires: float, now: float) -> None:
        """Remember `id_`.

        Raises:
            PlatformError: `E_AUTH` when it was seen before, `E_UNAVAILABLE` when memory is full:
                refusing is safe, forgetting is not.
        """
        self._forget(int(now) // SLOT_S)
        if id_ in self._seen:
            raise PlatformError(
                Code.AUTH,
                "this proof was used before",
                fix="Make a fresh proof for each request, also when you repeat one.",
            )
        if len(self._seen) >= self._max:
            raise PlatformError(Code.UNAVAILABLE, "too many proofs to remember", retry_after_s=5)
        self._seen.add(id_)
        self._slots.setdefault(int(expires) // SLOT_S + 1, []).append(id_)

    def _forget(self, slot: int) -> None:
        """Forget the slots that ended before `slot` began; once a slot is enough."""
        if slot == self._swept:
            return
        self._swept = slot
        for ended in [known for known in self._slots if known <= slot]:
            self._seen.difference_update(self._slots.pop(ended))
