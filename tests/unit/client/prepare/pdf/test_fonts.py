"""Fonts are chosen by what they cover; writing that joins is shaped, what none covers refused."""

import io
import json
import re
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
from sextant_client.prepare.pdf.printing import as_pdf
from sextant_shared.errors import Code, PlatformError
from tests.support import pdfs
from tests.support.fonts import BEH, FIRST, LAST, MIDDLE, make_font

SITE: dict[str, Any] = json.loads(
    (Path(__file__).parents[5] / "examples/NA-XAL/s2-site-2025.json").read_text()
)
HAN = "\u4e2d"


@pytest.fixture
def latin(tmp_path: Path) -> Path:
    return make_font(tmp_path / "latin.ttf")


@pytest.fixture
def arabic(tmp_path: Path) -> Path:
    return make_font(tmp_path / "arabic.ttf", characters=[" "], family="Joining", joins=True)


@pytest.fixture
def han(tmp_path: Path) -> Path:
    return make_font(tmp_path / "han.ttf", characters=[HAN], family="Han")


def names(fonts: Fonts) -> list[str]:
    return [face.regular.path.stem for face in fonts.faces]


def test_only_the_fonts_that_are_needed_are_chosen(latin: Path, arabic: Path, han: Path) -> None:
    assert names(choose([arabic, han, latin], "abc")) == ["latin"]
    assert names(choose([arabic, han, latin], f"abc{HAN}")) == ["latin", "han"]
    assert set(names(choose([arabic, han, latin], f"abc{HAN}{BEH}"))) == {"latin", "han", "arabic"}


def test_a_folder_gives_its_fonts_and_ignores_what_is_none(tmp_path: Path, latin: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    (tmp_path / "read.me").write_text("x")
    assert names(choose([tmp_path], "abc")) == ["latin"]
    assert latin.parent == tmp_path


def test_titles_are_bold_where_the_family_has_a_bold_font(tmp_path: Path, latin: Path) -> None:
    (face,) = choose([latin], "abc").faces
    assert face.bold == face.regular
    make_font(tmp_path / "bold.ttf", weight=700)
    (face,) = choose([tmp_path], "abc").faces
    assert (face.regular.path.stem, face.bold.path.stem) == ("latin", "bold")


def test_a_font_of_a_collection_is_found(tmp_path: Path, latin: Path, han: Path) -> None:
    collection = TTCollection()
    collection.fonts = [TTFont(latin), TTFont(han)]
    folder = tmp_path / "collections"
    folder.mkdir()
    collection.save(folder / "all.ttc")
    fonts = choose([folder], f"abc{HAN}")
    assert [face.regular.number for face in fonts.faces] == [0, 1]
    pdf = as_pdf({**SITE, "note": HAN}, Extras(fonts=[folder]))
    assert len(embedded(pdf)) == 2


def test_fonts_without_latin_letters_cannot_print_the_labels(han: Path) -> None:
    with pytest.raises(PlatformError, match="Latin letters") as caught:
        choose([han], HAN)
    assert caught.value.received == "Han"


def test_a_font_that_is_not_there_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        choose([tmp_path / "none.ttf"], "a")
    assert caught.value.code is Code.NOT_FOUND
    (tmp_path / "text.ttf").write_text("hello")
    with pytest.raises(PlatformError, match="no font that can be read"):
        choose([tmp_path / "text.ttf"], "a")


def test_what_no_font_covers_is_named(latin: Path, han: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        as_pdf({**SITE, "note": f"{HAN}\u0416"}, Extras(fonts=[latin, han]))
    (finding,) = caught.value.findings
    assert finding.pointer == "/note"
    assert "U+0416" in finding.message
    assert "U+4E2D" not in finding.message
    assert "Boxes, Han" in finding.expected


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
    fonts = choose([], "abc")
    assert fonts.missing("Größe © \u2013 \u201cŠ\u201d \u20ac") == []
    assert fonts.missing("a\u0160\u0108\x81\x90") == ["\u0108", "\x81", "\x90"]
    note = "10 \u2013 20 \u20ac, \u201cŠkoda\u201d"
    assert note in pdfs.text(as_pdf({**SITE, "note": note})).split("\n")
