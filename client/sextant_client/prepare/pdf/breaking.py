"""Breaks texts into lines of a width."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Protocol

from sextant_client.prepare.pdf.fonts import breaks_anywhere, is_right_to_left
from sextant_client.prepare.pdf.style import Style

_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
_PIECES = re.compile(r"\s+|\S+")


class Measure(Protocol):
    """Tells how wide a text is in a style, in points; it may tell too much, never too little."""

    def __call__(self, text: str, style: Style) -> float:
        """Return the width."""


def lines_of(text: str, width: float, style: Style, measure: Measure) -> list[str]:
    """Return a text in lines that fit; a word that is wider than a line is broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if measure(paragraph, style) <= width:
            lines.append(paragraph)
        else:
            mirrored = is_right_to_left(paragraph)
            broken = _broken(paragraph, width, style, measure)
            lines += [_directed(line, mirrored=mirrored) for line in broken]
    return lines


def _directed(line: str, *, mirrored: bool) -> str:
    """Return a line with the direction of its paragraph, also where it begins with another."""
    if is_right_to_left(line) == mirrored:
        return line
    return (_RIGHT_TO_LEFT if mirrored else _LEFT_TO_RIGHT) + line


def _broken(paragraph: str, width: float, style: Style, measure: Measure) -> Iterator[str]:
    line, used = "", 0.0
    for piece in _pieces(paragraph, width, style, measure):
        wide = measure(piece, style)
        if line and used + wide > width:
            yield line.rstrip(" ")
            line, used = "", 0.0
            if piece.isspace():
                continue
        line, used = line + piece, used + wide
    if line.strip(" "):
        yield line.rstrip(" ")


def _pieces(paragraph: str, width: float, style: Style, measure: Measure) -> Iterator[str]:
    """Yield what is not broken further: words, spaces, single ideographs, parts of long words."""
    for piece in _PIECES.findall(paragraph):
        if any(breaks_anywhere(c) for c in piece) or measure(piece, style) > width:
            yield from _clusters(piece, width, style, measure)
        else:
            yield piece


def _clusters(word: str, width: float, style: Style, measure: Measure) -> Iterator[str]:
    """Yield a word in parts that fit: ideographs one by one, all else as long as a line allows."""
    part = ""
    for character in word:
        stands_alone = breaks_anywhere(character) and not unicodedata.combining(character)
        full = part and measure(part + character, style) > width
        if part and not unicodedata.combining(character) and (stands_alone or full):
            yield part
            part = ""
        part += character
        if stands_alone:
            yield part
            part = ""
    if part:
        yield part
