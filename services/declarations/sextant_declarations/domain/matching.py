"""Matches transfers whenever facts of declarations are new, and stores the pairs that changed.

An `Analysis` (`analysing`). The index of all pairs lives in memory and is made from the facts at
every start; what is stored then is made to agree with it, so that another policy, other profiles or
a stop at a bad moment leave no stale pair.
"""

import asyncio
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sextant_declarations.analysis.transfers.comparing import Comparing
from sextant_declarations.analysis.transfers.index import Number, TransferIndex
from sextant_declarations.analysis.transfers.keeping import method_of, read_said, said_of
from sextant_declarations.analysis.transfers.model import Pair, PairKey
from sextant_declarations.domain.analysing import Fact, Held
from sextant_declarations.domain.pairs import body_of, line_of
from sextant_declarations.domain.transfers import StoredPair
from sextant_shared.clock import Clock, parse_timestamp, timestamp_ms
from sextant_shared.deadlines import DEFAULT_POLICY, day_of

NAME = "transfers"


class PairRows(Protocol):
    """The writing side of pairs. Both keep a line of history where a pair says something else."""

    async def agree(self, pairs: Sequence[StoredPair], position: int, t: str) -> None:
        """Make what is stored agree with these, which are all pairs there are."""
        ...

    async def change(
        self, pairs: Sequence[StoredPair], gone: Sequence[str], position: int, t: str
    ) -> None:
        """Store pairs that are new or different; those in `gone` are declared by nobody."""
        ...


@dataclass
class TransferMatching:
    """The analysis of transfers."""

    rows: PairRows
    comparing: Comparing
    clock: Clock
    name: str = NAME
    _index: TransferIndex | None = None
    _ids: dict[Number, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """Method, policy and form of the facts."""
        return method_of(self.comparing.policy)

    def take(self, held: Held) -> str | None:
        """Return what a declaration says of transfers."""
        received = _day_of(held.received)
        said = said_of(held.declaration, received, self.comparing.policy)
        return None if said is None else said.to_json()

    async def begin(self, facts: Sequence[Fact], position: int) -> None:
        """Match everything, and make what is stored agree with it."""
        t = timestamp_ms(self.clock())
        stored = await asyncio.to_thread(self._full, facts, t)
        await self.rows.agree(stored, position, t)

    async def heed(self, facts: Sequence[Fact], position: int) -> None:
        """Match what these facts touch."""
        t = timestamp_ms(self.clock())
        pairs, gone = await asyncio.to_thread(self._put, facts, t)
        await self.rows.change(pairs, gone, position, t)

    def _full(self, facts: Sequence[Fact], t: str) -> list[StoredPair]:
        self._ids = {(fact.state, fact.declaration_id): fact.declaration for fact in facts}
        read = (read_said(fact.said) for fact in facts if fact.said is not None)
        index = TransferIndex.full(self.comparing, (said.facts for said in read if said.facts))
        self._index = index
        return self._stored(index.pairs.values(), t)

    def _put(self, facts: Sequence[Fact], t: str) -> tuple[list[StoredPair], list[str]]:
        index = self._index
        if index is None:
            raise RuntimeError("the analysis has not begun")
        changed: dict[PairKey, Pair | None] = {}
        for fact in facts:
            number = fact.state, fact.declaration_id
            self._ids[number] = fact.declaration
            said = read_said(fact.said) if fact.said is not None else None
            done = index.put(said.facts) if said and said.facts else index.remove(*number)
            changed |= dict.fromkeys(done.gone)
            changed |= {pair.key: pair for pair in done.pairs}
        pairs = [pair for pair in changed.values() if pair is not None]
        return self._stored(pairs, t), [key.id for key, pair in changed.items() if pair is None]

    def _stored(self, pairs: Iterable[Pair], since: str) -> list[StoredPair]:
        return [
            StoredPair(
                line_of(pair, since),
                body_of(pair),
                tuple({self._ids[one.state, one.declaration_id]: None for one in pair.versions}),
            )
            for pair in pairs
        ]


def _day_of(received: str) -> dt.date:
    return day_of(parse_timestamp(received), DEFAULT_POLICY)
