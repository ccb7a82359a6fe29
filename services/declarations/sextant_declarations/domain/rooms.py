"""The discrepancy room: the Secretariat asks the States of a case, and all that is said about it.

Every State has a thread of its own in the room: what it was asked, what it replied, what the
Secretariat wrote, what it wrote to the other State with a copy to the Secretariat. An envelope of
ours goes to one State alone, so none learns by it what another one was told; States may write to
each other. A State never sees more of the room than what it sent and was sent.

Durable steps of a request, in this order:

1. One message for each State, each under a key that follows from case, step and State.
   If we stop here: the same request again finds those that were sent, and sends the others.
2. The step of the case, with the messages bound to it and its log entry.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.cases.disclosure import ShownCase
from sextant_declarations.analysis.cases.guarding import tells, withheld
from sextant_declarations.analysis.cases.model import Sense
from sextant_declarations.analysis.cases.wording import question
from sextant_declarations.analysis.cases.workflow import ReasonCode, Wanted, advance, workflow
from sextant_declarations.analysis.transfers.model import Document
from sextant_declarations.domain.accesses import Gives, Item, Reader
from sextant_declarations.domain.casebook import StoredCase, new_case_step
from sextant_declarations.domain.cases import Cases
from sextant_declarations.domain.exchanged import MessageOrder, MessageView, ThreadMessage
from sextant_declarations.domain.exchanges import ExchangeRows
from sextant_declarations.domain.gate import AccessRows
from sextant_declarations.domain.lives import require_tag
from sextant_declarations.domain.register import NATIONAL_AUTHORITY_PREFIX, StatePolicy
from sextant_declarations.domain.sending import Send
from sextant_declarations.domain.threads import REQUEST
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import LongText, Text
from sextant_shared.models.strict import Strict

_LETTER = "correspondence"
_KEY_BYTES = 18
MAX_STATES = 16  # recipients of one case: as many as one envelope of the exchange may have


class RequestOrder(Strict):
    """A request to the States of a case: why, further words, the day by which to answer.

    By default to all of them; `to` names fewer. `words` stand after the prefilled text of each.
    """

    reason: ReasonCode
    to: Annotated[list[str], Field(min_length=1, max_length=MAX_STATES)] | None = None
    words: LongText | None = None
    answer_by: Annotated[dt.date | None, Field(strict=False)] = None


class LetterOrder(Strict):
    """A letter into the room, one envelope for each State; by default to all that were asked."""

    subject: Text
    text: LongText
    to: Annotated[list[str], Field(min_length=1, max_length=MAX_STATES)] | None = None


class RoomMessage(ThreadMessage):
    """One envelope in a room; `states` are those of the case that sent it or were sent it."""

    states: list[str]


class RoomView(Strict):
    """All that is said about a case, in order, and who of its States knows of which envelope."""

    case: str
    states: list[str]
    is_open: bool
    messages: list[RoomMessage]


class SentAbout(Strict):
    """The messages that were sent, by State."""

    case: str
    sent: list[MessageView]


@dataclass(frozen=True, slots=True)
class Bound:
    """A message of ours that belongs to a case: its party, envelope and thread."""

    message: str
    party: str
    envelope: str
    thread: str
    is_settled: bool


class RoomRows(Protocol):
    """What is stored of rooms."""

    async def bound(self, number: str) -> list[Bound]:
        """Return the messages that are bound to a case, the oldest first."""
        ...

    async def language(self, state: str) -> str:
        """Return the language of what a State registered last."""
        ...


@dataclass(frozen=True)
class Rooms:
    """The use cases of rooms."""

    cases: Cases
    rows: RoomRows
    send: Send
    threads: ExchangeRows
    accesses: AccessRows
    states: StatePolicy

    async def request(
        self, number: str, order: RequestOrder, tag: str, officer: Reader
    ) -> tuple[SentAbout, str]:
        """Ask the States of a case; return what was sent, and the new tag.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_PRECONDITION`; what the table refuses; `E_POLICY` for
                words that would tell a State what it is not shown; what `Send` raises for one,
                after those before it were sent: the same request goes on.
        """
        stored = await self.cases.stored_case(number)
        require_tag(stored.tag, tag)
        wanted = Wanted(step="request", role=officer.role, reason=order.reason, messages=True)
        move = advance(workflow(), stored.standing, wanted)
        views = self._views(stored, order.to)
        if order.words is not None:
            _guard(stored, views, order.words)
        await self.cases.admit(officer, stored)
        orders = {
            state: await self._request_to(stored, view, state, order)
            for state, view in views.items()
        }
        sent = [
            (await self.send(one, _key(stored, state), officer))[0] for state, one in orders.items()
        ]
        messages = [(view.to, view.message) for view in sent]
        step = new_case_step(stored, move, officer, self.cases.sources, messages)
        await self.cases.rows.take([step])
        self.cases.stored()
        return SentAbout(case=number, sent=sent), (await self.cases.stored_case(number)).tag

    async def write(self, number: str, order: LetterOrder, key: str, officer: Reader) -> SentAbout:
        """Write a letter into the room, in the thread of each State.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_STATE` for a State that was not asked yet; `E_POLICY`
                for words that would tell it what it is not shown; what `Send` raises.
        """
        stored = await self.cases.stored_case(number)
        newest = {one.party: one for one in await self.rows.bound(number)}
        asked = [state for state in stored.case.states if self._party(state) in newest]
        chosen = asked if order.to is None else order.to
        views = self._views(stored, chosen)
        if missing := sorted(set(chosen) - set(asked)) or ([] if chosen else ["every State"]):
            raise PlatformError(
                Code.STATE,
                "a State is written to in the thread of a request, and there is none yet",
                expected="States that were asked",
                received=", ".join(missing),
                fix="Ask first: POST …/requests.",
            )
        _guard(stored, views, f"{order.subject}\n{order.text}")
        sent = []
        for state in views:
            held = newest[self._party(state)]
            content = {"v": 1, "type": _LETTER, "subject": order.subject, "text": order.text}
            one = MessageOrder(type=_LETTER, to=held.party, reply_to=held.envelope, content=content)
            view, _ = await self.send(one, f"{key}.{state}", officer)
            sent.append(view)
        return SentAbout(case=number, sent=sent)

    async def room(self, number: str, reader: Reader, *, state: str | None = None) -> RoomView:
        """Return all that is said about a case, as the Secretariat or as one State knows it.

        Raises:
            PlatformError: `E_NOT_FOUND`, also where that State may not know of the case.
        """
        stored = await self.cases.stored_case(number)
        if state is not None:
            self.cases.view_of(stored, state)
        names = list(dict.fromkeys(one.thread for one in await self.rows.bound(number)))
        items: dict[tuple[str, str], Item] = {}
        for name in names:
            found = await self.accesses.of_thread(name)
            items |= {(one.sender, one.envelope): one for one in found}
        access = await self.cases.gate.admit(reader, Gives.THREAD, list(items.values()))
        now = self.cases.sources.clock()
        threads = [await self.threads.thread(name, now, access) for name in names]
        states = [state] if state else list(stored.case.states)
        messages = [
            shown
            for thread in threads
            for one in thread.messages
            if (shown := self._in_room(one, stored.case.states)).states
            and (state is None or state in shown.states)
        ]
        messages.sort(key=lambda one: (one.accepted is None, one.accepted or "", one.custody or 0))
        if state is not None:
            messages = [one.model_copy(update={"states": [state]}) for one in messages]
        return RoomView(
            case=number,
            states=states,
            is_open=any(thread.is_open for thread in threads),
            messages=messages,
        )

    def _in_room(self, one: ThreadMessage, states: Sequence[str]) -> RoomMessage:
        parties = {one.sender, *one.to}
        known = [state for state in states if self._party(state) in parties]
        return RoomMessage(**one.model_dump(), states=known)

    def _views(self, stored: StoredCase, to: Sequence[str] | None) -> dict[str, ShownCase]:
        states = stored.case.states if to is None else to
        return {state: self.cases.view_of(stored, state) for state in dict.fromkeys(states)}

    async def _request_to(
        self, stored: StoredCase, view: ShownCase, state: str, order: RequestOrder
    ) -> MessageOrder:
        language = await self.rows.language(state)
        questions: list[dict[str, object]] = []
        concerns: Document | None = None
        for one, pair in zip(
            (one for one in stored.pairs if state in one.states), view.pairs, strict=True
        ):
            if pair.sense is Sense.NONE:
                continue
            side = one.side(state)
            document = side.rows[0].place.document if side.rows else max(side.documents)
            concerns = concerns or document
            at = side.rows[0].place.pointer if side.rows and document == concerns else ""
            text = question(pair, state, language)
            questions.append({"n": len(questions) + 1, "pointer": at, "text": text})
        if order.words is not None:
            questions.append({"n": len(questions) + 1, "pointer": "", "text": order.words})
        if concerns is None:
            raise PlatformError(
                Code.STATE,
                "no difference is left: there is nothing to ask",
                expected="a pair that differs",
                received=f"none that {state} is a side of",
                fix="Close the case, or ask the other State alone.",
            )
        content: dict[str, object] = {
            "v": 1,
            "type": REQUEST,
            "request": f"{stored.number}/{stored.steps}",
            "concerns": {
                "declaration_id": concerns.declaration_id,
                "version": concerns.version,
            },
            "questions": questions,
        }
        if order.answer_by is not None:
            content["answer_by"] = order.answer_by.isoformat()
        return MessageOrder(type=REQUEST, to=self._party(state), content=content)

    def _party(self, state: str) -> str:
        named = (party for party, code in self.states.exceptions.items() if code == state)
        return next(named, f"{NATIONAL_AUTHORITY_PREFIX}{state}")


def _key(stored: StoredCase, state: str) -> str:
    said = f"{stored.number}/{stored.steps}/{state}"
    return f"case-{b64u(sha256(said.encode())[:_KEY_BYTES])}"


def _guard(stored: StoredCase, views: dict[str, ShownCase], words: str) -> None:
    told = [state for state, view in views.items() if tells(words, withheld(stored.case, view))]
    if told:
        raise PlatformError(
            Code.POLICY,
            "the words hold a figure that a State they go to is not shown",
            expected="words without the other side's figures",
            received=f"a figure that is not shown to {', '.join(told)}",
            fix="Write without it; nothing was sent.",
        )
