"""Compares envelopes whose containers are blobs with the store of blobs, also while it is served.

For an operator's command: it goes through everything. A blob is looked for in the list first, and
by its name when the list has too few; an envelope that lost its blob meanwhile lost it rightly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, Select, func, select

from sextant_exchange.domain.containers import WholeContainer
from sextant_exchange.storage.tables import EnvelopeRow
from sextant_shared.chassis.objects import ObjectStore, checked
from sextant_shared.errors import Code, PlatformError

PAGE = 500
MAX_EXAMPLES = 20
_E = EnvelopeRow.__table__  # type: ignore[attr-defined]


@dataclass(slots=True)
class Holdings:
    """What was found: blobs of envelopes and their bytes; which are wrong, with some examples."""

    blobs: int = 0
    size: int = 0
    wrong: set[int] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    def tell(self, row: Row[tuple[object, ...]], what: str) -> None:
        """Note what is wrong with the blob of an envelope."""
        if row.number not in self.wrong and len(self.examples) < MAX_EXAMPLES:
            self.examples.append(f"{what}: {row.sender} {row.id}, {row.size:,} bytes")
        self.wrong.add(row.number)


class Known:
    """Which blobs envelopes have, for the sweep."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def blobs_among(self, names: Sequence[str]) -> set[str]:
        """Return those of these blobs that rows refer to."""
        return {row.blob for row in _named(self._connection, names)}


async def compare(connection: Connection, objects: ObjectStore, *, read: bool) -> Holdings:
    """Return whether the blob of each envelope is there, with its size; on demand read whole.

    Raises:
        PlatformError: `E_UNAVAILABLE` when the store is away.
    """
    found, seen = Holdings(), 0
    async for page in objects.items():
        sizes = {item.name: item.size for item in page}
        for row in _named(connection, list(sizes)):
            seen += 1
            if sizes[row.blob] != row.size:
                found.tell(row, "ANOTHER SIZE")
    if seen < _count(connection) or read:
        await _one_by_one(connection, objects, found, read=read)
    found.blobs, found.size = _count(connection), _size(connection)
    return found


async def _one_by_one(
    connection: Connection, objects: ObjectStore, found: Holdings, *, read: bool
) -> None:
    for row in _all(connection):
        try:
            if await objects.size(row.blob) is None:
                if _named(connection, [row.blob]):
                    found.tell(row, "MISSING")
            elif read:
                async for _ in checked(objects.read(row.blob), WholeContainer(row.manifest)):
                    pass
        except PlatformError as error:
            if error.code is not Code.INTEGRITY:
                raise
            found.tell(row, "ALTERED")


def _all(connection: Connection) -> Iterator[Row[tuple[object, ...]]]:
    after = 0
    while rows := connection.execute(_rows(_E.c.number > after).limit(PAGE)).all():
        connection.rollback()  # containers are read between pages: a server ends what idles
        yield from rows
        after = rows[-1].number


def _named(connection: Connection, names: Sequence[str]) -> Sequence[Row[tuple[object, ...]]]:
    rows = connection.execute(_rows(_E.c.blob.in_(names))).all()
    connection.rollback()  # the next look sees what was committed meanwhile
    return rows


def _rows(condition: object) -> Select[tuple[object, ...]]:
    wanted = select(_E.c.number, _E.c.sender, _E.c.id, _E.c.blob, _E.c.size, _E.c.manifest)
    return wanted.where(_E.c.blob.is_not(None), condition).order_by(_E.c.number)  # type: ignore[arg-type]  # a clause


def _count(connection: Connection) -> int:
    return _number(connection, select(func.count()).where(_E.c.blob.is_not(None)))


def _size(connection: Connection) -> int:
    total = func.coalesce(func.sum(_E.c.size), 0)
    return _number(connection, select(total).where(_E.c.blob.is_not(None)))


def _number(connection: Connection, wanted: Select[int]) -> int:
    number = int(connection.execute(wanted).scalar_one())
    connection.rollback()
    return number
