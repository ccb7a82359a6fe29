"""The year of a State: what is open of it, and its closing once all is closed or carried over.

A year is closed when nothing of it is open that was not carried over on purpose. That follows from
where its declarations stand; so a late amendment opens a closed year again by itself.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.classification import aggregated
from sextant_declarations.analysis.lifecycle import Life, State, Wanted, advance, lifecycle
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.lives import NewStep, StoredLife, new_step, require_tag
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.strict import Strict

MAX_CARRIED = 1000
MAX_CURSOR_BYTES = 48
CLOSE = ("close", "YEAR_CLOSED")
CARRY_OVER = ("carry-over", "CARRIED_OVER")
_SETTLED = frozenset({State.ACCEPTED, State.CLOSED})


class YearView(Strict):
    """How a State's declarations for a year stand.

    `states` counts them by state. `open` is what keeps the year open: neither accepted nor carried
    over. `is_closed` says that all issues are closed or carried over. `marking` is that of the
    compilation: brought together it can be more sensitive than its parts.
    """

    state: str
    year: int
    states: dict[str, int]
    open: int
    accepted: int
    carried_over: int
    is_closed: bool
    marking: str


class YearPage(Strict):
    """One page of years, by State and year; `next` is the cursor of the next page."""

    years: list[YearView]
    next: str | None


class Closing(Strict):
    """Closes a year: what is still open of it is named, and carried over on purpose."""

    carry_over: Annotated[list[str], Field(max_length=MAX_CARRIED)] = Field(default_factory=list)


class YearRows(Protocol):
    """What is stored of the lives of a State's year."""

    async def of_year(self, owner: str, year: int) -> list[StoredLife]:
        """Return where the declarations of a State for a year stand."""
        ...

    async def years(
        self, owner: str | None, year: int | None, after: tuple[str, int] | None, limit: int
    ) -> list[tuple[str, int]]:
        """Return up to `limit` pairs of State and year after one, in order."""
        ...

    async def take(self, steps: Sequence[NewStep]) -> None:
        """Store steps with their entries, all or none. Raises `E_PRECONDITION`."""
        ...


@dataclass(frozen=True)
class Years:
    """The use cases of a State's year; they give no declared content."""

    rows: YearRows
    sources: Sources
    stored: Callable[[], None]

    async def page(
        self, state: str | None, year: int | None, *, cursor: str | None, limit: int
    ) -> YearPage:
        """Return one page of the status by State and year.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        after = None if cursor is None else _place(cursor)
        found = await self.rows.years(state, year, after, limit + 1)
        shown = [_view(*one, await self.rows.of_year(*one)) for one in found[:limit]]
        more = _cursor(*found[limit - 1]) if len(found) > limit else None
        return YearPage(years=shown, next=more)

    async def read(self, state: str, year: int) -> tuple[YearView, str]:
        """Return how a State's year stands, with its tag.

        Raises:
            PlatformError: `E_NOT_FOUND` when nothing came for it.
        """
        lives = await self._lives(state, year)
        return _view(state, year, lives), _tag(lives)

    async def close(
        self, state: str, year: int, closing: Closing, tag: str, officer: Reader
    ) -> tuple[YearView, str]:
        """Close what is accepted and carry over what is named; each step has its log entry.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_PRECONDITION` when `tag` is not the newest; `E_STATE`,
                with a finding for each declaration that is still open and not named; `E_MALFORMED`
                for named ones that are not open.
        """
        lives = await self._lives(state, year)
        require_tag(_tag(lives), tag)
        named = set(closing.carry_over)
        open_ = {life.declaration: life for life in lives if _is_open(life)}
        if strange := sorted(named - {*open_}):
            raise PlatformError(
                Code.MALFORMED,
                "only what is open is carried over",
                findings=[_finding(id_, "it is not open, or of another year") for id_ in strange],
            )
        if left := [life for id_, life in open_.items() if id_ not in named and not life.carried]:
            raise PlatformError(
                Code.STATE,
                f"{len(left)} of the year are still open",
                findings=[
                    _finding(life.declaration, f"it stands in {life.state}") for life in left
                ],
                fix="Close their issues, or name them in carry_over.",
            )
        accepted = [life for life in lives if life.state is State.ACCEPTED]
        steps = [self._step(life, CLOSE, officer) for life in accepted]
        carried = [open_[id_] for id_ in sorted(named) if not open_[id_].carried]
        steps += [self._step(life, CARRY_OVER, officer) for life in carried]
        await self.rows.take(steps)
        self.stored()
        return await self.read(state, year)

    def _step(self, life: StoredLife, how: tuple[str, str], officer: Reader) -> NewStep:
        wanted = Wanted(step=how[0], role=officer.role, reason=how[1])
        move = advance(lifecycle(), Life(life.version, life.state), wanted)
        return new_step(life, move, officer, self.sources)

    async def _lives(self, state: str, year: int) -> list[StoredLife]:
        lives = await self.rows.of_year(state, year)
        if not lives:
            raise PlatformError(
                Code.NOT_FOUND,
                f"nothing came from {state} for {year}",
                fix="Take State and year from GET /v1/years.",
            )
        return lives


def _view(state: str, year: int, lives: Sequence[StoredLife]) -> YearView:
    counted = Counter(str(life.state) for life in lives)
    carried = sum(1 for life in lives if _is_open(life) and life.carried)
    open_ = sum(1 for life in lives if _is_open(life)) - carried
    accepted = counted[State.ACCEPTED]
    settled = any(life.state in _SETTLED or life.carried for life in lives)
    return YearView(
        state=state,
        year=year,
        states=dict(sorted(counted.items())),
        open=open_,
        accepted=accepted,
        carried_over=carried,
        is_closed=settled and not open_ and not accepted,
        marking=aggregated(life.marking for life in lives),
    )


def _is_open(life: StoredLife) -> bool:
    return life.state in lifecycle().open


def _tag(lives: Sequence[StoredLife]) -> str:
    """Return what changes with every step of the year, and with what comes for it."""
    return f"{len(lives)}.{sum(life.steps for life in lives)}"


def _finding(declaration: str, message: str) -> Finding:
    return Finding(
        rule="LIFE",
        severity=Severity.MUST_FIX,
        pointer="/carry_over",
        message=f"{declaration[:64]}: {message}",
    )


def _cursor(state: str, year: int) -> str:
    return b64u(f"{year:04d}{state}".encode())


def _place(cursor: str) -> tuple[str, int]:
    data = b64u_decode(cursor)
    text = data.decode("ascii", "replace")
    if len(data) > MAX_CURSOR_BYTES or not text[:4].isdecimal():
        raise PlatformError(Code.MALFORMED, "this is no cursor of a page", received=cursor[:64])
    return text[4:], int(text[:4])
