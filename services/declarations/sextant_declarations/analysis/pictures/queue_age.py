"""The age of a queue: how long its items have waited, with the 50th, 85th and 95th percentiles.

A percentile is the smallest age that at least so many hundredths of the items do not exceed
(nearest rank), so that it is the age of an item that is there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sextant_declarations.analysis.pictures.drawing import (
    BLUE,
    GREEN,
    MARGIN,
    PURPLE,
    SMALL_SIZE,
    SOFT,
    TOP,
    VERMILLION,
    Heading,
    Picture,
    box,
    cut,
    label,
    line,
    nice_step,
    picture,
)
from sextant_declarations.analysis.pictures.svg import Element
from sextant_declarations.analysis.pictures.table import Table

KIND = "queue-age"
OLDEST = 8
_WIDE, _TALL, _LEFT, _BINS = 520.0, 220.0, 44.0, 26
_FEWEST = 10  # bins: one that is as wide as the picture would look like many items
_LINES = ((50, GREEN, "6 3"), (85, PURPLE, "4 4"), (95, VERMILLION, "2 3"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that waits, and since which day."""

    item: str
    since: date


def percentile(ages: Sequence[int], hundredths: int) -> int:
    """Return the age of nearest rank; `ages` is in ascending order and not empty."""
    return ages[max(1, math.ceil(len(ages) * hundredths / 100)) - 1]


def queue_age(items: Sequence[Waiting], *, of: str, today: date) -> Picture:
    """Return the histogram of ages in days, and the oldest items by name."""
    by_age = sorted(items, key=lambda item: (item.since, item.item))
    ages = sorted(max(0, (today - item.since).days) for item in items)
    marks = [(n, percentile(ages, n), colour, dash) for n, colour, dash in _LINES] if ages else []
    said = ", ".join(f"{n}th {age} d" for n, age, _, _ in marks) or "nothing waits"
    heading = Heading(
        f"Age of the queue: {of}",
        f"{len(items)} waiting on {today}; percentiles: {said}",
        f"Histogram of how many days {len(items)} items have waited; percentiles: {said}.",
    )
    width = max(1, math.ceil((ages[-1] + 1) / _BINS)) if ages else 1
    counts = [0] * max(_FEWEST, ages[-1] // width + 1 if ages else 1)
    for age in ages:
        counts[age // width] += 1
    body = _histogram(counts, width)
    scale = _WIDE / (len(counts) * width)
    left, bottom = MARGIN + _LEFT, TOP + 40 + _TALL
    for n, (hundredths, age, colour, dash) in enumerate(marks):
        x, y = left + (age + 0.5) * scale, TOP + 8 + n * 13
        body.append(line(x, y + 3, x, bottom, stroke=colour, wide=2, dash=dash))
        anchor, shift = ("end", -5) if x > left + _WIDE * 0.75 else ("start", 5)
        word = f"{hundredths}th: {age} d"
        body.append(label(x + shift, y + 6, word, SMALL_SIZE, anchor=anchor, fill=colour))
    body += _oldest(by_age[:OLDEST], today, bottom + 74)
    size = (left + _WIDE + MARGIN, bottom + 84 + 18 * min(OLDEST, len(items)) + 12)
    rows = tuple((one.item, str(one.since), max(0, (today - one.since).days)) for one in by_age)
    return picture(KIND, heading, size, body, Table(heading.title, ("item", "since", "days"), rows))


def _histogram(counts: Sequence[int], width: int) -> list[Element]:
    left, bottom = MARGIN + _LEFT, TOP + 40 + _TALL
    highest = max(1, *counts) if counts else 1
    step = max(1, round(nice_step(highest, 5)))
    parts: list[Element] = []
    for n in range(0, highest + 1, step):
        y = bottom - n / highest * (_TALL - 10)
        parts.append(line(left, y, left + _WIDE, y))
        parts.append(label(left - 8, y + 4, str(n), SMALL_SIZE, anchor="end", fill=SOFT))
    bar = _WIDE / len(counts)
    every = max(1, math.ceil(len(counts) / 12))
    for n, count in enumerate(counts):
        tall = count / highest * (_TALL - 10)
        if count:
            parts.append(box(left + n * bar + 1, bottom - tall, bar - 2, tall, fill=BLUE))
        if n % every == 0:
            word = str(n * width)
            parts.append(
                label(left + n * bar, bottom + 16, word, SMALL_SIZE, anchor="middle", fill=SOFT)
            )
    parts.append(line(left, bottom, left + _WIDE, bottom, stroke=SOFT))
    by = "day" if width == 1 else f"{width} days"
    parts.append(label(left + _WIDE, bottom + 36, f"days waited, by {by}", 10, anchor="end"))
    parts.append(label(MARGIN, TOP + 24, "items", SMALL_SIZE))
    return parts


def _oldest(items: Sequence[Waiting], today: date, top: float) -> list[Element]:
    if not items:
        return []
    parts: list[Element] = [label(MARGIN, top - 8, "Longest waiting", weight=600)]
    longest = max(1, (today - items[0].since).days)
    for n, item in enumerate(items):
        y, days = top + 12 + n * 18, max(0, (today - item.since).days)
        parts.append(label(MARGIN, y, cut(item.item, 200, SMALL_SIZE), SMALL_SIZE))
        wide = max(2.0, days / longest * 280)
        parts.append(box(MARGIN + 210, y - 10, wide, 12, fill=BLUE))
        parts.append(label(MARGIN + 216 + wide, y, f"{days} d", SMALL_SIZE, fill=SOFT))
    return parts
