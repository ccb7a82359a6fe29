"""Who called whom, where it waited, and a scale on which a night leaves room for a second."""

from dataclasses import replace
from itertools import pairwise

from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_client.traces.spans import Link, Span
from sextant_client.traces.story import Row, tell
from sextant_client.traces.svg import picture
from sextant_client.traces.terminal import waterfall
from tests.support.spans import BEGIN, MS, OTHER, STORY, TRACE, span

SVG = "{http://www.w3.org/2000/svg}"
NIGHT = 10 * 3_600_000
SLEPT = (*STORY[:1], replace(STORY[1], start=BEGIN + NIGHT * MS, end=BEGIN + (NIGHT + 120) * MS))


def shape(spans: tuple[Span, ...]) -> list[tuple[str, int]]:
    return [(row.span.id[-1], row.depth) for row in tell(spans).rows]


def row(spans: tuple[Span, ...], number: int) -> Row:
    return next(one for one in tell(spans).rows if one.span.id == f"{number:016x}")


def test_a_span_stands_after_its_caller_and_siblings_by_time() -> None:
    spans = (span(3, 1, 50, 60), span(1, None, 0, 90), span(4, 2, 25, 30), span(2, 1, 20, 40))
    assert shape(spans) == [("1", 0), ("2", 1), ("4", 2), ("3", 1)]


def test_a_span_whose_caller_is_elsewhere_says_so() -> None:
    assert row((span(2, 1, 0, 9),), 2).is_cut_off
    assert not row(STORY, 2).is_cut_off
    assert "its caller's span is not here" in waterfall(tell((span(2, 1, 0, 9),)), 120)[4]


def test_spans_that_call_each_other_in_a_circle_are_drawn_once() -> None:
    circle = (span(1, 3, 0, 9), span(2, 1, 1, 8), span(3, 2, 2, 7), span(4, 4, 3, 4))
    assert sorted(number for number, _ in shape(circle)) == ["1", "2", "3", "4"]


def test_a_wait_is_the_time_in_which_nobody_worked_on_it() -> None:
    assert row(STORY, 2).waited == 220 * MS
    assert row(STORY, 3).waited == 0
    assert "waited 220 ms" in "\n".join(waterfall(tell(STORY), 120))


def test_a_late_retry_in_a_trace_of_its_own_waited_since_what_it_links_to() -> None:
    late = span(5, None, 900, 950, trace=OTHER, links=(Link(trace=TRACE, span=f"{2:016x}"),))
    story = tell((*STORY, late))
    assert story.traces == [TRACE, OTHER]
    assert row((*STORY, late), 5).waited == 480 * MS
    text = "\n".join(waterfall(story, 120))
    assert f"trace {OTHER}" in text
    assert "see trace 0af76519…" in text


def test_a_night_is_drawn_short_and_told_in_words() -> None:
    story = tell(SLEPT)
    assert [cut.end - cut.start for cut in story.cuts] == [NIGHT * MS - 80 * MS]
    assert story.worked == 200 * MS
    assert story.place(SLEPT[1].start) < 0.5
    text = "\n".join(waterfall(story, 120))
    assert "waited 10.0 h" in text
    assert "drawn short: 10.0 h" in text
    assert "10:00:00.000" in text


@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(0, 10**4)),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=50, deadline=None)
def test_the_scale_never_goes_back_and_ends_where_the_story_does(
    times: list[tuple[int, int]],
) -> None:
    spans = [span(n, None, at, at + took) for n, (at, took) in enumerate(times, start=1)]
    story = tell(spans)
    instants = sorted({one.start for one in spans} | {one.end for one in spans})
    places = [story.place(at) for at in instants]
    assert all(before <= after for before, after in pairwise(places))
    assert places[0] == 0
    assert len(instants) == 1 or abs(places[-1] - 1) < 1e-9
    for line in waterfall(story, 80):
        assert len(line) < 120


def test_what_another_program_named_steers_no_terminal_and_no_picture() -> None:
    name = "\x1b[31m<script>alert(1)</script>\x00&\u202e"
    story = tell((replace(STORY[0], name=name, service="a\x1b]0;b\x07"),))
    text = "\n".join(waterfall(story, 120))
    assert "\x1b" not in text
    assert "\u202e" not in text
    drawn = picture(story, "trace")
    assert "<script" not in drawn
    fromstring(drawn)


def test_the_picture_says_in_words_what_it_shows() -> None:
    drawn = picture(tell(STORY), f"Trace {TRACE}")
    root = fromstring(drawn)
    assert root.get("role", "").startswith("graphics-document")
    named = {one.get("id"): one.text or "" for one in root if one.get("id")}
    assert named["title"] == f"Trace {TRACE}"
    assert "process verification waited 220 ms" in named["desc"]
    assert "exchange, declarations, audit" in named["desc"]
    labels = [one.get("aria-label", "") for one in root.iter(f"{SVG}g")]
    assert labels[1] == (
        "declarations: process verification, begins 300 ms, takes 120 ms, waited 220 ms,"
        " see trace 00000000…"
    )
    assert "error" in labels[2]
    assert "prefers-color-scheme:dark" in drawn
    assert picture(tell(STORY), f"Trace {TRACE}") == drawn


def test_nothing_in_the_picture_runs_fetches_or_links() -> None:
    root = fromstring(picture(tell(SLEPT), "trace"))
    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "text", "line", "g"}
    assert not [n for one in root.iter() for n in one.attrib if n.startswith("on") or "href" in n]
    assert "url(" not in "".join(one.text or "" for one in root.iter(f"{SVG}style"))
