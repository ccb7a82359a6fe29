"""Sizes, weights and colours of the print; it must also be read in black and white."""

from dataclasses import dataclass, replace

Colour = tuple[int, int, int]
INK: Colour = (17, 24, 39)
DEEP: Colour = (23, 49, 92)
GREY: Colour = (96, 104, 116)
FAINT: Colour = (200, 205, 213)
LINE: Colour = (96, 118, 156)
HEAD_FILL: Colour = (226, 232, 242)
ZEBRA: Colour = (246, 248, 251)


@dataclass(frozen=True, slots=True)
class Style:
    """How a line of text is set."""

    size: float
    is_bold: bool = False
    colour: Colour = INK

    def faint(self) -> "Style":
        """Return the style for words that stand for nothing."""
        return replace(self, colour=GREY)


TITLE = Style(19, is_bold=True, colour=DEEP)
SECTION = Style(13, is_bold=True, colour=DEEP)
PART = Style(10.5, is_bold=True, colour=DEEP)
SUBPART = Style(8.5, is_bold=True)
LABEL = Style(6.5, colour=GREY)
VALUE = Style(9)
HEAD = Style(7.2, is_bold=True)
CELL = Style(7.8)
NOTE = Style(6.5, colour=GREY)
BANNER = Style(9.5, is_bold=True)
MARGINAL = Style(7, colour=GREY)
