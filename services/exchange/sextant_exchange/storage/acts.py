"""Logged acts in SQL: what an act does and the entry it owes are one commit.

Step A of each kind locks the copies it is about, then looks and acts in the same transaction, so
that a recall and a lease, a replay and a discard cannot both win, whichever process has them. What
was leased or fetched once is known by its events, which stay when a replay sets attempts back.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, text, update

from sextant_exchange.domain.acts import (
    ActKind,
    Copy,
    DeadLetterOrder,
    ErasureOrder,
    MadeAct,
    Place,
    RecallOrder,
    StoredAct,
)
from sextant_exchange.domain.envelopes import Act
from sextant_exchange.domain.ports import LoggedLeaf
from sextant_exchange.storage import usage
from sextant_exchange.storage.tables import (
    ActRow,
    ContentRow,
    DeliveryRow,
    EnvelopeRow,
    EventRow,
    ManifestRow,
)
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import is_shared
from sextant_shared.chassis.sidecar.store import Detail, Sidecar
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import DeliveryState

_A = ActRow.__table__  # type: ignore[attr-defined]
_C = ContentRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]
_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_EVENT = EventRow.__table__  # type: ignore[attr-defined]
_M = ManifestRow.__table__  # type: ignore[attr-defined]

OWN = "exchange"  # whose the detail of an act is that no party did
CLOSED = (DeliveryState.ACKNOWLEDGED, DeliveryState.DISCARDED, DeliveryState.RECALLED)
_CLOSING = (Act.ACKNOWLEDGED.value, Act.DISCARDED.value, Act.RECALLED.value)
_UNWRITTEN = select(_EVENT.c.position).where(
    _EVENT.c.act == Act.ACKNOWLEDGED.value, _EVENT.c.act_position.is_(None)
)
_TOUCHING = (Act.LEASED.value, Act.FETCHED.value)
_ACT = select(_A, _E.c.id.label("env"), _E.c.log_index.label("ref")).join(
    _E, _E.c.number == _A.c.number
)


GivenBack = tuple[str, int, int]
"""What an act gives back of a sender's share: who, stored bytes, deliveries nobody fetched."""


class SqlActs:
    """The port `Acts` on the exchange's database; `given_back` is told after the commit."""

    def __init__(
        self,
        database: Database,
        sidecar: Sidecar,
        given_back: Callable[[str, int, int], None] = lambda _sender, _size, _deliveries: None,
    ) -> None:
        self._database = database
        self._sidecar = sidecar
        self._given_back = given_back

    async def recall(self, order: RecallOrder) -> StoredAct:
        """Recall every copy that nobody touched; the same statement gives the act it made.

        Raises:
            PlatformError: `E_STATE`.
        """
        act, back = await self._database.write(
            lambda connection: _recall(connection, self._sidecar, order)
        )
        self._tell(back)
        return act

    async def recall_of(self, number: int) -> StoredAct | None:
        """Return the recall of an envelope."""
        return await self._database.read(
            lambda connection: _recall_of(connection, self._sidecar, number)
        )

    async def replay(self, order: DeadLetterOrder) -> StoredAct:
        """Make a dead letter available again.

        Raises:
            PlatformError: `E_STATE` when it is none.
        """
        fresh = {
            "state": DeliveryState.AVAILABLE.value,
            "attempts": 0,
            "not_before": order.now,
        }
        return await self._database.write(
            lambda c: _raise(c, self._sidecar, order, fresh, Act.REPLAYED)
        )

    async def discard(self, order: DeadLetterOrder) -> StoredAct:
        """Give up a dead letter; one that is given up already gives its act.

        Raises:
            PlatformError: `E_STATE` when it is none.
        """

        def work(connection: Connection) -> StoredAct:
            _lock(connection, _D.c.party == order.party, _D.c.seq == order.seq)
            before = _discard_of(connection, self._sidecar, order)
            done = {"state": DeliveryState.DISCARDED.value}
            return before or _raise(connection, self._sidecar, order, done, Act.DISCARDED)

        return await self._database.write(work)

    async def erase(self, order: ErasureOrder) -> StoredAct | None:
        """Keep the manifest and owe the entry, when all copies are closed and it is due."""
        return await self._database.write(
            lambda connection: _erase(connection, self._sidecar, order)
        )

    async def owed(self, after: int, limit: int) -> list[StoredAct]:
        """Return acts that wait for their entry, by position."""
        query = (
            _ACT.where(_A.c.log_index.is_(None), _A.c.position > after)
            .order_by(_A.c.position)
            .limit(limit)
        )
        return await self._database.read(lambda c: _load(c, self._sidecar, query))

    async def prove(
        self, proved: Sequence[tuple[StoredAct, LoggedLeaf]]
    ) -> tuple[list[StoredAct], list[str]]:
        """Store where acts stand; an erasure removes the ciphertext in the same commit."""
        if not proved:
            return [], []
        acts, blobs, back = await self._database.write(lambda c: _prove(c, self._sidecar, proved))
        self._tell(back)
        return acts, blobs

    async def of(self, number: int) -> list[StoredAct]:
        """Return all acts on an envelope, oldest first."""
        query = _ACT.where(_A.c.number == number).order_by(_A.c.position)
        return await self._database.read(lambda c: _load(c, self._sidecar, query))

    async def between(self, after: int, until: int) -> list[tuple[StoredAct, str]]:
        """Return the acts at indexes `after < index <= until` of the log, and whose envelopes."""
        query = _ACT.add_columns(_E.c.sender).where(_A.c.log_index > after, _A.c.log_index <= until)

        def work(connection: Connection) -> list[tuple[StoredAct, str]]:
            senders = [row.sender for row in connection.execute(query)]
            return list(zip(_load(connection, self._sidecar, query), senders, strict=True))

        return await self._database.read(work)

    async def take_in(self) -> None:
        """Move details that stand open in rows of before the sidecar into it."""
        query = select(_A.c.position, _A.c.entry, _A.c.party, _A.c.detail, _A.c.salt)

        def work(connection: Connection) -> None:
            rows = connection.execute(query.where(text("length(salt) > 0")))
            details = [
                (row.position, Detail(row.entry, row.party or OWN, row.detail, row.salt))
                for row in rows
            ]
            self._sidecar.take_in(connection, _A, "position", details)

        await self._database.write(work)

    def _tell(self, back: Sequence[GivenBack]) -> None:
        for sender, size, deliveries in back:
            self._given_back(sender, size, deliveries)


