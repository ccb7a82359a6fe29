"""`sextant ops trace`: from an id to the waterfall, in the terminal, as JSON and as a picture."""

import json
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from tests.support.command import sextant
from tests.support.spans import ENVELOPE, STORY, TRACE, span


@pytest.fixture
def spans(tmp_path: Path) -> Path:
    """A folder of spans, with those of another declaration among them."""
    folder = tmp_path / "traces"
    folder.mkdir()
    others = span(8, None, 0, 10, trace=f"{8:032x}")
    lines = [json.dumps(one.as_line()) + "\n" for one in (*STORY, others)]
    (folder / "exchange.jsonl").write_text("".join(lines))
    return folder


def test_without_a_place_of_spans_nothing_is_guessed() -> None:
    done = sextant("ops", "trace", TRACE)
    assert done.status == 3
    assert "SEXTANT_TRACES" in done.stderr


def test_an_id_of_nothing_is_refused(spans: Path) -> None:
    done = sextant("ops", "trace", "NA-XAL", "--from", spans)
    assert done.status == 3
    assert "32 hex digits" in done.stderr


def test_what_was_not_recorded_is_told_with_why_that_may_be(spans: Path) -> None:
    done = sextant("ops", "trace", f"{9:032x}", "--from", spans)
    assert done.status == 3
    assert "TRACE_SAMPLE_RATIO" in done.stderr


@pytest.mark.parametrize("id_", [TRACE, ENVELOPE])
def test_one_declaration_is_drawn_by_either_of_its_ids(
    id_: str, spans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEXTANT_TRACES", str(spans))
    shown = sextant("ops", "trace", id_)
    assert shown.status == 0
    assert shown.stdout.startswith(f"trace {TRACE}\n3 spans, 3 services, 420 ms from first")
    assert [one["span_id"] for one in sextant("ops", "trace", id_, "--json").json()["spans"]] == [
        one.id for one in STORY
    ]


def test_the_picture_is_written_beside(spans: Path, tmp_path: Path) -> None:
    picture = tmp_path / "waterfall.svg"
    done = sextant("ops", "trace", ENVELOPE, "--from", spans, "--svg", picture)
    assert done.stdout.endswith(f"Wrote {picture}.\n")
    assert fromstring(picture.read_text()).tag.endswith("svg")
