"""What persons said about the identity of sites, in this room's database; it only grows."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from sextant_declarations.domain.identities import NewWord, StoredWord
from sextant_declarations.storage.inspection_tables import SITE_IDENTITIES
from sextant_declarations.storage.tables import SIDECAR
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True)
class SqlIdentities:
    """Words of persons, each with its log entry."""

    database: Database
    notes: Notes

    async def words(self, state: str) -> list[StoredWord]:
        """Return all words about sites of a State, the oldest first."""
        row = SITE_IDENTITIES.c
        columns = (row.older, row.newer, row.word, row.reason, row.client, row.t)
        wanted = (
            select(*columns, SIDECAR.note.c.log_index.label("index"))
            .outerjoin(SIDECAR.note, SIDECAR.note.c.position == row.entry)
            .where(row.state == state)
            .order_by(row.id)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [StoredWord(**found) for found in rows]

    async def say(self, word: NewWord) -> None:
        """Store a word with its entry.

        Raises:
            PlatformError: `E_PRECONDITION` when somebody said something since.
        """
        row = SITE_IDENTITIES.c
        named = (row.state == word.state) & (row.older == word.older) & (row.newer == word.newer)

        def store(connection: Connection) -> None:
            count = connection.execute(select(func.count()).where(named)).scalar_one()
            if count != word.after:
                raise PlatformError(
                    Code.PRECONDITION, "it moved on since it was read", expected=str(count)
                )
            connection.execute(
                insert(SITE_IDENTITIES).values(
                    state=word.state,
                    older=word.older,
                    newer=word.newer,
                    word=str(word.word),
                    reason=word.reason,
                    client=word.officer.client,
                    t=word.t,
                    explained=word.explained,
                    entry=self.notes.add(connection, word.note),
                )
            )

        await self.database.write(store)
