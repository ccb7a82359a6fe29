"""A heat map: rows by columns, each cell with its figure, its colour, and its words.

Colours run from light to dark along one scale that people with any colour vision can order
(after ColorBrewer's «Blues»); every cell shows its figure as well, so nothing is said by colour
alone. The table twin is what it is drawn from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_SCALE = ("#f7fbff", "#deebf7", "#9ecae1", "#4292c6", "#08519c")
_DARK_FROM = 3  # steps of the scale on which white letters are read better
_CELL, _ROW, _LEFT, _TOP = 56, 24, 64, 72


@dataclass(frozen=True, slots=True)
class Heat:
    """One cell: how far along the scale, from 0 to 1; what is written in it; what it means."""

    share: float
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """What is drawn. `cells` are found by row and column; an absent one is left blank."""

    title: str
    description: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[str, str], Heat]


def svg_of(picture: HeatMap) -> str:
    """Return the picture as SVG, with title, description and words for each cell."""
    width = _LEFT + _CELL * max(len(picture.columns), 6) + 8
    height = _TOP + _ROW * (len(picture.rows) + 2)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            ' aria-labelledby="title desc" font-family="sans-serif" font-size="12">'
        ),
        f'<title id="title">{escape(picture.title)}</title>',
        f'<desc id="desc">{escape(picture.description)}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(8, 24, picture.title, 'font-size="15" font-weight="bold"'),
    ]
    parts += [
        _text(_LEFT + _CELL * n + _CELL // 2, _TOP - 8, name, 'text-anchor="middle"')
        for n, name in enumerate(picture.columns)
    ]
    for r, row in enumerate(picture.rows):
        y = _TOP + _ROW * r
        parts.append(_text(_LEFT - 8, y + 16, row, 'text-anchor="end"'))
        for c, column in enumerate(picture.columns):
            heat = picture.cells.get((row, column))
            if heat is not None:
                parts.append(_cell(_LEFT + _CELL * c, y, heat, f"{row} {column}"))
    parts += _legend(_TOP + _ROW * len(picture.rows) + 12)
    return "\n".join([*parts, "</svg>\n"])


def _cell(x: int, y: int, heat: Heat, place: str) -> str:
    step = min(int(heat.share * len(_SCALE)), len(_SCALE) - 1)
    ink = "#ffffff" if step >= _DARK_FROM else "#000000"
    box = (
        f'<rect x="{x}" y="{y}" width="{_CELL - 2}" height="{_ROW - 2}" fill="{_SCALE[step]}"'
        ' stroke="#636363" stroke-width="0.5"/>'
    )
    said = _text(x + _CELL // 2 - 1, y + 16, heat.label, f'text-anchor="middle" fill="{ink}"')
    return f"<g><title>{escape(place)}: {escape(heat.words)}</title>{box}{said}</g>"


def _legend(y: int) -> list[str]:
    boxes = [
        f'<rect x="{_LEFT + 24 * n}" y="{y}" width="22" height="14" fill="{colour}"'
        ' stroke="#636363" stroke-width="0.5"/>'
        for n, colour in enumerate(_SCALE)
    ]
    after = _LEFT + 24 * len(_SCALE) + 4
    return [_text(8, y + 12, "none"), *boxes, _text(after, y + 12, "all")]


def _text(x: int, y: int, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(text)}</text>'
