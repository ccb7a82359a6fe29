"""Where everything stands: text broken into lines, lines into rows, rows into pages.

Lengths are points, from the top left corner. Nothing is drawn here: a page is a list of boxes and
lines of text. What does not fit on a page goes on on the next one, tables with their heads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sextant_client.prepare.pdf.breaking import Measure, lines_of
from sextant_client.prepare.pdf.content import Column, Fact, Facts, Part, Section, Table
from sextant_client.prepare.pdf.style import (
    CELL,
    FAINT,
    HEAD,
    HEAD_FILL,
    LABEL,
    LINE,
    NOTE,
    PART,
    SECTION,
    SUBPART,
    TITLE,
    VALUE,
    ZEBRA,
    Colour,
    Style,
)
from sextant_client.prepare.pdf.wording import Shown
from sextant_shared.errors import Code, PlatformError

SHORT, LONG = 595.28, 841.89  # A4
MARGIN = 45.0
TOP, BOTTOM = 62.0, 58.0  # room for what stands on every page
_PAD = 4.0
_AROUND = 2 * _PAD + 0.1  # what a cell is wider than its text, sums of fractions included
_LEADING = 1.25
_COLUMN_CAP = 175.0  # a text wider than this is broken into lines
_WORD_CAP = 105.0  # a word wider than this is broken too
_SAMPLE = 300  # rows that decide how wide the columns are
_STRETCH = 1.5  # how far a narrow table may be spread
_ACROSS = 1.2 * (SHORT - 2 * MARGIN)  # a table wider than this is not squeezed any more
_KEEP = 64.0  # a heading keeps this much of what follows on its page


Align = Literal["L", "C", "R"]


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text in a width, `y` its top."""

    x: float
    y: float
    width: float
    text: str
    style: Style
    align: Align = "L"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, filled or outlined."""

    x: float
    y: float
    width: float
    height: float
    fill: Colour | None = None
    outline: Colour | None = None


@dataclass
class Page:
    """A page; `marks` are the titles that begin on it, with their levels."""

    is_across: bool
    items: list[Text | Box] = field(default_factory=list)
    marks: list[tuple[str, int]] = field(default_factory=list)

    @property
    def width(self) -> float:
        """Its width."""
        return LONG if self.is_across else SHORT

    @property
    def height(self) -> float:
        """Its height."""
        return SHORT if self.is_across else LONG


@dataclass
class _Cell:
    x: float
    width: float
    lines: list[tuple[str, Style]]
    at_right: bool = False


class Flow:
    """Places sections on pages."""

    def __init__(self, measure: Measure, max_pages: int) -> None:
        self.pages: list[Page] = []
        self._measure = measure
        self._max_pages = max_pages
        self._y = 0.0

    def title(self, above: str, title: str, below: str) -> None:
        """Begin the first page with what the print is."""
        self._turn(is_across=False)
        self._lines(above, LABEL, after=4)
        self._lines(title, TITLE, after=2)
        self._lines(below, NOTE, after=8)

    def section(self, section: Section) -> None:
        """Place a section, across where one of its tables is too wide for an upright page.

        Without a table it stays as the pages are.
        """
        tables = [block for block in section.blocks if isinstance(block, Table)]
        is_across = any(sum(self._natural(table)) > _ACROSS for table in tables)
        if tables and self._page.is_across != is_across:
            self._turn(is_across=is_across)
        if section.title:
            self._keep(2 * _KEEP)
            self._page.marks.append((section.title, 0))
            self._y += 8
            self._lines(section.title, SECTION, after=3)
            self._rule()
        for block in section.blocks:
            if isinstance(block, Part):
                self._part(block)
            elif isinstance(block, Facts):
                self._facts(block)
            else:
                self._table(block)

    @property
    def _page(self) -> Page:
        return self.pages[-1]

    @property
    def _room(self) -> float:
        return self._page.width - 2 * MARGIN

    @property
    def _end(self) -> float:
        return self._page.height - BOTTOM

    def _turn(self, *, is_across: bool) -> None:
        """Begin a page."""
        if len(self.pages) >= self._max_pages:
            raise PlatformError(
                Code.TOO_LARGE,
                "the declaration is too long for a print that anybody would file",
                expected=f"at most {self._max_pages} pages",
                received="more",
                fix="Export it as a workbook, or split it by plant site.",
            )
        self.pages.append(Page(is_across))
        self._y = TOP

    def _keep(self, height: float) -> bool:
        """Begin a page if less than this is left; return whether."""
        if self._y + height <= self._end or self._y <= TOP:
            return False
        self._turn(is_across=self._page.is_across)
        return True

    def _lines(self, text: str, style: Style, *, after: float = 0.0) -> None:
        for line in lines_of(text, self._room, style, self._measure):
            self._keep(style.size * _LEADING)
            self._page.items.append(Text(MARGIN, self._y, self._room, line, style))
            self._y += style.size * _LEADING
        self._y += after

    def _rule(self) -> None:
        self._page.items.append(Box(MARGIN, self._y, self._room, 0.8, fill=LINE))
        self._y += 6

    def _part(self, part: Part) -> None:
        self._y += 9
        self._keep(_KEEP)
        self._page.marks.append((part.title, part.level))
        style = PART if part.level <= 1 else SUBPART
        self._lines(part.title, style, after=3)

    def _facts(self, block: Facts) -> None:
        if block.title:
            self._y += 4
            self._keep(_KEEP)
            self._lines(block.title, SUBPART, after=2)
        for row in self._fact_rows(block.facts):
            self._row(row, outlined=True)
        self._y += 5

    def _fact_rows(self, facts: Sequence[Fact]) -> Iterator[list[_Cell]]:
        """Yield rows of a grid; a long value takes more than one of its fields."""
        count = 4 if self._page.is_across else 3
        unit = self._room / count
        row: list[_Cell] = []
        used = 0
        for fact in facts:
            span = self._span(fact, unit, count)
            if used + span > count:
                row[-1].width = MARGIN + self._room - row[-1].x
                yield [self._filled(cell) for cell in row]
                row, used = [], 0
            style = VALUE.faint() if fact.shown.is_nothing else VALUE
            named = f"{fact.label}  {fact.law}" if fact.law else fact.label
            lines = [(named, LABEL), (fact.shown.text, style)]
            row.append(_Cell(MARGIN + used * unit, span * unit, lines))
            used += span
        if row:
            row[-1].width = MARGIN + self._room - row[-1].x
            yield [self._filled(cell) for cell in row]

    def _span(self, fact: Fact, unit: float, count: int) -> int:
        """Return how many fields a value needs to stand in one line each of its own."""
        widest = max(self._measure(line, VALUE) for line in fact.shown.text.split("\n"))
        named = self._measure(f"{fact.label}  {fact.law}", LABEL)
        for span in range(1, count):
            if max(widest, min(named, unit)) + _AROUND <= span * unit:
                return span
        return count

    def _filled(self, cell: _Cell) -> _Cell:
        """Return a cell with its texts broken into lines of its width."""
        lines = [
            (line, style)
            for text, style in cell.lines
            for line in lines_of(text, cell.width - 2 * _PAD, style, self._measure)
        ]
        return _Cell(cell.x, cell.width, lines, cell.at_right)

    def _table(self, table: Table) -> None:
        widths = self._widths(table)
        starts = [MARGIN + sum(widths[:index]) for index in range(len(widths))]
        head = [
            self._filled(_Cell(x, width, _head(column), column.at_right))
            for x, width, column in zip(starts, widths, table.columns, strict=True)
        ]
        # Title, head and the first rows stay together.
        self._keep(_height(head) + _KEEP)
        if table.title:
            self._y += 4
            self._lines(table.title, SUBPART, after=2)
        self._row(head, fill=HEAD_FILL)
        for number, shown in enumerate(table.rows):
            cells = [
                self._filled(_Cell(x, width, [(one.text, _cell_style(one))], column.at_right))
                for x, width, column, one in zip(starts, widths, table.columns, shown, strict=True)
            ]
            self._row(cells, fill=ZEBRA if number % 2 else None, head=head)
        right = starts[-1] + widths[-1]
        self._page.items.append(Box(MARGIN, self._y, right - MARGIN, 0.6, fill=LINE))
        self._y += 3
        if table.note:
            self._lines(table.note, NOTE)
        self._y += 5

    def _natural(self, table: Table) -> list[float]:
        """Return how wide each column would be if none of its short texts were broken."""
        return [
            max(min(self._measure_widest(text, style), _COLUMN_CAP) for text, style in texts)
            + _AROUND
            for texts in _by_column(table)
        ]

    def _measure_widest(self, text: str, style: Style) -> float:
        return max(self._measure(line, style) for line in text.split("\n"))

    def _widths(self, table: Table) -> list[float]:
        natural = self._natural(table)
        total = sum(natural)
        if total <= self._room:
            return [width * min(_STRETCH, self._room / total) for width in natural]
        least = [
            max(
                min(self._measure(word, style), _WORD_CAP)
                for text, style in texts
                for word in text.split() or [""]
            )
            + _AROUND
            for texts in _by_column(table)
        ]
        if sum(least) >= self._room:
            return _capped(least, self._room)
        spare = (self._room - sum(least)) / (total - sum(least))
        return [low + (high - low) * spare for low, high in zip(least, natural, strict=True)]

    def _row(
        self,
        cells: list[_Cell],
        *,
        outlined: bool = False,
        fill: Colour | None = None,
        head: list[_Cell] | None = None,
    ) -> None:
        """Place a row whole on this page or the next; one taller than a page goes on and on."""
        whole = self._end - TOP - (_height(head) if head else 0.0)
        if _height(cells) <= whole and self._y + _height(cells) > self._end:
            self._next(head)
        while cells:
            room = self._end - self._y - 2 * _PAD
            now, cells = _split(cells, room)
            if not any(cell.lines for cell in now):
                self._next(head)
                continue
            self._put(now, outlined=outlined, fill=fill)
            if cells:
                self._next(head)

    def _next(self, head: list[_Cell] | None) -> None:
        self._turn(is_across=self._page.is_across)
        if head:
            self._put(head, outlined=False, fill=HEAD_FILL)

    def _put(self, cells: list[_Cell], *, outlined: bool, fill: Colour | None) -> None:
        height = _height(cells)
        first, last = cells[0], cells[-1]
        if fill is not None:
            width = last.x + last.width - first.x
            self._page.items.append(Box(first.x, self._y, width, height, fill=fill))
        for cell in cells:
            if outlined:
                self._page.items.append(Box(cell.x, self._y, cell.width, height, outline=FAINT))
            y = self._y + _PAD
            for text, style in cell.lines:
                inner = cell.width - 2 * _PAD
                align: Align = "R" if cell.at_right else "L"
                self._page.items.append(Text(cell.x + _PAD, y, inner, text, style, align))
                y += style.size * _LEADING
        self._y += height


def _capped(widths: list[float], room: float) -> list[float]:
    """Return widths that fill a room: the widest are cut, so that most words stay whole."""
    left, cap = room, 0.0
    for position, width in enumerate(sorted(widths)):
        cap = left / (len(widths) - position)
        if width > cap:
            break
        left -= width
    return [min(width, cap) for width in widths]


def _head(column: Column) -> list[tuple[str, Style]]:
    lines = [(column.label, HEAD)]
    return [*lines, (column.law, NOTE)] if column.law else lines


def _cell_style(shown: Shown) -> Style:
    return CELL.faint() if shown.is_nothing else CELL


def _by_column(table: Table) -> Iterator[list[tuple[str, Style]]]:
    """Yield the texts that decide how wide each column is."""
    for index, column in enumerate(table.columns):
        yield [*_head(column), *((row[index].text, CELL) for row in table.rows[:_SAMPLE])]


def _height(cells: list[_Cell]) -> float:
    return max(sum(style.size * _LEADING for _, style in cell.lines) for cell in cells) + 2 * _PAD


def _split(cells: list[_Cell], room: float) -> tuple[list[_Cell], list[_Cell]]:
    """Return what of a row fits in a height, and what is left of it."""
    now, later = [], []
    for cell in cells:
        height, count = 0.0, 0
        for _, style in cell.lines:
            height += style.size * _LEADING
            if height > room:
                break
            count += 1
        now.append(_Cell(cell.x, cell.width, cell.lines[:count], cell.at_right))
        later.append(_Cell(cell.x, cell.width, cell.lines[count:], cell.at_right))
    return now, later if any(cell.lines for cell in later) else []
