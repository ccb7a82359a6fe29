"""What States owe, for officers: lists, sums, publishable counts, and one obligation in full.

Reckoned when it is asked for, from what each State has registered; a State is reckoned anew only
when it has registered something since, so intake never waits for it. Lists name no site: which site
or transfer an obligation is about is declared content, and given by the gate alone.
"""

import asyncio
import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from sextant_declarations.analysis.membership import StatedTerms
from sextant_declarations.analysis.obligations.expecting import obligations
from sextant_declarations.analysis.obligations.facts import Filing
from sextant_declarations.analysis.obligations.obligation import ID_BYTES, Known, Obligation
from sextant_declarations.analysis.obligations.policy import (
    DEFAULT,
    ObligationPolicy,
    reckoned_by,
)
from sextant_declarations.analysis.obligations.standing import RECEIVED, Standing, Status, stand
from sextant_declarations.analysis.obligations.statistics import (
    COLUMNS,
    TOTAL,
    Table,
    counted,
    protected,
)
from sextant_declarations.analysis.pictures.drawing import Picture
from sextant_declarations.analysis.pictures.heatmap import Square, timeliness
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.paging import not_given
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.deadlines import DEFAULT_POLICY, DeadlinePolicy, day_of
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict

Found = tuple[Obligation, Standing]
Shows = Callable[[str, str], bool]
"""Says whether who asks may know that a State owes a kind."""
_BEHIND = tuple(map(str, (Status.LATE, Status.LATE_WITH_NOTICE, Status.PROMISED, Status.MISSING)))


class ObligationRows(Protocol):
    """What obligations are reckoned from."""

    async def marks(self) -> dict[str, int]:
        """Return the States that have registered anything, each with what grows when it does."""
        ...

    async def began(self) -> float | None:
        """Return when the first envelope was received; None before it."""
        ...

    async def filings(self, state: str) -> list[Filing]:
        """Return what a State has registered, with the times of receipt."""
        ...

    async def used(self, keys: Collection[str]) -> set[str]:
        """Return which of these keys of messages were used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is narrowed to, all of it together; `year` is that of the due days."""

    state: str | None = None
    kind: str | None = None
    year: int | None = None
    status: Status | None = None

    def fits(self, found: Found) -> bool:
        """Return whether an obligation is wanted."""
        one, stands = found
        return (
            self.state in (None, one.due.state)
            and self.kind in (None, one.due.kind)
            and self.year in (None, one.due.day.year)
            and self.status in (None, stands.status)
        )


class ObligationView(Strict):
    """One obligation. `because` says why it is owed; `law` and `evidence` are those of the reason.

    `declarations` are the State's numbers of what came for it; `has_subject` says that it is about
    one site or transfer, which the obligation in full names.
    """

    id: str
    state: str
    kind: str
    case: str
    period: str
    due: str
    due_law: str
    due_evidence: str
    status: str
    days_late: int
    received: str | None
    because: str
    law: str
    evidence: str
    has_subject: bool
    declarations: list[str]


class ObligationPage(Strict):
    """A page of obligations by due day; `reckoned_by` names policies and tables."""

    reckoned_by: str
    obligations: list[ObligationView]
    next: str | None


class ObligationDetail(Strict):
    """One obligation in full: which site or transfer, and after which filings it is expected."""

    obligation: ObligationView
    subject: str
    of: list[str]
    nil: str | None
    promised: str | None


class SummaryLine(Strict):
    """How many obligations of one State and year of due days stand where."""

    state: str
    year: int
    expected: int
    received: int
    counts: dict[str, int]
    worst_days: int


class Summary(Strict):
    """The lines, by State and year."""

    reckoned_by: str
    lines: list[SummaryLine]


class StatisticsRow(Strict):
    """One year of one kind, `total` for all; null stands for a count that is withheld."""

    kind: str
    year: str
    counts: dict[str, int | None]


class Statistics(Strict):
    """Counts that may be published: zero, at least `smallest`, or withheld."""

    reckoned_by: str
    smallest: int
    rows: list[StatisticsRow]


