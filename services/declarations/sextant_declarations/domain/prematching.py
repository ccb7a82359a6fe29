"""Answers blind pre-matches: a State asks about rows that it registered, and learns three words.

The ask and its answer are sealed messages. Neither has a figure, and no person is between.

Durable steps, in this order:

1. The access to the ask is stored, with its log entry; then it is read.
   If we stop here: it is read again, with an access of its own.
2. What is said of each row is stored with the entry of the decision, in one transaction. From here
   on it counts against the bound, and stays the same however often it is sent.
   If we stop here: the next run finds what was said, and sends it.
3. The answer is sent under a key that follows from the ask (`sending`).

An ask waits while anything of its State is still to be compared: the answer is about the version
that it names, and not about the one before.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from sextant_declarations.analysis.cases.model import Matched
from sextant_declarations.analysis.cases.policy import CasePolicy
from sextant_declarations.analysis.cases.prematch import Asked, Outcome, Unanswered, answer
from sextant_declarations.analysis.transfers.model import Document, PairKey
from sextant_declarations.domain.accesses import SERVICE, Gives, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.exchanged import MessageOrder
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.ports import Files
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.domain.sending import Send
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import read_message
from sextant_shared.models.prematch import PrematchRequest, PrematchRow
from sextant_shared.protocol.notes import MadeNote

ASK, ANSWER = "prematch.request", "prematch.reply"
BATCH = 20
OWN = Reader(client="declarations", role=SERVICE, purpose="reconciliation")
_DAY_CHARS = 10

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrematchAsk:
    """An ask that has no answer yet."""

    inbox: int
    sender: str
    envelope: str
    custody: int
    manifest_digest: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of the row of this number: one of the two; `pair` is the id of its pair."""

    n: int
    pair: str
    outcome: str | None
    unanswered: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrematch:
    """What is said in answer to an ask, on its way into the store."""

    ask: PrematchAsk
    state: str
    year: int
    t: str
    told: tuple[Told, ...]
    note: MadeNote


class PrematchRows(Protocol):
    """What the task asks of storage."""

    async def asks(self, limit: int) -> list[PrematchAsk]:
        """Return asks that were taken and have no answer yet, the oldest first."""
        ...

    async def is_compared(self, state: str) -> bool:
        """Return whether everything that a State registered is compared with its partners."""
        ...

    async def year_of(self, state: str, declaration_id: str) -> int | None:
        """Return the year that a declaration is about, None for an unknown one."""
        ...

    async def pairs(self, ids: Sequence[str]) -> dict[str, Matched]:
        """Return pairs by id."""
        ...

    async def answered(self, state: str, year: int, pairs: Sequence[str]) -> dict[str, int]:
        """Return how often a State was told an outcome of these pairs in a calendar year."""
        ...

    async def told(self, ask: PrematchAsk) -> list[Told]:
        """Return what was said in answer to an ask already, by number."""
        ...

    async def keep(self, new: NewPrematch) -> None:
        """Store what is said, with its log entry."""
        ...


@dataclass(frozen=True)
class Prematching:
    """The task; one in a process."""

    rows: PrematchRows
    gate: Gate
    files: Files
    send: Send
    sources: Sources
    states: StatePolicy
    stored: Callable[[], None]
    policy: CasePolicy

    async def __call__(self) -> bool:
        """Answer what was asked and can be answered now; return False: nothing is left at once.

        What cannot be answered (the party has no key, the log is away) is tried with the next run.
        """
        for ask in await self.rows.asks(BATCH):
            state = self.states.owner_of(ask.sender)
            if not await self.rows.is_compared(state):
                continue
            try:
                await self._answer(ask, state)
            except PlatformError as error:
                _log.warning("prematch.waits", sender=ask.sender, code=str(error.code))
        return False

    async def _answer(self, ask: PrematchAsk, state: str) -> None:
        access = await self.gate.envelopes(OWN, Gives.MESSAGE, ask.manifest_digest)
        data = self.files.content(ask.manifest_digest, access).read_bytes()
        asked = read_message(ASK, data, code=Code.INTEGRITY)
        if not isinstance(asked, PrematchRequest):
            raise PlatformError(Code.INTEGRITY, "what was taken as a pre-match is none")
        told = await self.rows.told(ask)
        if not told:
            told = await self._tell(ask, state, asked)
        content: dict[str, object] = {
            "v": 1,
            "type": ANSWER,
            "request": asked.request,
            "concerns": asked.concerns.model_dump(mode="json"),
            "answers": [_said(one) for one in told],
        }
        order = MessageOrder(type=ANSWER, to=ask.sender, reply_to=ask.envelope, content=content)
        await self.send(order, f"prematch-{ask.inbox:08d}", OWN)

    async def _tell(self, ask: PrematchAsk, state: str, asked: PrematchRequest) -> list[Told]:
        now = self.sources.clock()
        t = timestamp_ms(now)
        today = dt.date.fromisoformat(t[:_DAY_CHARS])
        concerns = Document(state, asked.concerns.declaration_id, asked.concerns.version)
        told = await self._told(concerns, asked.rows, today)
        note = decision(
            "prematch",
            OWN.client,
            ask.envelope,
            ask.custody,
            now,
            role=OWN.role,
            concerns=f"{concerns.state} {concerns.declaration_id} {concerns.version}",
            told=[f"{one.n} {one.pair} {one.outcome or one.unanswered}" for one in told],
        )
        await self.rows.keep(
            NewPrematch(ask=ask, state=state, year=today.year, t=t, told=tuple(told), note=note)
        )
        self.stored()
        return told

    async def _told(
        self, concerns: Document, rows: Sequence[PrematchRow], today: dt.date
    ) -> list[Told]:
        """Return what is said of each row; the same row twice in one ask counts twice."""
        year = await self.rows.year_of(concerns.state, concerns.declaration_id)
        if year is None:
            return [Told(row.n, "", None, str(Unanswered.NOT_OWN_ROW)) for row in rows]
        ids = {row.n: _pair_id(concerns.state, year, row) for row in rows}
        pairs = await self.rows.pairs(sorted(set(ids.values())))
        before = Counter(
            await self.rows.answered(concerns.state, today.year, sorted(set(ids.values())))
        )
        told = []
        for row in rows:
            id_ = ids[row.n]
            matched = pairs.get(id_)
            pair = matched.pair if matched and _is_own(matched, concerns) else None
            one = answer(
                Asked(year=year, pair=pair, answered_before=before[id_]), today, self.policy
            )
            if isinstance(one, Outcome):
                before[id_] += 1
                told.append(Told(row.n, id_, str(one), None))
            else:
                told.append(Told(row.n, id_, None, str(one)))
        return told


def _is_own(matched: Matched, concerns: Document) -> bool:
    """Return whether the version that is asked about has a row of the pair, and is in force."""
    side = matched.side(concerns.state)
    return matched.in_force and any(row.place.document == concerns for row in side.rows)


def _pair_id(state: str, year: int, row: PrematchRow) -> str:
    sides = (state, row.partner) if row.direction == "export" else (row.partner, state)
    return PairKey(year, row.chemical, *sides).id


def _said(one: Told) -> dict[str, object]:
    word = {"outcome": one.outcome, "unanswered": one.unanswered}
    return {"n": one.n, **{name: value for name, value in word.items() if value}}
