"""Remembers ids that must not come twice while they could still be accepted.

Bounded in memory and lost with the process: therefore proofs issued before the process started are
refused (`identity`), and a restart forgets nothing that would still be valid.
"""

from collections import OrderedDict

from sextant_shared.errors import Code, PlatformError

MAX_REMEMBERED = 200_000  # a minute of 1,500 requests a second, twice over


class ReplayCache:
    """Ids seen, each until it expires."""

    def __init__(self, max_remembered: int = MAX_REMEMBERED) -> None:
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._max = max_remembered

    def remember(self, id_: str, expires: float, now: float) -> None:
        """Remember `id_`.

        Raises:
            PlatformError: `E_AUTH` when it was seen before, `E_UNAVAILABLE` when memory is full:
                refusing is safe, forgetting is not.
        """
        while self._seen:
            oldest = next(iter(self._seen))
            if self._seen[oldest] > now:
                break
            del self._seen[oldest]
        if id_ in self._seen:
            raise PlatformError(
                Code.AUTH,
                "this proof was used before",
                fix="Make a fresh proof for each request, also when you repeat one.",
            )
        if len(self._seen) >= self._max:
            raise PlatformError(Code.UNAVAILABLE, "too many proofs to remember", retry_after_s=5)
        self._seen[id_] = expires
