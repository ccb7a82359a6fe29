"""Reminds States of what they owe: an officer looks at the batch, and sends what is approved.

Nothing is sent by itself. Each reminder is a sealed letter in the State's language, on the path of
every message (`sending`), under a key that follows from obligation and stage: whatever is repeated,
it is sent once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sextant_declarations.analysis.obligations.reminding import Reminder, reminders, worded
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.exchanged import MessageOrder, MessageView
from sextant_declarations.domain.obligations import Board
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.sending import Send
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict

_LETTER = "correspondence"
MAX_BATCH = 500


class ReminderView(Strict):
    """A reminder that is due, worded; `stage` in days from the due day, below zero before it."""

    key: str
    to: str
    state: str
    kind: str
    period: str
    due: str
    stage: int
    obligations: list[str]
    language: str
    subject: str
    text: str


class ReminderBatch(Strict):
    """What is due to be sent, and was not yet."""

    reminders: list[ReminderView]


class Approval(Strict):
    """The keys of the reminders that an officer approves."""

    keys: Annotated[list[str], Field(min_length=1, max_length=MAX_BATCH)]


class SentReminders(Strict):
    """The messages that were sent, in the order of the keys."""

    sent: list[MessageView]


@dataclass(frozen=True)
class Reminding:
    """The use cases of reminders."""

    board: Board
    send: Send
    states: StatePolicy

    async def batch(self, state: str | None = None) -> ReminderBatch:
        """Return what is due to be sent; sends nothing."""
        found = await self.board.found(state)
        due = reminders(found, self.board.today, self.board.policy)
        used = await self.board.rows.used([one.key for one in due])
        left = [one for one in due if one.key not in used]
        states = {one.state for one in left}
        languages = {each: await self._language(each) for each in states}
        return ReminderBatch(reminders=[self._view(one, languages[one.state]) for one in left])

    async def approve(self, keys: Sequence[str], reader: Reader) -> SentReminders:
        """Send the reminders of a batch that are approved, each once.

        Raises:
            PlatformError: `E_NOT_FOUND` for a key that is not due, before anything is sent; what
                `Send` raises for one, after those before it were sent: the same keys go on.
        """
        held = {one.key: one for one in (await self.batch()).reminders}
        done = await self.board.rows.used(keys)
        unknown = [key for key in keys if key not in held and key not in done]
        if unknown:
            raise PlatformError(
                Code.NOT_FOUND,
                "no such reminder is due; nothing was sent",
                expected="keys of GET /v1/reminders",
                received=", ".join(unknown)[:200],
                fix="Read the batch again: what came meanwhile needs no reminder.",
            )
        approved = [held[key] for key in dict.fromkeys(keys) if key in held]
        return SentReminders(sent=[await self._send(one, reader) for one in approved])

    async def _send(self, one: ReminderView, reader: Reader) -> MessageView:
        content = {"v": 1, "type": _LETTER, "subject": one.subject, "text": one.text}
        order = MessageOrder(type=_LETTER, to=one.to, content=content)
        view, _ = await self.send(order, one.key, reader)
        return view

    async def _language(self, state: str) -> str:
        """Return the language of the newest declaration of a State."""
        filings = await self.board.rows.filings(state)
        newest = max(filings, key=lambda f: f.received, default=None)
        return newest.stated.language if newest else "en"

    def _view(self, one: Reminder, language: str) -> ReminderView:
        subject, text = worded(one, language)
        due = one.first.due
        return ReminderView(
            key=one.key,
            to=self.states.party_of(one.state),
            state=one.state,
            kind=due.kind,
            period=due.period,
            due=due.day.isoformat(),
            stage=one.stage,
            obligations=[each.id for each in one.about],
            language=language,
            subject=subject,
            text=text,
        )
