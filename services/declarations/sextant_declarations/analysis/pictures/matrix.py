"""The transfer matrix: each cell holds the exporter's and the importer's figure, split in two.

The upper left half is what the exporter declared, the lower right half what the importer did; a
half is hatched where that side declared nothing. A heavy border says that there is a difference to
explain, as the rows say; nothing is compared here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.pictures.drawing import (
    MARGIN,
    RULE,
    SMALL_SIZE,
    SOFT,
    TOP,
    VERMILLION,
    Heading,
    Picture,
    box,
    ink_on,
    key,
    label,
    many,
    nothing,
    picture,
    shade,
    short,
)
from sextant_declarations.analysis.pictures.svg import Element, element
from sextant_declarations.analysis.pictures.table import Table

KIND = "transfer-matrix"
_LEFT, _HEAD = 70.0, 54.0
_LEVEL = 40.0  # wider cells hold figures, and their heads are not turned


@dataclass(frozen=True, slots=True)
class Pair:
    """What both sides say of transfers from one State to another; None is nothing declared."""

    exporter: str
    importer: str
    exported: Decimal | None
    imported: Decimal | None
    differs: bool


def transfer_matrix(pairs: Sequence[Pair], *, of: str, unit: str) -> Picture:
    """Return the matrix of one chemical and year; the rows export, the columns import."""
    states = sorted({state for pair in pairs for state in (pair.exporter, pair.importer)})
    differing = sum(pair.differs for pair in pairs)
    count = many(len(pairs), "pair")
    heading = Heading(
        f"Transfers of {of}",
        f"{unit}; rows export, columns import; {differing} of {count} with a difference to explain",
        f"Matrix of {len(states)} States: {len(pairs)} pairs have transfers of {of}, {differing}"
        " of them a difference to explain.",
    )
    side = 62.0 if len(states) <= 12 else 26.0
    left, top = MARGIN + _LEFT, TOP + _HEAD
    at = {state: n * side for n, state in enumerate(states)}
    body = _grid(states, left, top, side) if pairs else []
    scale = _Scale.of(pairs)
    for pair in sorted(pairs, key=lambda pair: pair.differs):  # heavy borders over light ones
        body += _cell(pair, left + at[pair.importer], top + at[pair.exporter], side, scale)
    if not pairs:
        body.append(nothing("No transfers are declared.", top - 20))
    bottom = top + len(states) * side
    body += _explained(left, bottom + 34)
    size = (max(left + len(states) * side + MARGIN, 660), bottom + 96)
    table = table_of(pairs, heading.title, unit)
    return picture(KIND, heading, size, body, table)


def table_of(pairs: Sequence[Pair], caption: str, unit: str) -> Table:
    """Return the table twin of pairs: all of them, with their figures whole."""
    columns = ("exporter", "importer", f"exporter's figure ({unit})", f"importer's figure ({unit})")
    rows = tuple(
        (p.exporter, p.importer, p.exported, p.imported, "yes" if p.differs else "no")
        for p in pairs
    )
    return Table(caption, (*columns, "difference to explain"), rows)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Shades by the logarithm: amounts of one chemical lie many powers of ten apart."""

    low: float
    high: float

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> "_Scale":
        amounts = (a for pair in pairs for a in (pair.exported, pair.imported))
        logs = [math.log10(a) for a in amounts if a is not None and a > 0]
        return cls(min(logs, default=0.0), max(logs, default=1.0))

    def share(self, amount: Decimal) -> float:
        if amount <= 0:
            return 0.0
        span = self.high - self.low
        return (math.log10(amount) - self.low) / span * 0.9 + 0.05 if span else 0.3


def _grid(states: Sequence[str], left: float, top: float, side: float) -> list[Element]:
    parts: list[Element] = []
    for n, state in enumerate(states):
        middle = n * side + side / 2
        parts.append(label(left - 10, top + middle + 4, state, SMALL_SIZE, anchor="end"))
        anchor, turned = ("middle", 0) if side > _LEVEL else ("start", -60)
        x = left + middle
        parts.append(label(x, top - 10, state, SMALL_SIZE, anchor=anchor, turned=turned))
        for other in range(len(states)):
            fill = "#eef0f2" if other == n else "#ffffff"
            parts.append(
                box(left + other * side, top + n * side, side, side, fill=fill, stroke=RULE)
            )
    wide = len(states) * side
    above = 34 if side > _LEVEL else 42  # over words that are turned
    parts.append(label(left, top - above, "importer", SMALL_SIZE, fill=SOFT))
    parts.append(label(MARGIN + 8, top + wide / 2, "exporter", SMALL_SIZE, fill=SOFT, turned=-90))
    return parts


def _cell(pair: Pair, x: float, y: float, side: float, scale: _Scale) -> list[Element]:
    x, y, side = x + 2, y + 2, side - 4
    upper = f"{x:.2f},{y:.2f} {x + side:.2f},{y:.2f} {x:.2f},{y + side:.2f}"
    lower = f"{x + side:.2f},{y:.2f} {x + side:.2f},{y + side:.2f} {x:.2f},{y + side:.2f}"
    parts = []
    for amount, points, there, base in (
        (pair.exported, upper, "start", y + side * 0.26),
        (pair.imported, lower, "end", y + side * 0.87),
    ):
        share = None if amount is None else scale.share(amount)
        fill = "url(#hatch)" if share is None else shade(share)
        parts.append(element("polygon", points=points, fill=fill, stroke="#ffffff"))
        if amount is not None and share is not None and side > _LEVEL:
            at = x + 4 if there == "start" else x + side - 4
            word = short(amount)
            parts.append(label(at, base, word, 9.5, anchor=there, fill=ink_on(share)))
    stroke, wide = (VERMILLION, 3) if pair.differs else (SOFT, 0.8)
    border = element(
        "rect", x=x, y=y, width=side, height=side, fill="none", stroke=stroke, stroke_width=wide
    )
    return [*parts, border]


def _explained(x: float, y: float) -> list[Element]:
    sample = Pair("", "", Decimal(1), None, differs=True)
    parts = _cell(sample, x - 2, y - 14, 30, _Scale(-1, 1))
    parts.append(
        label(x + 38, y + 5, "upper left: exporter; lower right: importer", SMALL_SIZE, fill=SOFT)
    )
    shades = ((shade(0.05), "smallest"), (shade(0.95), "largest (logarithmic)"))
    parts += key(x, y + 38, (*shades, ("url(#hatch)", "nothing declared")))
    parts.append(box(x + 400, y + 28, 13, 13, fill="#ffffff", stroke=VERMILLION))
    parts.append(label(x + 419, y + 39, "difference to explain", SMALL_SIZE, fill=SOFT))
    return parts
