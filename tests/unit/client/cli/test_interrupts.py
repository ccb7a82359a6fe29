"""Ctrl-C inside a command: one line, the status of the signal, and no traceback."""

import pytest

from sextant_client import errors as exits
from sextant_client.cli import main
from sextant_client.cli.output import Output


def test_a_command_that_is_stopped_says_that_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Output, "result", stopped)
    with pytest.raises(SystemExit) as caught:
        main(["rules", "list"])
    assert caught.value.code == exits.INTERRUPTED
    told = capsys.readouterr()
    assert told.err == "Stopped. Nothing is lost: run the command again.\n"
    assert told.out == ""
