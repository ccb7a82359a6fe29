"""What a service notes of itself, stored until the log has it, in the room's own database.

A  The note and its sealed detail are stored, with the act that it tells of.
   If we stop here: the next look finds it owed.
B  The log has the entry. If we stop here: the same bytes are given again and get the same place.
C  Its place and proof are stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, bindparam, insert, select, update

from sextant_shared.chassis.database import Database
from sextant_shared.chassis.settings import ServiceSettings, describe_settings
from sextant_shared.chassis.sharing import take_turns
from sextant_shared.chassis.sidecar.store import Detail, Sidecar
from sextant_shared.encoding import b64u, sha256
from sextant_shared.protocol.notes import InForce, MadeNote, changes

BATCH = 256


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A note in the store; `index` and `proof` are None while it is owed."""

    position: int
    entry: bytes
    index: int | None
    proof: str | None


class Notes:
    """The notes of one service."""

    def __init__(self, database: Database, sidecar: Sidecar) -> None:
        self._database = database
        self._sidecar = sidecar
        self._note = sidecar.tables.note

    async def changed(self, service: str, in_force: InForce, now: float) -> int:
        """Note all that is no longer as it was noted last; return how many notes that made."""

        def work(connection: Connection) -> int:
            take_turns(connection, ["notes"])
            made = changes(service, in_force, lambda *about: self.last(connection, *about), now)
            for note in made:
                self.add(connection, note)
            return len(made)

        return await self._database.write(work)

    async def write(self, note: MadeNote) -> int:
        """Store a note; return its position, durable."""
        return await self._database.write(lambda connection: self.add(connection, note))

    def add(self, connection: Connection, note: MadeNote) -> int:
        """Store a note in the caller's transaction."""
        if note.detail is not None and note.salt is not None:
            detail = Detail(note.entry, note.owner, note.detail, note.salt)
            self._sidecar.keep(connection, [detail])
        members = {
            "type": note.type,
            "subject": note.subject,
            "state": note.state,
            "entry": note.entry,
        }
        added = insert(self._note).values(**members).returning(self._note.c.position)
        return int(connection.execute(added).scalar_one())

    def last(self, connection: Connection, type_: str, subject: str) -> str | None:
        """Return the state of the newest note of a type about a subject."""
        row = self._note
        wanted = (
            select(row.c.state)
            .where(row.c.type == type_, row.c.subject == subject)
            .order_by(row.c.position.desc())
            .limit(1)
        )
        state: str | None = connection.execute(wanted).scalar()
        return state

    async def owed(self, after: int = 0, limit: int = BATCH) -> list[StoredNote]:
        """Return notes that wait for their place in the log, oldest first."""
        row = self._note
        wanted = (
            select(row.c.position, row.c.entry)
            .where(row.c.log_index.is_(None), row.c.position > after)
            .order_by(row.c.position)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(wanted).all())
        return [StoredNote(found.position, found.entry, None, None) for found in rows]

    async def placed(self, places: Sequence[tuple[int, int, str]]) -> None:
        """Store where notes stand: position, index in the log, proof."""
        if not places:
            return
        row = self._note
        change = (
            update(row)
            .where(row.c.position == bindparam("at"))
            .values(log_index=bindparam("index"), proof=bindparam("text"))
        )
        values = [{"at": at, "index": index, "text": proof} for at, index, proof in places]
        await self._database.write(lambda connection: connection.execute(change, values).rowcount)

    async def find(self, position: int) -> StoredNote:
        """Return a note."""
        row = self._note
        wanted = select(row.c.position, row.c.entry, row.c.log_index, row.c.proof).where(
            row.c.position == position
        )
        found = await self._database.read(lambda connection: connection.execute(wanted).one())
        return StoredNote(*found)

    def at(self, connection: Connection, index: int) -> bytes | None:
        """Return the entry of the note that stands at this index of the log."""
        row = self._note
        entry: bytes | None = connection.execute(
            select(row.c.entry).where(row.c.log_index == index)
        ).scalar()
        return entry


def effective(settings: ServiceSettings, pinned: Sequence[str]) -> dict[str, str]:
    """Return what the settings in force are, with the content of the `pinned` files.

    Settings hold no secrets, only the paths of files; those that hold one are never read here.
    """
    values = describe_settings(settings)
    for name in pinned:
        path: Path | None = getattr(settings, name)
        if path is not None and path.is_file():
            values[name] += f" {b64u(sha256(path.read_bytes()))}"
    return values
