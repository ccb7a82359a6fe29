"""The durable steps A and C of deposits as bulk statements on one connection: the hot path.

Each function runs inside the writer's transaction, on a whole batch. All that are stored later find
what was stored first: an id is held once, a receipt is written once, deliveries are made once.

That holds for several processes on a server too: an id by its unique constraint, a receipt by the
lock of its envelope's row, the numbers of a mailbox by turns, which are kept until the commit, so
that a reader who goes on behind a number never misses a smaller one. No envelope is held under keys
that are not in force any more: who judged it by an older registry is told so (`Repeat.STALE`).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, update

from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult, Logged, Repeat
from sextant_exchange.storage import registry
from sextant_exchange.storage.tables import ContentRow, DeliveryRow, EnvelopeRow, ReceiptRow
from sextant_shared.chassis.sharing import is_shared, numbers, take_turns, upsert
from sextant_shared.models.exchange import DeliveryState, Priority

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_C = ContentRow.__table__  # type: ignore[attr-defined]
_R = ReceiptRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]

# Statements are made once: to build one anew for a batch takes longer than it runs.
_FIND = (
    select(
        _E.c.number,
        _E.c.sender,
        _E.c.id,
        _E.c.manifest,
        _E.c.recipients,
        _E.c.entry,
        _E.c.traceparent,
        _E.c.priority,
        _R.c.data.label("receipt"),
    )
    .outerjoin(_R, _R.c.number == _E.c.number)
    .where(_E.c.id.in_(bindparam("ids", expanding=True)))
)
_NEWEST_NUMBER = select(func.max(_E.c.number))
_NEWEST_SEQ = select(func.max(_D.c.seq)).where(_D.c.party == bindparam("party"))
_INSERT_ENVELOPE, _INSERT_CONTENT = insert(_E), insert(_C)
_INSERT_UNLESS_HELD = (
    upsert(_E).on_conflict_do_nothing(index_elements=["id", "sender"]).returning(_E.c.number)
)
_NUMBERS = "envelope_number_seq"
_INSERT_RECEIPT, _INSERT_DELIVERY = insert(_R), insert(_D)
_THESE: BindParameter[int] = bindparam("numbers", expanding=True)
_LOCKED = (
    select(_E.c.number)
    .where(_E.c.number.in_(_THESE))
    .order_by(_E.c.number)
    .with_for_update(key_share=True)
)
_RECEIPTS = select(_R.c.number, _R.c.data).where(_R.c.number.in_(_THESE))
_ACCEPT = (
    update(_E)
    .where(_E.c.number == bindparam("n"))
    .values(log_index=bindparam("i"), logged=bindparam("l"), accepted=bindparam("a"))
)


_Key = tuple[str, str]


def known(connection: Connection, claims: Sequence[Claim]) -> list[HoldResult | None]:
    """Return what stands under each claim's id, None where nothing does."""
    rows = connection.execute(_FIND, {"ids": list({claim.id for claim in claims})})
    found = {(row.sender, row.id): row for row in rows}
    return [
        _repeat(claim, row) if (row := found.get((claim.sender, claim.id))) else None
        for claim in claims
    ]


def hold(connection: Connection, batch: Sequence[Acceptable], now: float) -> list[HoldResult]:
    """Store what is new of a batch, and say what the other ids stand for already."""
    newest = registry.newest_in_force(connection) if is_shared(connection) else None
    stored = known(connection, [envelope.claim for envelope in batch])
    fresh: dict[_Key, Acceptable] = {}
    for envelope, result in zip(batch, stored, strict=True):
        if result is None and not _is_stale(envelope, newest):
            fresh.setdefault(_key(envelope.claim), envelope)
    given = dict(zip(fresh, _numbers(connection, len(fresh)), strict=True))
    added = _insert(connection, [(given[key], one) for key, one in fresh.items()], now)
    lost = {key for key in fresh if given[key] not in added}
    again = [envelope.claim for envelope in batch if _key(envelope.claim) in lost]
    elsewhere = iter(known(connection, again) if again else ())
    results: list[HoldResult] = []
    for envelope, result in zip(batch, stored, strict=True):
        key = _key(envelope.claim)
        found = next(elsewhere) if key in lost else result
        results.append(found or _result(envelope, fresh.get(key), given.get(key)))
    return results


def _result(envelope: Acceptable, first: Acceptable | None, number: int | None) -> HoldResult:
    if first is None or number is None:
        return HoldResult(Repeat.STALE, None, None)
    if first is envelope:
        return HoldResult(Repeat.NEW, _held(number, envelope), None)
    return _twin(envelope, number, first)  # the same id twice within one batch


def accept(connection: Connection, batch: Sequence[Logged], now: float) -> list[bytes]:
    """Store receipts and make deliveries available; return the receipts in force."""
    these = {"numbers": sorted({item.held.number for item in batch})}
    if is_shared(connection):  # another process may be completing the same ones
        connection.execute(_LOCKED, these).all()
    receipts: dict[int, bytes] = {
        row.number: row.data for row in connection.execute(_RECEIPTS, these)
    }
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
    parties = {party for item in fresh for party in item.held.recipients}
    take_turns(connection, [f"mailbox {party}" for party in parties])
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


def _key(claim: Claim) -> _Key:
    return claim.sender, claim.id


def _is_stale(envelope: Acceptable, newest: int | None) -> bool:
    return newest is not None and envelope.registry != newest


def _numbers(connection: Connection, count: int) -> list[int]:
    if not count:
        return []
    if is_shared(connection):
        return numbers(connection, _NUMBERS, count)
    newest: int = connection.execute(_NEWEST_NUMBER).scalar() or 0
    return [newest + 1 + n for n in range(count)]


def _insert(connection: Connection, rows: Sequence[tuple[int, Acceptable]], now: float) -> set[int]:
    """Store envelopes; return the numbers of those that no other process stored meanwhile."""
    if not rows:
        return set()
    values = [_envelope(number, one, now) for number, one in rows]
    added = {number for number, _ in rows}
    if is_shared(connection):
        values.sort(key=lambda row: (row["id"], row["sender"]))  # all wait in one order
        added = set(connection.execute(_INSERT_UNLESS_HELD, values).scalars())
    else:
        connection.execute(_INSERT_ENVELOPE, values)
    small = [
        {"number": number, "data": one.content}
        for number, one in rows
        if number in added and one.content is not None
    ]
    if small:
        connection.execute(_INSERT_CONTENT, small)
    return added


def _envelope(number: int, envelope: Acceptable, now: float) -> dict[str, Any]:
    return {
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
