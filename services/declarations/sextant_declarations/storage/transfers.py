"""Pairs of transfers in this room's database: what changed is written, and officers read."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from sextant_declarations.analysis.transfers.notices import KINDS
from sextant_declarations.domain.analysing import Fact
from sextant_declarations.domain.matching import NAME
from sextant_declarations.domain.transfers import (
    PairBody,
    PairFilter,
    PairLine,
    PairStep,
    Standing,
    StoredPair,
    UnreadView,
)
from sextant_declarations.storage.analysing import FACT, fact_of
from sextant_declarations.storage.analysis_tables import (
    ANALYSES,
    FACTS,
    OWED_ANALYSES,
    TRANSFER_STEPS,
    TRANSFERS,
)
from sextant_declarations.storage.life_tables import LIVES
from sextant_declarations.storage.tables import DECLARATIONS
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert
from sextant_shared.encoding import parse_json, sha256
from sextant_shared.models.strict import read_model

_AT_ONCE = 500  # pairs in one transaction: a registration waits for no more than that
_MAX_BYTES = 1 << 24
_MOST_UNREAD = 100
_LINE = ("id", "year", "chemical", "schedule", "exporter", "importer", "gap", "span", "more")
_METHOD = select(ANALYSES.c.method).where(ANALYSES.c.name == NAME).scalar_subquery()
_NEWEST = (
    select(func.max(FACTS.c.position)).where(FACTS.c.analysis == NAME).group_by(FACTS.c.declaration)
)


@dataclass(frozen=True)
class SqlTransfers:
    """Pairs, their history, and the notices among the facts."""

    database: Database

    async def agree(self, pairs: Sequence[StoredPair], position: int, t: str) -> None:
        """Make what is stored agree with these, which are all pairs there are."""
        row = TRANSFERS.c
        wanted = select(row.id, row.digest).where(row.in_force)
        rows = await self.database.read(lambda c: c.execute(wanted).all())
        held = {one.id: one.digest for one in rows}
        different = [pair for pair in pairs if held.get(pair.line.id) != _digest(pair)]
        gone = sorted(held.keys() - {pair.line.id for pair in pairs})
        await self.change(different, gone, position, t)

    async def change(
        self, pairs: Sequence[StoredPair], gone: Sequence[str], position: int, t: str
    ) -> None:
        """Store pairs that are new or different; those in `gone` are declared by nobody.

        The position is stored last: what is cut short in between is done again at the next start.
        """
        for start in range(0, len(pairs), _AT_ONCE):
            some = pairs[start : start + _AT_ONCE]
            await self.database.write(partial(_store, pairs=some))
        await self.database.write(lambda c: _end(c, gone, position, t, changed=bool(pairs)))

    async def standing(self) -> Standing:
        """Return how far pairs follow from what is registered."""

        def read(connection: Connection) -> Standing:
            wanted = select(ANALYSES).where(ANALYSES.c.name == NAME)
            row = connection.execute(wanted).mappings().one_or_none()
            flawed = FACT.where(FACTS.c.position.in_(_NEWEST), FACTS.c.flaw.is_not(None))
            unread = connection.execute(flawed.limit(_MOST_UNREAD)).mappings()
            return Standing(
                method=row["method"] if row else "",
                changes=row["changes"] if row else 0,
                owed=connection.execute(select(func.count(OWED_ANALYSES.c.turn))).scalar_one(),
                unread=tuple(
                    UnreadView(
                        declaration=one["declaration"],
                        state=one["owner"],
                        declaration_id=one["declaration_id"],
                        why=one["flaw"],
                    )
                    for one in unread
                ),
            )

        return await self.database.read(read)

    async def page(
        self, wanted: PairFilter, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[PairLine, tuple[str, ...]]]:
        """Return up to `limit` pairs after one, newest year first, with their declarations."""
        row = TRANSFERS.c
        query = select(TRANSFERS).where(*_narrowed(wanted))
        if after is not None:
            year, id_ = after
            query = query.where((row.year < year) | ((row.year == year) & (row.id > id_)))
        query = query.order_by(row.year.desc(), row.id).limit(limit)
        rows = await self.database.read(lambda c: c.execute(query).mappings().all())
        return [(_line(one), tuple(one["declarations"].split())) for one in rows]

    async def pairs(self, wanted: PairFilter, limit: int) -> list[StoredPair]:
        """Return up to `limit` pairs with what both sides say, newest year first."""
        row = TRANSFERS.c
        query = select(TRANSFERS).where(*_narrowed(wanted)).order_by(row.year.desc(), row.id)
        rows = await self.database.read(lambda c: c.execute(query.limit(limit)).mappings().all())
        return [_whole(one) for one in rows]

    async def pair(self, id_: str) -> tuple[StoredPair, list[PairStep]] | None:
        """Return one pair, and what it said before, newest first."""
        wanted = select(TRANSFERS).where(TRANSFERS.c.id == id_)
        before = (
            select(TRANSFER_STEPS)
            .where(TRANSFER_STEPS.c.transfer == id_)
            .order_by(TRANSFER_STEPS.c.position.desc())
        )

        def read(connection: Connection) -> tuple[StoredPair, list[PairStep]] | None:
            row = connection.execute(wanted).mappings().one_or_none()
            if row is None:
                return None
            return _whole(row), [_step(one) for one in connection.execute(before).mappings()]

        return await self.database.read(read)

    async def notices(self) -> list[Fact]:
        """Return the facts of all notices that hold."""
        wanted = FACT.where(
            FACTS.c.position.in_(_NEWEST),
            FACTS.c.said.is_not(None),
            # Facts of an earlier method are taken again soon, and cannot be read meanwhile.
            FACTS.c.method == _METHOD,
            DECLARATIONS.c.kind.in_(KINDS),
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [fact_of(one) for one in rows]

    async def markings(self, declarations: Collection[str]) -> list[str]:
        """Return the markings that these have now."""
        wanted = select(LIVES.c.marking).where(LIVES.c.declaration.in_(declarations))
        return list(await self.database.read(lambda c: c.execute(wanted).scalars().all()))

    async def sources(self, declarations: Collection[str]) -> list[bytes]:
        """Return the manifest digests of the envelopes that facts of these were taken from."""
        row = FACTS.c
        newest = _NEWEST.where(row.declaration.in_(declarations))
        wanted = select(row.sources).where(row.position.in_(newest))
        rows = await self.database.read(lambda c: c.execute(wanted).scalars().all())
        return sorted({bytes.fromhex(digest) for sources in rows for digest in sources.split()})


def _narrowed(wanted: PairFilter) -> list[Any]:
    row = TRANSFERS.c
    given: list[Any] = [row.in_force] if wanted.in_force else []
    if wanted.state is not None:
        given.append(or_(row.exporter == wanted.state, row.importer == wanted.state))
    klass = None if wanted.klass is None else str(wanted.klass)
    columns = (row.year, wanted.year), (row.chemical, wanted.chemical), (row.klass, klass)
    return given + [column == value for column, value in columns if value is not None]


def _store(connection: Connection, pairs: Sequence[StoredPair]) -> None:
    row = TRANSFERS.c
    ids = [pair.line.id for pair in pairs]
    shown = select(row.id, row.klass, row.gap, row.span, row.in_force, row.since)
    held = {one.id: one for one in connection.execute(shown.where(row.id.in_(ids)))}
    values, steps = [], []
    for pair in pairs:
        line, before = pair.line, held.get(pair.line.id)
        says = line.class_, line.gap, line.span, True
        is_new = before is None or says != (before.klass, before.gap, before.span, before.in_force)
        since = line.since if before is None or is_new else before.since
        values.append(_values(pair) | {"since": since})
        if is_new:
            steps.append(
                {
                    "transfer": line.id,
                    "t": line.since,
                    "klass": line.class_,
                    "gap": line.gap,
                    "span": line.span,
                    "versions": json.dumps([one.model_dump() for one in pair.body.versions]),
                }
            )
    adding = upsert(TRANSFERS)
    again = {name: adding.excluded[name] for name in values[0] if name != "id"}
    connection.execute(adding.on_conflict_do_update(index_elements=["id"], set_=again), values)
    if steps:
        connection.execute(insert(TRANSFER_STEPS), steps)


def _end(
    connection: Connection, gone: Sequence[str], position: int, t: str, *, changed: bool
) -> None:
    if gone:
        row = TRANSFERS.c.id.in_(gone)
        connection.execute(update(TRANSFERS).where(row).values(in_force=False, since=t))
        nothing = {"t": t, "klass": None, "gap": None, "span": None, "versions": "[]"}
        connection.execute(insert(TRANSFER_STEPS), [{"transfer": id_, **nothing} for id_ in gone])
    now: dict[str, Any] = {"position": position}
    if gone or changed:
        now["changes"] = ANALYSES.c.changes + 1
    connection.execute(update(ANALYSES).where(ANALYSES.c.name == NAME).values(now))


def _values(pair: StoredPair) -> dict[str, Any]:
    line = pair.line.model_dump()
    return {
        **{name: line[name] for name in _LINE},
        "klass": pair.line.class_,
        "in_force": True,
        "declarations": " ".join(pair.declarations),
        "body": pair.body.model_dump_json(by_alias=True),
        "digest": _digest(pair),
    }


def _digest(pair: StoredPair) -> bytes:
    """Return what tells two states of a pair apart, whenever it came to say what it says."""
    line = pair.line.model_copy(update={"since": ""})
    told = line.model_dump_json(by_alias=True) + pair.body.model_dump_json(by_alias=True)
    return sha256(f"{told} {' '.join(pair.declarations)}".encode())


def _whole(row: RowMapping) -> StoredPair:
    body = read_model(PairBody, parse_json(row["body"].encode(), max_bytes=_MAX_BYTES))
    return StoredPair(_line(row), body, tuple(row["declarations"].split()))


def _line(row: RowMapping) -> PairLine:
    members = {name: row[name] for name in (*_LINE, "in_force", "since")}
    return PairLine.model_validate({**members, "class": row["klass"]})


def _step(row: RowMapping) -> PairStep:
    members = {name: row[name] for name in ("t", "gap", "span")}
    versions = json.loads(row["versions"])
    return PairStep.model_validate({**members, "class": row["klass"], "versions": versions})
