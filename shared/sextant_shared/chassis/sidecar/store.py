"""Details in the room's database: sealed, each under its own key, known by the hash of their leaf.

A detail is written in the transaction of the act that it belongs to. It opens for the service
alone; what was shredded stays known as such and opens for nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from sextant_shared.chassis.sidecar.keys import DetailKeys
from sextant_shared.chassis.sidecar.tables import SidecarTables
from sextant_shared.crypto.details import open_detail, seal_detail
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import parse_entry
from sextant_shared.protocol.acts import commitment

_LOOKED_UP = 500  # leaves in one query


@dataclass(frozen=True, slots=True)
class Detail:
    """What an entry commits to, and whose it is."""

    entry: bytes
    owner: str
    detail: bytes
    salt: bytes


class Sidecar:
    """Keeps, opens and destroys details."""

    def __init__(self, tables: SidecarTables, folder: Path) -> None:
        self.tables = tables
        self._keys = DetailKeys(folder)

    def keep(self, connection: Connection, details: Sequence[Detail]) -> None:
        """Seal details into the caller's transaction."""
        if not details:
            return
        leaves = {leaf_hash(one.entry): one for one in details}
        keys = self._keys.make({leaf: one.owner for leaf, one in leaves.items()})
        connection.execute(
            insert(self.tables.detail),
            [
                {
                    "leaf": leaf,
                    "owner": one.owner,
                    "sealed": seal_detail(keys[leaf], leaf, one.salt, one.detail),
                }
                for leaf, one in leaves.items()
            ],
        )

    def opened(
        self, connection: Connection, entries: Sequence[bytes]
    ) -> list[tuple[bytes, bytes] | None]:
        """Return detail and salt of each entry; None for one without, and for one shredded.

        Raises:
            PlatformError: `E_INTEGRITY` when a key is missing, or a detail is not the one that its
                entry commits to.
        """
        row, sealed = self.tables.detail, dict[bytes, bytes | None]()
        leaves = [leaf_hash(entry) for entry in entries]
        for start in range(0, len(leaves), _LOOKED_UP):
            some = leaves[start : start + _LOOKED_UP]
            found = connection.execute(select(row.c.leaf, row.c.sealed).where(row.c.leaf.in_(some)))
            sealed |= {each.leaf: each.sealed for each in found}
        return [
            self._open(entry, leaf, sealed.get(leaf))
            for entry, leaf in zip(entries, leaves, strict=True)
        ]

    def _open(self, entry: bytes, leaf: bytes, sealed: bytes | None) -> tuple[bytes, bytes] | None:
        if sealed is None:
            return None
        key = self._keys.find(leaf)
        if key is None:
            raise PlatformError(
                Code.INTEGRITY,
                "the key of a detail is missing, and nobody ordered its destruction",
                fix="Restore the folder of SIDECAR_DIR that belongs to this database.",
            )
        salt, detail = open_detail(key, leaf, sealed)
        if getattr(parse_entry(entry), "commit", None) != b64u(commitment(salt, detail)):
            raise PlatformError(Code.INTEGRITY, "a detail is not the one that its entry commits to")
        return detail, salt

    def is_kept(self, connection: Connection, entry: bytes) -> bool | None:
        """Return whether an entry's detail is there; None when it never was."""
        row = self.tables.detail
        found = connection.execute(select(row.c.sealed).where(row.c.leaf == leaf_hash(entry)))
        sealed = found.one_or_none()
        return None if sealed is None else sealed.sealed is not None

    def forget(self, connection: Connection, entry: bytes) -> None:
        """Remove the ciphertext, in the caller's transaction; `destroy` the key once it is durable.

        If we stop in between, `finish` destroys the key at the next start.
        """
        row = self.tables.detail
        connection.execute(update(row).where(row.c.leaf == leaf_hash(entry)).values(sealed=None))

    def destroy(self, entry: bytes) -> None:
        """Destroy the key of an entry's detail: durable on return."""
        self._keys.destroy([leaf_hash(entry)])

    def finish(self, connection: Connection) -> None:
        """Destroy the keys of all that was forgotten: a stop may have come in between."""
        row = self.tables.detail
        leaves = connection.execute(select(row.c.leaf).where(row.c.sealed.is_(None))).scalars()
        self._keys.destroy(list(leaves))

    def take_in(
        self,
        connection: Connection,
        table: Table,
        entry: str,
        details: Sequence[tuple[int, Detail]],
    ) -> None:
        """Move details that stand open in columns of `table` in here; `entry` names its key."""
        self.keep(connection, [detail for _, detail in details])
        if details:
            connection.execute(
                update(table)
                .where(table.c[entry] == bindparam("row"))
                .values(detail=b"", salt=b""),
                [{"row": key} for key, _ in details],
            )

    def close(self) -> None:
        """Release the file of keys."""
        self._keys.close()
