"""Fonts are chosen by what they cover; writing that joins is shaped, what none covers refused."""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]

from sextant_client.prepare.pdf.fonts import (
    Fonts,
    choose,
    is_right_to_left,
    needs_shaping,
    prepared,
)
from sextant_client.prepare.pdf.front import Extras
from sextant_client.prepare.pdf.own import own_fonts
from sextant_client.prepare.pdf.printing import as_pdf
from sextant_shared.errors import Code, PlatformError
from tests.support import pdfs
from tests.support.fonts import BEH, FIRST, LAST, MIDDLE, make_font

SITE: dict[str, Any] = json.loads(
    (Path(__file__).parents[5] / "examples/NA-XAL/s2-site-2025.json").read_text()
)
HAN, KA, ZHE = "\u4e2d", "\u0f40", "\u0416"  # KA: Tibetan, which our font lacks
RUSSIAN = "Производство: не менее 95 % по массе"
ARABIC = "إعلان سنوي عن موقع المصنع"
GREEK = "Ετήσια δήλωση"


@pytest.fixture
def latin(tmp_path: Path) -> Path:
    return make_font(tmp_path / "latin.ttf")


@pytest.fixture
def arabic(tmp_path: Path) -> Path:
    return make_font(tmp_path / "arabic.ttf", characters=[" "], family="Joining", joins=True)


@pytest.fixture
def han(tmp_path: Path) -> Path:
    return make_font(tmp_path / "han.ttf", characters=[HAN], family="Han")


def chosen(places: Sequence[Path], text: str) -> Fonts:
    """Return the fonts of places and our own that print a text."""
    with own_fonts() as own:
        return choose(places, text, own)


def names(fonts: Fonts) -> list[str]:
    return [face.regular.path.stem for face in fonts.faces]


def test_only_the_fonts_that_are_needed_are_chosen(latin: Path, arabic: Path, han: Path) -> None:
    assert names(chosen([arabic, han, latin], "abc")) == ["latin"]
    assert names(chosen([arabic, han, latin], f"abc{HAN}")) == ["latin", "han"]
    assert set(names(chosen([arabic, han, latin], f"abc{HAN}{BEH}"))) == {"latin", "han", "arabic"}


def test_a_folder_gives_its_fonts_and_ignores_what_is_none(tmp_path: Path, latin: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    (tmp_path / "read.me").write_text("x")
    assert names(chosen([tmp_path], "abc")) == ["latin"]
    assert latin.parent == tmp_path


def test_titles_are_bold_where_the_family_has_a_bold_font(tmp_path: Path, latin: Path) -> None:
    (face,) = chosen([latin], "abc").faces
    assert face.bold == face.regular
    make_font(tmp_path / "bold.ttf", weight=700)
    (face,) = chosen([tmp_path], "abc").faces
    assert (face.regular.path.stem, face.bold.path.stem) == ("latin", "bold")


def test_a_font_of_a_collection_is_found(tmp_path: Path, latin: Path, han: Path) -> None:
    collection = TTCollection()
    collection.fonts = [TTFont(latin), TTFont(han)]
    folder = tmp_path / "collections"
    folder.mkdir()
    collection.save(folder / "all.ttc")
    fonts = chosen([folder], f"abc{HAN}")
    assert [face.regular.number for face in fonts.faces] == [0, 1]
    pdf = as_pdf({**SITE, "note": HAN}, Extras(fonts=[folder]))
    assert len(embedded(pdf)) == 2


def test_our_font_helps_out_where_the_named_fonts_have_no_letter(latin: Path, han: Path) -> None:
    assert names(chosen([latin], f"abc{ZHE}")) == ["latin", "FiraGO_Regular"]
    assert names(chosen([han], HAN)) == ["FiraGO_Regular", "han"]
    assert names(chosen([han, latin], HAN)) == ["latin", "han"]


def test_a_font_that_is_not_there_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        chosen([tmp_path / "none.ttf"], "a")
    assert caught.value.code is Code.NOT_FOUND
    (tmp_path / "text.ttf").write_text("hello")
    with pytest.raises(PlatformError, match="no font that can be read"):
        chosen([tmp_path / "text.ttf"], "a")


def test_what_no_font_covers_is_named(latin: Path, han: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        as_pdf({**SITE, "note": f"{HAN}{KA}"}, Extras(fonts=[latin, han]))
    (finding,) = caught.value.findings
    assert finding.pointer == "/note"
    assert "U+0F40" in finding.message
    assert "U+4E2D" not in finding.message
    assert "Boxes, Han, FiraGO" in finding.expected


def embedded(pdf: bytes) -> list[TTFont]:
    return [TTFont(io.BytesIO(one)) for one in pdfs.streams(pdf) if one[:4] == b"\x00\x01\x00\x00"]


def test_arabic_is_printed_joined_from_right_to_left(latin: Path, arabic: Path) -> None:
    pdf = as_pdf({**SITE, "note": BEH * 3}, Extras(fonts=[latin, arabic]))
    # As drawn, from the left: the last letter first, each in the form that its place asks for.
    assert widths_drawn(pdf, font=2) == [LAST, MIDDLE, FIRST]


def widths_drawn(pdf: bytes, font: int) -> list[int]:
    """Return how wide each glyph of the one line is that is set in a typeface."""
    content = b"".join(one for one in pdfs.streams(pdf) if b"BT" in one)
    (line,) = re.findall(rb"/F%d [\d.]+ Tf \((.*?)\) Tj" % font, content, re.DOTALL)
    table = re.findall(rb"/W \[ 0 \[ ([\d ]+) \]", pdf)[-1].split()
    return [int(table[int.from_bytes(line[at : at + 2])]) for at in range(0, len(line), 2)]


def test_the_same_fonts_give_the_same_bytes(latin: Path, arabic: Path) -> None:
    extras = Extras(fonts=[latin, arabic])
    document = {**SITE, "note": f"abc {BEH}"}
    assert as_pdf(document, extras) == as_pdf(document, extras)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("Größe 12 t", ""),
        ("Тонна", ""),
        (HAN, ""),
        (f"12 {BEH}", "shaped mirrored"),
        (f"a {BEH}", "shaped"),
        ("e\u0301\u0323", "shaped"),
        ("\u0939\u093f", "shaped"),
    ],
)
def test_text_is_shaped_where_letters_depend_on_one_another(text: str, how: str) -> None:
    assert needs_shaping(text) is ("shaped" in how)
    assert is_right_to_left(text) is ("mirrored" in how)


