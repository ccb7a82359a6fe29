"""Sends a message that an officer orders: checked, sealed, stored with what it demands.

Durable steps, in this order:

1. The access is stored: who sends, and which findings the message repeats, before they are read.
   If we stop here: nothing was sent, and the log says that it was to be.
2. One transaction stores the sealed message, its place in the outbox, the answers that it demands
   and those that it gives, and the entry that the decision owes to the log. The key of the order
   is unique.
   If we stop here: the officer's repeat finds it by the key, and gets the same message.
3. The relay deposits it at the exchange, which logs it like every envelope, and keeps the custody
   receipt. The clocks that run from the receipt start with the time that it states.

The same key with the same order is the same message, for ever; with another order it is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sextant_declarations.domain.accesses import Gives, Item, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.composing import Draft, draft_about, draft_of, refuse
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.deliveries import MessageFacts
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.exchanged import About, MessageOrder, MessageView
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.owed import Demand, SealedReply, SealOrder
from sextant_declarations.domain.ports import (
    HeadLedger,
    Reading,
    Threads,
    Trace,
    Workshop,
)
from sextant_declarations.domain.reading import DeclarationSummary, ReplyEvidence, VersionView
from sextant_declarations.domain.threads import Bond, Naming, bind, demands
from sextant_shared.clock import timestamp_ms, timestamp_s
from sextant_shared.encoding import canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.notes import MadeNote
from sextant_shared.protocol.owing import After, Seen

MayWrite = Callable[[str, str, str], bool]
"""Says whether who sends may write to a party: party, type, class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A sealed message on its way into the outbox, with all that is stored beside it.

    `answers` names the envelope (sender, id) that it answers, `supersedes` the id of the message
    of ours whose place it takes.
    """

    key: str
    order_digest: bytes
    officer: str
    created_at: str
    sealed: SealedReply
    thread: str
    facts: MessageFacts | None
    answers: tuple[str, str] | None
    supersedes: str | None
    demands: tuple[Demand, ...]
    traceparent: str | None
    decision: MadeNote


class SentMessages(Protocol):
    """What was sent, and its outbox."""

    async def by_key(self, key: str) -> tuple[bytes, str] | None:
        """Return the digest of the order that has the key, and the id of its message."""
        ...

    async def add(self, message: NewMessage) -> bool:
        """Store a message with all that belongs to it; False if its key was taken meanwhile."""
        ...

    async def view(self, message: str) -> MessageView | None:
        """Return what became of a message, None for an unknown id."""
        ...

    async def content(self, message: str, access: Access) -> bytes | None:
        """Return what a message said, None for an unknown id."""
        ...

    async def evidence(self, message: str, access: Access) -> ReplyEvidence | None:
        """Return what proves a message, None for an unknown id."""
        ...


@dataclass(frozen=True)
class Send:
    """Sends messages, in the name of the Secretariat."""

    messages: SentMessages
    threads: Threads
    reading: Reading
    directory: Directory
    workshop: Workshop
    heads: HeadLedger
    sources: Sources
    trace: Trace
    gate: Gate
    stored: Callable[[], None]
    own_party: str
    default_class: str
    may_write: MayWrite = lambda _party, _type, _class: True

    async def __call__(
        self, order: MessageOrder, key: str, reader: Reader
    ) -> tuple[MessageView, bool]:
        """Return the message and whether it is new; done when it is stored.

        Raises:
            PlatformError: `E_DUPLICATE` for a key that another order had, `E_MALFORMED` with every
                finding, `E_NOT_FOUND` for a declaration that there is none of, `E_FORBIDDEN` for a
                State that the sender is not cleared for, `E_RECIPIENT` for a party without a fit
                key, `E_STATE` for an answer to what is not in custody yet,
                `E_UNAVAILABLE` while the recipient's keys cannot be asked for.
        """
        digest = sha256(canonical_json(order.model_dump(mode="json")))
        held = await self._held(key, digest)
        if held is not None:
            return held, False
        id_ = self.sources.new_id()
        draft = await self._draft(order, id_, reader)
        self._require_need(draft, order)
        bond = await self._bond(draft, id_)
        refuse(draft, bond)
        sealed = await self._seal(draft, order, id_)
        if order.about is None:
            own = Item(sender=self.own_party, envelope=id_)
            await self.gate.admit(reader, Gives.SENDING, [own])
        is_new = await self.messages.add(
            NewMessage(
                key=key,
                order_digest=digest,
                officer=reader.client,
                created_at=timestamp_ms(self.sources.clock()),
                sealed=sealed,
                thread=bond.thread,
                facts=draft.facts,
                answers=(bond.answered.sender, bond.answered.id) if bond.answered else None,
                supersedes=bond.superseded.id if bond.superseded else None,
                demands=self._demands(draft, id_, bond),
                traceparent=self.trace.current(),
                decision=decision(
                    "send",
                    reader.client,
                    id_,
                    None,
                    self.sources.clock(),
                    type=draft.type,
                    to=draft.to,
                ),
            )
        )
        self.stored()
        stored = await self._held(key, digest)
        if stored is None:
            raise PlatformError(Code.INTEGRITY, "a message that was stored is not there")
        return stored, is_new

    def _require_need(self, draft: Draft, order: MessageOrder) -> None:
        if not self.may_write(draft.to, draft.type, order.class_ or self.default_class):
            raise PlatformError(
                Code.FORBIDDEN,
                "you are not cleared for messages with this State",
                expected="a grant for it that reaches the message's class",
                received=draft.to,
            )

    async def _held(self, key: str, digest: bytes) -> MessageView | None:
        found = await self.messages.by_key(key)
        if found is None:
            return None
        held, message = found
        if held != digest:
            raise PlatformError(
                Code.DUPLICATE,
                "the key was used for another message",
                expected="the same order, or a key of its own",
                received=key,
                fix=f"Read the message that has it, {message}, or send under a new key.",
            )
        return await self.messages.view(message)

    async def _draft(self, order: MessageOrder, id_: str, reader: Reader) -> Draft:
        if order.about is None:
            return draft_of(order, self.own_party)
        declared = await self._declared(order.about, reader)
        return draft_about(order, order.about, declared, self.own_party, id_)

    async def _declared(
        self, about: About, reader: Reader
    ) -> tuple[DeclarationSummary, list[VersionView]]:
        summary = await self.reading.declaration(about.declaration)
        if summary is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no declaration {about.declaration}",
                fix="Take the id from GET /v1/declarations.",
            )
        access = await self.gate.declaration(reader, Gives.QUESTION, about.declaration)
        return summary, await self.reading.versions(about.declaration, access)

    async def _bond(self, draft: Draft, id_: str) -> Bond:
        named = {(draft.to, one) for one in (draft.irt, draft.sup) if one}
        known = await self.threads.known(named, ())
        answered = known.by_id.get((draft.to, draft.irt)) if draft.irt else None
        superseded = known.by_id.get((draft.to, draft.sup)) if draft.sup else None
        for anchor in (answered, superseded):
            if anchor is not None and not anchor.is_settled:
                raise PlatformError(
                    Code.STATE,
                    f"{anchor.type} {anchor.id} is not with the exchange yet",
                    fix="Send this when it is in custody; GET /v1/messages/{id} says so.",
                )
        naming = Naming(
            sender=self.own_party,
            id=id_,
            type=draft.type,
            irt=draft.irt,
            sup=draft.sup,
            facts=draft.facts,
        )
        return bind(naming, answered, superseded, is_ours=True)

    async def _seal(self, draft: Draft, order: MessageOrder, id_: str) -> SealedReply:
        class_ = str(order.class_ or self.default_class)
        address = await self.directory.address(draft.to, since=0, classification=class_)
        order_ = SealOrder(
            id=id_,
            type=draft.type,
            content=draft.content,
            to=address,
            classification=class_,
            created=timestamp_s(self.sources.clock()),
            irt=draft.irt,
            sup=draft.sup,
            cty=draft.cty,
            beacon=await self.heads.newest(),
        )
        (sealed,) = await self.workshop.seal([order_])
        return sealed

    def _demands(self, draft: Draft, id_: str, bond: Bond) -> tuple[Demand, ...]:
        """Return what it demands; what runs from its receipt starts when there is one."""
        seen = Seen(
            sender=self.own_party,
            id=id_,
            type=draft.type,
            recipients=(draft.to,),
            accepted=0.0,
            ended=draft.facts.ended if draft.facts else None,
            asked=draft.facts.asked if draft.facts else None,
        )
        return tuple(
            replace(demand, until=None) if demand.after == After.RECEIPT else demand
            for demand in demands(seen, self.own_party, bond.answered)
        )
