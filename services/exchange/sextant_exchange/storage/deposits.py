"""The durable steps A and C of deposits as bulk statements on one connection: the hot path.

Each function runs inside the writer's transaction, on a whole batch. All that are stored later find
what was stored first: an id is held once, a receipt is written once, deliveries are made once.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult, Logged, Repeat
from sextant_exchange.storage.tables import ContentRow, DeliveryRow, EnvelopeRow, ReceiptRow
from sextant_shared.models.exchange import DeliveryState, Priority

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_C = ContentRow.__table__  # type: ignore[attr-defined]
_R = ReceiptRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]

_FIND = select(
    _E.c.number,
    _E.c.sender,
    _E.c.id,
    _E.c.manifest,
    _E.c.recipients,
    _E.c.entry,
    _E.c.traceparent,
    _E.c.priority,
    _R.c.data.label("receipt"),
).outerjoin(_R, _R.c.number == _E.c.number)
_NEWEST_NUMBER = select(func.max(_E.c.number))
_NEWEST_SEQ = select(func.max(_D.c.seq)).where(_D.c.party == bindparam("party"))
_INSERT_ENVELOPE, _INSERT_CONTENT = insert(_E), insert(_C)
_INSERT_RECEIPT, _INSERT_DELIVERY = insert(_R), insert(_D)
_ACCEPT = (
    update(_E)
    .where(_E.c.number == bindparam("n"))
    .values(log_index=bindparam("i"), logged=bindparam("l"), accepted=bindparam("a"))
)


def known(connection: Connection, claims: Sequence[Claim]) -> list[HoldResult | None]:
    """Return what stands under each claim's id, None where nothing does."""
    query = _FIND.where(_E.c.id.in_({claim.id for claim in claims}))
    found = {(row.sender, row.id): row for row in connection.execute(query)}
    return [
        _repeat(claim, row) if (row := found.get((claim.sender, claim.id))) else None
        for claim in claims
    ]


def hold(connection: Connection, batch: Sequence[Acceptable], now: float) -> list[HoldResult]:
    """Store what is new of a batch, and say what the other ids stand for already."""
    number: int = connection.execute(_NEWEST_NUMBER).scalar() or 0
    fresh: dict[tuple[str, str], tuple[int, Acceptable]] = {}
    results: list[HoldResult] = []
    stored = known(connection, [envelope.claim for envelope in batch])
    for envelope, result in zip(batch, stored, strict=True):
        key = (envelope.claim.sender, envelope.claim.id)
        if result is not None:
            results.append(result)
        elif key in fresh:  # the same id twice within one batch
            results.append(_twin(envelope, *fresh[key]))
        else:
            number += 1
            fresh[key] = (number, envelope)
            results.append(HoldResult(Repeat.NEW, _held(number, envelope), None))
    if fresh:
        _insert(connection, list(fresh.values()), now)
    return results


def accept(connection: Connection, batch: Sequence[Logged], now: float) -> list[bytes]:
    """Store receipts and make deliveries available; return the receipts in force."""
    numbers = {item.held.number for item in batch}
    query = select(_R.c.number, _R.c.data).where(_R.c.number.in_(numbers))
    receipts: dict[int, bytes] = {row.number: row.data for row in connection.execute(query)}
    fresh = {item.held.number: item for item in batch if item.held.number not in receipts}
    if fresh:
        _accept(connection, sorted(fresh.values(), key=lambda item: item.index), now)
    receipts |= {number: item.receipt for number, item in fresh.items()}
    return [receipts[item.held.number] for item in batch]


def _accept(connection: Connection, fresh: Sequence[Logged], now: float) -> None:
    connection.execute(
        _INSERT_RECEIPT, [{"number": item.held.number, "data": item.receipt} for item in fresh]
    )
    connection.execute(
        _ACCEPT,
        [{"n": item.held.number, "i": item.index, "l": item.t, "a": now} for item in fresh],
    )
    newest: dict[str, int] = {}
    deliveries = []
    for item in fresh:
        for party in item.held.recipients:
            if party not in newest:
                found = connection.execute(_NEWEST_SEQ, {"party": party}).scalar()
                newest[party] = found or 0
            newest[party] += 1
            deliveries.append(_delivery(party, newest[party], item.held))
    connection.execute(_INSERT_DELIVERY, deliveries)


def _delivery(party: str, seq: int, held: Held) -> dict[str, Any]:
    return {
        "party": party,
        "seq": seq,
        "number": held.number,
        "priority": held.priority.value,
        "state": DeliveryState.AVAILABLE.value,
        "attempts": 0,
        "not_before": 0.0,
        "last_error": "",
    }


def _insert(connection: Connection, rows: Sequence[tuple[int, Acceptable]], now: float) -> None:
    connection.execute(
        _INSERT_ENVELOPE,
        [
            {
                "number": number,
                "sender": envelope.claim.sender,
                "id": envelope.claim.id,
                "manifest": envelope.claim.manifest_digest,
                "type": envelope.type,
                "classification": envelope.classification,
                "size": envelope.size,
                "recipients": " ".join(envelope.recipients),
                "blob": envelope.blob,
                "received": envelope.received,
                "held": now,
                "traceparent": envelope.traceparent,
                "irt": envelope.links.irt,
                "sup": envelope.links.sup,
                "priority": envelope.links.priority.value,
                "entry": envelope.entry,
            }
            for number, envelope in rows
        ],
    )
    small = [{"number": n, "data": e.content} for n, e in rows if e.content is not None]
    if small:
        connection.execute(_INSERT_CONTENT, small)


def _repeat(claim: Claim, row: Any) -> HoldResult:
    if row.manifest != claim.manifest_digest:
        return HoldResult(Repeat.OTHER, None, None)
    if row.receipt is not None:
        return HoldResult(Repeat.SAME, None, row.receipt)
    return HoldResult(Repeat.SAME, held_of(row), None)


def _twin(envelope: Acceptable, number: int, first: Acceptable) -> HoldResult:
    if envelope.claim != first.claim:
        return HoldResult(Repeat.OTHER, None, None)
    return HoldResult(Repeat.SAME, _held(number, first), None)


def _held(number: int, envelope: Acceptable) -> Held:
    lane = envelope.links.priority
    return Held(number, envelope.recipients, envelope.entry, envelope.traceparent, lane)


def held_of(row: Any) -> Held:
    """Return the held envelope that a row stands for."""
    recipients, lane = tuple(row.recipients.split()), Priority(row.priority)
    return Held(row.number, recipients, row.entry, row.traceparent, lane)
