"""Envelopes in SQL: the durable steps A and C as bulk statements, and look-ups."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from sextant_exchange.domain.envelopes import (
    Acceptable,
    Event,
    Held,
    HoldResult,
    Logged,
    Repeat,
    Stored,
    events_of,
)
from sextant_exchange.storage.tables import ContentRow, DeliveryRow, EnvelopeRow, EventRow
from sextant_shared.chassis.database import Database
from sextant_shared.models.exchange import DeliveryState, EnvelopeState, RecipientStatus

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_C = ContentRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]
_EVENT = EventRow.__table__  # type: ignore[attr-defined]

_FIND_IDS = select(
    _E.c.number, _E.c.sender, _E.c.id, _E.c.manifest, _E.c.receipt, _E.c.entry, _E.c.traceparent
)
_ACCEPT = (
    update(_E)
    .where(_E.c.number == bindparam("n"))
    .values(log_index=bindparam("i"), receipt=bindparam("r"), accepted=bindparam("a"))
)


class SqlEnvelopes:
    """The port `Envelopes` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, batch: Sequence[Acceptable]) -> list[HoldResult]:
        """Store a batch, or say what its ids already stand for; one commit."""
        return await self._database.write(lambda connection: _hold(connection, batch))

    async def accept(self, batch: Sequence[Logged], now: float) -> None:
        """Store receipts and make deliveries available; one commit."""
        await self._database.write(lambda connection: _accept(connection, batch, now))

    async def held(self) -> list[Held]:
        """Return everything that waits for its log entry, oldest first."""
        query = (
            select(_E.c.number, _E.c.sender, _E.c.id, _E.c.recipients, _E.c.entry, _E.c.traceparent)
            .where(_E.c.log_index.is_(None))
            .order_by(_E.c.number)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            Held(r.number, r.sender, r.id, tuple(r.recipients.split()), r.entry, r.traceparent)
            for r in rows
        ]

    async def find(self, sender: str, id_: str) -> Stored | None:
        """Return one envelope by its sender and id."""
        return await self._one(_E.c.sender == sender, _E.c.id == id_)

    async def find_by_manifest(self, digest: bytes) -> Stored | None:
        """Return the envelope whose manifest has this digest."""
        return await self._one(_E.c.manifest == digest)

    async def recipients(self, number: int) -> list[RecipientStatus]:
        """Return each recipient's copy, in order of party id."""
        query = (
            select(_D.c.party, _D.c.seq, _D.c.state, _D.c.attempts)
            .where(_D.c.number == number)
            .order_by(_D.c.party)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            RecipientStatus(
                party=r.party, seq=r.seq, state=DeliveryState(r.state), attempts=r.attempts
            )
            for r in rows
        ]

    async def events(self, stored: Stored) -> list[Event]:
        """Return what happened, oldest first."""

        def read(connection: Connection) -> list[Event]:
            acts = connection.execute(
                select(_EVENT.c.number, _EVENT.c.t, _EVENT.c.event, _EVENT.c.detail)
                .where(_EVENT.c.number == stored.number)
                .order_by(_EVENT.c.position)
            ).all()
            accepted = connection.execute(
                select(_E.c.accepted).where(_E.c.number == stored.number)
            ).scalar()
            return events_of(stored, [Event(*act) for act in acts], accepted)

        return await self._database.read(read)

    async def content(self, number: int) -> bytes | None:
        """Return a small container; None when it lies in the blob store."""
        query = select(_C.c.data).where(_C.c.number == number)
        data: bytes | None = await self._database.read(
            lambda connection: connection.execute(query).scalar()
        )
        return data

    async def blobs(self) -> set[str]:
        """Return the names of all blobs that rows refer to."""
        query = select(_E.c.blob).where(_E.c.blob.is_not(None))
        return set(await self._database.read(lambda c: c.execute(query).scalars().all()))

    async def _one(self, *where: Any) -> Stored | None:
        query = select(_E).where(*where).limit(1)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return _stored(row) if row else None


