"""Runs of the anomaly methods: when one is due, its progress, and what it stores.

An `Analysis` of the analysing task keeps what the methods read of each declaration. A run then
reads all of it, in a process of its own, because it computes for seconds to minutes. It starts when
an officer orders it, and by itself once registrations have settled. A run that was interrupted
begins again at the next start: nothing is stored of half a run.
"""

import asyncio
import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

import structlog

from sextant_declarations.analysis.anomalies.keeping import METHOD, said_of
from sextant_declarations.analysis.anomalies.model import Card, Place
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.run import Run
from sextant_declarations.analysis.classification import aggregated
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.analysing import READER, Fact, Held
from sextant_declarations.domain.anomaly_cards import Basis
from sextant_declarations.domain.anomaly_views import PlaceView, place_view
from sextant_declarations.domain.defects import told
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.paging import cursor_of, page_of, position_of
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict

NAME = "anomalies"
QUEUED, RUNNING, DONE, FAILED = "QUEUED", "RUNNING", "DONE", "FAILED"
Progress = Callable[[str, int, int], None]
Said = Sequence[tuple[str, str]]
"""What is kept of declarations, each with its State, in the order of their States."""

_log = structlog.get_logger("sextant.declarations")


class ProgressView(Strict):
    """How far a run is: its stage, and how many of how many States are read."""

    stage: str
    done: int
    of: int


class RunView(Strict):
    """One run: who ordered it, when, what it read, by which methods, and what it found.

    `run` names input and methods; the same name means the same cards. `counts` are `read`, `open`,
    `explained`, `aside` and `notes`; `expected_false` is how many statistical cards of the list are
    expected to be false, in hundredths.
    """

    number: int
    state: str
    client: str
    ordered: str
    started: str | None
    ended: str | None
    run: str | None
    input_digest: str | None
    policy_digest: str | None
    last_year: int | None
    counts: dict[str, int]
    versions: dict[str, int]
    error: str | None
    progress: ProgressView | None = None


class RunPage(Strict):
    """One page of runs, newest first."""

    runs: list[RunView]
    next: str | None


class NoteView(Strict):
    """What a run said beside its cards: a year that is not whole, or what contradicts itself."""

    number: int
    code: str
    state: str
    year: int
    chemical: str
    sentence: str
    places: list[PlaceView]


