"""The scatter of exporter's against importer's figures, both axes logarithmic.

Slips of unit lie along the guides at 10 and 1000 times. What is zero has no place on such an axis:
it is counted above the picture and stands in the table.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

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
    haloed,
    label,
    line,
    many,
    picture,
)
from sextant_declarations.analysis.pictures.matrix import Pair, table_of
from sextant_declarations.analysis.pictures.svg import Element, element

KIND = "transfer-scatter"
TIMES = "\u00d7"
_SIDE, _LEFT, _NAME = 440.0, 66.0, 70.0
_GUIDES = (
    (1, SOFT, "", "equal"),
    (10, PURPLE, "7 4", f"{TIMES}10"),
    (1000, GREEN, "2 4", f"{TIMES}1000"),
)


@dataclass(frozen=True, slots=True)
class _Plane:
    """Both axes cover the same powers of ten, so that equal figures lie on the diagonal."""

    low: int
    high: int

    @classmethod
    def of(cls, amounts: Sequence[Decimal]) -> "_Plane":
        logs = [math.log10(amount) for amount in amounts]
        low = math.floor(min(logs, default=0.0))
        return cls(low, max(low + 2, math.ceil(max(logs, default=0.0))))

    def along(self, power: float) -> float:
        return (power - self.low) / (self.high - self.low) * _SIDE

    def place(self, x: float, y: float) -> tuple[float, float]:
        return MARGIN + _LEFT + self.along(x), TOP + 10 + _SIDE - self.along(y)


def transfer_scatter(pairs: Sequence[Pair], *, of: str, unit: str) -> Picture:
    """Return the scatter of the pairs on which both sides declare more than zero."""
    shown = [
        (pair, pair.exported, pair.imported)
        for pair in pairs
        if pair.exported is not None
        and pair.imported is not None
        and pair.exported > 0
        and pair.imported > 0
    ]
    plane = _Plane.of([amount for _, one, other in shown for amount in (one, other)])
    left_out = len(pairs) - len(shown)
    count = many(len(shown), "pair")
    heading = Heading(
        f"Transfers of {of}: both sides",
        f"{unit}; {count}; {left_out} with a zero or one side alone are in the table",
        f"Scatter of {count} on logarithmic axes, with guides where one figure is 10"
        " or 1000 times the other.",
    )
    body = _axes(plane, unit)
    for power_of, colour, dash, word in _GUIDES:
        body += _guide(plane, math.log10(power_of), colour, dash, word)
    for pair, exported, imported in sorted(shown, key=lambda one: one[0].differs):
        body += _mark(pair, *plane.place(math.log10(exported), math.log10(imported)))
    x, y = MARGIN + _LEFT, TOP + _SIDE + 76
    body.append(element("circle", cx=x + 6, cy=y - 4, r=4.5, fill=BLUE))
    body.append(label(x + 18, y, "agrees within tolerance", SMALL_SIZE, fill=SOFT))
    body.append(_diamond(x + 190, y - 4))
    body.append(label(x + 202, y, "difference to explain", SMALL_SIZE, fill=SOFT))
    table = table_of(pairs, heading.title, unit)
    size = (MARGIN * 2 + _LEFT + _SIDE + 60, y + 26)
    return picture(KIND, heading, size, body, table)


def _axes(plane: _Plane, unit: str) -> list[Element]:
    parts: list[Element] = []
    powers = range(plane.low, plane.high + 1)
    for power in powers[:: max(1, len(powers) // 9)]:
        x, bottom = plane.place(power, plane.low)
        left, y = plane.place(plane.low, power)
        parts += [line(x, bottom - _SIDE, x, bottom), line(left, y, left + _SIDE, y)]
        word = f"{Decimal(10) ** power:,f}" if -4 <= power <= 5 else f"1e{power}"
        parts.append(label(x, bottom + 18, word, SMALL_SIZE, anchor="middle", fill=SOFT))
        parts.append(label(left - 8, y + 4, word, SMALL_SIZE, anchor="end", fill=SOFT))
    left, bottom = plane.place(plane.low, plane.low)
    middle = left + _SIDE / 2
    parts.append(label(middle, bottom + 40, f"exporter's figure ({unit})", anchor="middle"))
    parts.append(
        label(
            MARGIN, bottom - _SIDE / 2, f"importer's figure ({unit})", anchor="middle", turned=-90
        )
    )
    return parts


def _guide(plane: _Plane, off: float, colour: str, dash: str, word: str) -> list[Element]:
    parts: list[Element] = []
    if off >= plane.high - plane.low:
        return parts
    for shift in (off, -off) if off else (0.0,):
        low, high = max(plane.low, plane.low - shift), min(plane.high, plane.high - shift)
        x1, y1 = plane.place(low, low + shift)
        x2, y2 = plane.place(high, high + shift)
        parts.append(line(x1, y1, x2, y2, stroke=colour, wide=1.4, dash=dash))
        if shift <= 0:
            parts.append(label(x2 + 6, y2 + 4, word, SMALL_SIZE, fill=colour))
        else:
            parts.append(label(x2, y2 - 6, word, SMALL_SIZE, fill=colour, anchor="middle"))
    return parts


def _mark(pair: Pair, x: float, y: float) -> list[Element]:
    if not pair.differs:
        return [element("circle", cx=x, cy=y, r=4.5, fill=BLUE, opacity=0.75)]
    above = (pair.imported or 0) > (pair.exported or 0)  # its name goes away from the diagonal
    fits = x - _NAME > MARGIN + _LEFT
    at, anchor = (x - 9, "end") if above and fits else (x + 9, "start")
    word = f"{pair.exporter} → {pair.importer}"
    return [*haloed(at, y + 4, word, 9.5, anchor=anchor), _diamond(x, y)]


def _diamond(x: float, y: float) -> Element:
    points = f"{x:.2f},{y - 6:.2f} {x + 6:.2f},{y:.2f} {x:.2f},{y + 6:.2f} {x - 6:.2f},{y:.2f}"
    return element("polygon", points=points, fill=VERMILLION, stroke="#ffffff")