def test_line_ends_tabs_and_accents_are_prepared_for_print() -> None:
    assert prepared("a\r\nb\u2028c\x85d\te\u0301") == "a\nb\nc\nd    \xe9"


def test_the_fonts_of_every_reader_print_western_writing_and_nothing_else() -> None:
    fonts = chosen([], "abc")
    assert fonts.faces == ()
    assert fonts.missing("Größe © \u2013 \u201cŠ\u201d \u20ac") == []
    assert fonts.missing("a\u0160\u0108\x81\x90") == ["\u0108", "\x81", "\x90"]
    note = "10 \u2013 20 \u20ac, \u201cŠkoda\u201d"
    assert note in pdfs.text(as_pdf({**SITE, "note": note})).split("\n")


@pytest.mark.parametrize("note", [RUSSIAN, ARABIC, GREEK, "Ĉe la ejo ≤ 1 t"])
def test_what_the_fonts_of_every_reader_lack_is_printed_in_our_own(note: str) -> None:
    pdf = as_pdf({**SITE, "note": note})
    assert len(embedded(pdf)) == 2
    assert set(note) - found_in(pdf) == set()
    assert as_pdf({**SITE, "note": note}) == pdf


def found_in(pdf: bytes) -> set[str]:
    """Return the characters that a reader finds in what embedded fonts drew."""
    tables = (one for one in pdfs.streams(pdf) if b"begincmap" in one)
    found = (re.findall(rb"<[0-9A-F]{4}> <([0-9A-F]{4})>", table) for table in tables)
    return {chr(int(code, 16)) for codes in found for code in codes}


def test_our_font_joins_arabic_and_sets_it_bold_in_titles() -> None:
    fonts = chosen([], f"{RUSSIAN}{ARABIC}{GREEK}")
    (face,) = fonts.faces
    assert (face.regular.path.stem, face.bold.path.stem) == ("FiraGO_Regular", "FiraGO_Bold")
    assert fonts.missing(RUSSIAN + ARABIC + GREEK) == []
    alone, joined = (glyphs(as_pdf({**SITE, "note": text})) for text in (BEH, BEH * 3))
    assert joined >= alone + 2, "three forms of one letter, each of one glyph or more"


def glyphs(pdf: bytes) -> int:
    regular, _bold = embedded(pdf)
    return len(regular.getGlyphOrder())


def test_chinese_is_refused_with_what_to_do() -> None:
    with pytest.raises(PlatformError, match="cannot print") as caught:
        as_pdf({**SITE, "note": HAN})
    (finding,) = caught.value.findings
    assert (finding.pointer, finding.expected) == ("/note", "characters of FiraGO")
    assert "--font PATH" in caught.value.fix
    assert "--font PATH" in finding.fix


def test_our_fonts_are_gone_when_the_print_is_made() -> None:
    with own_fonts() as own:
        folder = own()
        assert own() is folder
        assert len(list(folder.iterdir())) == 2
    assert not folder.exists()
