"""Lines, rows and pages: nothing is cut off, and tables go on with their heads."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_client.prepare.pdf.breaking import lines_of
from sextant_client.prepare.pdf.content import Column, Fact, Facts, Part, Section, Table
from sextant_client.prepare.pdf.flow import BOTTOM, MARGIN, TOP, Box, Flow, Text
from sextant_client.prepare.pdf.style import VALUE, Style
from sextant_client.prepare.pdf.wording import Shown


def measure(text: str, style: Style) -> float:
    return len(text) * style.size * 0.5


def flow(*blocks: Any) -> Flow:
    placed = Flow(measure, max_pages=1000)
    placed.title("above", "title", "below")
    placed.section(Section("Section", list(blocks)))
    return placed


def table(rows: int, columns: int = 3, cell: str = "cell") -> Table:
    names = [Column(f"column {index}") for index in range(columns)]
    return Table("", names, [[Shown(f"{cell} {n}")] * columns for n in range(rows)])


def texts(placed: Flow, page: int) -> list[str]:
    return [item.text for item in placed.pages[page].items if isinstance(item, Text)]


def test_a_table_goes_on_on_the_next_page_with_its_head() -> None:
    placed = flow(table(400))
    assert len(placed.pages) > 3
    for number in range(len(placed.pages)):
        assert texts(placed, number).count("column 0") == 1
    shown = [line for number in range(len(placed.pages)) for line in texts(placed, number)]
    for row in range(400):
        assert shown.count(f"cell {row}") == 3


def test_no_row_is_torn_unless_it_is_taller_than_a_page() -> None:
    rows = [[Shown("\n".join(f"r{n}l{line}" for line in range(7)))] for n in range(80)]
    placed = flow(Table("", [Column("c")], rows))
    for number in range(len(placed.pages)):
        shown = set(texts(placed, number))
        for n in range(80):
            lines = {f"r{n}l{line}" for line in range(7)}
            assert lines <= shown or not lines & shown


def test_a_row_taller_than_a_page_loses_no_line() -> None:
    cell = Shown("\n".join(f"line {n}" for n in range(500)))
    for block in (Table("", [Column("c")], [[cell]]), Facts("", [Fact("f", cell)])):
        placed = flow(block)
        shown = [line for number in range(len(placed.pages)) for line in texts(placed, number)]
        assert [line for line in shown if line.startswith("line ")] == cell.text.split("\n")


def test_a_wide_table_stands_across_and_what_follows_need_not() -> None:
    placed = flow(table(3, columns=10, cell="x" * 20))
    assert [page.is_across for page in placed.pages] == [False, True]
    placed.section(Section("Words", [Facts("", [Fact("a", Shown("b"))])]))
    assert len(placed.pages) == 2
    placed.section(Section("Narrow", [table(2)]))
    assert [page.is_across for page in placed.pages] == [False, True, False]


@given(
    st.lists(
        st.one_of(
            st.integers(0, 60).map(table),
            st.integers(1, 12).map(lambda n: table(5, columns=n, cell="word " * n)),
            st.text("ab \n", max_size=300).map(lambda t: Facts("t", [Fact("f", Shown(t))] * 5)),
            st.text("ab ", min_size=1, max_size=200).map(lambda t: Part(t, 1)),
        ),
        max_size=8,
    )
)
def test_nothing_is_ever_placed_outside_the_page_or_over_its_margins(blocks: list[Any]) -> None:
    placed = flow(*blocks)
    for page in placed.pages:
        for item in page.items:
            height = item.height if isinstance(item, Box) else item.style.size
            assert item.x >= MARGIN - 0.01
            assert item.x + item.width <= page.width - MARGIN + 0.01
            assert item.y >= TOP - 0.01
            assert item.y + height <= page.height - BOTTOM + 4


def test_a_title_does_not_stand_alone_at_the_end_of_a_page() -> None:
    for rows in range(1, 60):
        placed = flow(table(rows), Part("the part", 1), Facts("", [Fact("label", Shown("v"))]))
        (page,) = (n for n in range(len(placed.pages)) if "the part" in texts(placed, n))
        assert "label" in texts(placed, page)
        placed = flow(table(rows), replace(table(2), title="the table"))
        (page,) = (n for n in range(len(placed.pages)) if "the table" in texts(placed, n))
        assert texts(placed, page).count("cell 1") >= 3


def test_in_a_full_table_short_words_stay_whole_and_the_widest_are_cut() -> None:
    names = [Column("category"), *(Column("x" * 30) for _ in range(11))]
    placed = flow(Table("", names, [[Shown("1")] * 12]))
    shown = [line for number in range(len(placed.pages)) for line in texts(placed, number)]
    assert "category" in shown
    assert "x" * 30 not in shown


@given(st.text("ab -\u4e2d\u0301", max_size=120), st.floats(12, 200))
def test_breaking_lines_loses_nothing_but_spaces(text: str, width: float) -> None:
    lines = lines_of(text, width, VALUE, measure)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text("abc \u4e2d", max_size=120), st.floats(12, 200))
def test_no_line_is_wider_than_it_may_be(text: str, width: float) -> None:
    for line in lines_of(text, width, VALUE, measure):
        assert measure(line, VALUE) <= width


def test_ideographs_break_anywhere_and_words_at_spaces() -> None:
    assert lines_of("\u4e2d" * 10, VALUE.size * 2, VALUE, measure) == ["\u4e2d" * 4] * 2 + [
        "\u4e2d" * 2
    ]
    assert lines_of("ab cd ef", VALUE.size * 2.5, VALUE, measure) == ["ab cd", "ef"]


@pytest.mark.parametrize("first", ["\u0628\u0628", "ab"])
def test_every_line_of_a_paragraph_keeps_its_direction(first: str) -> None:
    other = "ab" if first != "ab" else "\u0628\u0628"
    lines = lines_of(f"{first} {other * 30} {first}", 60, VALUE, measure)
    mark = "\u200f" if first != "ab" else "\u200e"
    assert all(line.startswith((first[0], mark)) for line in lines)
