"""How often one caller may come: token buckets in memory, the same for every kind of count.

They keep a runaway client from starving the others, nothing more: a restart forgets them. What must
outlive a restart is counted in a room's own store.
"""

import math
from collections import OrderedDict

from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError

MAX_CALLERS = 20_000  # 4 MB; the one who rested longest is forgotten, and begins with a full bucket


class Rates:
    """A bucket per caller: `per_s` of `what` on average, `burst` at once."""

    def __init__(self, per_s: float, burst: int, clock: Clock, what: str = "requests") -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._clock = clock
        self._what = what
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one of this caller's.

        Raises:
            PlatformError: `E_RATE`, with the seconds until one is free.
        """
        now = self._clock()
        level, since = self._levels.get(caller, (self._burst, now))
        level = min(self._burst, level + max(0.0, now - since) * self._per_s)
        if level < 1:
            raise PlatformError(
                Code.RATE,
                f"{caller or 'this address'} sends {self._what} faster than its share",
                expected=f"{self._per_s:g} a second on average, {self._burst:g} at once",
                retry_after_s=math.ceil((1 - level) / self._per_s),
            )
        self._levels[caller] = (level - 1, now)
        self._levels.move_to_end(caller)
        if len(self._levels) > MAX_CALLERS:
            self._levels.popitem(last=False)