def _stored(row: Any) -> Stored:
    return Stored(
        number=row.number,
        sender=row.sender,
        id=row.id,
        manifest_digest=row.manifest,
        type=row.type,
        classification=row.classification,
        size=row.size,
        recipients=tuple(row.recipients.split()),
        state=EnvelopeState.PENDING if row.log_index is None else EnvelopeState.ACCEPTED,
        received=row.received,
        index=row.log_index,
        receipt=row.receipt,
        blob=row.blob,
        traceparent=row.traceparent,
    )


def _hold(connection: Connection, batch: Sequence[Acceptable]) -> list[HoldResult]:
    ids = [(envelope.sender, envelope.id) for envelope in batch]
    query = _FIND_IDS.where(tuple_(_E.c.sender, _E.c.id).in_(ids))
    known = {(row.sender, row.id): row for row in connection.execute(query)}
    number = connection.execute(select(func.max(_E.c.number))).scalar() or 0
    fresh: dict[tuple[str, str], Acceptable] = {}
    results: list[HoldResult] = []
    numbers: dict[tuple[str, str], int] = {}
    for envelope in batch:
        key = (envelope.sender, envelope.id)
        if key in known:
            results.append(_repeat(envelope, known[key]))
            continue
        repeat = Repeat.NEW
        if key in fresh:  # the same id twice within one batch
            same = fresh[key].manifest_digest == envelope.manifest_digest
            repeat = Repeat.SAME if same else Repeat.OTHER
        else:
            number += 1
            fresh[key], numbers[key] = envelope, number
        results.append(HoldResult(repeat, _held(fresh[key], numbers[key]), None))
    if fresh:
        _insert(connection, [(numbers[key], envelope) for key, envelope in fresh.items()])
    return results


def _insert(connection: Connection, rows: Sequence[tuple[int, Acceptable]]) -> None:
    connection.execute(
        insert(_E),
        [
            {
                "number": number,
                "sender": e.sender,
                "id": e.id,
                "manifest": e.manifest_digest,
                "type": e.type,
                "classification": e.classification,
                "size": e.size,
                "recipients": " ".join(e.recipients),
                "blob": e.blob,
                "received": e.received,
                "entry": e.entry,
                "traceparent": e.traceparent,
            }
            for number, e in rows
        ],
    )
    small = [{"number": n, "data": e.content} for n, e in rows if e.content is not None]
    if small:
        connection.execute(insert(_C), small)


def _repeat(envelope: Acceptable, row: Any) -> HoldResult:
    if row.manifest != envelope.manifest_digest:
        return HoldResult(Repeat.OTHER, None, None)
    held = Held(row.number, row.sender, row.id, envelope.recipients, row.entry, row.traceparent)
    return HoldResult(Repeat.SAME, held, row.receipt)


def _held(envelope: Acceptable, number: int) -> Held:
    return Held(
        number,
        envelope.sender,
        envelope.id,
        envelope.recipients,
        envelope.entry,
        envelope.traceparent,
    )


def _accept(connection: Connection, batch: Sequence[Logged], now: float) -> None:
    parties = {party for logged in batch for party in logged.held.recipients}
    newest = (
        select(_D.c.party, func.max(_D.c.seq)).where(_D.c.party.in_(parties)).group_by(_D.c.party)
    )
    last: dict[str, int] = {str(row[0]): int(row[1]) for row in connection.execute(newest)}
    deliveries = []
    for logged in sorted(batch, key=lambda item: item.index):
        for party in logged.held.recipients:
            last[party] = last.get(party, 0) + 1
            deliveries.append(
                {
                    "party": party,
                    "seq": last[party],
                    "number": logged.held.number,
                    "state": DeliveryState.AVAILABLE.value,
                    "attempts": 0,
                    "not_before": 0.0,
                    "last_error": "",
                }
            )
    connection.execute(
        _ACCEPT,
        [{"n": item.held.number, "i": item.index, "r": item.receipt, "a": now} for item in batch],
    )
    connection.execute(insert(_D), deliveries)
