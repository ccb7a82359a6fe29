"""Envelopes in SQL: look-ups, and the durable steps as works of the group committer."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from sextant_exchange.domain.acts import recalled_error
from sextant_exchange.domain.envelopes import (
    Acceptable,
    Act,
    Claim,
    Event,
    Held,
    HoldResult,
    Links,
    Logged,
    Stored,
)
from sextant_exchange.storage import deposits, usage
from sextant_exchange.storage.tables import (
    ActRow,
    ContentRow,
    DeliveryRow,
    EnvelopeRow,
    EventRow,
    ManifestRow,
    ReceiptRow,
)
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import confirm
from sextant_shared.models.exchange import DeliveryState, Priority, RecipientStatus

_E = EnvelopeRow.__table__  # type: ignore[attr-defined]
_C = ContentRow.__table__  # type: ignore[attr-defined]
_R = ReceiptRow.__table__  # type: ignore[attr-defined]
_D = DeliveryRow.__table__  # type: ignore[attr-defined]
_M = ManifestRow.__table__  # type: ignore[attr-defined]
_A = ActRow.__table__  # type: ignore[attr-defined]
_EVENT = EventRow.__table__  # type: ignore[attr-defined]

MAX_ACTS = 1000  # a mailbox's owner may replay for ever; nobody reads further back
_ONE = select(_E, _R.c.data.label("receipt")).outerjoin(_R, _R.c.number == _E.c.number).limit(1)


class SqlEnvelopes:
    """The port `Envelopes` on the exchange's database."""

    def __init__(
        self,
        database: Database,
        taken: Callable[[str], None] = lambda _sender: None,
        *,
        until: Callable[[], float] | None = None,
    ) -> None:
        self._database = database
        self._until = until  # what was held later is left to the process that is at it
        self._taken = taken  # told whose delivery was fetched for the first time

    async def known(self, claims: Sequence[Claim]) -> list[HoldResult | None]:
        """Say what already stands under each claim's id; a receipt only once it is confirmed."""
        # For all who deposit at this moment, each of whom is told of its own alone.
        found = await self._database.overlook(lambda c: deposits.known(c, claims))
        if any(each is not None and each.receipt is not None for each in found):
            await self._database.confirm()
        return found

    async def hold(self, batch: Sequence[Acceptable], now: float) -> list[HoldResult]:
        """Store a batch, or say what its ids already stand for; one commit."""
        return await self._database.write(lambda c: _hold(c, batch, now))

    async def accept(self, batch: Sequence[Logged], now: float) -> list[bytes]:
        """Store receipts and make deliveries available; one commit."""
        if not batch:
            return []
        return await self._database.write(lambda c: deposits.accept(c, batch, now))

    async def held(self, after: int, limit: int) -> list[Held]:
        """Return envelopes that wait for their log entry, by number."""
        query = (
            select(_E.c.number, _E.c.recipients, _E.c.entry, _E.c.traceparent, _E.c.priority)
            .where(_E.c.log_index.is_(None), _E.c.number > after)
            .order_by(_E.c.number)
            .limit(limit)
        )
        if self._until is not None:
            query = query.where(_E.c.held <= self._until())
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [deposits.held_of(row) for row in rows]

    async def newest_time(self) -> float:
        """Return when the newest envelope was held; 0 before the first."""
        query = select(_E.c.held).order_by(_E.c.number.desc()).limit(1)
        time: float | None = await self._database.read(lambda c: c.execute(query).scalar())
        return time or 0.0

    async def find(self, sender: str, id_: str) -> Stored | None:
        """Return one envelope by its sender and id."""
        return await self._one(_E.c.id == id_, _E.c.sender == sender)

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

    async def acts(self, number: int) -> list[Event]:
        """Return what happened in mailboxes, oldest first; the newest thousand."""
        query = (
            select(_EVENT.c.happened, _EVENT.c.act, _EVENT.c.party, _EVENT.c.detail, _A.c.log_index)
            .outerjoin(_A, _A.c.position == _EVENT.c.act_position)
            .where(_EVENT.c.number == number)
            .order_by(_EVENT.c.position.desc())
            .limit(MAX_ACTS)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            Event(r.happened, Act(r.act), r.party or None, r.detail, r.log_index)
            for r in reversed(rows)
        ]

    async def note_fetched(self, number: int, party: str, now: float) -> None:
        """Store that a recipient fetched the content, unless it did before.

        Raises:
            PlatformError: `E_GONE` when its sender recalled it first.
        """
        before = (
            select(_EVENT.c.position)
            .where(
                _EVENT.c.number == number,
                _EVENT.c.party == party,
                _EVENT.c.act == Act.FETCHED.value,
            )
            .limit(1)
        )
        copy = (
            select(_D.c.state)
            .where(_D.c.number == number, _D.c.party == party)
            .with_for_update()  # a recall waits, or has been
        )
        act = {
            "number": number,
            "happened": now,
            "act": Act.FETCHED.value,
            "party": party,
            "detail": "",
        }

        def work(connection: Connection) -> str | None:
            if connection.execute(copy).scalar() == DeliveryState.RECALLED.value:
                raise recalled_error()
            if connection.execute(before).first() is not None:
                return None
            connection.execute(insert(_EVENT), [act])
            return usage.take(connection, number)

        if await self._database.read(lambda c: c.execute(before).first()) is None:
            sender = await self._database.write(work)
            if sender is not None:
                self._taken(sender)

    async def content(self, number: int) -> bytes | None:
        """Return a small container; None when it lies in the blob store."""
        query = select(_C.c.data).where(_C.c.number == number)
        data: bytes | None = await self._database.read(
            lambda connection: connection.execute(query).scalar()
        )
        return data

    async def manifest(self, number: int) -> bytes | None:
        """Return the manifest of an erased envelope; None while the container holds it."""
        query = select(_M.c.data).where(_M.c.number == number)
        data: bytes | None = await self._database.read(
            lambda connection: connection.execute(query).scalar()
        )
        return data

    async def blobs_among(self, names: Sequence[str]) -> set[str]:
        """Return those of these blobs that rows refer to, rows of commits that wait among them."""
        await self._database.confirm()
        query = select(_E.c.blob).where(_E.c.blob.in_(names))
        return set(await self._database.read(lambda c: c.execute(query).scalars().all()))

    async def _one(self, *where: Any) -> Stored | None:
        row = await self._database.read(lambda c: c.execute(_ONE.where(*where)).first())
        return stored_of(row) if row else None


def _hold(connection: Connection, batch: Sequence[Acceptable], now: float) -> list[HoldResult]:
    results = deposits.hold(connection, batch, now)
    usage.count(connection, batch, results, now)
    if any(each.receipt is not None for each in results):
        confirm(connection)  # a repeat stores nothing: its receipt must be kept all the same
    return results


def stored_of(row: Any) -> Stored:
    """Return the envelope that a row, joined with its receipt, stands for."""
    return Stored(
        number=row.number,
        claim=Claim(row.sender, row.id, row.manifest),
        type=row.type,
        classification=row.classification,
        size=row.size,
        recipients=tuple(row.recipients.split()),
        received=row.received,
        held=row.held,
        logged=row.logged,
        accepted=row.accepted,
        index=row.log_index,
        receipt=row.receipt,
        blob=row.blob,
        traceparent=row.traceparent,
        links=Links(row.irt, row.sup, Priority(row.priority)),
        erased=row.erased,
    )
