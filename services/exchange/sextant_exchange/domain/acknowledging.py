"""Gives the log what recipients acknowledged: an entry for each, made for many at once.

An acknowledgement is the one act whose entry is not made in its own commit: to end a delivery is as
frequent as a deposit, and sealing a detail costs a durable write of keys. The event it leaves is
the debt. From the commit that makes the entries on, they are acts like all others.
"""

from sextant_exchange.domain.acting import BATCH, LoggedActs
from sextant_exchange.domain.ports import Acknowledgements
from sextant_shared.clock import Clock


class Acknowledging:
    """Makes the entries that are owed, then settles all acts."""

    def __init__(self, acknowledgements: Acknowledgements, acts: LoggedActs, clock: Clock) -> None:
        self._acknowledgements = acknowledgements
        self._acts = acts
        self._clock = clock

    async def __call__(self) -> None:
        """Do all that is owed.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store or the log is away.
        """
        while await self._acknowledgements.hold(BATCH, self._clock()) == BATCH:
            pass
        await self._acts.settle()
