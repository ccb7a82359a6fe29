"""The timeliness heat map: of what was due from each State in each year, how much came late or not.

The darker a cell, the larger the share that is late or missing; its figure says the same, and a
cell that is blank had nothing due. Rows of many States keep their figures as long as they fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sextant_declarations.analysis.pictures.drawing import (
    BOLD,
    MARGIN,
    RULE,
    SMALL_SIZE,
    SOFT,
    TOP,
    Heading,
    Picture,
    box,
    ink_on,
    label,
    nothing,
    picture,
    shade,
)
from sextant_declarations.analysis.pictures.svg import Element, element
from sextant_declarations.analysis.pictures.table import Cell, Table

KIND = "timeliness"
_CELL, _ROW, _LEFT, _HEAD = 58.0, 22.0, 58.0, 22.0
_KEY_STEPS = 5


@dataclass(frozen=True, slots=True)
class Square:
    """What was due from one State in one year, and how much of it stands behind, by status."""

    state: str
    year: int
    due: int
    behind: Mapping[str, int]

    @property
    def late(self) -> int:
        """How much is late or missing, whatever the status."""
        return sum(self.behind.values())

    @property
    def words(self) -> str:
        """What the square says, for who does not see it."""
        parts = [f"{n} {status}" for status, n in self.behind.items() if n]
        return f"of {self.due} due, {', '.join(parts) or 'none late or missing'}"


def timeliness(squares: Sequence[Square], statuses: Sequence[str]) -> Picture:
    """Return the map of squares in which anything was due; `statuses` are columns of its table."""
    shown = sorted((one for one in squares if one.due), key=lambda one: (one.state, one.year))
    states = sorted({one.state for one in shown})
    years = list(range(min(y.year for y in shown), max(y.year for y in shown) + 1)) if shown else []
    due, late = sum(one.due for one in shown), sum(one.late for one in shown)
    heading = Heading(
        "Declarations late or missing",
        f"by State and year of due days; {late} of {due} that are due by now",
        f"Heat map of {len(states)} States and {len(years)} years: {late} of {due} obligations came"
        " late, with or without notice, are promised, or are missing.",
    )
    left, top = MARGIN + _LEFT, TOP + _HEAD
    at = {year: left + n * _CELL for n, year in enumerate(years)}
    rows = {state: top + n * _ROW for n, state in enumerate(states)}
    body = [
        label(x + _CELL / 2, top - 8, str(year), SMALL_SIZE, anchor="middle", fill=SOFT)
        for year, x in at.items()
    ]
    for state, y in rows.items():
        body.append(label(left - 10, y + 15, state, SMALL_SIZE, anchor="end"))
    body += [_square(one, at[one.year], rows[one.state]) for one in shown]
    taken = {(one.state, one.year) for one in shown}
    body += [
        box(x, y, _CELL - 2, _ROW - 2, fill="url(#dots)")
        for state, y in rows.items()
        for year, x in at.items()
        if (state, year) not in taken
    ]
    if not shown:
        body.append(nothing("Nothing is due yet.", top))
    bottom = top + len(states) * _ROW
    body += _key(left, bottom + 26)
    columns = ("State", "year", "due", *statuses)
    told = tuple(_told(one, statuses) for one in shown)
    size = (max(left + len(years) * _CELL + MARGIN, left + 470), bottom + 58)
    return picture(KIND, heading, size, body, Table(heading.title, columns, told))


def _told(one: Square, statuses: Sequence[str]) -> tuple[Cell, ...]:
    return (one.state, one.year, one.due, *(one.behind.get(name, 0) for name in statuses))


def _square(one: Square, x: float, y: float) -> Element:
    share = one.late / one.due
    weight = BOLD if one.late else 400
    ink = ink_on(share) if one.late else SOFT
    word = f"{one.late}/{one.due}"
    return element(
        "g",
        element("title", text=f"{one.state} {one.year}: {one.words}"),
        box(x, y, _CELL - 2, _ROW - 2, fill=shade(share), stroke=RULE, rx=2),
        label(x + _CELL / 2 - 1, y + 14.5, word, 10, anchor="middle", fill=ink, weight=weight),
    )


def _key(x: float, y: float) -> list[Element]:
    """Return the scale from none to all, and what a dotted cell is."""
    parts: list[Element] = [label(x, y + 11, "none late", SMALL_SIZE, fill=SOFT)]
    at = x + 62
    for n in range(_KEY_STEPS):
        fill = shade(n / (_KEY_STEPS - 1))
        parts.append(box(at + n * 26, y, 24, 14, fill=fill, stroke=RULE, rx=2))
    after = at + _KEY_STEPS * 26
    parts.append(label(after + 6, y + 11, "all late or missing", SMALL_SIZE, fill=SOFT))
    parts.append(box(after + 140, y, 24, 14, fill="url(#dots)", stroke=RULE, rx=2))
    parts.append(label(after + 172, y + 11, "nothing due", SMALL_SIZE, fill=SOFT))
    return parts
