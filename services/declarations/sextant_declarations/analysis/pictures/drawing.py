"""What all pictures share: the palette, text, axes, keys, and the paints that hold on grey paper.

Colours are Okabe and Ito's eight for colour-blind readers (jfly.uni-koeln.de/color); wherever a
colour says something, a texture, a mark or a word says it too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sextant_declarations.analysis.pictures.svg import Element, document, element
from sextant_declarations.analysis.pictures.table import Table

INK, SOFT, RULE, PAPER = "#1a1a1a", "#5b6470", "#d5d9de", "#ffffff"
BLUE, SKY, ORANGE, VERMILLION = "#0072b2", "#56b4e9", "#e69f00", "#d55e00"
GREEN, PURPLE, GREY = "#009e73", "#cc79a7", "#c3c9d0"
MARGIN, TOP = 28.0, 74.0
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 17, 12, 10.5
MINUS = "\u2212"
NORMAL, BOLD = 400, 600
_WIDTH_OF_EM = 0.58  # of an average letter; text is cut rather than run over another
_LIGHTEST, _DARKEST = (0xEA, 0xF2, 0xF9), (0x08, 0x3C, 0x6E)
_SHORT = ((Decimal(10**9), "G"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and the table that says the same."""

    kind: str
    svg: str
    table: Table


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a picture, and what is read to who does not see it."""

    title: str
    subtitle: str
    description: str


def picture(
    kind: str, heading: Heading, size: tuple[float, float], body: Sequence[Element], table: Table
) -> Picture:
    """Return a picture with its heading."""
    width, height = size
    title, large = fitted(heading.title, width - 2 * MARGIN, TITLE_SIZE)
    above = (
        label(MARGIN, 34, title, large, weight=BOLD),
        label(MARGIN, 54, cut(heading.subtitle, width - 2 * MARGIN), fill=SOFT),
    )
    svg = document(
        width,
        height,
        title=heading.title,
        description=f"{heading.description} The same figures stand in the table of this picture.",
        body=(paints(), *above, *body),
    )
    return Picture(kind, svg, table)


def label(
    x: float,
    y: float,
    text: str,
    size: float = TEXT_SIZE,
    *,
    anchor: str = "start",
    fill: str = INK,
    weight: int = NORMAL,
    turned: float = 0,
) -> Element:
    """Return a line of text; `y` is its base line, `turned` in degrees about its start."""
    where = f"rotate({turned:g} {x:.2f} {y:.2f})" if turned else ""
    looks = {
        "fill": fill,
        **({"text_anchor": anchor} if anchor != "start" else {}),
        **({"font_weight": str(weight)} if weight != NORMAL else {}),
        **({"transform": where} if where else {}),
    }
    return element("text", text=text, x=x, y=y, font_size=size, **looks)


def haloed(
    x: float, y: float, text: str, size: float, *, anchor: str, weight: int = NORMAL
) -> list[Element]:
    """Return a line of text that is read on lines and marks: its shape in white lies under it."""
    under = element(
        "text",
        text=text,
        x=x,
        y=y,
        font_size=size,
        text_anchor=anchor,
        fill=PAPER,
        stroke=PAPER,
        stroke_width=3,
        stroke_linejoin="round",
        font_weight=str(weight),
    )
    return [under, label(x, y, text, size, anchor=anchor, weight=weight)]


def cut(text: str, width: float, size: float = TEXT_SIZE) -> str:
    """Return as much of a text as fits, with an ellipsis where it was cut."""
    room = max(1, int(width / (size * _WIDTH_OF_EM)))
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def fitted(text: str, width: float, size: float) -> tuple[str, float]:
    """Return a text and a size in which it fits: smaller letters first, then fewer of them."""
    needed = width / max(1, len(text)) / _WIDTH_OF_EM
    fits = max(TEXT_SIZE, min(size, needed))
    return cut(text, width, fits), fits


def many(count: int, one: str) -> str:
    """Return a count with its word: `1 pair`, `2 pairs`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def nothing(text: str, y: float) -> Element:
    """Return the sentence that stands where a picture has nothing to draw."""
    return label(MARGIN, y, text, fill=SOFT)


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    stroke: str = RULE,
    wide: float = 1,
    dash: str = "",
) -> Element:
    """Return a straight line."""
    more = {"stroke_dasharray": dash} if dash else {}
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=wide, **more)


def box(
    x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "", rx: float = 0
) -> Element:
    """Return a rectangle."""
    looks = {"fill": fill, **({"stroke": stroke} if stroke else {})}
    return element("rect", x=x, y=y, width=width, height=height, rx=rx, **looks)


