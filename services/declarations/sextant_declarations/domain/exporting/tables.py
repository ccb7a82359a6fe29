"""The tables that can be exported. A further one is one function and one line of `TABLES`.

A table gives its columns, how many things it counts, and its rows in batches; it takes the filters
that it names and refuses all others. One that holds declared content reads it by one access, which
names every declaration that goes out.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel

from sextant_declarations.analysis.flattening import ROW, Cell, rows_of
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.anomalies import Anomalies
from sextant_declarations.domain.anomaly_cards import AnomalyFilter
from sextant_declarations.domain.anomaly_views import CardLine
from sextant_declarations.domain.casebook import CaseFilter
from sextant_declarations.domain.cases import Cases
from sextant_declarations.domain.obligations import Obligations, ObligationView, Wanted
from sextant_declarations.domain.picturing.transfers import Pairs, declared_kg
from sextant_declarations.domain.ports import Reading
from sextant_declarations.domain.reading import DeclarationSummary, Filters
from sextant_declarations.domain.selecting import Choice, Progress, Selecting, Selection
from sextant_declarations.domain.transfers import PairFilter, StoredPair
from sextant_shared.rules.filings import document_of

BATCH = 1000
Form = Literal["text", "integer", "decimal"]
Row = Sequence[Cell]
_FORMS: Mapping[type, Form] = {int: "integer", Decimal: "decimal"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column; identifiers are text, so that no program reads a number or a day into them."""

    name: str
    form: Form = "text"


@dataclass(frozen=True, slots=True)
class Rows:
    """What goes into a file; `total` rows, None where it is not known before."""

    columns: tuple[Column, ...]
    total: int | None
    batches: AsyncIterator[Sequence[Row]]


@dataclass(frozen=True)
class Sources:
    """What tables are made of."""

    reading: Reading
    obligations: Obligations
    selecting: Selecting
    pairs: Pairs
    cases: Cases
    anomalies: Anomalies
    spool: Path
    """A private folder for what waits to be written."""


