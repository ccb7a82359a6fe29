"""Grants in this room's database; what they say is shown to every officer, so nothing is hidden."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, insert, select, update

from sextant_declarations.analysis.need import GrantAct, Phase
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.grants import GrantOrder, NewGrantAct, StoredGrant
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.work_tables import GRANT_ACTS, GRANTS
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.notes import MadeNote

_ROW = GRANTS.c


@dataclass(frozen=True)
class SqlGrants:
    """Who was granted what, by whom, and when the State was told."""

    database: Database
    notes: Notes

    async def page(
        self, state: str | None, person: str | None, before: int | None, limit: int
    ) -> list[StoredGrant]:
        """Return up to `limit` grants below the position `before`, newest first."""
        wanted = _SELECT.where(*_about(state, person)).order_by(_ROW.seq.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_ROW.seq < before)
        return await self._all(wanted)

    async def granted(self, *, state: str | None, person: str | None) -> list[StoredGrant]:
        """Return what was granted and not taken back, about a State or for a person."""
        wanted = _SELECT.where(_ROW.status == Phase.GRANTED, *_about(state, person))
        return await self._all(wanted.order_by(_ROW.seq))

    async def grant(self, id_: str) -> StoredGrant | None:
        """Return a grant, None for one that is not known."""
        found = await self._all(_SELECT.where(_ROW.id == id_))
        return found[0] if found else None

    async def add(self, id_: str, order: GrantOrder, officer: Reader, t: str, n: MadeNote) -> None:
        """Store a grant that is asked for, with its entry; the person keeps its number."""

        def store(connection: Connection) -> None:
            (seq,) = connection.execute(
                insert(GRANTS)
                .values(
                    id=id_,
                    person=order.person,
                    number=_number(connection, order.person),
                    function=order.function,
                    state=order.state,
                    kinds=" ".join(order.kinds),
                    ceiling=order.ceiling,
                    reason=order.reason,
                    reference=order.reference,
                    until=order.until.isoformat(),
                    requested_by=officer.client,
                    requested=t,
                    status=Phase.REQUESTED,
                    acts=1,
                )
                .returning(_ROW.seq)
            ).one()
            done = _act(GrantAct.REQUEST, officer, order.reason, t)
            self._append(connection, (seq, 1), done, n)

        await self.database.write(store)

    async def take(self, act: NewGrantAct) -> None:
        """Store an act with its entry, all or none.

        Raises:
            PlatformError: `E_PRECONDITION` when the grant moved on since.
        """
        grant = act.grant

        def store(connection: Connection) -> None:
            held = connection.execute(select(_ROW.acts).where(_ROW.seq == grant.seq)).scalar()
            if held != grant.acts:
                raise PlatformError(
                    Code.PRECONDITION, "it moved on since it was read", expected=grant.tag
                )
            values = {"status": act.phase, "notice": act.notice, "acts": grant.acts + 1}
            if act.act is GrantAct.APPROVE:
                values |= {"approved_by": act.officer.client, "approved": act.t}
            else:
                values |= {"ended": act.t}
            connection.execute(update(GRANTS).where(_ROW.seq == grant.seq).values(values))
            done = _act(act.act, act.officer, act.reason, act.t)
            self._append(connection, (grant.seq, grant.acts + 1), done, act.note)

        await self.database.write(store)

    def _append(
        self, connection: Connection, place: tuple[int, int], act: dict[str, str], note: MadeNote
    ) -> None:
        """Append an act; `place` is the grant's and its own in the history."""
        granted, position = place
        entry = self.notes.add(connection, note)
        values = {"granted": granted, "position": position, "entry": entry, **act}
        connection.execute(insert(GRANT_ACTS).values(values))

    async def _all(self, wanted: Select[*tuple[object, ...]]) -> list[StoredGrant]:
        # The receipts of notices: whoever reads a grant need not be cleared for messages.
        rows = await self.database.overlook(lambda c: c.execute(wanted).mappings().all())
        return [_grant(row) for row in rows]


def _act(act: GrantAct, officer: Reader, reason: str, t: str) -> dict[str, str]:
    return {"act": act, "client": officer.client, "role": officer.role, "reason": reason, "t": t}


def _number(connection: Connection, person: str) -> int:
    held = select(_ROW.number).where(_ROW.person == person).limit(1)
    found: int | None = connection.execute(held).scalar()
    if found is not None:
        return found
    return int(connection.execute(select(func.coalesce(func.max(_ROW.number), 0) + 1)).scalar_one())


def _about(state: str | None, person: str | None) -> list[ColumnElement[bool]]:
    about = ((_ROW.state, state), (_ROW.person, person))
    return [column == value for column, value in about if value is not None]


def _grant(row: RowMapping) -> StoredGrant:
    values = {**row, "kinds": tuple(row["kinds"].split()), "phase": Phase(row["status"])}
    values.pop("status")
    return StoredGrant(**values)


_SELECT = select(GRANTS, SENT.c.custody_t.label("received")).outerjoin(
    SENT, SENT.c.message_id == _ROW.notice
)