@dataclass(slots=True)
class Board:
    """All obligations, reckoned State by State and kept until a State registers something."""

    rows: ObligationRows
    clock: Clock
    deadlines: DeadlinePolicy = DEFAULT_POLICY
    policy: ObligationPolicy = DEFAULT
    shows: Shows = lambda _state, _kind: True
    terms: StatedTerms = field(default_factory=StatedTerms)
    _kept: dict[str, tuple[tuple[int, dt.date], list[Obligation]]] = field(default_factory=dict)

    @property
    def today(self) -> dt.date:
        """The day where due days end."""
        return day_of(self.clock(), self.deadlines)

    @property
    def reckoned_by(self) -> str:
        """Both policies, both tables and the stated terms by their digest."""
        return reckoned_by(self.policy, self.deadlines, self.terms.digest)

    async def found(self, state: str | None = None, *, is_whole: bool = False) -> list[Found]:
        """Return the obligations of a State, or of all, with where they stand now.

        Only those that may be shown to who asks, unless the whole is counted and protected.
        """
        marks = await self.rows.marks()
        began = await self.rows.began()
        if began is None:
            return []
        for code in (*(one.state_code for one in self.deadlines.profiles), *self.terms.terms):
            marks.setdefault(code, 0)
        since = day_of(began, self.deadlines)
        known = Known(deadlines=self.deadlines, policy=self.policy, since=since)
        now = self.clock()
        found: list[Obligation] = []
        for code in sorted(marks) if state is None else [code for code in marks if code == state]:
            found += await self._reckoned(code, marks[code], known)
        due = [one for one in found if is_whole or self.shows(one.due.state, one.due.kind)]
        listed = [(one, stand(one, now, known)) for one in due]
        return sorted(listed, key=lambda each: _place(each[0]))

    async def _reckoned(self, state: str, mark: int, known: Known) -> list[Obligation]:
        basis = mark, dt.date(self.today.year, 1, 1)
        held = self._kept.get(state)
        if held is None or held[0] != basis:
            filings = await self.rows.filings(state)
            until = basis[1].year + 1
            if term := self.terms.terms.get(state):
                known = replace(known, eif=term.since, left=term.until)
            result = await asyncio.to_thread(obligations, state, until, filings, known)
            held = self._kept[state] = basis, result
        return held[1]


@dataclass(frozen=True)
class Obligations:
    """The use cases of obligations."""

    board: Board
    gate: Gate

    async def page(self, wanted: Wanted, *, cursor: str | None, limit: int) -> ObligationPage:
        """Return one page, by due day.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        after = "" if cursor is None else _read_cursor(cursor)
        found = [f for f in await self._wanted(wanted) if _place(f[0]) > after]
        shown = found[:limit]
        return ObligationPage(
            reckoned_by=self.board.reckoned_by,
            obligations=[view_of(*each) for each in shown],
            next=b64u(_place(shown[-1][0]).encode()) if len(found) > limit else None,
        )

    async def detail(self, id_: str, reader: Reader) -> ObligationDetail:
        """Return one obligation in full, once the access to what it stands on is stored.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await self.board.found()
        match = next((each for each in found if each[0].id == id_), None)
        if match is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no obligation {id_[:64]}",
                fix="Take the id from GET /v1/obligations.",
            )
        one, _ = match
        filings = await self.board.rows.filings(one.due.state)
        stands_on = {*one.of, *(f.stated.declaration_id for f in one.filed)}
        digests = {f.source for f in filings if f.stated.declaration_id in stands_on}
        await self.gate.envelopes(reader, Gives.OBLIGATION, *sorted(digests))
        return ObligationDetail(
            obligation=view_of(*match),
            subject=one.subject,
            of=list(one.of),
            nil=one.nil.stated.declaration_id if one.nil else None,
            promised=one.notice.expected.isoformat() if one.notice else None,
        )

    async def summary(self, wanted: Wanted) -> Summary:
        """Return sums by State and year of due days, for the Secretariat itself."""
        lines: dict[tuple[str, int], list[Standing]] = {}
        for one, stands in await self._wanted(wanted):
            lines.setdefault((one.due.state, one.due.day.year), []).append(stands)
        return Summary(
            reckoned_by=self.board.reckoned_by,
            lines=[_line(state, year, found) for (state, year), found in sorted(lines.items())],
        )

    async def statistics(self, kind: str | None) -> Statistics:
        """Return counts that may be published, of one kind or all.

        The table of a kind is made of all States and all years, whatever is asked for.
        """
        by_kind: dict[str, list[tuple[int, Status]]] = {}
        for one, stands in await self.board.found(is_whole=True):
            by_kind.setdefault(one.due.kind, []).append((one.due.day.year, stands.status))
        smallest = self.board.policy.smallest_cell
        tables = [
            protected(name, counted(found), smallest)
            for name, found in sorted(by_kind.items())
            if kind in (None, name)
        ]
        return Statistics(
            reckoned_by=self.board.reckoned_by,
            smallest=smallest,
            rows=[row for table in tables for row in _rows(table)],
        )

    async def export(self, wanted: Wanted) -> str:
        """Return the list as CSV, without subjects."""
        return csv_of(await self.listed(wanted))

    async def listed(self, wanted: Wanted) -> list[ObligationView]:
        """Return all of a list, by due day, without subjects."""
        return [view_of(*each) for each in await self._wanted(wanted)]

    async def picture(self, wanted: Wanted) -> Picture:
        """Return the heat map of what came late or is missing."""
        return timeliness([_square(line) for line in (await self.summary(wanted)).lines], _BEHIND)

    async def _wanted(self, wanted: Wanted) -> list[Found]:
        return [each for each in await self.board.found(wanted.state) if wanted.fits(each)]


