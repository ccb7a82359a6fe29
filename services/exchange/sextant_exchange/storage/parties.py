"""Party documents in SQL."""

from sqlalchemy import Connection, insert, select, update

from sextant_exchange.domain.ports import LoggedLeaf, PartyVersion
from sextant_exchange.storage import registry
from sextant_exchange.storage.tables import PartyRow
from sextant_shared.chassis.database import Database

_P = PartyRow.__table__  # type: ignore[attr-defined]


class SqlParties:
    """The port `Parties` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self) -> int:
        """Return where the newest version in force stands in the log; -1 before the first."""
        return await self._database.read(registry.newest)

    async def since(self, index: int) -> list[tuple[PartyVersion, LoggedLeaf | None]]:
        """Return what came into force behind this place of the log, in order, and what waits."""
        query = (
            select(_P.c.party, _P.c.ver, _P.c.raw, _P.c.entry, _P.c.log_index, _P.c.proof)
            .where((_P.c.log_index > index) | _P.c.log_index.is_(None))
            .order_by(_P.c.position)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            (
                PartyVersion(row.party, row.ver, row.raw, row.entry),
                None if row.proof is None else LoggedLeaf(row.log_index, row.proof),
            )
            for row in rows
        ]

    async def hold(self, version: PartyVersion, after: int) -> bool:
        """Store a version that is not yet in the log, unless another came since `after`."""
        members = {
            "party": version.party,
            "ver": version.ver,
            "raw": version.raw,
            "entry": version.entry,
        }
        waiting = select(_P.c.position).where(_P.c.log_index.is_(None))

        def work(connection: Connection) -> bool:
            if registry.newest_to_change(connection) != after:
                return False
            if connection.execute(waiting).first() is not None:
                return False
            connection.execute(insert(_P), [members])
            return True

        return await self._database.write(work)

    async def enforce(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        """Store where a version stands in the log."""
        statement = (
            update(_P)
            .where(_P.c.party == version.party, _P.c.ver == version.ver, _P.c.log_index.is_(None))
            .values(log_index=leaf.index, proof=leaf.proof)
        )

        def work(connection: Connection) -> None:
            registry.newest_to_change(connection)
            connection.execute(statement)

        await self._database.write(work)
