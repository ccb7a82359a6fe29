"""Runs of the anomaly methods in this room's database, and what they found."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from sextant_declarations.analysis.anomalies.accepting import substance
from sextant_declarations.analysis.anomalies.model import Card, Place
from sextant_declarations.domain.anomaly_cards import Basis
from sextant_declarations.domain.anomaly_runs import (
    DONE,
    FAILED,
    QUEUED,
    RUNNING,
    NoteView,
    Outcome,
    RunView,
    notes_of,
)
from sextant_declarations.storage.analysis_tables import FACTS
from sextant_declarations.storage.anomalies import card_json, found_by
from sextant_declarations.storage.anomaly_basis import basis_of
from sextant_declarations.storage.anomaly_tables import ANOMALY_CARDS, ANOMALY_NOTES, ANOMALY_RUNS
from sextant_declarations.storage.anomaly_work import follow_run
from sextant_declarations.storage.tables import DECLARATIONS
from sextant_shared.chassis.database import Database
from sextant_shared.encoding import sha256

_ROW = ANOMALY_RUNS.c
_COLUMNS = (
    "state", "client", "ordered", "started", "ended", "run", "input_digest", "policy_digest",
    "last_year", "error",
)  # fmt: skip


@dataclass(frozen=True)
class SqlAnomalyRuns:
    """The writing side of cards, and the list of runs."""

    database: Database

    async def order(self, client: str, t: str) -> int:
        """Queue a run; the one that is queued already, if there is one. Returns its number."""

        def store(connection: Connection) -> int:
            queued = select(_ROW.position).where(_ROW.state == QUEUED)
            found = connection.execute(queued).scalar()
            if found is not None:
                return int(found)
            values = {"state": QUEUED, "client": client, "ordered": t, "facts": 0}
            made = connection.execute(insert(ANOMALY_RUNS).values(values))
            (number,) = made.inserted_primary_key or (0,)
            return int(number)

        return await self.database.write(store)

    async def waiting(self) -> int | None:
        """Return the run that is queued, or was running when this service stopped."""
        wanted = select(func.min(_ROW.position)).where(_ROW.state.in_([QUEUED, RUNNING]))
        found: int | None = await self.database.read(lambda c: c.execute(wanted).scalar())
        return found

    async def begin(self, number: int, t: str, facts: int) -> None:
        """Store that a run begins, on facts up to a position."""
        values = {"state": RUNNING, "started": t, "facts": facts}
        await self._update(number, values)

    async def fail(self, number: int, error: str, t: str) -> None:
        """Store that a run failed, and why."""
        await self._update(number, {"state": FAILED, "ended": t, "error": error})

    async def said(self, name: str, method: str) -> tuple[list[tuple[str, str]], int]:
        """Return what is kept, by State in the order of registration, and the newest position."""

        def read(connection: Connection) -> tuple[list[tuple[str, str]], int]:
            row = FACTS.c
            of_analysis = (row.analysis == name) & (row.method == method)
            newest = select(func.max(row.position)).where(of_analysis).group_by(row.declaration)
            wanted = (
                select(DECLARATIONS.c.owner, row.said)
                .join(DECLARATIONS, DECLARATIONS.c.id == row.declaration)
                .where(row.position.in_(newest), row.said.is_not(None))
                .order_by(DECLARATIONS.c.owner, DECLARATIONS.c.seq)
            )
            last = connection.execute(select(func.max(row.position))).scalar()
            found = [(owner, said) for owner, said in connection.execute(wanted)]
            return found, last or 0

        return await self.database.read(read)

    async def facts_read(self) -> int:
        """Return the position of the newest fact that a finished run read, 0 before the first."""
        wanted = select(func.max(_ROW.facts)).where(_ROW.state == DONE)
        return await self.database.read(lambda c: c.execute(wanted).scalar()) or 0

    async def finish(self, number: int, outcome: Outcome, t: str) -> None:
        """Store what a run found, in one transaction: cards that changed, came or went."""
        await self.database.write(lambda c: _finish(c, number, outcome, t))

    async def runs(self, before: int | None, limit: int) -> list[RunView]:
        """Return up to `limit` runs below a number, newest first."""
        wanted = select(ANOMALY_RUNS).order_by(_ROW.position.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_ROW.position < before)
        rows = await self.database.read(lambda c: c.execute(wanted).mappings().all())
        return [_view(row) for row in rows]

    async def run(self, number: int) -> RunView | None:
        """Return one run."""
        wanted = select(ANOMALY_RUNS).where(_ROW.position == number)
        row = await self.database.read(lambda c: c.execute(wanted).mappings().one_or_none())
        return _view(row) if row else None

    async def notes(self, after: int, limit: int) -> tuple[int, list[NoteView]]:
        """Return the newest finished run, and up to `limit` of its notes after one."""

        def read(connection: Connection) -> tuple[int, list[NoteView]]:
            newest = select(func.max(_ROW.position)).where(_ROW.state == DONE)
            run = connection.execute(newest).scalar() or 0
            note = ANOMALY_NOTES.c
            wanted = select(note.position, note.body).where(note.position > after)
            rows = connection.execute(wanted.order_by(note.position).limit(limit))
            return run, [_note(position, body) for position, body in rows]

        return await self.database.read(read)

    async def basis(self, places: Sequence[Place]) -> Basis:
        """Return what facts at these places came from, and how it is marked now."""
        return await self.database.read(lambda c: basis_of(c, places))

    async def _update(self, number: int, values: dict[str, Any]) -> None:
        row = update(ANOMALY_RUNS).where(_ROW.position == number).values(values)

        def store(connection: Connection) -> None:
            connection.execute(row)

        await self.database.write(store)


def _finish(connection: Connection, number: int, outcome: Outcome, t: str) -> None:
    card = ANOMALY_CARDS.c
    held = {
        row.card: row
        for row in connection.execute(
            select(card.position, card.card, card.kept, card.digest, card.substance).where(
                card.until_run.is_(None)
            )
        )
    }
    new, kept, fresh = [], set[int](), set[str]()
    for id_, list_, one in outcome.cards:
        values = _card_values(id_, list_, one)
        before = held.get(id_)
        if before is None or (before.kept, before.substance) != (list_, values["substance"]):
            fresh.add(id_)
        if before and (before.kept, before.digest) == (list_, values["digest"]):
            kept.add(before.position)
        else:
            new.append(values | {"from_run": number})
    gone = [row.position for row in held.values() if row.position not in kept]
    for some in _by_hundreds(gone):
        ended = update(ANOMALY_CARDS).where(card.position.in_(some))
        connection.execute(ended.values(until_run=number))
    if new:
        connection.execute(insert(ANOMALY_CARDS), new)
    cards = {id_: one for id_, _, one in outcome.cards}
    follow_run(connection, found_by(connection, number), cards, fresh, t)
    connection.execute(delete(ANOMALY_NOTES))
    notes = notes_of(outcome.run)
    if notes:
        rows = [
            {"run": number, "code": n.code, "state": n.state, "year": n.year,
             "body": n.model_dump_json()}
            for n in notes
        ]  # fmt: skip
        connection.execute(insert(ANOMALY_NOTES), rows)
    ranked = outcome.run.ranked
    counts = {
        "read": outcome.run.read,
        "open": len(ranked.cards),
        "explained": len(ranked.explained),
        "aside": len(ranked.set_aside),
        "notes": len(notes),
        "expected_false": round(100 * ranked.expected_false),
    }
    done = {
        "state": DONE,
        "ended": t,
        "run": outcome.run.id,
        "input_digest": outcome.run.input_digest,
        "policy_digest": outcome.run.policy_digest,
        "last_year": outcome.last_year,
        "counts": json.dumps(counts),
        "versions": json.dumps(dict(outcome.run.versions)),
    }
    connection.execute(update(ANOMALY_RUNS).where(_ROW.position == number).values(done))


def _card_values(id_: str, kept: str, card: Card) -> dict[str, Any]:
    body = card_json(card)
    return {
        "card": id_,
        "until_run": None,
        "kept": kept,
        "method": card.method,
        "version": card.version,
        "state": card.state,
        "year": card.year,
        "subject": card.subject,
        "states": " ".join(card.states),
        "score": card.score,
        "probability": card.probability,
        "substance": substance(card),
        "digest": sha256(body.encode()),
        "body": body,
    }


def _by_hundreds(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + 100] for start in range(0, len(numbers), 100))


def _note(position: int, body: str) -> NoteView:
    return NoteView.model_validate_json(body).model_copy(update={"number": position})


def _view(row: RowMapping) -> RunView:
    return RunView(
        number=row["position"],
        **{name: row[name] for name in _COLUMNS},
        counts=json.loads(row["counts"] or "{}"),
        versions=json.loads(row["versions"] or "{}"),
    )
