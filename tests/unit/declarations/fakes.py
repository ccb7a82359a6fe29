"""In-memory ports: ten lines each, with switches for what a test wants to go wrong."""

import asyncio
import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sextant_declarations.domain.deliveries import (
    Content,
    Dossier,
    Examined,
    FiledVersion,
    Lease,
    LogHead,
)
from sextant_declarations.domain.examination import Examine
from sextant_declarations.domain.owed import (
    DueEntry,
    DueReply,
    LoggedProof,
    Origin,
    Postponed,
    SealedReply,
    SealOrder,
)
from sextant_declarations.domain.records import Base, Record
from sextant_declarations.domain.register import DeclarationKey, Holding, Standing, revise
from sextant_declarations.domain.sealing import Seal
from sextant_declarations.domain.threads import Anchor, Known
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import inclusion_path_of
from sextant_shared.models.log import AppendAnswer, AppendedItem
from sextant_shared.protocol.manifest import read_manifest
from tests.unit.declarations.world import SEC, Accepted, World


class PowerCutError(BaseException):
    """A process that stops: nothing in it may catch this."""


@dataclass
class CrashAt:
    """A step that stops the process the first time `name` is reached."""

    name: str = ""
    passed: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.passed.append(name)
        if name == self.name:
            self.name = ""
            raise PowerCutError(name)


@dataclass
class FakeExchange:
    """Mailbox, parties and dispatch over a `World`: leases until acknowledged."""

    world: World
    waiting: list[Accepted] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    released: list[tuple[str, str, int]] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    polls: list[tuple[int, int, int]] = field(default_factory=list)
    extended: list[tuple[str, int]] = field(default_factory=list)
    deposited: dict[str, bytes] = field(default_factory=dict)
    receipts: dict[str, bytes] = field(default_factory=dict)
    down: bool = False
    pending: bool = False
    stale: bool = False
    bend_proof: bytes | None = None
    ring: asyncio.Event | None = None
    refuse: Code | None = None
    accepts: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    def _up(self) -> None:
        if self.down:
            raise PlatformError(Code.UNAVAILABLE, "the exchange does not answer")

    def leases(self) -> list[Lease]:
        return [self.world.lease(accepted) for accepted in self.waiting]

    async def lease(self, limit: int, *, lease_s: int, wait_s: int) -> list[Lease]:
        self._up()
        self.polls.append((limit, lease_s, wait_s))
        await (asyncio.sleep(0) if self.ring is None else self.ring.wait())
        return self.leases()[:limit]

    async def acknowledge(self, token: str) -> None:
        self._up()
        if self.stale:
            raise PlatformError(Code.STATE, "the lease is stale")
        self.acknowledged.append(token)

    async def release(self, token: str, *, error: str, delay_s: int, untried: bool = False) -> None:
        self._up()
        self.released.append((token, error, delay_s))
        self.untried += [token] * untried

    async def extend(self, token: str, *, lease_s: int) -> None:
        self.extended.append((token, lease_s))

    def _find(self, sender: str, id_: str) -> Accepted:
        return next(a for a in self.waiting if (a.sender, a.id) == (sender, id_))

    async def fetch(self, sender: str, id_: str, into: Path) -> None:
        self._up()
        container = self._find(sender, id_).container
        await asyncio.to_thread(into.write_bytes, container)

    async def custody_receipt(self, sender: str, id_: str) -> bytes:
        self._up()
        return self._find(sender, id_).custody

    async def proof(self, party: str, at: int | None) -> bytes:
        self._up()
        self.asked.append((party, at))
        return self.bend_proof or self.world.proof_bytes(party, at)

    async def deposit(self, container: bytes) -> bytes | None:
        self._up()
        manifest = read_manifest(io.BytesIO(container))
        if self.refuse is not None and manifest.header.id not in self.accepts:
            self.refused.append(manifest.header.id)
            raise PlatformError(self.refuse, "the exchange refuses it")
        if manifest.header.id not in self.deposited:
            self.deposited[manifest.header.id] = container
            accepted = self.world.accept_container(container, manifest)
            self.receipts[manifest.header.id] = accepted.custody
        return None if self.pending else self.receipts[manifest.header.id]

    async def receipt(self, id_: str) -> bytes | None:
        self._up()
        if id_ not in self.receipts:
            raise PlatformError(Code.NOT_FOUND, "no such envelope")
        return None if self.pending else self.receipts[id_]