class NotePage(Strict):
    """One page of the notes of the newest run; `marking` says how to handle it."""

    run: int
    notes: list[NoteView]
    marking: str
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run found, as it is stored: each card with the list that it is in."""

    run: Run
    cards: tuple[tuple[str, str, Card], ...]
    """Id, list, card; an id is there once."""
    last_year: int


class RunRows(Protocol):
    """What is stored of runs."""

    async def order(self, client: str, t: str) -> int:
        """Queue a run; the one that is queued already, if there is one. Returns its number."""
        ...

    async def waiting(self) -> int | None:
        """Return the run that is queued, or was running when this service stopped."""
        ...

    async def begin(self, number: int, t: str, facts: int) -> None:
        """Store that a run begins, on facts up to a position."""
        ...

    async def said(self, name: str, method: str) -> tuple[list[tuple[str, str]], int]:
        """Return what is kept, by State, and the position of the newest of all facts."""
        ...

    async def finish(self, number: int, outcome: Outcome, t: str) -> None:
        """Store what a run found, in one transaction."""
        ...

    async def fail(self, number: int, error: str, t: str) -> None:
        """Store that a run failed, and why."""
        ...

    async def facts_read(self) -> int:
        """Return the position of the newest fact that a finished run read, 0 before the first."""
        ...

    async def runs(self, before: int | None, limit: int) -> list[RunView]:
        """Return up to `limit` runs below a number, newest first."""
        ...

    async def run(self, number: int) -> RunView | None:
        """Return one run."""
        ...

    async def notes(self, after: int, limit: int) -> tuple[int, list[NoteView]]:
        """Return the newest finished run, and up to `limit` of its notes after one."""
        ...

    async def basis(self, places: Sequence[Place]) -> Basis:
        """Return what facts at these places came from, and how it is marked now."""
        ...


class Analyst(Protocol):
    """Runs the methods off the event loop."""

    async def analyse(self, said: Said, last_year: int, progress: Progress) -> Run:
        """Return the run over what is kept; `progress` is told of each State.

        Raises:
            PlatformError: `E_UNAVAILABLE` when it takes too long or dies.
        """
        ...


@dataclass
class AnomalyRuns:
    """The analysis, its runs, and what officers see of them.

    `quiet_s` is how long nothing may have been registered before a run starts by itself,
    `latest_s` after how long one starts though registrations go on.
    """

    rows: RunRows
    analyst: Analyst
    gate: Gate
    policy: Policy
    clock: Clock
    quiet_s: float
    latest_s: float
    name: str = NAME
    method: str = METHOD
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: list[float] = field(default_factory=list)
    _progress: dict[int, ProgressView] = field(default_factory=dict)

    def take(self, held: Held) -> str | None:
        """Return what is kept of a declaration."""
        return said_of(held.declaration)

    async def begin(self, facts: Sequence[Fact], position: int) -> None:
        """Take note of what was registered since the last run, while this service was away."""
        if facts and position > await self.rows.facts_read():
            self._note_move()

    async def heed(self, facts: Sequence[Fact], position: int) -> None:
        """Take note that something was registered."""
        _log.debug("anomalies.moved", declarations=len(facts), position=position)
        self._note_move()

    def look(self) -> None:
        """Look whether a run waits: another process may have taken the order."""
        self._wake.set()

    async def order(self, officer: Reader) -> RunView:
        """Order a run; the one that is queued already, if there is one."""
        number = await self.rows.order(officer.client, timestamp_ms(self.clock()))
        self._wake.set()
        return await self.read(number)

    async def read(self, number: int) -> RunView:
        """Return a run, with its progress while it runs.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await self.rows.run(number)
        if found is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no run {number}",
                fix="Take the number from GET /v1/anomalies/runs.",
            )
        return self._with_progress(found)

    async def page(self, *, cursor: str | None, limit: int) -> RunPage:
        """Return one page of runs, newest first."""
        found, more = await page_of(
            self.rows.runs, attrgetter("number"), cursor=cursor, limit=limit
        )
        return RunPage(runs=[self._with_progress(one) for one in found], next=more)

    async def notes(self, reader: Reader, *, cursor: str | None, limit: int) -> NotePage:
        """Return what the newest run said beside its cards, once the access is stored."""
        after = 0 if cursor is None else position_of(cursor)
        run, found = await self.rows.notes(after, limit + 1)
        shown = found[:limit]
        places = [
            Place(one.state, one.declaration_id, one.version)
            for note in shown
            for one in note.places
        ]
        basis = await self.rows.basis(places)
        await self.gate.envelopes(reader, Gives.ANOMALY, *basis.digests)
        more = cursor_of(shown[-1].number) if len(found) > limit else None
        marking = aggregated(basis.markings)
        return NotePage(run=run, notes=shown, marking=marking, next=more)

    async def run(self) -> None:
        """Run what is ordered, and what is due, for ever."""
        while True:
            self._wake.clear()
            try:
                if await self():
                    continue
            except Exception as error:  # noqa: BLE001 - the loop outlives every defect
                _log.error("anomalies.failed", **told(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())

    async def __call__(self) -> bool:
        """Perform the run that waits, or is due; return whether there was one."""
        number = await self.rows.waiting()
        if number is None and self._is_due():
            number = await self.rows.order(READER.client, timestamp_ms(self.clock()))
        if number is None:
            return False
        moved, self._moved = self._moved, []
        try:
            await self._perform(number)
        except Exception as error:  # noqa: BLE001 - the run says that it failed, and why
            _log.error("anomalies.failed", run=number, **told(error))
            await self.rows.fail(number, _why(error), timestamp_ms(self.clock()))
            if moved:
                self._note_move()  # tried again once it was quiet for as long once more
        finally:
            self._progress.pop(number, None)
        return True

    async def _perform(self, number: int) -> None:
        said, position = await self.rows.said(self.name, self.method)
        await self.rows.begin(number, timestamp_ms(self.clock()), position)
        last_year = self._last_year()
        found = await self.analyst.analyse(said, last_year, self._reporting(number))
        outcome = Outcome(run=found, cards=tuple(numbered(found)), last_year=last_year)
        await self.rows.finish(number, outcome, timestamp_ms(self.clock()))

    def _reporting(self, number: int) -> Progress:
        def report(stage: str, done: int, of: int) -> None:
            self._progress[number] = ProgressView(stage=stage, done=done, of=of)

        return report

    def _last_year(self) -> int:
        today = dt.datetime.fromtimestamp(self.clock(), dt.UTC)
        return today.year - (1 if today.month >= self.policy["due_month"] else 2)

    def _note_move(self) -> None:
        now = asyncio.get_running_loop().time()
        self._moved = [self._moved[0] if self._moved else now, now]
        self._wake.set()

    def _due_in(self) -> float | None:
        if not self._moved:
            return None
        first, last = self._moved
        due = min(last + self.quiet_s, first + self.latest_s)
        return max(0.0, due - asyncio.get_running_loop().time())

    def _is_due(self) -> bool:
        return self._due_in() == 0

    def _pause(self) -> float | None:
        return self._due_in()

    def _with_progress(self, one: RunView) -> RunView:
        return one.model_copy(update={"progress": self._progress.get(one.number)})


def numbered(run: Run) -> list[tuple[str, str, Card]]:
    """Return the cards of a run with their lists, each under a name of its own.

    Cards of one list are merged where they would have the same name; of those that were explained
    or set aside, the second of a name is called so.
    """
    ranked, seen = run.ranked, Counter[str]()
    found = []
    for kept, cards in (
        ("OPEN", ranked.cards),
        ("EXPLAINED", ranked.explained),
        ("ASIDE", ranked.set_aside),
    ):
        for card in cards:
            seen[card.id] += 1
            number = seen[card.id]
            found.append((card.id if number == 1 else f"{card.id}-{number}", kept, card))
    return found


def notes_of(run: Run) -> list[NoteView]:
    """Return the notes of a run as they are stored."""
    return [
        NoteView(
            number=0,
            code=one.code,
            state=one.state,
            year=one.year,
            chemical=one.chemical,
            sentence=one.sentence,
            places=[place_view(place) for place in one.places],
        )
        for one in run.notes
    ]


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, PlatformError) else type(error).__name__
