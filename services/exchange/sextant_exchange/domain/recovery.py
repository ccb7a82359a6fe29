"""Finishes what a stop, or a log that was away, left half done. Safe to run at any time.

Runs again and again (`__call__`): held envelopes and a pending party document are given to the log
with the same entry bytes as before. What lies in the store for nobody is found by `sweep`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sextant_exchange.domain.deposit import Deposits
from sextant_exchange.domain.ports import Blobs, Envelopes
from sextant_exchange.domain.registration import Registration


class Recovery:
    """The use case; `batch` envelopes at a time, so that a long outage costs no memory.

    `also` finish what else is owed to the log: announcements and statements.
    """

    def __init__(
        self,
        envelopes: Envelopes,
        deposits: Deposits,
        registration: Registration,
        *,
        batch: int,
        also: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._envelopes = envelopes
        self._deposits = deposits
        self._registration = registration
        self._batch = batch
        self._also = also

    async def __call__(self) -> None:
        """Finish what is held, oldest first; stop early when the log takes nothing.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the store or the log is away.
        """
        await self._registration.settle()
        await self._finish_held()
        for settle in self._also:
            await settle()

    async def _finish_held(self) -> None:
        after = 0
        while batch := await self._envelopes.held(after, self._batch):
            receipts = await asyncio.gather(*(self._deposits.finish(held) for held in batch))
            if len(batch) < self._batch or not any(receipts):
                return
            after = batch[-1].number


class KnowsBlobs(Protocol):
    """Which blobs envelopes have."""

    async def blobs_among(self, names: Sequence[str]) -> set[str]:
        """Return those of these blobs that rows refer to."""
        ...


@dataclass(frozen=True, slots=True)
class Swept:
    """What lay in the store of blobs for nobody: blobs without a row, puts that nobody ended."""

    orphans: int
    unfinished: int


async def sweep(blobs: Blobs, envelopes: KnowsBlobs, age_s: float, *, remove: bool = True) -> Swept:
    """Find what deposits left that stopped before step A, as old as that, and remove it.

    A deposit under way has its blob before its row: unless nothing is under way, `age_s` must be
    longer than that takes, and clocks differ.

    Raises:
        PlatformError: `E_UNAVAILABLE` when a store is away.
    """
    found = 0
    async for names in blobs.names(age_s):
        known = await envelopes.blobs_among(names)
        orphans = [name for name in names if name not in known]
        if orphans and remove:
            await blobs.remove(orphans)
        found += len(orphans)
    return Swept(found, await blobs.unfinished(age_s, remove=remove))
