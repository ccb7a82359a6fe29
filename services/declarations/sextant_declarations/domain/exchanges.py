"""What officers do in exchanges with States: send, follow threads, see what is owed.

As with declarations, whoever is shown content, or who said what to whom, passes the gate first.
What is owed shows types and times only, as lists do.
"""

from dataclasses import dataclass
from typing import Protocol

from sextant_declarations.domain.accesses import Gives, Item, Reader
from sextant_declarations.domain.exchanged import (
    DueFilter,
    DuePage,
    MessageOrder,
    MessageView,
    ThreadView,
)
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.reading import ReplyEvidence
from sextant_declarations.domain.sending import Send
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError


class ExchangeRows(Protocol):
    """The reading side of threads and of what is owed."""

    async def owed(self, wanted: DueFilter, now: float, limit: int) -> DuePage:
        """Return what is owed, the most urgent first."""
        ...

    async def thread_of(self, sender: str, id_: str) -> str | None:
        """Return the name of the thread that an envelope stands in, None for an unknown one."""
        ...

    async def thread(self, name: str, now: float, access: Access) -> ThreadView:
        """Return the envelopes of a thread that the access covers, and what is owed in it."""
        ...


@dataclass(frozen=True)
class Exchanges:
    """The use cases of exchanges."""

    sending: Send
    rows: ExchangeRows
    gate: Gate
    clock: Clock

    async def send(self, order: MessageOrder, key: str, reader: Reader) -> tuple[MessageView, bool]:
        """Send a message; return it and whether it is new. Errors as `Send` has them."""
        return await self.sending(order, key, reader)

    async def message(self, id_: str) -> MessageView:
        """Return what became of a message that was sent.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await self.sending.messages.view(id_)
        if found is None:
            raise _unknown(f"message {id_}")
        return found

    async def content(self, id_: str, reader: Reader) -> bytes:
        """Return what a message said.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        access = await self._access(id_, reader, Gives.MESSAGE)
        found = await self.sending.messages.content(id_, access)
        if found is None:
            raise _unknown(f"message {id_}")
        return found

    async def evidence(self, id_: str, reader: Reader) -> ReplyEvidence:
        """Return what proves a message: container, custody receipt, what opens its commitment.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        access = await self._access(id_, reader, Gives.EVIDENCE)
        found = await self.sending.messages.evidence(id_, access)
        if found is None:
            raise _unknown(f"message {id_}")
        return found

    async def thread(self, sender: str, id_: str, reader: Reader) -> ThreadView:
        """Return the thread that an envelope of either direction stands in.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        name = await self.rows.thread_of(sender, id_)
        if name is None:
            raise _unknown(f"envelope {id_} of {sender[:32]}")
        access = await self.gate.thread(reader, name)
        return await self.rows.thread(name, self.clock(), access)

    async def owed(self, wanted: DueFilter, limit: int) -> DuePage:
        """Return what is owed, by whom and until when."""
        return await self.rows.owed(wanted, self.clock(), limit)

    async def _access(self, id_: str, reader: Reader, gives: Gives) -> Access:
        sent = await self.message(id_)
        item = Item(sender=self.sending.own_party, envelope=sent.id, custody=sent.custody)
        return await self.gate.admit(reader, gives, [item])


def _unknown(what: str) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        f"there is no {what}",
        fix="Take the id from the answer to POST /v1/messages, or from GET /v1/envelopes.",
    )
