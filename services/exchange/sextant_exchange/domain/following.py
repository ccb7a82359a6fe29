"""Follows a mailbox: whatever comes, in order, for as long as one stream may live.

Nothing is lost between two streams: a reader goes on behind the last number it has seen. To follow
takes nothing: who works on deliveries leases them.
"""

from collections.abc import AsyncGenerator, Sequence

from sextant_exchange.domain.mailboxes import Bells, rung
from sextant_exchange.domain.ports import ALL, Mailboxes
from sextant_shared.clock import monotonic
from sextant_shared.models.exchange import Delivery

PAGE = 100  # deliveries looked up at once, for readers that come back after long


class Following:
    """The use case: a beat every `beat_s` while nothing comes, an end after `max_s`."""

    def __init__(self, mailboxes: Mailboxes, bells: Bells, beat_s: float, max_s: float) -> None:
        self._mailboxes = mailboxes
        self._bells = bells
        self._beat_s = beat_s
        self._max_s = max_s

    async def __call__(self, party: str, after: int) -> AsyncGenerator[Sequence[Delivery], None]:
        """Yield deliveries after a cursor as they come; what is empty is a beat, the first too.

        Raises:
            PlatformError: `E_UNAVAILABLE` when too many wait already, or the store is away.
        """
        deadline = monotonic() + self._max_s
        with self._bells.listening(party) as bell:
            yield ()
            while not self._bells.is_closing:
                bell.clear()
                found = await self._mailboxes.page(party, after, PAGE, ALL)
                if found:
                    after = found[-1].seq
                    yield found
                    continue
                left = deadline - monotonic()
                if left <= 0:
                    return
                await rung(bell, min(left, self._beat_s))
                if not bell.is_set():
                    yield ()
