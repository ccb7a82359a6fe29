"""The newest log head that fits everything seen before, and alarms about those that do not."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from sextant_declarations.domain.deliveries import LogHead
from sextant_declarations.storage.tables import LOG_ALARMS, LOG_HEAD
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert

_ONLY = 1  # the table holds one row


@dataclass(frozen=True)
class SqlHeadLedger:
    """The head ledger in this room's database."""

    database: Database

    async def newest(self) -> LogHead | None:
        """Return the newest head, None before the first."""
        row = LOG_HEAD
        wanted = select(row.c.size, row.c.root, row.c.text)

        def read(connection: Connection) -> LogHead | None:
            found = connection.execute(wanted).one_or_none()
            return LogHead(*found) if found else None

        return await self.database.read(read)

    async def keep(self, head: LogHead, over: LogHead | None) -> bool:
        """Move forward from `over` to `head`, never back; False when another one stands there."""
        values = {"size": head.size, "root": head.root, "text": head.text}
        row = LOG_HEAD
        wanted = select(row.c.size, row.c.root)
        before = (over.size, over.root) if over else None

        def write(connection: Connection) -> bool:
            found = connection.execute(wanted).one_or_none()
            if (tuple(found) if found else None) != before:
                return False
            adding = upsert(row).values(id=_ONLY, **values)
            connection.execute(
                adding.on_conflict_do_update(
                    index_elements=["id"], set_=values, where=row.c.size < head.size
                )
            )
            return True

        return await self.database.write(write)

    async def alarm(
        self, t: str, source: str, head: tuple[int, bytes], own: LogHead | None, detail: str
    ) -> None:
        """Keep both heads and what does not fit between them."""
        size, root = head
        change = insert(LOG_ALARMS).values(
            t=t,
            source=source,
            size=size,
            root=root,
            own_size=own.size if own else 0,
            own_root=own.root if own else b"",
            detail=detail,
        )

        def write(connection: Connection) -> None:
            connection.execute(change)

        await self.database.write(write)
