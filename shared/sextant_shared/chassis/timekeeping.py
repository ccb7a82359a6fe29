"""Watches the clock that a service writes into what lasts: receipts, entries, signed heads.

A clock that jumps, or stands before what the service itself stored, makes it unready with the
reason, and is told to the operator once. Until a jump is believed nothing is stamped by it, and
what needs a time all the same has it from the measure that nobody can set. Times that are stored
never go back: within the tolerance they wait for the clock, beyond it whoever needs one is told to
come back. What the service wrote is evidence; it must not say that an answer came before its
question.
"""

import asyncio
from collections.abc import Callable

import structlog

from sextant_shared.clock import Clock, monotonic, timestamp_s
from sextant_shared.errors import Code, PlatformError

LOOK_EVERY_S = 1.0
RETRY_AFTER_S = 30
OK = "ok"
_log = structlog.get_logger("sextant.clock")


class Timekeeper:
    """One clock of one service; `steady` is its other measure of time, which nobody can set.

    A clock that jumped and then keeps still for `settle_s` was corrected, and is believed again,
    but never before the newest time that was written. One that jumps back to where it was is
    believed at once.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        tolerance_s: float,
        settle_s: float,
        steady: Callable[[], float] = monotonic,
    ) -> None:
        self._clock = clock
        self._steady = steady
        self._tolerance_s = tolerance_s
        self._settle_s = settle_s
        self._newest = 0.0
        self._offset = clock() - steady()
        self._believed = self._offset
        self._jumped_at: float | None = None
        self._told = OK

    def not_before(self, newest: float) -> None:
        """Take in a time that the service stored; what it writes from now on is no earlier."""
        self._newest = max(self._newest, newest)

    def __call__(self) -> float:
        """Return the time, and never an earlier one than before: the clock waits, time does not."""
        self._look()
        jumped = self._jumped_at is not None
        now = self._believed + self._steady() if jumped else self._clock()
        self._newest = max(self._newest, now)
        return self._newest

    def shown(self) -> float:
        """Return what the clock shows, right or wrong; nothing that is written follows from it."""
        return self._clock()

    def stamp(self) -> float:
        """Return a time to be written.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the clock stands behind what was written already,
                or jumped and is not believed yet.
        """
        self._look()
        if (reason := self._behind() or self._jumped()) is not None:
            raise PlatformError(
                Code.UNAVAILABLE,
                reason,
                fix="Repeat later; the operator has to set the service's clock.",
                retry_after_s=RETRY_AFTER_S,
            )
        return self()

    def state(self) -> str:
        """Return `ok`, or what is wrong with the clock; what is new is told to the operator."""
        self._look()
        reason = self._behind() or self._jumped() or OK
        if reason != self._told:
            tell = _log.info if reason == OK else _log.error
            tell("the clock", state=reason, now=timestamp_s(self._clock()))
            self._told = reason
        return reason

    async def watch(self) -> None:
        """Look at the clock for ever."""
        while True:
            self.state()
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self) -> None:
        """Compare both measures: small drift is followed, a jump once it has kept still."""
        steady = self._steady()
        offset = self._clock() - steady
        moved, self._offset = abs(offset - self._offset) > self._tolerance_s, offset
        if abs(offset - self._believed) <= self._tolerance_s:
            self._jumped_at = None
        elif moved or self._jumped_at is None:
            self._jumped_at = steady
        if self._jumped_at is None or steady - self._jumped_at >= self._settle_s:
            self._believed, self._jumped_at = offset, None

    def _behind(self) -> str | None:
        behind = self._newest - self._clock()
        if behind <= self._tolerance_s:
            return None
        newest = timestamp_s(self._newest)
        return f"the clock is {behind:.0f} s behind {newest}, which stands in the store already"

    def _jumped(self) -> str | None:
        if self._jumped_at is None:
            return None
        return f"the clock jumped by {self._offset - self._believed:+.0f} s"
