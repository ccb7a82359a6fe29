"""The clarification clock: whose turn it was and is, thread by thread, against the due day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sextant_declarations.analysis.pictures.drawing import (
    BLUE,
    INK,
    MARGIN,
    ORANGE,
    SMALL_SIZE,
    SOFT,
    TOP,
    VERMILLION,
    Days,
    Heading,
    Picture,
    box,
    cut,
    key,
    label,
    line,
    nothing,
    picture,
)
from sextant_declarations.analysis.pictures.svg import Element, element
from sextant_declarations.analysis.pictures.table import Cell, Table

KIND = "clarification-clock"
_ROW, _LEFT, _WIDE, _RIGHT = 26.0, 170.0, 560.0, 110.0


class Side(StrEnum):
    """Who must act."""

    SECRETARIAT = "Secretariat"
    STATE = "State"


@dataclass(frozen=True, slots=True)
class Turn:
    """From this day on one side must act, until the next turn."""

    side: Side
    since: date


@dataclass(frozen=True, slots=True)
class Thread:
    """A clarification: turns in order of their days, the due day if there is one, its end."""

    name: str
    turns: tuple[Turn, ...]
    due: date | None = None
    ended: date | None = None

    def late(self, today: date) -> int:
        """Return by how many days it is over its due day."""
        return 0 if self.due is None else max(0, ((self.ended or today) - self.due).days)


def clarification_clock(threads: Sequence[Thread], *, today: date) -> Picture:
    """Return the threads as bars of time, oldest first."""
    held = sorted((one for one in threads if one.turns), key=lambda t: (t.turns[0].since, t.name))
    open_ = [thread for thread in held if thread.ended is None]
    late = [thread for thread in open_ if thread.late(today)]
    heading = Heading(
        "Clarifications: who must act",
        f"{len(open_)} open and {len(held) - len(open_)} ended, {len(late)} over the due day, on"
        f" {today}",
        f"Bars of time for {len(held)} clarifications; {len(late)} of {len(open_)} open ones are"
        " over their due day.",
    )
    first = min((thread.turns[0].since for thread in held), default=today)
    dues = [thread.due for thread in held if thread.due is not None]
    last = max([today, *dues]) + timedelta(days=3)
    left = MARGIN + _LEFT
    days = Days(first, last, left, left + _WIDE)
    top, bottom = TOP + 10, TOP + 16 + len(held) * _ROW
    body = days.axis(top, bottom) if held else [nothing("No State was asked.", top + 6)]
    for n, thread in enumerate(held):
        body += _row(thread, days, top + 6 + n * _ROW, today)
    now = days.x(today)
    if held:
        body.append(line(now, top - 6, now, bottom, stroke=INK, wide=1.4, dash="3 3"))
        body.append(label(now, top - 10, "today", SMALL_SIZE, anchor="middle"))
    body += key(left, bottom + 46, ((BLUE, "Secretariat's turn"), (ORANGE, "State's turn")))
    body.append(_diamond(left + 292, bottom + 42))
    body.append(label(left + 304, bottom + 47, "due day", SMALL_SIZE, fill=SOFT))
    columns = ("clarification", "since", "whose turn", "due", "ended", "days over the due day")
    rows = tuple(_told(thread, today) for thread in held)
    size = (left + _WIDE + _RIGHT + MARGIN, bottom + 72)
    return picture(KIND, heading, size, body, Table(heading.title, columns, rows))


def _told(thread: Thread, today: date) -> tuple[Cell, ...]:
    side = str(thread.turns[-1].side) if thread.ended is None else None
    since, due, ended = str(thread.turns[0].since), _said(thread.due), _said(thread.ended)
    return thread.name, since, side, due, ended, thread.late(today)


def _said(day: date | None) -> str | None:
    return None if day is None else str(day)


def _row(thread: Thread, days: Days, y: float, today: date) -> list[Element]:
    left = days.left
    name = cut(thread.name, _LEFT - 12, SMALL_SIZE)
    parts: list[Element] = [label(left - 10, y + 13, name, SMALL_SIZE, anchor="end")]
    ends = [*(turn.since for turn in thread.turns[1:]), thread.ended or today]
    for turn, end in zip(thread.turns, ends, strict=True):
        x = days.x(turn.since)
        fill = BLUE if turn.side is Side.SECRETARIAT else ORANGE
        parts.append(box(x, y + 2, max(2.0, days.x(end) - x), 14, fill=fill))
    if thread.due is not None:
        parts.append(_diamond(days.x(thread.due), y + 9))
    side = days.right + 10
    if thread.ended is not None:
        parts.append(label(side, y + 13, "ended", SMALL_SIZE, fill=SOFT))
    elif late := thread.late(today):
        parts.append(label(side, y + 13, f"{late} d over", SMALL_SIZE, fill=VERMILLION, weight=600))
    elif thread.due is not None:
        parts.append(label(side, y + 13, f"{(thread.due - today).days} d left", SMALL_SIZE))
    return parts


def _diamond(x: float, y: float) -> Element:
    points = f"{x:.2f},{y - 6:.2f} {x + 5:.2f},{y:.2f} {x:.2f},{y + 6:.2f} {x - 5:.2f},{y:.2f}"
    return element("polygon", points=points, fill="#ffffff", stroke=INK)
