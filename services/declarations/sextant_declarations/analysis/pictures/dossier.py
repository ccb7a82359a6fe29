"""The dossier timeline: a plant site over the years, one lane for each kind of event.

Names the site has borne stand above. Hollow marks became known later than they were true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sextant_declarations.analysis.pictures.drawing import (
    BLUE,
    GREEN,
    MARGIN,
    PURPLE,
    RULE,
    SMALL_SIZE,
    SOFT,
    TOP,
    VERMILLION,
    Days,
    Heading,
    Picture,
    box,
    cut,
    label,
    line,
    many,
    picture,
)
from sextant_declarations.analysis.pictures.svg import Element, element
from sextant_declarations.analysis.pictures.table import Table

KIND = "dossier"
KNOWN_LATER_D = 366
_LANE, _LEFT, _WIDE = 52.0, 104.0, 700.0


class Lane(StrEnum):
    """What an event is, in order from the top."""

    DECLARATION = "declarations"
    AMENDMENT = "amendments"
    FINDING = "findings"
    INSPECTION = "inspections"


_COLOURS = {
    Lane.DECLARATION: BLUE,
    Lane.AMENDMENT: PURPLE,
    Lane.FINDING: VERMILLION,
    Lane.INSPECTION: GREEN,
}


@dataclass(frozen=True, slots=True)
class Event:
    """What was true on a day, and on which day it became known to the Secretariat."""

    lane: Lane
    on: date
    what: str
    known: date


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the site, and since when."""

    name: str
    since: date


def dossier(
    events: Sequence[Event], names: Sequence[Name], *, site: str, known_on: date
) -> Picture:
    """Return what was known of a site on a day; later knowledge is left out of both twins."""
    seen = sorted(
        (e for e in events if e.known <= known_on),
        key=lambda e: (e.on, e.lane, e.what),
    )
    borne = sorted((one for one in names if one.since <= known_on), key=lambda one: one.since)
    heading = Heading(
        f"Dossier of site {site}",
        f"{many(len(seen), 'event')}, as known on {known_on}",
        f"Timeline with {many(len(seen), 'event')} in lanes: "
        + ", ".join(f"{sum(one.lane is lane for one in seen)} {lane}" for lane in Lane)
        + ".",
    )
    starts = [one.on for one in seen] + [one.since for one in borne]
    first = date(min(starts, default=known_on).year, 1, 1)
    left, top = MARGIN + _LEFT, TOP + 34
    days = Days(first, max([known_on, *starts]), left, left + _WIDE)
    bottom = top + len(Lane) * _LANE
    body = days.axis(top, bottom)
    body += _names(borne, days, top - 26)
    for n, lane in enumerate(Lane):
        y = top + n * _LANE
        body.append(line(left, y + _LANE, left + _WIDE, y + _LANE, stroke=RULE))
        body.append(label(left - 12, y + _LANE / 2 + 4, str(lane), anchor="end"))
        body += _marks([one for one in seen if one.lane is lane], days, y)
    y = bottom + 44
    body.append(_mark(left + 6, y - 4, SOFT, later=False))
    body.append(label(left + 18, y, "known within a year", SMALL_SIZE, fill=SOFT))
    body.append(_mark(left + 166, y - 4, SOFT, later=True))
    body.append(label(left + 178, y, "known later", SMALL_SIZE, fill=SOFT))
    rows = tuple((str(one.on), str(one.lane), one.what, str(one.known)) for one in seen)
    titles = tuple((str(one.since), "name", one.name, None) for one in borne)
    table = Table(heading.title, ("true on", "kind", "what", "known on"), (*titles, *rows))
    return picture(KIND, heading, (left + _WIDE + MARGIN + 14, y + 24), body, table)


def _names(names: Sequence[Name], days: Days, y: float) -> list[Element]:
    parts: list[Element] = []
    for n, name in enumerate(names):
        start = days.x(name.since)
        end = days.x(names[n + 1].since) if n + 1 < len(names) else days.right
        if end > start:
            fill = "#e4eef6" if n % 2 == 0 else "#f4ece0"
            parts.append(box(start, y, end - start, 18, fill=fill))
            words = cut(name.name, end - start - 8, SMALL_SIZE)
            parts.append(label(start + 5, y + 13, words, SMALL_SIZE))
    return parts


def _marks(events: Sequence[Event], days: Days, y: float) -> list[Element]:
    """Return marks in up to three rows, so that near ones lie beside each other."""
    parts, ends = [], [-1e9] * 3
    for event in events:
        x = days.x(event.on)
        row = next((n for n in (1, 0, 2) if x - ends[n] >= 11), 2)
        ends[row] = x
        later = (event.known - event.on).days > KNOWN_LATER_D
        parts.append(_mark(x, y + 12 + row * 14, _COLOURS[event.lane], later=later))
    return parts


def _mark(x: float, y: float, colour: str, *, later: bool) -> Element:
    fill = "#ffffff" if later else colour
    return element("circle", cx=x, cy=y, r=4.5, fill=fill, stroke=colour, stroke_width=2)