def view_of(one: Obligation, stands: Standing) -> ObligationView:
    """Return an obligation as lists show it."""
    rule = one.due.rule
    return ObligationView(
        id=one.id,
        state=one.due.state,
        kind=one.due.kind,
        case=rule.case,
        period=one.due.period,
        due=one.due.day.isoformat(),
        due_law=rule.law,
        due_evidence=rule.evidence,
        status=str(stands.status),
        days_late=stands.days,
        received=None if stands.received is None else timestamp_s(stands.received),
        because=str(one.because),
        law=one.law,
        evidence=one.evidence,
        has_subject=bool(one.subject),
        declarations=list(dict.fromkeys(f.stated.declaration_id for f in one.filed)),
    )


def csv_of(views: Iterable[ObligationView]) -> str:
    """Return obligations as CSV (RFC 4180), with a line of names."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*ObligationView.model_fields])
    writer.writeheader()
    for view in views:
        writer.writerow({**view.model_dump(), "declarations": " ".join(view.declarations)})
    return out.getvalue()


def _line(state: str, year: int, found: list[Standing]) -> SummaryLine:
    counts = Counter(str(stands.status) for stands in found)
    return SummaryLine(
        state=state,
        year=year,
        expected=len(found),
        received=sum(stands.status in RECEIVED for stands in found),
        counts={name: counts[name] for name in COLUMNS},
        worst_days=max(stands.days for stands in found),
    )


def _square(line: SummaryLine) -> Square:
    """Return what is due by now of a line, and what of it came late, or did not come."""
    behind = {name: line.counts[name] for name in _BEHIND if line.counts[name]}
    return Square(line.state, line.year, line.expected - line.counts[str(Status.NOT_DUE)], behind)


def _rows(table: Table) -> Iterable[StatisticsRow]:
    for year in table.years:
        counts = {name: table.cells[year, name] for name in (*COLUMNS, TOTAL)}
        yield StatisticsRow(kind=table.kind, year=year, counts=counts)


def _place(one: Obligation) -> str:
    return f"{one.due.day.isoformat()} {one.id}"


def _read_cursor(cursor: str) -> str:
    try:
        place = b64u_decode(cursor).decode("ascii")
        day, _, id_ = place.partition(" ")
        known = f"{dt.date.fromisoformat(day)} {b64u(b64u_decode(id_, ID_BYTES))}"
    except (ValueError, PlatformError) as error:
        raise not_given() from error
    if known != place:
        raise not_given()
    return place
