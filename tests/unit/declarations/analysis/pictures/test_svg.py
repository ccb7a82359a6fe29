import csv
import io

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.analysis.pictures.svg import document, element, escaped
from sextant_declarations.analysis.pictures.table import Table
from sextant_shared.errors import PlatformError


@pytest.mark.parametrize("tag", ["script", "style", "image", "a", "use", "foreignObject"])
def test_what_could_run_fetch_or_link_is_no_element_of_a_picture(tag: str) -> None:
    with pytest.raises(PlatformError, match="no element"):
        element(tag)


@pytest.mark.parametrize("name", ["onload", "href", "style", "xlink_href"])
def test_what_could_run_fetch_or_link_is_no_attribute_of_a_picture(name: str) -> None:
    with pytest.raises(PlatformError, match="no attribute"):
        element("rect", **{name: "x"})


@pytest.mark.parametrize("paint", ["url(https://x.test/)", "URL( 'a' )", "url(file#hatch)"])
def test_a_paint_from_elsewhere_is_refused(paint: str) -> None:
    with pytest.raises(PlatformError, match="own paints"):
        element("rect", fill=paint)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_coordinate_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(PlatformError, match="finite"):
        element("rect", x=value)


@given(st.text(), st.text())
def test_any_text_is_read_back_and_never_becomes_an_element(title: str, text: str) -> None:
    body = (element("text", text=text, x=1, y=2),)
    svg = document(9, 9, title=title, description="d", body=body)
    root = ElementTree.fromstring(svg.encode("utf-8", "surrogatepass"))
    names = [child.tag.rpartition("}")[2] for child in root.iter()]
    assert names == ["svg", "title", "desc", "rect", "text"]
    assert "<script" not in escaped(text)


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1"])
def test_no_cell_of_the_table_is_computed_by_a_spreadsheet(start: str) -> None:
    rows = list(csv.reader(io.StringIO(Table("t", ("a",), ((start,),)).csv(), newline="")))
    assert rows[1] == [f"'{start}"]


def test_html_of_the_table_shows_markup_as_text() -> None:
    html = Table("<b>", ("a&b",), (("<script>",),)).html()
    assert "<caption>&lt;b&gt;</caption>" in html
    assert "<td>&lt;script&gt;</td>" in html