def paints() -> Element:
    """Return the textures: `hatch`, `cross`, `dots`; they are told apart without colour."""

    def texture(name: str, *marks: Element) -> Element:
        ground = element("rect", width=7, height=7, fill=PAPER)
        return element(
            "pattern",
            ground,
            *marks,
            id=name,
            width=7,
            height=7,
            pattern_units="userSpaceOnUse",
        )

    slash = element("path", d="M-1,8 L8,-1 M-1,1 L1,-1 M6,8 L8,6", stroke=SOFT, stroke_width=1)
    bars = element("path", d="M0,0 L7,7 M7,0 L0,7", stroke=VERMILLION, stroke_width=1.4)
    return element(
        "defs",
        texture("hatch", slash),
        texture("cross", bars),
        texture("dots", element("circle", cx=3.5, cy=3.5, r=0.9, fill=GREY)),
    )


def key(x: float, y: float, items: Sequence[tuple[str, str]], step: float = 0) -> list[Element]:
    """Return a key in one row: a swatch and its word each."""
    parts = []
    for fill, word in items:
        parts.append(box(x, y - 10, 13, 13, fill=fill, stroke=SOFT))
        parts.append(label(x + 19, y + 1, word, SMALL_SIZE, fill=SOFT))
        x += step or 19 + len(word) * SMALL_SIZE * _WIDTH_OF_EM + 16
    return parts


def shade(share: float) -> str:
    """Return a blue between the lightest (0) and the darkest (1); its lightness only falls."""
    at = min(1.0, max(0.0, share))
    mixed = (round(low + (high - low) * at) for low, high in zip(_LIGHTEST, _DARKEST, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def ink_on(share: float) -> str:
    """Return the colour of text that is read on `shade(share)`."""
    return PAPER if share > 0.5 else INK


def short(amount: Decimal) -> str:
    """Return an amount in at most three digits, for a label; the table has it whole."""
    size = abs(amount)
    for unit, letter in _SHORT:
        if size >= unit:
            return f"{_three(amount / unit)}{letter}"
    return _three(amount)


def signed(days: int) -> str:
    """Return days with their sign, as they are set in print."""
    return f"{days:+d}".replace("-", MINUS) if days else "0"


def _three(amount: Decimal) -> str:
    if not amount:
        return "0"
    rounded = Decimal(f"{amount:.3g}" if abs(amount) < 1000 else f"{amount:.0f}")
    said = f"{rounded.normalize():f}"
    return said.replace("-", MINUS)


def nice_step(span: float, parts: int) -> float:
    """Return 1, 2 or 5 times a power of ten, so that at most about `parts` steps cover `span`."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / parts))
    return next(power * times for times in (1, 2, 5, 10) if span <= power * times * parts)


@dataclass(frozen=True, slots=True)
class Days:
    """Where a day stands on an axis of time."""

    first: date
    last: date
    left: float
    right: float

    def x(self, day: date) -> float:
        """Return its place; a day outside stands at the edge."""
        span = max(1, (self.last - self.first).days)
        share = min(1.0, max(0.0, (day - self.first).days / span))
        return self.left + share * (self.right - self.left)

    def axis(self, top: float, bottom: float) -> list[Element]:
        """Return lines and words at the starts of years, quarters, months or weeks."""
        parts = [line(self.left, bottom, self.right, bottom, stroke=SOFT)]
        for day, word in self._ticks():
            parts.append(line(self.x(day), top, self.x(day), bottom))
            parts.append(
                label(self.x(day), bottom + 16, word, SMALL_SIZE, anchor="middle", fill=SOFT)
            )
        return parts

    def _ticks(self) -> list[tuple[date, str]]:
        span = (self.last - self.first).days
        if span <= 70:
            every = max(1, math.ceil(span / 9))
            days = (self.first + timedelta(days=n) for n in range(0, span + 1, every))
            return [(day, f"{day.day} {_MONTHS[day.month - 1]}") for day in days]
        months = next(
            step for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if span / 30.4 / step <= 14
        )
        starts = [
            date(year, month, 1)
            for year in range(self.first.year, self.last.year + 1)
            for month in range(1, 13)
            if (year * 12 + month - 1) % months == 0
        ]
        inside = [day for day in starts if self.first <= day <= self.last]
        if months >= 12:
            return [(day, str(day.year)) for day in inside]
        return [(day, f"{_MONTHS[day.month - 1]} {day.year % 100:02d}") for day in inside]
