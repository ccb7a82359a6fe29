"""What is owed to the analyses, and their facts, in this room's database."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, tuple_

from sextant_declarations.domain.analysing import Fact, Owed
from sextant_declarations.domain.history import KnownVersion
from sextant_declarations.domain.records import Filed
from sextant_declarations.storage.analysis_tables import ANALYSES, FACTS, OWED_ANALYSES
from sextant_declarations.storage.history import FILED, known_version
from sextant_declarations.storage.life_tables import LIVES
from sextant_declarations.storage.tables import DECLARATIONS, INBOX, REVISIONS, VERSIONS
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert

_NEXT_TURN = select(func.coalesce(func.max(OWED_ANALYSES.c.turn), 0) + 1).scalar_subquery()


def owe_analysis(connection: Connection, filed: Filed) -> None:
    """Owe what a registration moves, in the transaction that stores it."""
    if not filed.registration:
        return
    moved = {filed.declaration} | ({filed.revised.declaration} if filed.revised else set())
    for declaration in sorted(moved):
        owe(connection, declaration)


def owe(connection: Connection, declaration: str) -> None:
    """Owe one declaration to the analyses, in an open transaction."""
    adding = upsert(OWED_ANALYSES).values(declaration=declaration, turn=_NEXT_TURN)
    again = {"turn": adding.excluded.turn}
    connection.execute(adding.on_conflict_do_update(index_elements=["declaration"], set_=again))


@dataclass(frozen=True)
class SqlAnalysing:
    """The feed of the analysing task."""

    database: Database

    async def join(self, methods: Sequence[tuple[str, str]]) -> None:
        """Owe every registered declaration if an analysis is new, or has another method."""

        def store(connection: Connection) -> None:
            held = dict(connection.execute(select(ANALYSES.c.name, ANALYSES.c.method)).all())
            if all(held.get(name) == method for name, method in methods):
                return
            for name, method in methods:
                adding = upsert(ANALYSES).values(name=name, method=method, position=0, changes=0)
                now = {"method": method}
                connection.execute(adding.on_conflict_do_update(index_elements=["name"], set_=now))
            registered = (
                select(VERSIONS.c.declaration)
                .where(VERSIONS.c.registration.is_not(None))
                .group_by(VERSIONS.c.declaration)
                .order_by(func.min(VERSIONS.c.id))
            )
            for (declaration,) in connection.execute(registered).all():
                owe(connection, declaration)

        await self.database.write(store)

    async def owed(self, limit: int) -> list[Owed]:
        """Return the declarations that have been owed longest, with all that was registered."""
        return await self.database.read(lambda c: _owed(c, limit))

    async def keep(self, owed: Sequence[Owed], facts: Sequence[tuple[str, str, Fact]]) -> None:
        """Store facts, each with its analysis and method, and end the debt."""

        def store(connection: Connection) -> None:
            wanted = [one.declaration for one in owed]
            row = FACTS.c
            spoken = select(row.analysis, row.declaration).where(row.declaration.in_(wanted))
            known = {(one.analysis, one.declaration) for one in connection.execute(spoken)}
            values = [
                _values(name, method, fact)
                for name, method, fact in facts
                if fact.said or fact.flaw or (name, fact.declaration) in known
            ]
            if values:
                connection.execute(insert(FACTS), values)
            turns = [(one.declaration, one.turn) for one in owed]
            paid = tuple_(OWED_ANALYSES.c.declaration, OWED_ANALYSES.c.turn).in_(turns)
            connection.execute(delete(OWED_ANALYSES).where(paid))

        await self.database.write(store)

    async def facts(self, name: str, method: str, after: int | None) -> tuple[list[Fact], int]:
        """Return the facts after a position in order, and the last position of all facts."""

        def read(connection: Connection) -> tuple[list[Fact], int]:
            row = FACTS.c
            if after is None:
                of_analysis = (row.analysis == name) & (row.method == method)
                newest = select(func.max(row.position)).where(of_analysis)
                wanted = FACT.where(row.position.in_(newest.group_by(row.declaration)))
            else:
                later = (row.position > after) & (row.method == method)
                wanted = FACT.where(row.analysis == name, later)
            last = connection.execute(select(func.max(row.position))).scalar() or 0
            rows = connection.execute(wanted.order_by(row.position)).mappings()
            return [fact_of(one) for one in rows], last

        return await self.database.read(read)


FACT = select(
    FACTS, DECLARATIONS.c.owner, DECLARATIONS.c.declaration_id, DECLARATIONS.c.kind,
    DECLARATIONS.c.year,
).join(DECLARATIONS, DECLARATIONS.c.id == FACTS.c.declaration)  # fmt: skip


def _owed(connection: Connection, limit: int) -> list[Owed]:
    row = OWED_ANALYSES.c
    wanted = (
        select(row.declaration, row.turn, DECLARATIONS, LIVES.c.marking)
        .join(DECLARATIONS, DECLARATIONS.c.id == row.declaration)
        .outerjoin(LIVES, LIVES.c.declaration == row.declaration)
        .order_by(row.turn)
        .limit(limit)
    )
    found = connection.execute(wanted).mappings().all()
    versions = _versions(connection, [one["declaration"] for one in found])
    return [
        Owed(
            declaration=one["declaration"],
            turn=one["turn"],
            state=one["owner"],
            declaration_id=one["declaration_id"],
            kind=one["kind"],
            year=one["year"],
            marking=one["marking"] or "",
            received=versions[one["declaration"]][0][1],
            versions=tuple(known for known, _ in versions[one["declaration"]]),
        )
        for one in found
    ]


def _versions(
    connection: Connection, declarations: Sequence[str]
) -> dict[str, list[tuple[KnownVersion, str]]]:
    """Return what was registered of each: versions and what revises it, with times of custody."""
    about = func.coalesce(REVISIONS.c.declaration, VERSIONS.c.declaration).label("about")
    wanted = (
        select(*FILED, INBOX.c.custody_t, VERSIONS.c.declaration, about)
        .join(DECLARATIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
        .join(INBOX, VERSIONS.c.inbox == INBOX.c.id)
        .outerjoin(REVISIONS, REVISIONS.c.inbox == VERSIONS.c.inbox)
        .where(
            VERSIONS.c.registration.is_not(None),
            or_(
                VERSIONS.c.declaration.in_(declarations), REVISIONS.c.declaration.in_(declarations)
            ),
        )
        .order_by(VERSIONS.c.id)
    )
    found: dict[str, list[tuple[KnownVersion, str]]] = defaultdict(list)
    for one in connection.execute(wanted).mappings():
        for name in {one["declaration"], one["about"]} & {*declarations}:
            found[name].append((known_version(one), one["custody_t"]))
    return found


def _values(name: str, method: str, fact: Fact) -> dict[str, object]:
    return {
        "analysis": name,
        "method": method,
        "declaration": fact.declaration,
        "version": fact.version,
        "marking": fact.marking,
        "known": fact.known,
        "said": fact.said,
        "flaw": fact.flaw,
        "sources": " ".join(digest.hex() for digest in fact.sources),
    }


def fact_of(row: RowMapping) -> Fact:
    """Return a fact out of a row of `FACT`."""
    return Fact(
        position=row["position"],
        declaration=row["declaration"],
        state=row["owner"],
        declaration_id=row["declaration_id"],
        version=row["version"],
        kind=row["kind"],
        year=row["year"],
        marking=row["marking"],
        known=row["known"],
        said=row["said"],
        flaw=row["flaw"],
        sources=tuple(bytes.fromhex(digest) for digest in row["sources"].split()),
    )