def closed_at(connection: Connection, number: int) -> float | None:
    """Return when the last copy of an envelope was closed, None while one is open."""
    copies = connection.execute(select(_D.c.state).where(_D.c.number == number)).scalars().all()
    if not copies or any(state not in CLOSED for state in copies):
        return None
    happened = connection.execute(
        select(_EVENT.c.happened).where(_EVENT.c.number == number, _EVENT.c.act.in_(_CLOSING))
    ).scalars()
    return max(happened, default=None)


def _lock(connection: Connection, *which: Any) -> None:
    """Lock copies, in one order; what is seen of them and around them from now on is the newest."""
    wanted = select(_D.c.seq).where(*which).order_by(_D.c.party, _D.c.seq).with_for_update()
    if is_shared(connection):
        connection.execute(wanted).all()


def _recall(
    connection: Connection, sidecar: Sidecar, order: RecallOrder
) -> tuple[StoredAct, list[GivenBack]]:
    number = order.place.number
    back: list[GivenBack] = []
    _lock(connection, _D.c.number == number)
    before = _recall_of(connection, sidecar, number)
    if before is not None:
        if before.made.statement == order.statement:
            return before, back
        raise PlatformError(
            Code.STATE,
            "the envelope was recalled before, by another statement",
            fix="Repeat the statement that recalled it, or read the envelope's acts.",
        )
    copies = _copies(connection, number)
    (act,) = write_acts(connection, sidecar, [order.act(copies)])
    for copy in copies:
        if not copy.is_touched:
            connection.execute(_at(copy.party, copy.seq).values(state=DeliveryState.RECALLED.value))
            _note(connection, act, Act.RECALLED, copy.party, f"from {copy.party}: {order.reason}")
            back.append((usage.take(connection, number), 0, 1))
    return act, back


def _copies(connection: Connection, number: int) -> list[Copy]:
    touched = set(
        connection.execute(
            select(_EVENT.c.party).where(_EVENT.c.number == number, _EVENT.c.act.in_(_TOUCHING))
        ).scalars()
    )
    rows = connection.execute(
        select(_D.c.party, _D.c.seq).where(_D.c.number == number).order_by(_D.c.party)
    )
    return [Copy(row.party, row.seq, row.party in touched) for row in rows]


def _raise(
    connection: Connection,
    sidecar: Sidecar,
    order: DeadLetterOrder,
    values: dict[str, Any],
    event: Act,
) -> StoredAct:
    """Take one delivery out of the dead letters."""
    _lock(connection, _D.c.party == order.party, _D.c.seq == order.seq)
    row = connection.execute(
        select(_E.c.number, _E.c.id, _E.c.log_index)
        .join(_D, _D.c.number == _E.c.number)
        .where(
            _D.c.party == order.party,
            _D.c.seq == order.seq,
            _D.c.state == DeliveryState.DEAD.value,
        )
    ).first()
    if row is None:
        raise PlatformError(Code.STATE, f"delivery {order.seq} is no dead letter")
    connection.execute(_at(order.party, order.seq).values(**values))
    made = order.act(Place(row.number, row.id, row.log_index))
    (act,) = write_acts(connection, sidecar, [made])
    _note(connection, act, event, order.party, order.note)
    return act


