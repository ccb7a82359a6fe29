"""Makes small fonts, each glyph a box whose width tells which glyph it is."""

from collections.abc import Iterable
from pathlib import Path

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString  # type: ignore[import-untyped]
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]

LATIN = [chr(code) for code in (*range(0x20, 0x7F), 0xA0, 0xE9, 0xF6)]
BEH = "\u0628"
# Widths of the forms of one joining letter.
ALONE, FIRST, MIDDLE, LAST = 1000, 310, 220, 430
_FORMS = {"beh": ALONE, "beh.init": FIRST, "beh.medi": MIDDLE, "beh.fina": LAST}
_JOINING = """
languagesystem DFLT dflt; languagesystem arab dflt;
feature init { sub beh by beh.init; } init;
feature medi { sub beh by beh.medi; } medi;
feature fina { sub beh by beh.fina; } fina;
"""


def make_font(
    path: Path,
    *,
    characters: Iterable[str] = LATIN,
    family: str = "Boxes",
    weight: int = 400,
    joins: bool = False,
) -> Path:
    """Write a font with these characters; one that joins has the forms of an Arabic letter too."""
    widths = {".notdef": 500} | {f"u{ord(c):04X}": 550 for c in characters if c != BEH}
    cmap = {ord(c): f"u{ord(c):04X}" for c in characters if c != BEH}
    if joins:
        widths |= _FORMS
        cmap[ord(BEH)] = "beh"
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(widths))
    builder.setupCharacterMap(cmap)
    builder.setupGlyf({name: _box(width) for name, width in widths.items()})
    builder.setupHorizontalMetrics({name: (width, 0) for name, width in widths.items()})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable(
        {"familyName": family, "styleName": "Bold" if weight > 500 else "Regular"}
    )
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWeightClass=weight)
    builder.setupPost()
    if joins:
        addOpenTypeFeaturesFromString(builder.font, _JOINING)
    builder.save(path)
    return path


def _box(width: int) -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 500), (width - 50, 500), (width - 50, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()
