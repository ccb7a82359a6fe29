"""Mailboxes in SQL: pages, leases with fencing tokens, releases, dead letters.

On a server several processes lease from one mailbox: each passes over what another one is about to
lease (SKIP LOCKED), and a token is looked up with its row locked, so that a delivery that lapsed is
either acknowledged or leased again, never both.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, update

from sextant_exchange.domain.envelopes import Act
from sextant_exchange.domain.ports import ALL, LeaseOrder, Release, Wanted
from sextant_exchange.storage.tables import DeliveryRow, EnvelopeRow, EventRow
from sextant_shared.chassis.database import Database
from sextant_shared.clock import random_bytes, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import Delivery, DeliveryState, Lease, Priority

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]
_EVENT = EventRow.__table__  # type: ignore[attr-defined]

_COLUMNS = select(
    _D.c.seq,
    _D.c.number,
    _D.c.state,
    _D.c.attempts,
    _D.c.last_error,
    _E.c.sender,
    _E.c.id,
    _E.c.type,
    _E.c.classification,
    _E.c.size,
    _E.c.manifest,
    _E.c.received,
    _E.c.log_index,
    _E.c.traceparent,
    _E.c.irt,
    _D.c.priority,
).join(_E, _E.c.number == _D.c.number)
_CLAIMED = _COLUMNS.with_for_update(of=_D, skip_locked=True)
_NEWEST = select(func.max(_D.c.seq)).where(_D.c.party == bindparam("party"))
_LAPSED = "the lease ran out too often"
_IS_URGENT = _D.c.priority == literal_column("'urgent'")  # in the words of the lane's index
_UNSAID = "given up without a word"  # no delivery is dead without a reason


class SqlMailboxes:
    """The port `Mailboxes` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, party: str, after: int, limit: int, wanted: Wanted = ALL
    ) -> list[Delivery]:
        """Return deliveries after a cursor, oldest first."""
        query = _COLUMNS.where(_D.c.party == party, _D.c.seq > after)
        query = query.order_by(_D.c.seq).limit(limit)
        queries = [query.where(*where) for where in _searches(wanted)]
        rows = await self._database.read(
            lambda connection: [row for one in queries for row in connection.execute(one)]
        )
        return [Delivery(**_members(row)) for row in sorted(rows, key=_by_seq)[:limit]]

    async def newest(self, parties: Sequence[str]) -> dict[str, int]:
        """Return the number of the newest delivery of each of these mailboxes that has any."""

        def work(connection: Connection) -> dict[str, int]:
            found = {
                party: connection.execute(_NEWEST, {"party": party}).scalar() for party in parties
            }
            return {party: seq for party, seq in found.items() if seq is not None}

        return await self._database.read(work)

    async def lease(self, party: str, order: LeaseOrder) -> list[Lease]:
        """Lease what is available, or whose lease ran out: urgent first, then oldest first."""
        if not await self._database.read(lambda c: _due_in(c, party, order, 1, columns=_COLUMNS)):
            return []  # the common case while polling costs no write
        return await self._database.write(lambda c: _lease(c, party, order))

    async def acknowledge(self, party: str, token: str, now: float) -> None:
        """End a delivery.

        Raises:
            PlatformError: `E_STATE` for a stale token.
        """
        await self._database.write(lambda connection: _acknowledge(connection, party, token, now))

    async def release(self, party: str, token: str, release: Release, now: float) -> None:
        """Give a delivery back after a pause, or bury it with its reason.

        Raises:
            PlatformError: `E_STATE` for a stale token.
        """
        await self._database.write(lambda c: _release(c, party, token, release, now))

    async def extend(self, party: str, token: str, until: float, now: float) -> None:
        """Prolong a lease.

        Raises:
            PlatformError: `E_STATE` for a stale token.
        """

        def work(connection: Connection) -> None:
            row = _leased(connection, party, token, now)
            connection.execute(_at(party, row.seq).values(lease_until=until))

        await self._database.write(work)


def _due(connection: Connection, party: str, order: LeaseOrder, limit: int) -> list[Any]:
    """Claim what may be leased, urgent first, then oldest first: searches of indexes, no scan.

    The urgent lane is looked through first; what it leaves room for comes from the whole mailbox,
    where the urgent ones stand again.
    """
    urgent = _due_in(connection, party, order, limit, _IS_URGENT, columns=_CLAIMED)
    if len(urgent) == limit:
        return urgent
    taken = {row.seq for row in urgent}
    rest = _due_in(connection, party, order, limit, columns=_CLAIMED)
    return [*urgent, *(row for row in rest if row.seq not in taken)][:limit]