def _discard_of(
    connection: Connection, sidecar: Sidecar, order: DeadLetterOrder
) -> StoredAct | None:
    number = connection.execute(
        select(_D.c.number).where(
            _D.c.party == order.party,
            _D.c.seq == order.seq,
            _D.c.state == DeliveryState.DISCARDED.value,
        )
    ).scalar()
    if number is None:
        return None
    query = _ACT.where(
        _A.c.number == number, _A.c.kind == ActKind.DISCARD.value, _A.c.party == order.party
    )
    return next(iter(_load(connection, sidecar, query)), None)


def _erase(connection: Connection, sidecar: Sidecar, order: ErasureOrder) -> StoredAct | None:
    number = order.place.number
    _lock(connection, _D.c.number == number)
    acts = connection.execute(select(_A.c.kind, _A.c.log_index).where(_A.c.number == number)).all()
    closed = closed_at(connection, number)
    is_owed = any(row.log_index is None or row.kind == ActKind.ERASURE.value for row in acts)
    unwritten = connection.execute(_UNWRITTEN.where(_EVENT.c.number == number)).first()
    if closed is None or is_owed or unwritten or (made := order.act(closed)) is None:
        return None
    connection.execute(insert(_M), [{"number": number, "data": order.manifest}])
    (act,) = write_acts(connection, sidecar, [made])
    _note(connection, act, Act.ERASED, "", "the ciphertext, by policy")
    return act


def _prove(
    connection: Connection,
    sidecar: Sidecar,
    proved: Sequence[tuple[StoredAct, LoggedLeaf]],
) -> tuple[list[StoredAct], list[str], list[GivenBack]]:
    blobs: list[str] = []
    back: list[GivenBack] = []
    for act, leaf in sorted(proved, key=lambda one: one[0].position):
        where = (_A.c.position == act.position, _A.c.log_index.is_(None))
        values = {"log_index": leaf.index, "proof": leaf.proof}
        written = connection.execute(update(_A).where(*where).values(**values)).rowcount
        if written and act.made.kind is ActKind.ERASURE:
            blobs += _remove(connection, act, back)
    positions = [act.position for act, _ in proved]
    return _load(connection, sidecar, _ACT.where(_A.c.position.in_(positions))), blobs, back


def _remove(connection: Connection, act: StoredAct, back: list[GivenBack]) -> list[str]:
    """Remove the ciphertext of an envelope; return the blob that no row names any more."""
    number = act.made.place.number
    query = select(_E.c.blob, _E.c.sender, _E.c.size).where(_E.c.number == number)
    blob, sender, size = connection.execute(query).one()
    usage.forget(connection, sender, size)
    back.append((sender, size, 0))
    connection.execute(delete(_C).where(_C.c.number == number))
    connection.execute(
        update(_E).where(_E.c.number == number).values(erased=act.made.happened, blob=None)
    )
    return [] if blob is None else [blob]


def write_acts(
    connection: Connection, sidecar: Sidecar, made: Sequence[MadeAct]
) -> list[StoredAct]:
    """Write acts down with their entries, and seal their details: one batch of keys for all."""
    details = [
        Detail(one.entry, one.party or OWN, one.detail, one.salt)
        for one in made
        if one.detail is not None and one.salt is not None
    ]
    sidecar.keep(connection, details)
    return [_write(connection, one) for one in made]


def _write(connection: Connection, made: MadeAct) -> StoredAct:
    members = {
        "number": made.place.number,
        "kind": made.kind.value,
        "party": made.party,
        "seq": made.seq,
        "happened": made.happened,
        "entry": made.entry,
        "detail": b"",
        "salt": b"",
        "statement": made.statement,
    }
    statement = insert(_A).values(**members).returning(_A.c.position)
    return StoredAct(connection.execute(statement).scalar_one(), made, None, None)


def _note(connection: Connection, act: StoredAct, what: Act, party: str, detail: str) -> None:
    row = {
        "number": act.made.place.number,
        "happened": act.made.happened,
        "act": what.value,
        "party": party,
        "detail": detail,
        "act_position": act.position,
    }
    connection.execute(insert(_EVENT), [row])


def _recall_of(connection: Connection, sidecar: Sidecar, number: int) -> StoredAct | None:
    query = _ACT.where(_A.c.number == number, _A.c.kind == ActKind.RECALL.value)
    return next(iter(_load(connection, sidecar, query)), None)


def _at(party: str, seq: int) -> Any:
    return update(_D).where(_D.c.party == party, _D.c.seq == seq)


def _load(connection: Connection, sidecar: Sidecar, query: Select[Any]) -> list[StoredAct]:
    rows = connection.execute(query).all()
    openings = sidecar.opened(connection, [row.entry for row in rows])
    return [
        _stored(row, *(opening or (None, None)))
        for row, opening in zip(rows, openings, strict=True)
    ]


def _stored(row: Any, detail: bytes | None, salt: bytes | None) -> StoredAct:
    made = MadeAct(
        kind=ActKind(row.kind),
        place=Place(row.number, row.env, row.ref),
        party=row.party,
        seq=row.seq,
        happened=row.happened,
        entry=row.entry,
        detail=detail,
        salt=salt,
        statement=row.statement,
    )
    return StoredAct(row.position, made, row.log_index, row.proof)
