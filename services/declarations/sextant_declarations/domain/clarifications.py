"""What States were asked about their declarations, for officers: lists, one in full, more time.

A clarification is a request of ours (`clarification.request`) with the answer that is owed for it;
it stands in the thread of the declaration that it is about. Lists tell times and counts; what was
asked is read through the gate. More time is an act of an officer: the State is told by a sealed
letter first, then the time is moved and the decision owed to the log, in one transaction. Stopped
between the two, the same order sends no second letter.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import Field

from sextant_declarations.analysis.clarifications.policy import (
    ClarificationPolicy,
    check_extension,
)
from sextant_declarations.analysis.clarifications.wording import extension_letter
from sextant_declarations.analysis.pictures.clock import Side, Thread, Turn
from sextant_declarations.domain.accesses import Gives, Item, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.exchanged import DueState, EnvelopeName, MessageOrder
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.lives import require_tag
from sextant_declarations.domain.sending import Send
from sextant_shared.clock import parse_timestamp, timestamp_ms, timestamp_s
from sextant_shared.deadlines import closes, day_of
from sextant_shared.encoding import b64u, b64u_decode, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import Day
from sextant_shared.models.envelope import EnvelopeId
from sextant_shared.models.messages import MAX_MESSAGE_BYTES
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote
from sextant_shared.rules.wording import Language

_KEY_BYTES = 18
_CURSOR = re.compile(r"([0-9]{1,17}(?:\.[0-9]{1,17})?) ([0-9]{1,18})")
_LETTER = "correspondence"


class ClarificationLine(Strict):
    """One clarification as lists show it; `questions` is how many places it asks about.

    `until` is when the answer is due, null while the request is not with the State; `because` says
    why then: `policy` (its `law` and `evidence`), `asked` (the request names an earlier day) or
    `extended`, which it was so often. `days_over` counts days after it, until the answer or now.
    """

    id: str
    envelope: str
    to: str
    state: str | None
    declaration: str | None
    declaration_id: str
    version: int
    request: str
    questions: int
    thread: EnvelopeName
    created: str
    accepted: str | None
    until: str | None
    because: Literal["policy", "asked", "extended"]
    law: str
    evidence: str
    extended: int
    stands: DueState
    days_over: int
    answered: str | None
    answered_by: EnvelopeName | None
    examined: str | None


class ClarificationPage(Strict):
    """One page of clarifications, the earliest due day first."""

    now: str
    clarifications: list[ClarificationLine]
    next: str | None


class QuestionView(Strict):
    """One question: the place, the rule whose finding it is if any, and its words."""

    n: int
    pointer: str
    rule: str | None
    text: str


class ExtensionView(Strict):
    """One extension: from when to when, why, and where the State asked for it."""

    before: str
    until: str
    reason: str
    asked_in: str | None
    officer: str
    t: str
    index: int | None


class ClarificationView(Strict):
    """One clarification with what was asked, and how its time was moved."""

    clarification: ClarificationLine
    questions: list[QuestionView]
    extensions: list[ExtensionView]


class ExtensionOrder(Strict):
    """More time: until the end of a day, why, and the message in which the State asked."""

    until: Day
    reason: Annotated[str, Field(max_length=40)]
    asked_in: EnvelopeId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationFilter:
    """What a list is narrowed to; `is_open` leaves out what is answered or superseded."""

    state: str | None = None
    declaration: str | None = None
    is_open: bool = True
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredClarification:
    """A clarification with the row of its message, and when it is due in unix seconds."""

    sent: int
    line: ClarificationLine
    until: float | None

    @property
    def tag(self) -> str:
        """What changes with every extension, and with the answer."""
        return f"{self.sent}.{self.line.extended}.{self.line.stands}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExtension:
    """An extension on its way into the database, with the times that it was planned on."""

    sent: int
    before: float
    until: float
    reason: str
    asked_in: str | None
    officer: str
    t: str
    note: MadeNote


class ClarificationRows(Protocol):
    """What is stored of clarifications."""

    async def page(
        self,
        wanted: ClarificationFilter,
        now: float,
        after: tuple[float, int] | None,
        limit: int,
    ) -> list[tuple[tuple[float, int], ClarificationLine]]:
        """Return up to `limit` clarifications after a place, each with its own."""
        ...

    async def one(self, message: str, now: float) -> StoredClarification | None:
        """Return one clarification, None for an unknown message."""
        ...

    async def content(self, sent: int, access: Access) -> bytes | None:
        """Return what was sent, if the access covers it."""
        ...

    async def extensions(self, sent: int) -> list[ExtensionView]:
        """Return how a time was moved, oldest first."""
        ...

    async def wrote(self, party: str, envelope: str) -> bool:
        """Return whether a party wrote us this message, and it was taken."""
        ...

    async def extend(self, extension: NewExtension) -> None:
        """Move a time, with the entry that the decision owes.

        Raises:
            PlatformError: `E_PRECONDITION` when the answer came, or the time was moved, meanwhile.
        """
        ...


@dataclass(frozen=True)
class Clarifications:
    """The use cases; `language` says in which language a State is written to."""

    rows: ClarificationRows
    send: Send
    gate: Gate
    sources: Sources
    policy: ClarificationPolicy
    language: "Languages"
    stored: Callable[[], None]

    async def page(
        self, wanted: ClarificationFilter, *, cursor: str | None, limit: int
    ) -> ClarificationPage:
        """Return one page; no declared content.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        now = self.sources.clock()
        after = None if cursor is None else _read_cursor(cursor)
        found = await self.rows.page(wanted, now, after, limit + 1)
        shown = found[:limit]
        last = shown[-1][0] if len(found) > limit else None
        return ClarificationPage(
            now=timestamp_s(now),
            clarifications=[line for _, line in shown],
            next=None if last is None else b64u(f"{last[0]!r} {last[1]}".encode()),
        )

    async def read(self, id_: str, reader: Reader) -> tuple[ClarificationView, str]:
        """Return one clarification in full, with its tag, once the access is stored.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        one = await self._one(id_)
        item = Item(sender=self.send.own_party, envelope=one.line.envelope)
        access = await self.gate.admit(reader, Gives.MESSAGE, [item])
        return await self._view(one, access), one.tag

    async def threads(self, wanted: ClarificationFilter) -> list[Thread]:
        """Return whose turn it was and is in each, for the clarification clock; no content."""
        now, after, found = self.sources.clock(), None, list[Thread]()
        while page := await self.rows.page(wanted, now, after, 500):
            after = page[-1][0]
            found += [thread_of(line) for _, line in page if line.accepted is not None]
        return found

    async def extend(
        self, id_: str, order: ExtensionOrder, tag: str, officer: Reader
    ) -> tuple[ClarificationView, str]:
        """Give a State more time: it is told by letter, and the time is moved.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_PRECONDITION` when it moved on since; `E_STATE` for one
                that is answered, or not with the State yet; `E_POLICY` with everything that stands
                against it; what `Send` raises for the letter, and then nothing is moved.
        """
        one = await self._one(id_)
        require_tag(one.tag, tag)
        until = self._due(one)
        day, now = order.until, self.sources.clock()
        asked = order.asked_in is not None and await self.rows.wrote(one.line.to, order.asked_in)
        wanted = day, order.reason, asked
        today, due = day_of(now), last_day(until)
        check_extension(self.policy, wanted, due, one.line.extended, today)
        await self._tell(one, order, officer)
        note = decision(
            "extend",
            officer.client,
            one.line.envelope,
            None,
            now,
            role=officer.role,
            request=one.line.request,
            reason=order.reason,
            until=day.isoformat(),
            **({"reference": order.asked_in} if order.asked_in else {}),
        )
        await self.rows.extend(
            NewExtension(
                sent=one.sent,
                before=until,
                until=closes(day),
                reason=order.reason,
                asked_in=order.asked_in,
                officer=officer.client,
                t=timestamp_ms(now),
                note=note,
            )
        )
        self.stored()
        return await self.read(id_, officer)

    def _due(self, one: StoredClarification) -> float:
        if one.line.stands not in (DueState.OPEN, DueState.OVERDUE):
            raise PlatformError(
                Code.STATE, f"it is {one.line.stands}: no time runs any more", fix="Ask anew."
            )
        if one.until is None:
            raise PlatformError(
                Code.STATE,
                "the request is not with the State yet: its time does not run",
                fix="Repeat when it is in custody; GET /v1/messages/{id} says so.",
            )
        return one.until

    async def _tell(self, one: StoredClarification, order: ExtensionOrder, officer: Reader) -> None:
        line, day = one.line, order.until.isoformat()
        language = await self.language(line.state or "", line.declaration_id)
        subject, text = extension_letter(line.request, line.declaration_id, day, language)
        letter = MessageOrder(
            type=_LETTER,
            to=line.to,
            reply_to=order.asked_in or line.envelope,
            content={"v": 1, "type": _LETTER, "subject": subject, "text": text},
        )
        said = f"{line.id}/{line.extended}/{day}/{order.reason}/{order.asked_in}"
        await self.send(letter, f"extend-{b64u(sha256(said.encode())[:_KEY_BYTES])}", officer)

    async def _view(self, one: StoredClarification, access: Access) -> ClarificationView:
        content = await self.rows.content(one.sent, access)
        if content is None:
            raise PlatformError(Code.INTEGRITY, "a message that was sent is not there")
        said = parse_json(content, max_bytes=MAX_MESSAGE_BYTES)
        return ClarificationView(
            clarification=one.line,
            questions=[
                QuestionView(n=q["n"], pointer=q["pointer"], rule=q.get("rule"), text=q["text"])
                for q in said["questions"]
            ],
            extensions=await self.rows.extensions(one.sent),
        )

    async def _one(self, id_: str) -> StoredClarification:
        found = await self.rows.one(id_, self.sources.clock())
        if found is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no clarification {id_[:64]}",
                fix="Take the id from GET /v1/clarifications.",
            )
        return found


class Languages(Protocol):
    """Says in which language a State is written to."""

    async def __call__(self, state: str, declaration_id: str) -> Language:
        """Return the language, about one of its declarations."""
        ...


def thread_of(line: ClarificationLine) -> Thread:
    """Return whose turn it was and is; it ends when an officer went on after the reply."""
    turns = [Turn(Side.STATE, _day(line.accepted or line.created))]
    if line.answered is not None:
        turns.append(Turn(Side.SECRETARIAT, _day(line.answered)))
    ended = None if line.examined is None else _day(line.examined)
    due = None if line.until is None else last_day(parse_timestamp(line.until))
    return Thread(f"{line.to} {line.request}", tuple(turns), due, ended)


def last_day(until: float) -> dt.date:
    """Return the last day on which an answer that is due at an instant is in time."""
    return day_of(until - 1)


def _day(t: str) -> dt.date:
    return day_of(parse_timestamp(t))


def _read_cursor(cursor: str) -> tuple[float, int]:
    found = _CURSOR.fullmatch(b64u_decode(cursor).decode(errors="replace"))
    if found is None:
        raise PlatformError(
            Code.MALFORMED, "no page gave this cursor", fix="Take `next` of the page before."
        )
    return float(found[1]), int(found[2])
