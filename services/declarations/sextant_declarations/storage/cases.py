"""Cases in this room's database, for officers and for the task that moves them by itself."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, case, func, insert, literal, or_, select, update

from sextant_declarations.analysis.cases.counting import Counted
from sextant_declarations.analysis.cases.model import Matched
from sextant_declarations.analysis.cases.workflow import CaseState, Priority, workflow
from sextant_declarations.analysis.transfers.model import Document, Klass
from sextant_declarations.domain.casebook import CaseFilter, NewCaseStep, StoredCase
from sextant_declarations.domain.cases import MERGE, CaseStepView
from sextant_declarations.domain.keptpairs import pair_of
from sextant_declarations.domain.matching import NAME
from sextant_declarations.domain.transfers import PairBody, PairLine
from sextant_declarations.storage.analysis_tables import FACTS, TRANSFERS
from sextant_declarations.storage.case_tables import (
    CASE_MESSAGES,
    CASE_PAIRS,
    CASE_STEPS,
    CASES,
)
from sextant_declarations.storage.case_work import follow_case
from sextant_declarations.storage.tables import DECLARATIONS, INBOX, SIDECAR, VERSIONS
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import read_model

_MAX_BYTES = 1 << 24
_DAY_CHARS = 10
_LINE = ("id", "year", "chemical", "schedule", "exporter", "importer", "gap", "span", "more")
_NONE = "~"
DIFFERENCES = tuple(str(klass) for klass in Klass if klass.is_difference)
RESTRICTED = tuple(str(klass) for klass in Klass if klass.is_restricted)
SEEN = (
    case((TRANSFERS.c.in_force, TRANSFERS.c.klass), else_=_NONE)
    + "|"
    + func.coalesce(TRANSFERS.c.gap, _NONE)
    + "|"
    + func.coalesce(TRANSFERS.c.span, _NONE)
    + "|"
    + func.coalesce(TRANSFERS.c.more, _NONE)
)
"""What a pair says, as one text; nothing once nobody declares it."""


@dataclass(frozen=True)
class SqlCases:
    """Where cases stand, and how they came there."""

    database: Database
    notes: Notes

    async def case(self, number: str) -> StoredCase | None:
        """Return a case, None for an unknown number."""
        found = await self.database.read(lambda c: read_cases(c, [CASES.c.number == number]))
        return found[0] if found else None

    async def page(self, wanted: CaseFilter, before: int | None, limit: int) -> list[StoredCase]:
        """Return up to `limit` cases below the position `before`, newest first."""
        given = _narrowed(wanted)
        if before is not None:
            given.append(CASES.c.position < before)
        return await self.database.read(lambda c: read_cases(c, given, limit))

    async def case_of(self, pairs: Collection[str]) -> dict[str, str]:
        """Return the numbers of the cases that these pairs belong to, by pair."""
        row = CASE_PAIRS.c
        wanted = select(row.pair, row.case).where(row.pair.in_(pairs))
        rows = await self.database.read(lambda c: c.execute(wanted).all())
        return dict(rows)

    async def steps(self, number: str, before: int | None, limit: int) -> list[CaseStepView]:
        """Return up to `limit` steps below the position `before`, newest first."""
        names = [name for name in CaseStepView.model_fields if name != "index"]
        wanted = (
            select(*(CASE_STEPS.c[name] for name in names), SIDECAR.note.c.log_index.label("index"))
            .outerjoin(SIDECAR.note, SIDECAR.note.c.position == CASE_STEPS.c.entry)
            .where(CASE_STEPS.c.case == number)
            .order_by(CASE_STEPS.c.position.desc())
            .limit(limit)
        )
        if before is not None:
            wanted = wanted.where(CASE_STEPS.c.position < before)
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [CaseStepView(**row) for row in rows]

    async def take(self, steps: Sequence[NewCaseStep]) -> None:
        """Store steps with their entries, all or none; a merged case gives its pairs away.

        Raises:
            PlatformError: `E_PRECONDITION` when a case moved on since.
        """

        def store(connection: Connection) -> None:
            for step in steps:
                append_step(connection, self.notes, step)
            taken = steps[0]
            if taken.move.step == MERGE:
                _give_away(connection, taken.case.number, taken.move.reference or "")

        await self.database.write(store)

    async def counted(self) -> list[Counted]:
        """Return all cases as far as they are counted."""
        now, before = TRANSFERS.alias("now"), TRANSFERS.alias("before")
        own, earlier = CASE_PAIRS.alias("own"), CASE_PAIRS.alias("earlier")
        again = (
            select(own.c.case)
            .join(now, now.c.id == own.c.pair)
            .join(before, (before.c.chemical == now.c.chemical) & (before.c.year < now.c.year)
                  & (before.c.exporter == now.c.exporter) & (before.c.importer == now.c.importer))
            .join(earlier, earlier.c.pair == before.c.id)
        )  # fmt: skip
        wanted = select(CASES, CASES.c.number.in_(again).label("again"))
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [
            Counted(
                year=row["year"],
                state=CaseState(row["state"]),
                opened=dt.date.fromisoformat(row["opened"][:_DAY_CHARS]),
                since=dt.date.fromisoformat(row["since"][:_DAY_CHARS]),
                cause=row["cause"],
                again=bool(row["again"]),
            )
            for row in rows
        ]

    async def sources(self, declarations: Collection[str]) -> dict[str, list[bytes]]:
        """Return the manifest digests of all that was registered of these, by declaration."""
        row = VERSIONS.c
        wanted = (
            select(row.declaration, INBOX.c.manifest_digest)
            .join(INBOX, row.inbox == INBOX.c.id)
            .where(row.declaration.in_(declarations), row.registration.is_not(None))
        )
        found: defaultdict[str, list[bytes]] = defaultdict(list)
        for declaration, digest in await self.database.read(lambda c: c.execute(wanted).all()):
            found[declaration].append(digest)
        return dict(found)


def append_step(connection: Connection, notes: Notes, step: NewCaseStep, **more: object) -> None:
    """Append one step, and let the case follow it.

    Raises:
        PlatformError: `E_PRECONDITION` when the case moved on since.
    """
    number, move = step.case.number, step.move
    wanted = select(CASES.c.steps).where(CASES.c.number == number)
    if connection.execute(wanted).scalar_one_or_none() != step.case.steps:
        raise PlatformError(
            Code.PRECONDITION, "it moved on since it was read", expected=step.case.tag
        )
    position = step.case.steps + 1
    connection.execute(insert(CASE_STEPS).values(**_step_values(connection, notes, step, position)))
    now: dict[str, Any] = {"steps": position, **more}
    if move.source is not move.target or move.step in {"request", "match-again"}:
        now |= {"state": move.target, "reason": move.reason, "since": step.t}
        now["cause"] = move.cause
    if move.priority is not None:
        now |= {"priority": str(move.priority), "priority_is_set": True}
    if move.step == MERGE:
        now["merged_into"] = move.reference
    connection.execute(update(CASES).where(CASES.c.number == number).values(now))
    if step.messages:
        rows = [
            {"message": message, "case": number, "step": position} for _, message in step.messages
        ]
        connection.execute(insert(CASE_MESSAGES), rows)
    follow_case(connection, step, str(now.get("priority", step.case.priority)))


def _step_values(
    connection: Connection, notes: Notes, step: NewCaseStep, position: int
) -> dict[str, Any]:
    move = step.move
    return {
        "case": step.case.number,
        "position": position,
        "step": move.step,
        "source": move.source,
        "target": move.target,
        "client": step.actor.client,
        "role": step.actor.role,
        "reason": move.reason,
        "reference": move.reference,
        "cause": move.cause,
        "priority": None if move.priority is None else str(move.priority),
        "t": step.t,
        "entry": notes.add(connection, step.note),
    }


def insert_case(connection: Connection, notes: Notes, step: NewCaseStep) -> None:
    """Store a new case with its first step."""
    one = step.case
    connection.execute(
        insert(CASES).values(
            position=one.position,
            number=one.number,
            year=one.pairs[0].pair.key.year,
            state=one.state,
            reason=one.reason,
            since=one.since,
            opened=one.opened,
            cause=None,
            priority=str(one.priority),
            priority_is_set=False,
            restricted=one.restricted,
            merged_into=None,
            steps=0,
        )
    )
    for matched in one.pairs:
        said = select(TRANSFERS.c.id, literal(one.number), SEEN).where(TRANSFERS.c.id == matched.id)
        connection.execute(insert(CASE_PAIRS).from_select(["pair", "case", "seen"], said))
    append_step(connection, notes, step)


def read_cases(
    connection: Connection, given: Sequence[Any], limit: int | None = None
) -> list[StoredCase]:
    """Return cases with their pairs, newest first."""
    wanted = select(CASES).where(*given).order_by(CASES.c.position.desc()).limit(limit)
    rows = connection.execute(wanted).mappings().all()
    numbers = [row["number"] for row in rows]
    belongs = select(CASE_PAIRS.c.pair, CASE_PAIRS.c.case).where(CASE_PAIRS.c.case.in_(numbers))
    case_of = dict(connection.execute(belongs).all())
    pairs = read_pairs(connection, [TRANSFERS.c.id.in_(case_of)])
    return [_case(connection, row, pairs, case_of) for row in rows]


def read_pairs(
    connection: Connection, given: Sequence[Any], limit: int | None = None
) -> dict[str, tuple[Matched, tuple[str, ...]]]:
    """Return pairs with the markings of what they stand on, and the register's ids of that."""
    wanted = select(TRANSFERS).where(*given).order_by(TRANSFERS.c.id).limit(limit)
    rows = connection.execute(wanted).mappings().all()
    declarations = {name for row in rows for name in row["declarations"].split()}
    markings = _markings(connection, declarations)
    return {
        row["id"]: (
            Matched(pair, {one: markings[one] for one in pair.versions if one in markings},
                    in_force=row["in_force"]),
            tuple(row["declarations"].split()),
        )
        for row in rows
        for pair in [pair_of(_line(row), _body(row))]
    }  # fmt: skip


