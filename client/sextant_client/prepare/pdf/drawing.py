"""Draws placed pages as PDF; the same pages, fonts and date give the same bytes."""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import CoreFont

from sextant_client.prepare.pdf.flow import Box, Page, Text
from sextant_client.prepare.pdf.fonts import (
    CORE,
    ENCODING,
    Fonts,
    Typeface,
    is_right_to_left,
    needs_shaping,
    variation,
)
from sextant_client.prepare.pdf.style import Style

# A date is part of the format; where none is given, it is the first one there is.
_NO_DATE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CACHED_WIDTHS = 50_000
_STYLES = ("", "B")


@dataclass(frozen=True)
class Properties:
    """What the file says of itself."""

    title: str
    subject: str
    language: str
    date: dt.datetime | None = None


class Sheet:
    """A PDF in the making, with its fonts."""

    def __init__(self, fonts: Fonts) -> None:
        # What fonts lack for our purpose was checked before; its warnings help nobody.
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        self._fonts = fonts
        self._pdf = FPDF(unit="pt", format="A4")
        self._pdf.core_fonts_encoding = ENCODING
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pdf.alias_nb_pages("")  # else `{nb}` in a declaration would print as a number
        self._names = [f"face{index}" for index in range(len(fonts.faces))] or [CORE]
        for index, face in enumerate(fonts.faces):
            # A second variation of a large font loads slowly; beside the first face one will do.
            helps = index > 0 and face.bold is face.regular
            self._add(self._names[index], face, _STYLES if face.has_bold and not helps else ("",))
        self._bold = "B" if not fonts.faces or fonts.faces[0].has_bold else ""
        if not fonts.faces:
            for style in _STYLES:
                self._pdf.set_font(CORE, style, 9)  # registers it
        self._pdf.set_fallback_fonts(self._names[1:], exact_match=False)
        self._advances = {style: self._advance(style) for style in _STYLES}
        self._width = lru_cache(_CACHED_WIDTHS)(self._summed)

    def measure(self, text: str, style: Style) -> float:
        """Return the width of a text, letter by letter: joined letters are never wider."""
        return self._width(text, self._bold if style.is_bold else "") * style.size / 1000

    def draw(
        self, pages: Sequence[Page], properties: Properties, margins: Callable[[int], Page]
    ) -> bytes:
        """Return the file; `margins` gives what stands around the page of a number."""
        pdf = self._pdf
        pdf.set_title(properties.title)
        pdf.set_subject(properties.subject)
        pdf.set_lang(properties.language)
        pdf.set_creator("Sextant")
        pdf.set_creation_date(properties.date or _NO_DATE)
        for number, page in enumerate(pages, start=1):
            pdf.add_page("landscape" if page.is_across else "portrait")
            for title, level in page.marks:
                pdf.start_section(title, level)
            for item in (*page.items, *margins(number).items):
                self._box(item) if isinstance(item, Box) else self._text(item)
        return bytes(pdf.output())

    def _box(self, box: Box) -> None:
        if box.fill is not None:
            self._pdf.set_fill_color(*box.fill)
            self._pdf.rect(box.x, box.y, box.width, box.height, style="F")
        if box.outline is not None:
            self._pdf.set_draw_color(*box.outline)
            self._pdf.set_line_width(0.5)
            self._pdf.rect(box.x, box.y, box.width, box.height, style="D")

    def _text(self, line: Text) -> None:
        text = self._fonts.without_shape(line.text)
        if not text.strip():
            return
        pdf, style = self._pdf, line.style
        pdf.set_font(self._names[0], self._bold if style.is_bold else "", style.size)
        pdf.set_text_color(*style.colour)
        mirrored = bool(self._fonts.faces) and is_right_to_left(text)
        if self._fonts.faces and needs_shaping(text):
            pdf.set_text_shaping(True, direction="rtl" if mirrored else "ltr")
        else:
            pdf.set_text_shaping(False)
        pdf.set_xy(line.x, line.y)
        pdf.cell(
            line.width,
            style.size * 1.2,
            text,
            align="R" if mirrored and line.align == "L" else line.align,
            new_x=XPos.LEFT,
            new_y=YPos.TOP,
        )

    def _add(self, name: str, face: Typeface, styles: Sequence[str]) -> None:
        for style in styles:
            font = face.bold if style else face.regular
            self._pdf.add_font(
                name,
                style,
                font.path,
                variations=variation(font, bold=bool(style)),
                collection_font_number=font.number,
            )

    def _summed(self, text: str, style: str) -> float:
        advance = self._advances[style]
        return sum(advance(character) for character in text)

    def _advance(self, style: str) -> Callable[[str], float]:
        """Return how wide one character is, in thousandths of the size."""
        registered = self._pdf.fonts
        keys = [name.lower() for name in self._names]
        fonts = [registered.get(f"{key}{style}") or registered[key] for key in keys]

        @lru_cache(_CACHED_WIDTHS)
        def advance(character: str) -> float:
            for font in fonts:
                if isinstance(font, CoreFont):
                    return float(font.cw.get(_as_encoded(character), 0))
                if ord(character) in font.cmap:
                    return float(font.cw[ord(character)])
            return 0.0

        return advance


def _as_encoded(character: str) -> str:
    """Return the character by which the core fonts know the width of another."""
    return character.encode(ENCODING, errors="replace").decode("latin-1")
