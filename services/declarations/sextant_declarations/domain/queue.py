"""The verification queue as officers see it: the exchange keeps it, we ask with our own key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.officers import Officers
from sextant_declarations.domain.ports import Queue
from sextant_declarations.domain.reading import IntakeView
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import DiscardRequest
from sextant_shared.models.exchange import Delivery, DeliveryPage
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote


class QueueView(Strict):
    """What waits at the exchange and what this service does about it.

    `unreachable` says why the exchange could not be asked; `deliveries` is empty then.
    """

    deliveries: list[Delivery]
    next: int
    unreachable: str | None
    intake: IntakeView


Shows = Callable[[Delivery], bool]
"""Says whether who asks may know of a delivery."""
Write = Callable[[MadeNote], Awaitable[object]]
"""Stores a note that is owed to the log; done when it is durable."""


@dataclass(frozen=True)
class VerificationQueue:
    """Reads and mends the queue."""

    queue: Queue
    officers: Officers
    write: Write
    shows: Shows = lambda _delivery: True

    async def view(self, after: int, limit: int) -> QueueView:
        """Return a page of the queue, or why it cannot be seen now."""
        intake = await self.officers.intake()
        try:
            page = await self.queue.waiting(after, limit)
        except PlatformError as error:
            return QueueView(deliveries=[], next=after, unreachable=str(error), intake=intake)
        items = [one for one in page.items if self.shows(one)]
        return QueueView(deliveries=items, next=page.next, unreachable=None, intake=intake)

    async def dead_letters(self, after: int, limit: int) -> DeliveryPage:
        """Return a page of the deliveries that failed too often."""
        page = await self.queue.dead_letters(after, limit)
        return page.model_copy(update={"items": [one for one in page.items if self.shows(one)]})

    async def replay(self, seq: int, reader: Reader) -> None:
        """Let a dead letter come again. Leaves a line among officers' acts and an entry first.

        Raises:
            PlatformError: `E_STATE` when it is none.
        """
        await self.officers.note(reader, "replay", f"dead letter {seq}")
        await self._decided("replay", seq, reader)
        await self.queue.replay(seq)

    async def discard(self, seq: int, request: DiscardRequest, reader: Reader) -> None:
        """Give up a dead letter for good. Leaves a line among officers' acts and an entry first.

        Raises:
            PlatformError: `E_STATE` when it is none.
        """
        await self.officers.note(reader, "discard", f"dead letter {seq}")
        await self._decided("discard", seq, reader, reason=str(request.reason), note=request.note)
        await self.queue.discard(seq, request)

    async def _decided(self, what: str, seq: int, reader: Reader, **more: str) -> None:
        """Owe the log the decision; what is no dead letter, or out of sight, is refused alike."""
        page = await self.queue.dead_letters(seq - 1, 1)
        for letter in page.items:
            if letter.seq == seq and self.shows(letter):
                now, env = self.officers.clock(), letter.id
                note = decision(what, reader.client, env, letter.index, now, **more)
                await self.write(note)
                return
        raise PlatformError(
            Code.STATE,
            f"delivery {seq} is no dead letter",
            fix="Take it from GET /v1/dead-letters.",
        )
