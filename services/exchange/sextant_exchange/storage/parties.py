"""Party documents in SQL."""

from sqlalchemy import insert, select, update

from sextant_exchange.domain.ports import LoggedLeaf, PartyVersion
from sextant_exchange.storage.tables import PartyRow
from sextant_shared.chassis.database import Database

_P = PartyRow.__table__  # type: ignore[attr-defined]


class SqlParties:
    """The port `Parties` on the exchange's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions(self) -> list[tuple[PartyVersion, LoggedLeaf | None]]:
        """Return all versions of all parties, in order of acceptance."""
        query = select(
            _P.c.party, _P.c.ver, _P.c.raw, _P.c.entry, _P.c.log_index, _P.c.proof
        ).order_by(_P.c.position)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [
            (
                PartyVersion(row.party, row.ver, row.raw, row.entry),
                None if row.proof is None else LoggedLeaf(row.log_index, row.proof),
            )
            for row in rows
        ]

    async def hold(self, version: PartyVersion) -> None:
        """Store a version that is not yet in the log."""
        members = {
            "party": version.party,
            "ver": version.ver,
            "raw": version.raw,
            "entry": version.entry,
        }
        await self._database.write(lambda connection: connection.execute(insert(_P), [members]))

    async def enforce(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        """Store where a version stands in the log."""
        statement = (
            update(_P)
            .where(_P.c.party == version.party, _P.c.ver == version.ver)
            .values(log_index=leaf.index, proof=leaf.proof)
        )
        await self._database.write(lambda connection: connection.execute(statement))
