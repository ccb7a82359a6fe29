"""Finds envelopes for those they belong to: their sender and, once accepted, their recipients."""

from sextant_exchange.domain.envelopes import Stored
from sextant_exchange.domain.ports import Envelopes
from sextant_shared.clock import timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import (
    EnvelopeEvent,
    EnvelopeEvents,
    EnvelopeState,
    EnvelopeStatus,
)
from sextant_shared.protocol.access import Action, Subject, decide


class Lookup:
    """The use cases; what is not the caller's does not exist for the caller."""

    def __init__(self, envelopes: Envelopes) -> None:
        self._envelopes = envelopes

    async def find(self, subject: Subject, sender: str, id_: str) -> Stored:
        """Return an envelope of the caller's.

        Raises:
            PlatformError: `E_NOT_FOUND`, also for what belongs to others: existence is no news.
        """
        return _own(subject, await self._envelopes.find(sender, id_))

    async def fetch(self, subject: Subject, sender: str, id_: str) -> Stored:
        """Return an envelope whose content may be fetched: an accepted one.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_STATE` while it is pending.
        """
        stored = await self.find(subject, sender, id_)
        if stored.state is EnvelopeState.PENDING:
            raise PlatformError(Code.STATE, "the envelope is not in the log yet", retry_after_s=2)
        return stored

    async def status(self, subject: Subject, sender: str, id_: str) -> EnvelopeStatus:
        """Say where an envelope stands.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        return await self._status(await self.find(subject, sender, id_))

    async def status_by_manifest(self, subject: Subject, digest: bytes) -> EnvelopeStatus:
        """Say where the envelope with this manifest stands.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        return await self._status(_own(subject, await self._envelopes.find_by_manifest(digest)))

    async def events(self, subject: Subject, sender: str, id_: str) -> EnvelopeEvents:
        """List every act on an envelope, oldest first.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        events = await self._envelopes.events(await self.find(subject, sender, id_))
        return EnvelopeEvents(
            events=[
                EnvelopeEvent(t=timestamp_ms(e.t), event=e.event, detail=e.detail) for e in events
            ]
        )

    async def _status(self, stored: Stored) -> EnvelopeStatus:
        return EnvelopeStatus(
            id=stored.id,
            sender=stored.sender,
            manifest=b64u(stored.manifest_digest),
            type=stored.type,
            class_=stored.classification,
            size=stored.size,
            state=stored.state,
            received=timestamp_ms(stored.received),
            index=stored.index,
            trace=(stored.traceparent or "").partition("-")[2].partition("-")[0],
            recipients=await self._envelopes.recipients(stored.number),
        )


def _own(subject: Subject, stored: Stored | None) -> Stored:
    visible = stored is not None and (
        stored.parties if stored.state is EnvelopeState.ACCEPTED else (stored.sender,)
    )
    if not stored or not visible or not decide(subject, Action.ENVELOPE_READ, visible).allow:
        raise PlatformError(Code.NOT_FOUND, "no such envelope of yours")
    return stored
