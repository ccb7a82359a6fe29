"""The mass-balance waterfall: from the opening stock, step by step, to what is left unexplained.

The last bar is the residual: declared minus expected closing stock, with its uncertainty as a
whisker. Where the opening or the declared stock is unknown there is no residual, and it says so;
without an opening stock what the flows come to is no expected stock, and is not called one.
"""

from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.pictures.drawing import (
    BLUE,
    BOLD,
    GREEN,
    GREY,
    INK,
    MARGIN,
    ORANGE,
    SMALL_SIZE,
    SOFT,
    TOP,
    VERMILLION,
    Heading,
    Picture,
    box,
    cut,
    haloed,
    key,
    label,
    line,
    nice_step,
    picture,
    short,
)
from sextant_declarations.analysis.pictures.svg import Element
from sextant_declarations.analysis.pictures.table import Table

KIND = "mass-balance"
_STEP, _BAR, _TALL, _LEFT = 92.0, 56.0, 300.0, 62.0


@dataclass(frozen=True, slots=True)
class Step:
    """One addition to the stock, or, negative, one removal."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Balance:
    """A mass balance; a stock of None is unknown. `uncertainty` is the residual's, both ways."""

    opening: Decimal | None
    steps: tuple[Step, ...]
    closing: Decimal | None
    uncertainty: Decimal = Decimal(0)

    @property
    def expected(self) -> Decimal:
        """The closing stock that opening and steps lead to; from zero where opening is unknown."""
        return sum((step.amount for step in self.steps), self.opening or Decimal(0))

    @property
    def residual(self) -> Decimal | None:
        """What is not explained, None while a stock is unknown."""
        if self.opening is None or self.closing is None:
            return None
        return self.closing - self.expected


@dataclass(frozen=True, slots=True)
class _Bar:
    name: str
    start: Decimal
    end: Decimal
    fill: str
    word: str


def mass_balance(balance: Balance, *, of: str, unit: str) -> Picture:
    """Return the waterfall of one chemical at one site or in one State."""
    residual = balance.residual
    said = "not known" if residual is None else f"{short(residual)} {unit}"
    inside = residual is not None and abs(residual) <= balance.uncertainty
    verdict = "inside its uncertainty" if inside else "to explain"
    note = said if residual is None else f"{said} (± {short(balance.uncertainty)}), {verdict}"
    heading = Heading(
        f"Mass balance of {of}",
        f"{unit}; residual {note}",
        f"Waterfall from the opening stock over {len(balance.steps)} steps to the closing stock;"
        f" the residual is {note}.",
    )
    bars = _bars(balance)
    low = min([Decimal(0), *(min(bar.start, bar.end) for bar in bars)])
    high = max([Decimal(0), *(max(bar.start, bar.end) for bar in bars)])
    if residual is not None:
        low = min(low, residual - balance.uncertainty)
        high = max(high, residual + balance.uncertainty)
    axis = _Axis(float(low), float(high) if high > low else float(low) + 1)
    left = MARGIN + _LEFT
    width = left + len(bars) * _STEP + MARGIN
    body = axis.lines(left, width - MARGIN)
    for n, bar in enumerate(bars):
        body += _drawn(bar, left + n * _STEP + (_STEP - _BAR) / 2, axis)
        if 0 < n < len(bars) - (residual is not None) - (balance.closing is not None):
            y = axis.y(bars[n - 1].end)
            body.append(line(left + n * _STEP - 18, y, left + n * _STEP + 18, y, stroke=SOFT))
    if residual is not None:
        body += _whisker(residual, balance.uncertainty, left + (len(bars) - 0.5) * _STEP, axis)
    marks = (
        (GREY, "stock"),
        (BLUE, "adds"),
        (ORANGE, "removes"),
        (VERMILLION, "residual"),
        (GREEN, "residual inside uncertainty"),
    )
    body += key(left, TOP + _TALL + 64, marks)
    rows = tuple((bar.name, bar.end - bar.start) for bar in bars)
    missing = [("opening stock", None)] if balance.opening is None else []
    missing += [("declared closing stock", None)] if balance.closing is None else []
    whisker = ("uncertainty of the residual (±)", balance.uncertainty)
    table = Table(heading.title, ("step", f"amount ({unit})"), (*rows, *missing, whisker))
    return picture(KIND, heading, (max(width, 640), TOP + _TALL + 92), body, table)


def _bars(balance: Balance) -> list[_Bar]:
    zero = Decimal(0)
    level = balance.opening or zero
    bars = []
    if balance.opening is not None:
        bars.append(_Bar("opening stock", zero, level, GREY, short(level)))
    for step in balance.steps:
        after = level + step.amount
        fill, sign = (BLUE, "+") if step.amount > 0 else (ORANGE, "")
        bars.append(_Bar(step.name, level, after, fill, sign + short(step.amount)))
        level = after
    name = "sum of the flows" if balance.opening is None else "expected closing"
    bars.append(_Bar(name, zero, level, GREY, short(level)))
    if balance.closing is not None:
        bars.append(
            _Bar("declared closing stock", zero, balance.closing, GREY, short(balance.closing))
        )
    if (residual := balance.residual) is not None:
        fill = GREEN if abs(residual) <= balance.uncertainty else VERMILLION
        bars.append(_Bar("residual", zero, residual, fill, short(residual)))
    return bars


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float

    def y(self, amount: Decimal | float) -> float:
        return TOP + 14 + (self.high - float(amount)) / (self.high - self.low) * (_TALL - 20)

    def lines(self, left: float, right: float) -> list[Element]:
        step = nice_step(self.high - self.low, 6)
        parts = []
        for n in range(int(self.low // step), int(self.high // step) + 1):
            if self.low <= n * step <= self.high:
                y = self.y(n * step)
                parts.append(line(left, y, right, y, stroke=SOFT if n == 0 else "#d5d9de"))
                word = short(Decimal(str(round(n * step, 9))))
                parts.append(label(left - 8, y + 4, word, SMALL_SIZE, anchor="end", fill=SOFT))
        return parts


def _drawn(bar: _Bar, x: float, axis: _Axis) -> list[Element]:
    top, bottom = sorted((axis.y(bar.start), axis.y(bar.end)))
    base = TOP + _TALL + 16
    words = cut(bar.name, _STEP * 2 - 20, SMALL_SIZE).split(" ")
    half = (len(words) + 1) // 2 if len(bar.name) * SMALL_SIZE * 0.55 > _STEP else len(words)
    middle = x + _BAR / 2
    parts = [
        box(x, top, _BAR, max(1.5, bottom - top), fill=bar.fill),
        *haloed(middle, top - 5, bar.word, SMALL_SIZE, anchor="middle", weight=BOLD),
        label(middle, base, " ".join(words[:half]), SMALL_SIZE, anchor="middle", fill=SOFT),
    ]
    if words[half:]:
        rest = " ".join(words[half:])
        parts.append(label(middle, base + 14, rest, SMALL_SIZE, anchor="middle", fill=SOFT))
    return parts


def _whisker(residual: Decimal, off: Decimal, x: float, axis: _Axis) -> list[Element]:
    if not off:
        return []
    top, bottom = axis.y(residual + off), axis.y(residual - off)
    ends = [line(x - 8, y, x + 8, y, stroke=INK, wide=1.5) for y in (top, bottom)]
    return [line(x, top, x, bottom, stroke=INK, wide=1.5), *ends]