def _due_in(
    connection: Connection, party: str, order: LeaseOrder, limit: int, *lane: Any, columns: Any
) -> list[Any]:
    available = (_D.c.state == DeliveryState.AVAILABLE.value, _D.c.not_before <= order.now)
    lapsed = (_D.c.state == DeliveryState.LEASED.value, _D.c.lease_until <= order.now)
    rows = [
        row
        for due in (available, lapsed)
        for row in connection.execute(
            columns.where(_D.c.party == party, *due, *lane).order_by(_D.c.seq).limit(limit)
        )
    ]
    return sorted(rows, key=_by_seq)[:limit]


def _searches(wanted: Wanted) -> list[tuple[Any, ...]]:
    """Return the conditions of each search: one, or one for each state within the urgent lane."""
    if wanted.priority is Priority.URGENT:
        states = [wanted.state] if wanted.state else list(DeliveryState)
        return [(_D.c.state == state.value, _IS_URGENT) for state in states]
    state = () if wanted.state is None else (_D.c.state == wanted.state.value,)
    return [state if wanted.priority is None else (*state, _D.c.priority == wanted.priority.value)]


def _by_seq(row: Any) -> int:
    seq: int = row.seq
    return seq


def _lease(connection: Connection, party: str, order: LeaseOrder) -> list[Lease]:
    leases = []
    for row in _due(connection, party, order, order.limit):
        if row.attempts >= order.max_attempts:
            _bury(connection, party, row, _LAPSED, order.now)
            continue
        token = b64u(random_bytes(16))
        connection.execute(
            _at(party, row.seq).values(
                state=DeliveryState.LEASED.value,
                attempts=row.attempts + 1,
                lease=token,
                lease_until=order.until,
            )
        )
        _note(connection, row.number, order.now, Act.LEASED, party)
        members = _members(row) | {"state": DeliveryState.LEASED, "attempts": row.attempts + 1}
        leases.append(
            Lease(
                **members,
                lease=token,
                until=timestamp_ms(order.until),
                traceparent=row.traceparent,
            )
        )
    return leases


def _release(connection: Connection, party: str, token: str, release: Release, now: float) -> None:
    row = _leased(connection, party, token, now)
    attempts = row.attempts - 1 if release.untried else row.attempts
    if release.dead or attempts >= release.max_attempts:
        _bury(connection, party, row, release.error, now)
        return
    connection.execute(
        _at(party, row.seq).values(
            state=DeliveryState.AVAILABLE.value,
            attempts=attempts,
            not_before=now + release.pause(row.attempts),
            lease=None,
            lease_until=None,
            last_error=release.error,
        )
    )
    _note(connection, row.number, now, Act.RELEASED, party, release.error)


def _acknowledge(connection: Connection, party: str, token: str, now: float) -> None:
    row = _leased(connection, party, token, now)
    done = {"state": DeliveryState.ACKNOWLEDGED.value, "lease": None, "lease_until": None}
    connection.execute(_at(party, row.seq).values(**done))
    _note(connection, row.number, now, Act.ACKNOWLEDGED, party)


def _bury(connection: Connection, party: str, row: Any, reason: str, now: float) -> None:
    connection.execute(
        _at(party, row.seq).values(
            state=DeliveryState.DEAD.value,
            lease=None,
            lease_until=None,
            last_error=reason or _UNSAID,
        )
    )
    _note(connection, row.number, now, Act.DEAD, party, reason)


def _leased(connection: Connection, party: str, token: str, now: float) -> Any:
    row = connection.execute(
        select(_D.c.seq, _D.c.number, _D.c.attempts)
        .where(
            _D.c.party == party,
            _D.c.lease == token,
            _D.c.state == DeliveryState.LEASED.value,
            _D.c.lease_until > now,
        )
        .with_for_update()
    ).first()
    if row is None:
        raise PlatformError(
            Code.STATE,
            "this lease is not yours any more",
            fix="Drop the work: the delivery comes back, or somebody else has it.",
        )
    return row


def _at(party: str, seq: int) -> Any:
    return update(_D).where(_D.c.party == party, _D.c.seq == seq)


def _note(
    connection: Connection, number: int, t: float, act: Act, party: str, detail: str = ""
) -> None:
    row = {"number": number, "happened": t, "act": act.value, "party": party, "detail": detail}
    connection.execute(insert(_EVENT), [row])


def _members(row: Any) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "sender": row.sender,
        "id": row.id,
        "type": row.type,
        "class_": row.classification,
        "priority": Priority(row.priority),
        "irt": row.irt,
        "size": row.size,
        "manifest": b64u(row.manifest),
        "deposited": timestamp_ms(row.received),
        "state": DeliveryState(row.state),
        "attempts": row.attempts,
        "last_error": row.last_error,
        "index": row.log_index,
    }