@dataclass
class FakeWorkshop:
    """The bench without processes."""

    examine_one: Examine
    seal_all: Seal
    fail: Exception | None = None

    @classmethod
    def of(cls, world: World) -> "FakeWorkshop":
        return cls(world.examine(), Seal(SEC, world.keys[SEC].sig))

    async def examine(self, dossier: Dossier) -> Examined:
        if self.fail:
            raise self.fail
        return self.examine_one(dossier)

    async def seal(self, orders: Sequence[SealOrder]) -> list[SealedReply]:
        return self.seal_all(orders)


@dataclass
class FakeLog:
    """The log over the world's: idempotent on the entry's bytes."""

    world: World
    down: bool = False
    refuse: set[bytes] = field(default_factory=set)
    lie: bool = False
    batches: list[int] = field(default_factory=list)

    async def append(self, leaves: Sequence[bytes]) -> AppendAnswer:
        if self.down:
            raise PlatformError(Code.UNAVAILABLE, "the log does not answer")
        if self.refuse & set(leaves):
            raise PlatformError(Code.DUPLICATE, "an id with other bytes")
        self.batches.append(len(leaves))
        log = self.world.log
        indexes = [
            log.leaves.index(leaf) if leaf in log.leaves else log.append(leaf) for leaf in leaves
        ]
        hashes = [leaf_hash(leaf) for leaf in log.leaves]
        items = [
            AppendedItem(index=i, path=[b64(node) for node in inclusion_path_of(hashes, i)])
            for i in indexes
        ]
        if self.lie:
            items = [item.model_copy(update={"index": 0}) for item in items]
        return AppendAnswer(checkpoint=log.checkpoint(), size=len(log.leaves), items=items)


class NoTrace:
    """Spans nobody looks at."""

    @contextmanager
    def processing(self, _lease: Lease) -> Iterator[None]:
        yield

    @contextmanager
    def delivering(self, _what: str, _origins: Sequence[Origin]) -> Iterator[None]:
        yield

    @contextmanager
    def inside(self, _what: str) -> Iterator[None]:
        yield

    def current(self) -> str | None:
        return "00-00000000000000000000000000000001-0000000000000001-01"


class NoHeads:
    """A ledger of log heads that never saw one."""

    async def newest(self) -> LogHead | None:
        return None

    async def keep(self, _head: LogHead, _over: LogHead | None) -> bool:
        return True

    async def alarm(self, *_: object) -> None:
        return


@dataclass
class _Owed:
    attempts: int = 0
    again_at: float = 0.0
    error: str | None = None
    done: bool = False
    deposited: bool = False


