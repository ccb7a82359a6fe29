"""Rows that pictures are drawn from and that hold no declared figure: filings, threads, waiting."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from sextant_declarations.analysis.lifecycle import State, lifecycle
from sextant_declarations.analysis.pictures.queue_age import Waiting
from sextant_declarations.domain.picturing.clocks import Clarification
from sextant_declarations.domain.picturing.dossiers import SiteFiling
from sextant_declarations.domain.records import Nature
from sextant_declarations.domain.threads import REQUEST
from sextant_declarations.storage.access_tables import CONTENT_SITES
from sextant_declarations.storage.life_tables import LIVES, STEPS
from sextant_declarations.storage.message_tables import DUES, SENT
from sextant_declarations.storage.tables import DECLARATIONS, FINDINGS, INBOX, VERSIONS
from sextant_declarations.storage.threads import read_facts
from sextant_shared.chassis.database import Database
from sextant_shared.clock import parse_timestamp

_READ = State.CLARIFICATION_RECEIVED  # the state that an officer ends once a reply was read
_DAY_CHARS = 10


@dataclass(frozen=True)
class SqlPicturing:
    """Reads this room's database."""

    database: Database

    async def site(self, state: str, site: str) -> list[SiteFiling]:
        """Return the registered filings about a site, oldest first."""
        wanted = (
            select(
                INBOX.c.id, VERSIONS.c.kind, VERSIONS.c.year, VERSIONS.c.version, INBOX.c.custody_t
            )
            .join(VERSIONS, VERSIONS.c.inbox == INBOX.c.id)
            .join(DECLARATIONS, DECLARATIONS.c.id == VERSIONS.c.declaration)
            .join(CONTENT_SITES, CONTENT_SITES.c.inbox == INBOX.c.id)
            .where(
                CONTENT_SITES.c.site == site,
                DECLARATIONS.c.owner == state,
                VERSIONS.c.registration.is_not(None),
            )
            .order_by(INBOX.c.id)
        )

        def read(connection: Connection) -> list[SiteFiling]:
            rows = connection.execute(wanted).all()
            rules = _rules(connection, [row.id for row in rows])
            return [
                SiteFiling(
                    kind=row.kind,
                    year=row.year,
                    version=row.version,
                    received=dt.date.fromisoformat(row.custody_t[:_DAY_CHARS]),
                    rules=rules.get(row.id, ()),
                )
                for row in rows
            ]

        return await self.database.read(read)

    async def clarifications(self, party: str | None, limit: int) -> list[Clarification]:
        """Return the newest threads that a clarification request of ours began."""
        wanted = select(SENT.c.thread, func.max(SENT.c.id).label("last"))
        wanted = wanted.where(SENT.c.type == REQUEST, SENT.c.is_deposited)
        if party is not None:
            wanted = wanted.where(SENT.c.party == party)
        wanted = wanted.group_by(SENT.c.thread).order_by(func.max(SENT.c.id).desc()).limit(limit)

        def read(connection: Connection) -> list[Clarification]:
            names = [row.thread for row in connection.execute(wanted)]
            return _clarifications(connection, names)

        return await self.database.read(read)

    async def waiting(self, state: str | None, limit: int) -> list[Waiting]:
        """Return the declarations that wait for an officer, oldest first."""
        row = DECLARATIONS
        wanted = (
            select(row.c.owner, row.c.declaration_id, row.c.kind, LIVES.c.state, LIVES.c.since)
            .join(row, row.c.id == LIVES.c.declaration)
            .where(LIVES.c.state.in_(_waiting_states()))
            .order_by(LIVES.c.since, LIVES.c.declaration)
            .limit(limit)
        )
        if state is not None:
            wanted = wanted.where(row.c.owner == state)
        found = await self.database.read(lambda c: c.execute(wanted).all())
        return [
            Waiting(
                f"{one.owner} {one.kind} {one.declaration_id}",
                dt.date.fromisoformat(one.since[:_DAY_CHARS]),
            )
            for one in found
        ]


def _waiting_states() -> list[str]:
    """Return the states of the table in which the next step is an officer's."""
    return [str(one) for one in lifecycle().open if one is not State.CLARIFICATION_REQUESTED]


def _rules(connection: Connection, inboxes: Collection[int]) -> dict[int, tuple[str, ...]]:
    wanted = select(FINDINGS.c.inbox, FINDINGS.c.rule).where(FINDINGS.c.inbox.in_(inboxes))
    found: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(wanted):
        found[row.inbox].add(row.rule)
    return {inbox: tuple(sorted(rules)) for inbox, rules in found.items()}


def _clarifications(connection: Connection, names: Collection[str]) -> list[Clarification]:
    asked: dict[str, list[float]] = defaultdict(list)
    answered: dict[str, list[float]] = defaultdict(list)
    first: dict[str, Any] = {}
    sent = select(
        SENT.c.thread, SENT.c.party, SENT.c.reference, SENT.c.created_at, SENT.c.facts
    ).where(SENT.c.thread.in_(names))
    for row in connection.execute(sent.order_by(SENT.c.id)):
        asked[row.thread].append(parse_timestamp(row.created_at))
        if row.reference is not None:
            first.setdefault(row.thread, row)
    came = select(INBOX.c.thread, INBOX.c.custody_t).where(
        INBOX.c.thread.in_(names), INBOX.c.nature == Nature.MESSAGE
    )
    for thread, at in connection.execute(came).all():
        answered[thread].append(parse_timestamp(at))
    until = select(DUES.c.thread, func.max(func.coalesce(DUES.c.asked, DUES.c.until)).label("due"))
    until = until.where(DUES.c.thread.in_(names), DUES.c.sent.is_not(None)).group_by(DUES.c.thread)
    dues = {row.thread: row.due for row in connection.execute(until)}
    return [
        Clarification(
            party=row.party,
            reference=row.reference,
            asked=asked[name],
            answered=answered[name],
            due=dues.get(name),
            settled=_settled(connection, row.party, row.facts),
        )
        for name, row in first.items()
    ]


def _settled(connection: Connection, party: str, facts: str | None) -> float | None:
    """Return when an officer last took a declaration on from a reply that was received."""
    said = read_facts(facts)
    if said is None or said.concerns is None:
        return None
    bringers = (
        select(VERSIONS.c.declaration)
        .join(INBOX, INBOX.c.id == VERSIONS.c.inbox)
        .join(DECLARATIONS, DECLARATIONS.c.id == VERSIONS.c.declaration)
        .where(INBOX.c.sender == party, DECLARATIONS.c.declaration_id == said.concerns[0])
    )
    wanted = select(func.max(STEPS.c.t)).where(
        STEPS.c.declaration.in_(bringers), STEPS.c.source == _READ
    )
    at = connection.execute(wanted).scalar()
    return None if at is None else parse_timestamp(at)
