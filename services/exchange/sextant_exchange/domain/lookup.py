"""Finds envelopes for those they belong to: their sender and, once accepted, their recipients."""

from sextant_exchange.domain.envelopes import Act, Event, Stored, events_of
from sextant_exchange.domain.ports import Envelopes
from sextant_exchange.domain.suspicion import Suspicion
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import (
    EnvelopeEvent,
    EnvelopeEvents,
    EnvelopeState,
    EnvelopeStatus,
)
from sextant_shared.protocol.access import Action, Subject, decide
from sextant_shared.protocol.events import etsi_of


class Lookup:
    """The use cases; what is not the caller's does not exist for the caller.

    A recipient sees its own copy and its own reasons only; the sender sees where each copy stands,
    never why.
    """

    def __init__(self, envelopes: Envelopes, suspicion: Suspicion, clock: Clock) -> None:
        self._envelopes = envelopes
        self._suspicion = suspicion
        self._clock = clock

    async def find(self, subject: Subject, sender: str, id_: str) -> Stored:
        """Return an envelope of the caller's.

        Raises:
            PlatformError: `E_NOT_FOUND`, also for what belongs to others: existence is no news.
        """
        return _own(subject, await self._envelopes.find(sender, id_))

    async def fetch(self, subject: Subject, sender: str, id_: str) -> Stored:
        """Return an envelope whose content may be fetched, and note that a recipient does.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_STATE` while it is pending; `E_GONE` once it is
                erased, or recalled before this recipient had it.
        """
        stored = await self.find(subject, sender, id_)
        if stored.state is EnvelopeState.PENDING:
            raise PlatformError(Code.STATE, "the envelope is not in the log yet", retry_after_s=2)
        if stored.erased is not None:
            raise PlatformError(
                Code.GONE, f"the ciphertext was erased by policy, {timestamp_ms(stored.erased)}"
            )
        if subject.party in stored.recipients:
            await self._envelopes.note_fetched(stored.number, subject.party, self._clock())
        return stored

    async def status(self, subject: Subject, sender: str, id_: str) -> EnvelopeStatus:
        """Say where an envelope stands.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        return await self._status(subject, await self.find(subject, sender, id_))

    async def status_by_manifest(self, subject: Subject, digest: bytes) -> EnvelopeStatus:
        """Say where the envelope with this manifest stands.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await self._envelopes.find_by_manifest(digest)
        return await self._status(subject, _own(subject, found))

    async def events(self, subject: Subject, sender: str, id_: str) -> EnvelopeEvents:
        """List what happened to an envelope, oldest first.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        stored = await self.find(subject, sender, id_)
        life = events_of(stored, await self._envelopes.acts(stored.number))
        sees_all = subject.party == stored.claim.sender
        return EnvelopeEvents(
            events=[
                EnvelopeEvent(
                    t=timestamp_ms(event.t),
                    event=event.act,
                    party=stored.claim.sender if event.act is Act.DEPOSITED else event.party,
                    etsi=etsi_of(event.act),
                    detail=event.detail if _may_read(event, subject, stored) else "",
                    index=event.index,
                )
                for event in life
                if sees_all or event.party in {None, subject.party}
            ]
        )

    async def _status(self, subject: Subject, stored: Stored) -> EnvelopeStatus:
        recipients = await self._envelopes.recipients(stored.number)
        sees_all = subject.party == stored.claim.sender
        return EnvelopeStatus(
            id=stored.claim.id,
            sender=stored.claim.sender,
            manifest=b64u(stored.claim.manifest_digest),
            type=stored.type,
            class_=stored.classification,
            priority=stored.links.priority,
            irt=stored.links.irt,
            sup=stored.links.sup,
            size=stored.size,
            state=stored.state,
            received=timestamp_ms(stored.received),
            index=stored.index,
            trace=(stored.traceparent or "").partition("-")[2].partition("-")[0],
            recipients=[copy for copy in recipients if sees_all or copy.party == subject.party],
            flag=await self._suspicion.flag(stored),
            said=await self._suspicion.word(stored),
        )


def _may_read(event: Event, subject: Subject, stored: Stored) -> bool:
    """Whether the words of an event are for the caller; a recall's are the sender's own."""
    is_own_recall = event.act is Act.RECALLED and subject.party == stored.claim.sender
    return is_own_recall or event.party in {None, subject.party}


def _own(subject: Subject, stored: Stored | None) -> Stored:
    if stored is None or not decide(subject, Action.ENVELOPE_READ, stored.visible_to).allow:
        raise PlatformError(Code.NOT_FOUND, "no such envelope of yours")
    return stored
