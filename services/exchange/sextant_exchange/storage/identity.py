"""Announced recoveries and statements in SQL."""

from sqlalchemy import Connection, insert, select, update

from sextant_exchange.domain.ports import HeldStatement, LoggedLeaf, PartyVersion
from sextant_exchange.storage.tables import RecoveryRow, StatementRow
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import take_turns
from sextant_shared.encoding import b64u
from sextant_shared.models.statements import LoggedStatement

_R = RecoveryRow.__table__  # type: ignore[attr-defined]
_S = StatementRow.__table__  # type: ignore[attr-defined]


class SqlAnnouncements:
    """The port `Announcements` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def announcements(self) -> list[tuple[PartyVersion, LoggedLeaf | None]]:
        """Return all, in order of acceptance."""
        query = select(_R).order_by(_R.c.position)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            (
                PartyVersion(row.party, row.ver, row.raw, row.entry),
                None if row.proof is None else LoggedLeaf(row.log_index, row.proof),
            )
            for row in rows
        ]

    async def hold(self, version: PartyVersion) -> None:
        """Store one that is not yet in the log; the same document twice is one."""
        members = {
            "party": version.party,
            "ver": version.ver,
            "raw": version.raw,
            "entry": version.entry,
        }
        known = select(_R.c.position).where(_R.c.party == version.party, _R.c.raw == version.raw)

        def work(connection: Connection) -> None:
            take_turns(connection, [f"recovery {version.party}"])
            if connection.execute(known).first() is None:
                connection.execute(insert(_R), [members])

        await self._database.write(work)

    async def place(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        """Store where one stands in the log."""
        statement = (
            update(_R)
            .where(_R.c.entry == version.entry, _R.c.log_index.is_(None))
            .values(log_index=leaf.index, proof=leaf.proof)
        )
        await self._database.write(lambda connection: connection.execute(statement))


class SqlStatements:
    """The port `StatementStore` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, held: HeldStatement) -> None:
        """Store one that is not yet in the log; the same statement twice is one."""
        members = {"number": held.number, "raw": held.raw, "entry": held.entry}
        known = select(_S.c.position).where(_S.c.number == held.number, _S.c.raw == held.raw)

        def work(connection: Connection) -> None:
            take_turns(connection, [f"statements {held.number}"])
            if connection.execute(known).first() is None:
                connection.execute(insert(_S), [members])

        await self._database.write(work)

    async def pending(self) -> list[HeldStatement]:
        """Return those that owe their entry, oldest first."""
        query = (
            select(_S.c.number, _S.c.raw, _S.c.entry)
            .where(_S.c.log_index.is_(None))
            .order_by(_S.c.position)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [HeldStatement(row.number, row.raw, row.entry) for row in rows]

    async def place(self, held: HeldStatement, leaf: LoggedLeaf) -> None:
        """Store where one stands in the log."""
        statement = (
            update(_S)
            .where(_S.c.number == held.number, _S.c.entry == held.entry, _S.c.log_index.is_(None))
            .values(log_index=leaf.index, proof=leaf.proof)
        )
        await self._database.write(lambda connection: connection.execute(statement))

    async def of(self, number: int) -> list[LoggedStatement]:
        """Return those on one envelope that stand in the log, oldest first."""
        query = (
            select(_S.c.raw, _S.c.entry, _S.c.proof)
            .where(_S.c.number == number, _S.c.log_index.is_not(None))
            .order_by(_S.c.position)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            LoggedStatement(statement=row.raw.decode(), entry=b64u(row.entry), proof=row.proof)
            for row in rows
        ]
