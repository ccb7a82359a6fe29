"""The timeliness heat map: States by obligation and year, days before or after the due day.

«Not due», «nil» and «missing» are three textures and no colours: each is another kind of nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sextant_declarations.analysis.pictures.drawing import (
    INK,
    MARGIN,
    PAPER,
    SMALL_SIZE,
    SOFT,
    TOP,
    Heading,
    Picture,
    box,
    cut,
    key,
    label,
    line,
    picture,
    signed,
)
from sextant_declarations.analysis.pictures.svg import Element
from sextant_declarations.analysis.pictures.table import Table

KIND = "timeliness"
EARLIEST, LATEST = -30, 60
_CELL_W, _CELL_H, _LEFT = 34.0, 24.0, 66.0
_EARLY, _LATE = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)


class Came(StrEnum):
    """What became of an obligation."""

    RECEIVED = "received"
    NIL = "nil"
    MISSING = "missing"
    NOT_DUE = "not due"


@dataclass(frozen=True, slots=True)
class Due:
    """One obligation of a State in a year; `days` after the due day, negative before it."""

    state: str
    obligation: str
    year: int
    came: Came
    days: int | None = None


def timeliness(rows: Sequence[Due], *, known_on: str) -> Picture:
    """Return the heat map, States in the order of their codes."""
    states = sorted({row.state for row in rows})
    columns = sorted({(row.obligation, row.year) for row in rows})
    missing = sum(row.came is Came.MISSING for row in rows)
    late = sum((row.days or 0) > 0 for row in rows)
    heading = Heading(
        "Timeliness of declarations",
        f"{len(states)} States, {len(rows)} obligations, as known on {known_on}",
        f"Heat map of {len(states)} States by obligation and year: {late} came after the due day,"
        f" {missing} are missing.",
    )
    left, top = MARGIN + _LEFT, TOP + 44
    body = _heads(columns, left, top)
    for down, state in enumerate(states):
        y = top + down * _CELL_H
        body.append(label(left - 10, y + 16, cut(state, _LEFT), SMALL_SIZE, anchor="end"))
    at = {column: left + n * _CELL_W for n, column in enumerate(columns)}
    down_of = {state: top + n * _CELL_H for n, state in enumerate(states)}
    for row in rows:
        body += _cell(row, at[row.obligation, row.year], down_of[row.state])
    bottom = top + len(states) * _CELL_H
    body += _scale(left, bottom + 26)
    size = (max(left + len(columns) * _CELL_W + MARGIN, 640), bottom + 86)
    table = Table(
        heading.title,
        ("state", "obligation", "year", "came", "days after the due day"),
        tuple((r.state, r.obligation, r.year, str(r.came), r.days) for r in rows),
    )
    return picture(KIND, heading, size, body, table)


def _heads(columns: Sequence[tuple[str, int]], left: float, top: float) -> list[Element]:
    parts: list[Element] = []
    for n, (obligation, year) in enumerate(columns):
        x = left + n * _CELL_W
        middle = x + _CELL_W / 2
        parts.append(label(middle, top - 8, f"{year}", 9.5, anchor="middle", fill=SOFT))
        if n == 0 or columns[n - 1][0] != obligation:
            width = sum(one == obligation for one, _ in columns) * _CELL_W
            parts.append(line(x + 2, top - 22, x + width - 2, top - 22, stroke=SOFT))
            parts.append(label(x + 2, top - 28, cut(obligation, width, SMALL_SIZE), SMALL_SIZE))
    return parts


def _cell(row: Due, x: float, y: float) -> list[Element]:
    inner = (x + 1, y + 1, _CELL_W - 2, _CELL_H - 2)
    if row.came is Came.MISSING:
        return [box(*inner, fill="url(#cross)", stroke=SOFT)]
    if row.came is Came.NOT_DUE:
        return [box(*inner, fill="url(#dots)")]
    if row.came is Came.NIL:
        parts = [box(*inner, fill="url(#hatch)", stroke=SOFT)]
        return parts if row.days is None else [*parts, *_days(row.days, x, y, patch=True)]
    days = row.days or 0
    return [box(*inner, fill=colour_of(days)), *_days(days, x, y)]


def _days(days: int, x: float, y: float, *, patch: bool = False) -> list[Element]:
    dark = not patch and (days > LATEST * 0.6 or days < EARLIEST * 0.6)
    text = signed(days)
    parts = [box(x + 6, y + 5, _CELL_W - 12, _CELL_H - 10, fill=PAPER)] if patch else []
    fill = PAPER if dark else INK
    return [*parts, label(x + _CELL_W / 2, y + 16, text, 9.5, anchor="middle", fill=fill)]


def colour_of(days: int) -> str:
    """Return the colour of so many days: blue before, white on, vermillion after the due day."""
    end, limit = (_EARLY, EARLIEST) if days < 0 else (_LATE, LATEST)
    share = min(1.0, days / limit)
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in end)


def _scale(x: float, y: float) -> list[Element]:
    parts: list[Element] = [label(x, y, "days after the due day", SMALL_SIZE, fill=SOFT)]
    steps = (-30, -20, -10, 0, 10, 20, 30, 40, 50, 60)
    for n, days in enumerate(steps):
        at = x + 140 + n * 26
        parts.append(box(at, y - 11, 26, 14, fill=colour_of(days), stroke=SOFT))
        limit = "≤ " if n == 0 else "≥ " if n == len(steps) - 1 else ""
        word = f"{limit}{signed(days)}"
        parts.append(label(at + 13, y + 16, word, 9, anchor="middle", fill=SOFT))
    nothing = (("url(#hatch)", "nil"), ("url(#cross)", "missing"), ("url(#dots)", "not due"))
    return parts + key(x, y + 40, nothing)