def newest_envelope(connection: Connection, declarations: Collection[str]) -> tuple[str, int]:
    """Return id and custody index of the newest envelope that brought any of these.

    Empty where there is none, as in a case that gave its pairs away: nothing is done with it.
    """
    wanted = (
        select(INBOX.c.envelope_id, INBOX.c.custody_index)
        .join(VERSIONS, VERSIONS.c.inbox == INBOX.c.id)
        .where(VERSIONS.c.declaration.in_(declarations), VERSIONS.c.registration.is_not(None))
        .order_by(INBOX.c.id.desc())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    return (row.envelope_id, row.custody_index) if row else ("", 0)


def _case(
    connection: Connection,
    row: RowMapping,
    pairs: Mapping[str, tuple[Matched, tuple[str, ...]]],
    case_of: Mapping[str, str],
) -> StoredCase:
    own = [pairs[pair] for pair in sorted(case_of) if case_of[pair] == row["number"]]
    declarations = tuple(dict.fromkeys(name for _, names in own for name in names))
    envelope, custody = newest_envelope(connection, declarations)
    members = {name: value for name, value in row.items() if name != "year"}
    return StoredCase(
        **{
            **members,
            "state": CaseState(row["state"]),
            "priority": Priority(row["priority"]),
            "pairs": tuple(matched for matched, _ in own),
            "declarations": declarations,
            "envelope": envelope,
            "custody": custody,
        }
    )


def _markings(connection: Connection, declarations: Collection[str]) -> dict[Document, str]:
    row = FACTS.c
    newest = (
        select(func.max(row.position))
        .where(row.analysis == NAME, row.declaration.in_(declarations))
        .group_by(row.declaration)
    )
    wanted = (
        select(DECLARATIONS.c.owner, DECLARATIONS.c.declaration_id, row.version, row.marking)
        .join(DECLARATIONS, DECLARATIONS.c.id == row.declaration)
        .where(row.position.in_(newest))
    )
    return {
        Document(one.owner, one.declaration_id, one.version): one.marking
        for one in connection.execute(wanted)
        if one.marking
    }


def _line(row: RowMapping) -> PairLine:
    members = {name: row[name] for name in (*_LINE, "in_force", "since")}
    return PairLine.model_validate({**members, "class": row["klass"]})


def _body(row: RowMapping) -> PairBody:
    return read_model(PairBody, parse_json(row["body"].encode(), max_bytes=_MAX_BYTES))


def _narrowed(wanted: CaseFilter) -> list[Any]:
    given: list[Any] = []
    if wanted.state is not None:
        row = TRANSFERS.c
        sides = or_(row.exporter == wanted.state, row.importer == wanted.state)
        of_state = (
            select(CASE_PAIRS.c.case).join(TRANSFERS, row.id == CASE_PAIRS.c.pair).where(sides)
        )
        given.append(CASES.c.number.in_(of_state))
    if wanted.is_open is not None:
        closed = CASES.c.state.in_([str(state) for state in workflow().closed])
        given.append(~closed if wanted.is_open else closed)
    status = None if wanted.status is None else str(wanted.status)
    priority = None if wanted.priority is None else str(wanted.priority)
    columns = (
        (CASES.c.year, wanted.year),
        (CASES.c.state, status),
        (CASES.c.priority, priority),
    )
    return given + [column == value for column, value in columns if value is not None]


def _give_away(connection: Connection, taken: str, kept: str) -> None:
    row = CASE_PAIRS.c
    connection.execute(update(CASE_PAIRS).where(row.case == taken).values(case=kept))
