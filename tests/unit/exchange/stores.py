"""The exchange's ports in memory, ten lines each; the SQL ones are tried with a real database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sextant_exchange.domain.envelopes import (
    Acceptable,
    Claim,
    Held,
    HoldResult,
    Logged,
    Repeat,
)
from sextant_exchange.domain.ports import LoggedLeaf, PartyVersion
from sextant_shared.errors import Code, PlatformError


def acceptable(number: int, *, manifest: bytes = b"m" * 32) -> Acceptable:
    claim = Claim("NA-XAL", f"id-{number}", manifest)
    entry = f"entry {number}".encode()
    return Acceptable(claim, "t", "C1", 1, ("SEC",), b"c", None, 0.0, entry, None)


def held(number: int) -> Held:
    return Held(number, ("SEC",), f"entry {number}".encode(), None)


@dataclass
class MemoryLog:
    """Gives each entry its index. `fails` is raised first, once each; `refuses` sinks batches."""

    entries: list[bytes] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    fails: list[PlatformError] = field(default_factory=list)
    refuses: set[bytes] = field(default_factory=set)

    async def append(
        self, entries: Sequence[bytes], traceparents: Sequence[str | None]
    ) -> list[LoggedLeaf]:
        assert len(traceparents) == len(entries)
        self.batches.append(len(entries))
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails.pop(0)
        if self.refuses & set(entries):
            raise PlatformError(Code.DUPLICATE, "this id has other bytes")
        self.entries += [entry for entry in entries if entry not in self.entries]
        return [LoggedLeaf(i, f"proof {i}") for i in map(self.entries.index, entries)]


@dataclass
class MemoryEnvelopes:
    """Holds and accepts; the rest of the port is not needed by the rules under test."""

    rows: dict[tuple[str, str], tuple[Claim, Held]] = field(default_factory=dict)
    receipts: dict[int, bytes] = field(default_factory=dict)
    fails: list[PlatformError] = field(default_factory=list)
    blobs: set[str] = field(default_factory=set)
    is_away: bool = False

    async def known(self, claims: Sequence[Claim]) -> list[HoldResult | None]:
        return [self._known(claim) for claim in claims]

    async def hold(self, batch: Sequence[Acceptable], _now: float) -> list[HoldResult]:
        return [self._hold(envelope) for envelope in batch]

    async def accept(self, batch: Sequence[Logged], _now: float) -> list[bytes]:
        if self.fails:
            raise self.fails.pop(0)
        return [self.receipts.setdefault(item.held.number, item.receipt) for item in batch]

    async def blobs_among(self, names: Sequence[str]) -> set[str]:
        return self.blobs & set(names)

    async def held(self, after: int, limit: int) -> list[Held]:
        if self.is_away:
            raise away()
        waiting = [h for _, h in self.rows.values() if h.number not in self.receipts]
        return [h for h in waiting if h.number > after][:limit]

    def _known(self, claim: Claim) -> HoldResult | None:
        row = self.rows.get((claim.sender, claim.id))
        if row is None:
            return None
        if row[0] != claim:
            return HoldResult(Repeat.OTHER, None, None)
        receipt = self.receipts.get(row[1].number)
        return HoldResult(Repeat.SAME, None if receipt else row[1], receipt)

    def _hold(self, envelope: Acceptable) -> HoldResult:
        known = self._known(envelope.claim)
        if known is not None:
            return known
        row = Held(len(self.rows) + 1, envelope.recipients, envelope.entry, None)
        self.rows[envelope.claim.sender, envelope.claim.id] = (envelope.claim, row)
        return HoldResult(Repeat.NEW, row, None)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not part of what is tried here")


@dataclass
class MemoryParties:
    """The registry's rows; `fails` is raised first, once each."""

    rows: list[tuple[PartyVersion, LoggedLeaf | None]] = field(default_factory=list)
    fails: list[PlatformError] = field(default_factory=list)

    async def newest(self) -> int:
        return max((leaf.index for _, leaf in self.rows if leaf), default=-1)

    async def since(self, index: int) -> list[tuple[PartyVersion, LoggedLeaf | None]]:
        return [row for row in self.rows if row[1] is None or row[1].index > index]

    async def hold(self, version: PartyVersion, after: int) -> bool:
        if any(leaf is None for _, leaf in self.rows) or await self.newest() != after:
            return False
        assert all((v.party, v.ver) != (version.party, version.ver) for v, _ in self.rows)
        self.rows.append((version, None))
        return True

    async def enforce(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.rows = [(v, leaf if v == version else known) for v, known in self.rows]


@dataclass
class MemoryAnnouncements:
    """Announced recoveries."""

    rows: list[tuple[PartyVersion, LoggedLeaf | None]] = field(default_factory=list)

    async def announcements(self) -> list[tuple[PartyVersion, LoggedLeaf | None]]:
        return list(self.rows)

    async def hold(self, version: PartyVersion) -> None:
        self.rows.append((version, None))

    async def place(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        self.rows = [(v, leaf if v == version else known) for v, known in self.rows]


@dataclass
class MemoryBlobs:
    """Names and nothing else."""

    stored: set[str] = field(default_factory=set)

    async def names(self) -> AsyncIterator[list[str]]:
        for name in sorted(self.stored):
            yield [name]

    async def delete(self, names: Sequence[str]) -> None:
        self.stored -= set(names)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not part of what is tried here")


def away() -> PlatformError:
    return PlatformError(Code.UNAVAILABLE, "nobody answers")