Make = Callable[[Sources, Wanted, Reader, Progress], Awaitable[Rows]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its name, what it holds, which filters it takes and needs, and how it is made."""

    name: str
    about: str
    make: Make
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    gives_content: bool = False


async def declarations(sources: Sources, wanted: Wanted, _: Reader, __: Progress) -> Rows:
    """Return the list of declarations: what the newest version of each says of itself."""
    filters = Filters(state=wanted.state, kind=wanted.kind, year=wanted.year)

    async def batches() -> AsyncIterator[Sequence[Row]]:
        before: int | None = None
        while found := await sources.reading.page(filters, before, BATCH):
            yield [_values(one) for _, one in found]
            before = found[-1][0]

    return Rows(_columns(DeclarationSummary), None, batches())


async def obligations(sources: Sources, wanted: Wanted, _: Reader, __: Progress) -> Rows:
    """Return what States owe and where it stands; sites are not named."""
    views = await sources.obligations.listed(wanted)
    rows = [_values(view) for view in views]
    return Rows(_columns(ObligationView), len(rows), _batched(rows))


async def timeliness(sources: Sources, wanted: Wanted, _: Reader, __: Progress) -> Rows:
    """Return counts that may be published; a withheld one is empty, and `withheld` names it."""
    found = await sources.obligations.statistics(wanted.kind)
    names = list(found.rows[0].counts) if found.rows else []
    columns = (
        Column("kind"),
        Column("year"),
        *(Column(name, "integer") for name in names),
        Column("withheld"),
        Column("smallest", "integer"),
    )
    rows: list[Row] = []
    for one in found.rows:
        withheld = "; ".join(name for name in names if one.counts[name] is None)
        counts = [one.counts[name] for name in names]
        rows.append((one.kind, one.year, *counts, withheld or None, found.smallest))
    return Rows(columns, len(rows), _batched(rows))


async def transfers(sources: Sources, wanted: Wanted, reader: Reader, _: Progress) -> Rows:
    """Return the compared pairs of transfers, with what both sides declare."""
    asked = PairFilter(year=wanted.year, state=wanted.state)
    found = await sources.pairs.admitted(asked, reader, Gives.EXPORT)
    columns = (
        Column("year", "integer"),
        *map(Column, ("chemical", "schedule", "exporter", "importer", "class")),
        *(Column(name, "decimal") for name in ("exported_kg", "imported_kg", "gap_kg", "span_kg")),
        *map(Column, ("more", "since", "id")),
    )
    rows = [_pair(one) for one in found]
    return Rows(columns, len(rows), _batched(rows))


async def cases(sources: Sources, wanted: Wanted, reader: Reader, _: Progress) -> Rows:
    """Return the cases as officers are shown them: a row for each pair, with both figures."""
    asked = CaseFilter(year=wanted.year, state=wanted.state)
    found = await sources.cases.listed(asked, reader, Gives.EXPORT)
    columns = (
        *map(Column, ("case", "state", "since", "due", "priority", "restricted", "cause")),
        Column("year", "integer"),
        *map(Column, ("chemical", "schedule", "exporter", "importer", "class")),
        *(Column(name, "decimal") for name in ("exported_kg", "imported_kg", "gap_kg", "span_kg")),
        Column("pair"),
    )
    rows = [
        [
            *map(_cell, (one.number, one.state, one.since, one.due, one.priority)),
            *map(_cell, (one.restricted, one.cause)),
            *(pair.year, pair.chemical, pair.schedule, pair.exporter, pair.importer, pair.class_),
            *(pair.export.kg, pair.import_.kg, pair.gap_kg, pair.span_kg, pair.id),
        ]
        for one in found
        for pair in one.pairs
    ]
    return Rows(columns, len(rows), _batched(rows))


async def anomalies(sources: Sources, wanted: Wanted, _: Reader, __: Progress) -> Rows:
    """Return the list of differences to explain, in its order; no declared figure."""
    filters = AnomalyFilter(state=wanted.state, year=wanted.year)

    async def batches() -> AsyncIterator[Sequence[Row]]:
        cursor: str | None = None
        while True:
            page = await sources.anomalies.page(filters, capacity=None, cursor=cursor, limit=BATCH)
            yield [_values(line) for line in page.anomalies]
            cursor = page.next
            if cursor is None:
                return

    return Rows(_columns(CardLine), None, batches())


async def records(sources: Sources, wanted: Wanted, reader: Reader, tell: Progress) -> Rows:
    """Return the declared rows of one kind, as they hold with amendments folded in."""
    choice = Choice(
        kinds=(wanted.kind,) if wanted.kind else (),
        years=(wanted.year,) if wanted.year else (),
        state=wanted.state,
    )
    selection = await sources.selecting.choose(choice, reader, Gives.EXPORT)
    spooled = await asyncio.to_thread(_spooled, selection, sources.spool, tell)
    return Rows(spooled.columns, spooled.count, spooled.batches())


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            name="declarations",
            about="the list of declarations",
            make=declarations,
            takes=frozenset({"state", "kind", "year"}),
        ),
        Table(
            name="obligations",
            about="what States owe, and whether it came in time",
            make=obligations,
            takes=frozenset({"state", "kind", "year", "status"}),
        ),
        Table(
            name="timeliness",
            about="counts by kind and year that may leave the Secretariat",
            make=timeliness,
            takes=frozenset({"kind"}),
        ),
        Table(
            name="transfers",
            about="compared pairs of transfers, with what both sides declare",
            make=transfers,
            takes=frozenset({"state", "year"}),
            gives_content=True,
        ),
        Table(
            name="cases",
            about="differences between two States that are to be explained, with both figures",
            make=cases,
            takes=frozenset({"state", "year"}),
            gives_content=True,
        ),
        Table(
            name="anomalies",
            about="the list of differences to explain within what one State declares",
            make=anomalies,
            takes=frozenset({"state", "year"}),
        ),
        Table(
            name="records",
            about="the declared rows of one kind",
            make=records,
            takes=frozenset({"state", "kind", "year"}),
            needs=frozenset({"kind"}),
            gives_content=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class _Spooled:
    """Rows in a file without a name: their columns are known only once all of them were seen."""

    file: IO[str]
    columns: tuple[Column, ...]
    count: int

    async def batches(self) -> AsyncIterator[Sequence[Row]]:
        names = [column.name for column in self.columns]
        with self.file as file:
            while lines := await asyncio.to_thread(_lines, file):
                yield [[_read(held, name) for name in names] for held in map(json.loads, lines)]


def _spooled(selection: Selection, folder: Path, tell: Progress) -> _Spooled:
    """Write the rows of declarations down, one a line; blocks, so in a thread."""
    forms: dict[str, Form | None] = {}
    # Whoever reads it closes it, and with that it is gone.
    file = tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder)  # noqa: SIM115
    count = 0
    for declaration in selection.declarations(tell):
        for row in rows_of(document_of(declaration)):
            count += 1
            for column, value in row.items():
                forms[column] = _form(forms.get(column), value)
            file.write(json.dumps({k: _held(v) for k, v in row.items() if v is not None}) + "\n")
    file.seek(0)
    first = [
        column for column in ("state_code", "declaration_id", "version", ROW) if column in forms
    ]
    ordered = [*first, *(column for column in forms if column not in first)]
    return _Spooled(file, tuple(Column(c, forms[c] or "text") for c in ordered), count)


def _form(known: Form | None, value: Cell) -> Form | None:
    """Return the form that holds what a column held so far, and this."""
    if value is None:
        return known
    form = _FORMS.get(type(value), "text")
    if known in (None, form):
        return form
    return "decimal" if {known, form} == {"integer", "decimal"} else "text"


def _held(value: Cell) -> str | int | list[str] | None:
    return [str(value)] if isinstance(value, Decimal) else value


def _read(held: Mapping[str, str | int | list[str]], name: str) -> Cell:
    value = held.get(name)
    return Decimal(value[0]) if isinstance(value, list) else value


def _lines(file: Iterable[str]) -> list[str]:
    return [line for line, _ in zip(file, range(BATCH), strict=False)]


async def _batched(rows: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _pair(one: StoredPair) -> Row:
    line, body = one.line, one.body
    gap, span = (None if kg is None else Decimal(kg) for kg in (line.gap, line.span))
    sides = declared_kg(body.export), declared_kg(body.import_)
    named = line.year, line.chemical, line.schedule, line.exporter, line.importer, line.class_
    return (*named, *sides, gap, span, line.more, line.since, line.id)


def _columns(model: type[BaseModel]) -> tuple[Column, ...]:
    return tuple(
        Column(name, "integer" if field.annotation in {int, int | None} else "text")
        for name, field in model.model_fields.items()
    )


def _values(view: BaseModel) -> Row:
    return [_cell(value) for _, value in view]


def _cell(value: object) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value if value is None or isinstance(value, int) else str(value)
