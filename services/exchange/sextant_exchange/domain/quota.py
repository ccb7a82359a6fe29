"""How much one party may deposit, and how much room the exchange keeps (envelope §2.7 step 2)."""

import math
from collections.abc import Callable

from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError


class Quota:
    """A token bucket per party: `per_s` deposits on average, `burst` at once.

    In memory and per process: it keeps a runaway client from starving the others, nothing more.
    """

    def __init__(self, per_s: float, burst: int, clock: Clock) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}  # at most one per enrolled party

    def take(self, party: str) -> None:
        """Count one deposit of this party.

        Raises:
            PlatformError: `E_RATE`, with the seconds until one is free.
        """
        now = self._clock()
        level, since = self._levels.get(party, (self._burst, now))
        level = min(self._burst, level + max(0.0, now - since) * self._per_s)
        if level < 1:
            raise PlatformError(
                Code.RATE,
                f"{party} deposits faster than its share",
                expected=f"{self._per_s:g} a second on average, {self._burst:g} at once",
                retry_after_s=math.ceil((1 - level) / self._per_s),
            )
        self._levels[party] = (level - 1, now)


class Room:
    """Refuses new containers before the disk is full: what is held must still be finished."""

    def __init__(self, free_bytes: Callable[[], int], reserve_bytes: int) -> None:
        self._free_bytes = free_bytes
        self._reserve_bytes = reserve_bytes

    def check(self, size: int = 0) -> None:
        """Return when a container of `size` bytes leaves the reserve untouched.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        if self._free_bytes() - size < self._reserve_bytes:
            raise PlatformError(
                Code.UNAVAILABLE,
                "there is no room for more envelopes now",
                fix="Repeat the same bytes later; the operator has to make room.",
                retry_after_s=60,
            )