@dataclass
class MemoryStore:
    """The register and the outbox in memory; `others` may register behind our back once."""

    records: list[Record] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    moved: int = 0
    state: dict[tuple[str, int, int], _Owed] = field(default_factory=dict)
    proofs: list[LoggedProof] = field(default_factory=list)
    custody: dict[int, bytes] = field(default_factory=dict)

    async def held(self, sender: str, id_: str) -> bytes | None:
        return self._seen().get((sender, id_))

    def _seen(self) -> dict[tuple[str, str], bytes]:
        examined = [record.submission.examined for record in self.records]
        return {(e.sender, e.id): e.manifest_digest for e in examined}

    def _holdings(self) -> dict[DeclarationKey, Holding]:
        holdings: dict[DeclarationKey, Holding] = {}
        for record in self.records:
            filed = record.filed
            if filed is None:
                continue
            key = (filed.owner, filed.facts.declaration_id)
            before = holdings.get(
                key, Holding(id=filed.declaration, submissions=0, registered=0, kind=None)
            )
            after = replace(before, submissions=filed.n)
            if filed.registration:
                after = replace(after, registered=filed.facts.version, kind=filed.facts.kind)
            holdings[key] = after
            if filed.registration and filed.facts.revises:
                revised = (filed.owner, filed.facts.revises.declaration_id)
                holdings[revised] = revise(holdings[revised], filed.facts.revises)
        return holdings

    async def known(
        self, ids: Collection[tuple[str, str]], references: Collection[tuple[str, str]]
    ) -> Known:
        """Only what a State sent itself stands here; all else is a matter of SQL."""
        del references
        held = [(r.submission.examined, r.submission.type, r.noted) for r in self.records]
        return Known(
            {
                (e.sender, e.id): Anchor(
                    sender=e.sender, id=e.id, type=type_, thread=noted.thread, facts=noted.facts
                )
                for e, type_, noted in held
                if (e.sender, e.id) in ids
            }
        )

    async def filed_by(self, owner: str, limit: int) -> list[FiledVersion]:
        newest: dict[str, FiledVersion] = {}
        for record in self.records:
            filed, result = record.filed, record.submission.examined.result
            if filed is None or filed.owner != owner or filed.registration is None:
                continue
            assert isinstance(result, Content)
            facts = filed.facts
            newest.pop(facts.declaration_id, None)
            newest[facts.declaration_id] = FiledVersion(
                declaration_id=facts.declaration_id,
                version=facts.version,
                kind=facts.kind,
                year=facts.year,
                digest=filed.check.canonical_digest or b"",
                content_digest=result.digest,
                size=result.size,
                manifest_digest=record.submission.examined.manifest_digest,
                revises=facts.revises.declaration_id if facts.revises else None,
            )
        return list(reversed(newest.values()))[:limit]

    async def standing(
        self,
        envelopes: Collection[tuple[str, str]],
        declarations: Collection[DeclarationKey],
        year: int,
    ) -> Standing:
        seen = {key: digest for key, digest in self._seen().items() if key in envelopes}
        held = {key: found for key, found in self._holdings().items() if key in declarations}
        last = self.numbers.get(year, 0)
        return Standing(seen=seen, holdings=held, year=year, last_number=last)

    async def commit(self, records: Sequence[Record], base: Base) -> None:
        last = self.numbers.get(base.year, 0)
        if self.moved:
            self.moved -= 1
            self.numbers[base.year] = last = last + 1
        now = self._holdings()
        held = {key: now[key].mark for key in base.held}
        if (last, held) != (base.last_number, base.held):
            raise PlatformError(Code.STATE, "the register moved on since this batch was planned")
        self.records.extend(records)
        given = sum(1 for r in records if r.filed and r.filed.registration)
        self.numbers[base.year] = last + given

    def _rows(self, kind: str) -> Iterator[tuple[int, Any, _Owed]]:
        for number, record in enumerate(self.records):
            owed = record.entries if kind == "entry" else record.replies
            for place, thing in enumerate(owed):
                row = number * 10 + place
                yield row, thing, self.state.setdefault((kind, number, place), _Owed())

    def _state(self, kind: str, row: int) -> _Owed:
        return next(state for number, _, state in self._rows(kind) if number == row)

    async def due_entries(self, limit: int, now: float) -> list[DueEntry]:
        return [
            DueEntry(row=row, leaf=thing.leaf, traceparent=None, attempts=state.attempts)
            for row, thing, state in self._rows("entry")
            if not state.done and state.again_at <= now
        ][:limit]

    async def entries_logged(self, proofs: Sequence[LoggedProof]) -> None:
        for proof in proofs:
            self._state("entry", proof.row).done = True
            self.proofs.append(proof)

    async def due_replies(self, limit: int, now: float) -> list[DueReply]:
        return [
            DueReply(
                row=row,
                id=thing.order.id,
                type=thing.order.type,
                content=thing.order.content,
                party=thing.order.to.party,
                classification=thing.order.classification,
                irt=thing.order.irt,
                container=thing.container,
                manifest_digest=thing.manifest_digest,
                is_deposited=state.deposited,
                traceparent=None,
                attempts=state.attempts,
            )
            for row, thing, state in self._rows("reply")
            if not state.done and state.again_at <= now
        ][:limit]

    async def reply_deposited(self, reply: int, custody: bytes | None, again_at: float) -> None:
        state = self._state("reply", reply)
        state.deposited, state.again_at, state.done = True, again_at, custody is not None
        if custody is not None:
            self.custody[reply] = custody

    async def replace_reply(self, reply: int, sealed: SealedReply) -> None:
        record = self.records[reply // 10]
        replies = list(record.replies)
        replies[reply % 10] = sealed
        self.records[reply // 10] = replace(record, replies=tuple(replies))

    async def postpone_entries(self, postponed: Sequence[Postponed]) -> None:
        for late in postponed:
            self._late("entry", late)

    async def postpone_reply(self, postponed: Postponed) -> None:
        self._late("reply", postponed)

    def _late(self, kind: str, late: Postponed) -> None:
        state = self._state(kind, late.row)
        state.attempts, state.error, state.again_at = state.attempts + 1, late.error, late.again_at
