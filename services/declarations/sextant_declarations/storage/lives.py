"""Lives of declarations in this room's database: the service's own steps, and those of officers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from sextant_declarations.analysis.classification import MARKINGS, handling, highest
from sextant_declarations.analysis.lifecycle import (
    OFFICER,
    SERVICE,
    Arrival,
    Life,
    Move,
    State,
    automatic,
    replied,
)
from sextant_declarations.domain.lives import NewStep, StepView, StoredLife
from sextant_declarations.domain.records import Filed, Nature, Record
from sextant_declarations.storage.life_tables import LIVES, STEPS
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.tables import DECLARATIONS, INBOX, SIDECAR, VERSIONS
from sextant_declarations.storage.threads import read_facts
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.models.receipts import OutcomeVerdict

RAISE, LOWER, CARRY_OVER = "raise-marking", "lower-marking", "carry-over"
_OWN = "declarations"  # this service, in the lines of what it does by itself
_COMPLETENESS = re.compile(r"C[0-9]+")
_UNCHANGED = frozenset({RAISE, LOWER, CARRY_OVER})  # steps after which the state goes on as it was
_NEW_WORK = frozenset({"receive", "amend", "supersede", "withdraw", "reopen"})  # not carried over


@dataclass(frozen=True)
class SqlLives:
    """Where declarations stand, and how they came there."""

    database: Database
    notes: Notes

    async def life(self, declaration: str) -> StoredLife | None:
        """Return where a declaration stands, None for one that is not known."""
        rows = await self._lives(LIVES.c.declaration == declaration)
        return rows[0] if rows else None

    async def of_year(self, owner: str, year: int) -> list[StoredLife]:
        """Return where the declarations of a State for a year stand."""
        return await self._lives((DECLARATIONS.c.owner == owner) & (DECLARATIONS.c.year == year))

    async def years(
        self, owner: str | None, year: int | None, after: tuple[str, int] | None, limit: int
    ) -> list[tuple[str, int]]:
        """Return up to `limit` pairs of State and year after one, in order."""
        row = DECLARATIONS
        wanted = select(row.c.owner, row.c.year).distinct().order_by(row.c.owner, row.c.year)
        if owner is not None:
            wanted = wanted.where(row.c.owner == owner)
        if year is not None:
            wanted = wanted.where(row.c.year == year)
        if after is not None:
            later = (row.c.owner == after[0]) & (row.c.year > after[1])
            wanted = wanted.where((row.c.owner > after[0]) | later)
        found = await self.database.read(lambda c: c.execute(wanted.limit(limit)).all())
        return [(owner, year) for owner, year in found]

    async def steps(self, declaration: str, before: int | None, limit: int) -> list[StepView]:
        """Return up to `limit` steps below the position `before`, newest first."""
        wanted = (
            select(*_STEP, SIDECAR.note.c.log_index.label("index"))
            .outerjoin(SIDECAR.note, SIDECAR.note.c.position == STEPS.c.entry)
            .where(STEPS.c.declaration == declaration)
            .order_by(STEPS.c.position.desc())
            .limit(limit)
        )
        if before is not None:
            wanted = wanted.where(STEPS.c.position < before)
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [StepView(**row) for row in rows]

    async def take(self, steps: Sequence[NewStep]) -> None:
        """Store steps with their entries, all or none.

        Raises:
            PlatformError: `E_PRECONDITION` when a declaration moved on since.
        """

        def store(connection: Connection) -> None:
            for step in steps:
                _store_decided(connection, self.notes, step)

        await self.database.write(store)

    async def said(self, declaration: str, envelope: str) -> bool:
        """Return whether the State of a declaration wrote us this message, and it was taken."""
        bringers = (
            select(INBOX.c.sender)
            .join(VERSIONS, VERSIONS.c.inbox == INBOX.c.id)
            .where(VERSIONS.c.declaration == declaration)
        )
        wanted = select(INBOX.c.id).where(
            INBOX.c.envelope_id == envelope,
            INBOX.c.sender.in_(bringers),
            INBOX.c.nature.in_([Nature.MESSAGE, Nature.CORRESPONDENCE]),
            func.coalesce(INBOX.c.verdict, "") != OutcomeVerdict.RETURNED,
        )
        return await self.database.read(lambda c: c.execute(wanted).first()) is not None

    async def _lives(self, condition: Any) -> list[StoredLife]:
        newest = (
            select(func.max(VERSIONS.c.id))
            .where(VERSIONS.c.declaration == LIVES.c.declaration)
            .correlate(LIVES)
            .scalar_subquery()
        )
        wanted = (
            select(*_LIFE)
            .join(DECLARATIONS, DECLARATIONS.c.id == LIVES.c.declaration)
            .join(VERSIONS, VERSIONS.c.id == newest)
            .join(INBOX, INBOX.c.id == VERSIONS.c.inbox)
            .where(condition)
            .order_by(DECLARATIONS.c.seq)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [_life(row) for row in rows]


def store_automatic(connection: Connection, record: Record, inbox: int) -> None:
    """Store what a filing or a reply does to lives by itself, in the transaction that stores it."""
    filed = record.filed
    if filed is not None:
        _store_filed(connection, record, filed, inbox)
        _store_revised(connection, record, filed, inbox)
    answered = record.noted.answers
    if answered is not None and record.submission.type == "clarification.reply":
        _store_replied(connection, record, answered[1], inbox)


def _store_filed(connection: Connection, record: Record, filed: Filed, inbox: int) -> None:
    if not filed.registration:
        arrival = Arrival.RETURNED
    else:
        arrival = Arrival.FILED_ABOUT if filed.revised else Arrival.FILED
    before = _held(connection, filed.declaration)
    misses = any(
        _COMPLETENESS.fullmatch(finding.rule)
        and finding.severity is Severity.EXPLAIN_OR_FIX
        and not finding.answer
        for finding in filed.verdict.findings
    )
    moves = automatic(_life_of(before), arrival, filed.facts.version, misses_items=misses)
    head = record.submission.examined.head
    marks = (handling().of_envelope(head.classification) if head else "", filed.check.marking)
    marking = highest(mark for mark in marks if mark in MARKINGS)
    _store_own(connection, record, filed.declaration, moves, inbox, marking)


def _store_revised(connection: Connection, record: Record, filed: Filed, inbox: int) -> None:
    revised = filed.revised
    if revised is None:
        return
    before = _held(connection, revised.declaration)
    life = _life_of(before)
    whole = revised.result is None and revised.site_code is None
    version = revised.result or (life.version if life else revised.version)
    moves = automatic(life, Arrival.WITHDRAWS if whole else Arrival.AMENDS, version)
    marks = (before["marking"] if before else "", filed.check.marking)
    marking = highest(mark for mark in marks if mark in MARKINGS)
    _store_own(connection, record, revised.declaration, moves, inbox, marking)


def _store_replied(connection: Connection, record: Record, request: str, inbox: int) -> None:
    examined = record.submission.examined
    asked = asked_about(connection, request, examined.sender)
    if asked is not None:
        life = _life_of(_held(connection, asked[0]))
        _store_own(connection, record, asked[0], replied(life, asked[1], examined.id), inbox, None)


def asked_about(connection: Connection, request: str, sender: str) -> tuple[str, int] | None:
    """Return which declaration and version of a party a request of ours asked about, if one."""
    asked = select(SENT.c.facts).where(SENT.c.envelope_id == request)
    facts = read_facts(connection.execute(asked).scalar_one_or_none())
    if facts is None or facts.concerns is None:
        return None
    named = (
        select(DECLARATIONS.c.id)
        .join(VERSIONS, VERSIONS.c.declaration == DECLARATIONS.c.id)
        .join(INBOX, INBOX.c.id == VERSIONS.c.inbox)
        .where(DECLARATIONS.c.declaration_id == facts.concerns[0], INBOX.c.sender == sender)
        .limit(1)
    )
    declaration: str | None = connection.execute(named).scalar_one_or_none()
    return None if declaration is None else (declaration, facts.concerns[1])


def _store_own(
    connection: Connection,
    record: Record,
    declaration: str,
    moves: Sequence[Move],
    inbox: int,
    marking: str | None,
) -> None:
    """Store steps of the service itself; what came is received when the exchange took it.

    What went back changes nothing about where a registered version stands.
    """
    held = _held(connection, declaration)
    follows = held is None or held["state"] == State.RETURNED
    follows = follows or all(move.target is not State.RETURNED for move in moves)
    for move in moves:
        received = move.step == "receive"
        _append(
            connection,
            declaration,
            move,
            {
                "client": _OWN,
                "role": SERVICE,
                "t": record.submission.examined.custody.t if received else record.stored_at,
                "marking": marking if move.step in {"classify", "amend"} else None,
                "inbox": inbox,
            },
            since=record.stored_at,
            follows=follows,
        )


def _store_decided(connection: Connection, notes: Notes, step: NewStep) -> None:
    held, life = _held(connection, step.life.declaration), step.life
    if held is None or (held["version"], held["steps"]) != (life.version, life.steps):
        raise PlatformError(Code.PRECONDITION, "it moved on since it was read", expected=life.tag)
    values = {
        "client": step.officer.client,
        "role": OFFICER,
        "t": step.t,
        "marking": step.move.marking,
        "inbox": life.inbox,
        "entry": notes.add(connection, step.note),
    }
    _append(connection, life.declaration, step.move, values, since=step.t)


def _append(
    connection: Connection,
    declaration: str,
    move: Move,
    values: Mapping[str, object],
    *,
    since: str,
    follows: bool = True,
) -> None:
    """Append one step, and let the life follow it."""
    held = _held(connection, declaration)
    position = (held["steps"] if held else 0) + 1
    connection.execute(
        insert(STEPS).values(
            declaration=declaration,
            position=position,
            version=move.version,
            step=move.step,
            source=move.source,
            target=move.target,
            reason=move.reason,
            reference=move.reference,
            **values,
        )
    )
    now = _followed(held, move, values, since) if follows or held is None else {}
    followed = {**now, "steps": position}
    if held is None:
        connection.execute(insert(LIVES).values(declaration=declaration, **followed))
    else:
        row = LIVES.c.declaration
        connection.execute(update(LIVES).where(row == declaration).values(followed))


def _followed(
    held: RowMapping | None, move: Move, values: Mapping[str, object], since: str
) -> dict[str, Any]:
    """Return where a declaration stands after a step."""
    before = (
        dict(held)
        if held
        else {
            "version": move.version,
            "state": move.target,
            "reason": move.reason,
            "since": since,
            "marking": MARKINGS[0],
            "raised": None,
            "carried": False,
        }
    )
    before.pop("declaration", None)
    before |= _marked(before, move, values.get("marking"))
    if move.step in _UNCHANGED:
        return before | {"carried": before["carried"] or move.step == CARRY_OVER}
    now = {"version": move.version, "state": move.target, "reason": move.reason, "since": since}
    return before | now | {"carried": before["carried"] and move.step not in _NEW_WORK}


def _marked(before: Mapping[str, Any], move: Move, marking: object) -> dict[str, Any]:
    """Return the marking after a step: never below what the Secretariat raised it to."""
    if not isinstance(marking, str):
        return {}
    if move.step == RAISE:
        return {"marking": marking, "raised": marking}
    if move.step == LOWER:
        return {"marking": marking, "raised": None}
    return {"marking": highest(mark for mark in (marking, before["raised"]) if mark)}


def _held(connection: Connection, declaration: str) -> RowMapping | None:
    wanted = select(LIVES).where(LIVES.c.declaration == declaration)
    return connection.execute(wanted).mappings().one_or_none()


def _life_of(row: RowMapping | None) -> Life | None:
    return Life(row["version"], State(row["state"])) if row else None


def _life(row: RowMapping) -> StoredLife:
    return StoredLife(**{**row, "state": State(row["state"])})


_STEP = (
    STEPS.c.position,
    STEPS.c.version,
    STEPS.c.step,
    STEPS.c.source,
    STEPS.c.target,
    STEPS.c.client,
    STEPS.c.role,
    STEPS.c.reason,
    STEPS.c.reference,
    STEPS.c.marking,
    STEPS.c.t,
)
_LIFE = (
    LIVES.c.declaration,
    DECLARATIONS.c.owner,
    DECLARATIONS.c.kind,
    DECLARATIONS.c.year,
    LIVES.c.version,
    LIVES.c.state,
    LIVES.c.reason,
    LIVES.c.since,
    LIVES.c.marking,
    LIVES.c.raised,
    LIVES.c.carried,
    LIVES.c.steps,
    INBOX.c.id.label("inbox"),
    INBOX.c.envelope_id.label("envelope"),
    INBOX.c.custody_index.label("custody"),
)
