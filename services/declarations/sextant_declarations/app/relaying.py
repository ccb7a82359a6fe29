"""Joins the relays: they deliver what is owed, entries to the log, the rest to the exchange."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial

from sextant_declarations.app.together import Together
from sextant_declarations.clients.exchange import HttpExchange
from sextant_declarations.clients.log import HttpLog
from sextant_declarations.clients.spans import Spans
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.joined import JoinedEntries
from sextant_declarations.domain.ports import ReplyOutbox, Step, Workshop
from sextant_declarations.domain.relay import Backoff, RelayEntries, RelayReplies, repeat
from sextant_declarations.domain.resealing import Reseal
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.access_tables import ACCESSES
from sextant_declarations.storage.heads import SqlHeadLedger
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.notes import NoteOutbox
from sextant_declarations.storage.outbox import SqlOutbox
from sextant_declarations.storage.sent import SqlSent
from sextant_declarations.storage.tables import OWED_REPLIES
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.protocol.checkpoints import LogKeys

Loop = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Wakes:
    """What is set when something is owed, so that nobody waits for the next look."""

    entries: asyncio.Event = field(default_factory=asyncio.Event)
    replies: asyncio.Event = field(default_factory=asyncio.Event)
    messages: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, kw_only=True)
class Relaying:
    """All that the relays stand on."""

    settings: DeclarationsSettings
    exchange: HttpExchange
    log: HttpLog
    log_keys: LogKeys
    directory: Directory
    workshop: Workshop
    heads: SqlHeadLedger
    sources: Sources
    spans: Spans
    step: Step

    def loops(
        self, together: Together, notes: Notes, sent: SqlSent, wakes: Wakes
    ) -> tuple[Loop, ...]:
        """Return a loop for each kind of thing that is owed."""
        database = together.database
        outbox, accesses = SqlOutbox(database), SqlOutbox(database, entries=ACCESSES)
        entries = RelayEntries(
            JoinedEntries((accesses, outbox, NoteOutbox(notes))),
            self.log,
            self.log_keys,
            self.spans,
            self.step,
            self.sources.clock,
            self._backoff,
        )
        return (
            together.led("entries", partial(self._repeat, entries, wakes.entries)),
            partial(
                self._repeat, self._replies(together.claimed(outbox, OWED_REPLIES)), wakes.replies
            ),
            partial(self._repeat, self._replies(together.claimed(sent, SENT)), wakes.messages),
        )

    def _replies(self, owed: ReplyOutbox) -> RelayReplies:
        return RelayReplies(
            owed,
            self.exchange,
            self.log_keys,
            self.spans,
            self.step,
            self.sources.clock,
            self._backoff,
            Reseal(self.directory, self.workshop, self.heads, self.sources),
            self.settings.replies_at_once,
        )

    @property
    def _backoff(self) -> Backoff:
        return Backoff(self.settings.poll_s, self.settings.pause_cap_s)

    async def _repeat(self, work: RelayEntries | RelayReplies, wake: asyncio.Event) -> None:
        await repeat(work, wake=wake, poll_s=self.settings.poll_s)
