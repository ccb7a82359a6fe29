"""Destroys the detail behind an entry, by order of an authority, and says so in the log.

Durable steps:

1. One transaction keeps the order. When enough persons gave the same one, it also removes the
   ciphertext and owes the log a `shred` entry.
   If we stop here: the next start destroys the key and the entry follows.
2. The key is destroyed, salt and detail with it.
   If we stop here: the entry is still owed and follows.
3. The log has the entry.

Leaves, tiles, receipts and proofs do not change. Whoever holds a receipt with the detail keeps what
was given; whoever has none can still prove that something with this commitment was logged then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.clock import Clock
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.details import ShredAnswer, ShredOrder
from sextant_shared.models.entries import parse_entry
from sextant_shared.protocol.notes import make_note

TWO_PERSONS = 2


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of this service at some index, and the class of the envelope it is about."""

    entry: bytes
    classification: str | None


Find = Callable[[Connection, int], Found | None]
"""Finds an entry of the room by its index in the log."""


@dataclass(frozen=True)
class Shredding:
    """The use case; `settle` gives owed notes to the log.

    `forget` removes what else the room keeps in the open of the entry at an index, in the
    transaction that removes the ciphertext.
    """

    service: str
    database: Database
    sidecar: Sidecar
    notes: Notes
    find: Find
    two_persons: Collection[str]
    clock: Clock
    settle: Callable[[], Awaitable[None]]
    forget: Callable[[Connection, int], None] = lambda _connection, _index: None

    async def __call__(self, index: int, order: ShredOrder, client: str) -> ShredAnswer:
        """Keep an order, and carry it out once enough persons gave the same.

        Raises:
            PlatformError: `E_NOT_FOUND` when this service keeps no detail for the entry there;
                `E_STATE` when it was destroyed before.
        """

        def work(connection: Connection) -> tuple[Found, int | None, int, int]:
            found = self._found(connection, index)
            self._keep(connection, found, order, client)
            who = self._agreed(connection, found, order)
            needed = TWO_PERSONS if found.classification in self.two_persons else 1
            if len(who) < needed:
                return found, None, len(who), needed
            return found, self._forget(connection, index, found, order, who), len(who), needed

        found, position, persons, needed = await self.database.write(work)
        answer = ShredAnswer(
            state="waiting",
            ref=index,
            commit=getattr(parse_entry(found.entry), "commit", ""),
            persons=persons,
            needed=needed,
        )
        if position is None:
            return answer
        await asyncio.to_thread(self.sidecar.destroy, found.entry)
        await self.settle()
        note = await self.notes.find(position)
        return answer.model_copy(
            update={
                "state": "shredded",
                "entry": b64u(note.entry),
                "index": note.index,
                "proof": note.proof,
            }
        )

    def _found(self, connection: Connection, index: int) -> Found:
        found = self.find(connection, index)
        if found is None:
            own = self.notes.at(connection, index)
            found = None if own is None else Found(own, None)
        is_kept = None if found is None else self.sidecar.is_kept(connection, found.entry)
        if found is None or is_kept is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"the {self.service} service keeps no detail for an entry at index {index}",
                fix="Ask the service that wrote the entry; docs/audit-events.md names the writers.",
            )
        if not is_kept:
            raise PlatformError(
                Code.STATE,
                f"the detail of the entry at index {index} was destroyed before",
                fix="Nothing is left to do; a `shred` entry that names the index says when.",
            )
        return found

    def _keep(self, connection: Connection, found: Found, order: ShredOrder, client: str) -> None:
        values = {
            "authority": order.authority,
            "reason": str(order.reason),
            "note": order.note,
            "ordered": self.clock(),
        }
        leaf = leaf_hash(found.entry)
        engine = postgresql if connection.dialect.name == "postgresql" else sqlite
        added = engine.insert(self.sidecar.tables.order).values(leaf=leaf, client=client, **values)
        row = ["leaf", "client"]
        connection.execute(added.on_conflict_do_update(index_elements=row, set_=values))

    def _agreed(self, connection: Connection, found: Found, order: ShredOrder) -> dict[str, str]:
        """Return who gave this order, with their words."""
        row = self.sidecar.tables.order
        rows = connection.execute(
            select(row.c.client, row.c.note)
            .where(
                row.c.leaf == leaf_hash(found.entry),
                row.c.authority == order.authority,
                row.c.reason == str(order.reason),
            )
            .order_by(row.c.client)
        )
        return {each.client: each.note for each in rows}

    def _forget(
        self,
        connection: Connection,
        index: int,
        found: Found,
        order: ShredOrder,
        who: dict[str, str],
    ) -> int:
        members = {
            "service": self.service,
            "ref": index,
            "authority": order.authority,
            "reason": str(order.reason),
        }
        detail = {"by": [{"client": client, "note": note} for client, note in who.items()]}
        self.sidecar.forget(connection, found.entry)
        self.forget(connection, index)
        note = make_note("shred", members, self.clock(), owner=self.service, detail=detail)
        return self.notes.add(connection, note)
