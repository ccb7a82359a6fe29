"""Which fonts print a text, and which of its characters none of them can.

The fonts that every PDF reader has print Western European writing. All else is printed in fonts
that are named, then in our own, which are embedded; what no font covers is refused, and never
printed as something else.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fontTools.ttLib import (  # type: ignore[import-untyped]  # it ships no types
    TTCollection,
    TTFont,
    TTLibError,
)

from sextant_shared.errors import Code, PlatformError

CORE = "Helvetica"
_ENDINGS = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_COLLECTIONS = frozenset({".ttc", ".otc"})
_REGULAR, _BOLD, _LIGHTEST_BOLD = 400, 700, 600
_WEIGHT = "wght"
_LINE_ENDS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# Joiners, marks of direction and isolates: they have no shape, and tell how the rest is shaped.
_SHAPELESS = frozenset("\u061c\u200b\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069\ufeff")
# Embeddings and overrides of direction: what is printed could be read as something else.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")


@dataclass(frozen=True)
class FontFile:
    """One font: a file, or one font of a collection."""

    path: Path
    number: int
    family: str
    weight: int
    is_upright: bool
    is_variable: bool
    covers: frozenset[int]

    @property
    def is_bold(self) -> bool:
        """Whether it is made for bold text."""
        return not self.is_variable and self.weight >= _LIGHTEST_BOLD


@dataclass(frozen=True)
class Typeface:
    """A font with its bold companion, which may be the same where there is none."""

    regular: FontFile
    bold: FontFile

    @property
    def has_bold(self) -> bool:
        """Whether bold text is set in a font, or a variation, of its own."""
        return self.bold is not self.regular or self.regular.is_variable


@dataclass(frozen=True)
class Fonts:
    """The typefaces to print with, the first for whatever it covers; none: the core fonts."""

    faces: tuple[Typeface, ...] = ()
    tried: tuple[str, ...] = ()

    @cached_property
    def covers(self) -> frozenset[int]:
        """The code points that can be printed."""
        if not self.faces:
            return _WESTERN
        regular = frozenset[int]().union(*(face.regular.covers for face in self.faces))
        return regular - frozenset(range(0x20))

    def missing(self, text: str) -> list[str]:
        """Return the characters of a prepared text that cannot be printed, each once."""
        return [c for c in dict.fromkeys(text) if not self._prints(c)]

    def _prints(self, character: str) -> bool:
        if character in _OVERRIDES:
            return False
        return character in _SHAPELESS or character == "\n" or ord(character) in self.covers

    def without_shape(self, text: str) -> str:
        """Return a text without the characters that only shaping understands."""
        return text if self.faces else "".join(c for c in text if c not in _SHAPELESS)


ENCODING = "cp1252"  # of the core fonts (PDF 1.7, annex D: WinAnsiEncoding)
_WESTERN = frozenset(
    ord(character)
    for byte in (*range(0x20, 0x7F), *range(0x80, 0x100))
    for character in bytes([byte]).decode(ENCODING, errors="ignore")
)


def prepared(text: str) -> str:
    """Return a text as it is printed: composed, with one sort of line end, tabs as spaces."""
    composed = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text))
    return composed.replace("\t", "    ")


def needs_shaping(text: str) -> bool:
    """Whether a text is more than its characters side by side: joined, stacked, right to left."""
    return any(ord(c) >= _FIRST_SHAPED and not _is_ideograph(c) for c in text)


def is_right_to_left(text: str) -> bool:
    """Whether the first strong character of a text is of right-to-left writing (UAX #9, P2)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def choose(places: Sequence[Path], characters: Iterable[str], own: Callable[[], Path]) -> Fonts:
    """Return the fonts that print these characters, as few as do.

    Those of `places`, files and folders, come first. Our `own` help out where they have no letter,
    and labels need Latin ones. Without named fonts, the core fonts do where they can.

    Raises:
        PlatformError: `E_NOT_FOUND` when a place is not there, `E_MALFORMED` when it is a file and
            no font that can be read.
    """
    needed = {ord(c) for c in characters} - {ord(c) for c in _SHAPELESS} - {ord("\n")}
    if not places and needed <= _WESTERN:
        return Fonts(tried=(CORE,))
    files = [font for place in places for font in _fonts_of(place)]
    if (needed | _ASCII).difference(*(font.covers for font in _plain(files))):
        files += _fonts_of(own())
    plain = _plain(files)
    tried = tuple(dict.fromkeys(font.family for font in plain))
    first = next(font for font in plain if font.covers >= _ASCII)
    chosen, rest = [first], needed - first.covers
    while rest:
        best = max(plain, key=lambda font: len(rest & font.covers))
        if not rest & best.covers:
            break
        chosen.append(best)
        rest -= best.covers
    return Fonts(tuple(Typeface(font, _bold(font, files)) for font in chosen), tried)


def _plain(files: Iterable[FontFile]) -> list[FontFile]:
    return [font for font in files if font.is_upright and not font.is_bold]


def _bold(font: FontFile, files: Sequence[FontFile]) -> FontFile:
    """Return the bold font of the same family, if it covers as much."""
    if font.is_variable:
        return font
    bolds = (f for f in files if f.family == font.family and f.is_bold and f.is_upright)
    wide = [bold for bold in bolds if bold.covers >= font.covers & _ASCII]
    return min(wide, key=lambda bold: abs(bold.weight - _BOLD), default=font)


def _fonts_of(place: Path) -> Iterator[FontFile]:
    """Yield the fonts of a file, or of the files of a folder, by name."""
    if place.is_dir():
        inside = sorted(path for path in place.rglob("*") if path.suffix.lower() in _ENDINGS)
        for path in inside:
            try:
                yield from _read(path)
            except (TTLibError, OSError, KeyError):
                continue  # a folder may hold what is no font, in spite of its name
        return
    try:
        yield from _read(place)
    except OSError as error:
        raise PlatformError(
            Code.NOT_FOUND, f"cannot read the font {place}", fix="Name a font file or a folder."
        ) from error
    except (TTLibError, KeyError) as error:
        raise PlatformError(
            Code.MALFORMED,
            f"{place.name} is no font that can be read",
            expected=", ".join(sorted(_ENDINGS)),
            received=str(error)[:80],
            fix="Name a TrueType or OpenType font, or a folder with some.",
        ) from error


def _read(path: Path) -> Iterator[FontFile]:
    with path.open("rb") as stream:
        count = 1
        if path.suffix.lower() in _COLLECTIONS:
            count = len(TTCollection(stream, lazy=True))
        for number in range(count):
            yield _described(path, number, TTFont(stream, fontNumber=number, lazy=True))


def _described(path: Path, number: int, font: TTFont) -> FontFile:
    names, style = font["name"], font["OS/2"]
    family = names.getDebugName(16) or names.getDebugName(1) or path.stem
    axes = [axis.axisTag for axis in font["fvar"].axes] if "fvar" in font else []
    italic = bool(style.fsSelection & 1) or "italic" in path.stem.lower()
    return FontFile(
        path=path,
        number=number,
        family=family,
        weight=style.usWeightClass,
        is_upright=not italic,
        is_variable=_WEIGHT in axes,
        covers=frozenset(font.getBestCmap() or ()),
    )


def variation(font: FontFile, *, bold: bool) -> dict[str, float] | None:
    """Return where on its axis of weight a variable font stands."""
    return {_WEIGHT: float(_BOLD if bold else _REGULAR)} if font.is_variable else None


_ASCII = frozenset(range(0x20, 0x7F))
_FIRST_SHAPED = 0x0300  # combining marks; what is below stands side by side
_IDEOGRAPHS = ((0x2E80, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
_PLANES_OF_IDEOGRAPHS = range(0x20000, 0x40000)
_SIDE_BY_SIDE = ((0x0370, 0x0482), (0x048A, 0x052F), (0x2010, 0x2027), (0x2030, 0x205E))


def _is_ideograph(character: str) -> bool:
    """Whether a character stands alone in its square, or is a letter that joins no other."""
    code = ord(character)
    ranges = (*_IDEOGRAPHS, *_SIDE_BY_SIDE)
    return code in _PLANES_OF_IDEOGRAPHS or any(first <= code <= last for first, last in ranges)


def breaks_anywhere(character: str) -> bool:
    """Whether a line may end before and after a character, as between ideographs."""
    code = ord(character)
    return code in _PLANES_OF_IDEOGRAPHS or any(a <= code <= b for a, b in _IDEOGRAPHS)
