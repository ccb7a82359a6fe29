"""What is shown while a large envelope moves: a bar on a terminal, one line else, or nothing."""

import io

import pytest

from sextant_client.cli.moving import SHOWN_FROM_BYTES, moving
from sextant_client.cli.output import Output

TOTAL = 8 * SHOWN_FROM_BYTES


def shown(*, as_json: bool = False, total: int = TOTAL) -> str:
    output = Output(as_json=as_json)
    written = io.StringIO()
    output.console.file = written
    with moving(output, "Sending", "Sent") as told:
        for done in range(total // 4, total + 1, total // 4):
            told(done, total)
    return written.getvalue()


def test_with_json_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(as_json=True) == ""
    assert capsys.readouterr() == ("", "")


def test_what_is_small_is_not_shown() -> None:
    assert shown(total=SHOWN_FROM_BYTES - 4) == ""


def test_where_nobody_watches_one_line_says_how_much_and_how_fast(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Sent 8.4 MB in ")
    assert lines[0].endswith("B/s")
    assert capsys.readouterr().out == ""  # the result has that stream for itself


def test_on_a_terminal_a_bar_moves_and_the_line_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")  # what makes a terminal of any stream
    text = shown()
    assert "Sending" in text
    assert "8.4 MB" in text
    assert "Sent 8.4 MB in " in text


def test_what_was_there_before_does_not_make_the_rate_look_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("sextant_client.cli.moving.time.monotonic", lambda: now[0])
    output = Output(as_json=False)
    written = io.StringIO()
    output.console.file = written
    with moving(output, "Sending", "Sent") as told:
        told(TOTAL - 1_000_000, TOTAL)
        now[0] = 2.0
        told(TOTAL, TOTAL)
    assert written.getvalue() == "Sent 8.4 MB in 2.0 s, 500.0 kB/s\n"


def test_several_envelopes_have_a_line_each() -> None:
    output = Output(as_json=False)
    written = io.StringIO()
    output.console.file = written
    with moving(output, "Fetching", "Fetched") as told:
        for _ in range(3):
            told(TOTAL, TOTAL)
    assert written.getvalue().count("Fetched") == 3
