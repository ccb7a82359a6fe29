"""What asks a Prometheus all that the dashboard asks says which panel is empty, and why."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from deploy.monitoring.answers import BOARD, ask, main, panels

ALL = panels(json.loads(BOARD.read_text(encoding="utf-8")))
FIRES = {"annotations": {"summary": "it is late"}}
RULE = {"name": "BackupOld", "health": "ok", "state": "inactive", "alerts": [FIRES]}


def prometheus(
    empty: str = "", error: str = "", rules: list[Mapping[str, Any]] | None = None
) -> httpx.Client:
    """Return a client of a Prometheus that lacks the answer to one panel, or refuses it."""
    titles = {query: title for title, query in ALL}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/rules":
            given = [RULE] if rules is None else rules
            return httpx.Response(200, json={"data": {"groups": [{"rules": given}]}})
        title = titles[request.url.params["query"]]
        if title == error:
            return httpx.Response(400, json={"status": "error", "error": "parse error"})
        found = [] if title == empty else [{"value": [0, "1"]}]
        return httpx.Response(200, json={"status": "success", "data": {"result": found}})

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://prometheus")


def test_a_panel_that_is_empty_for_no_known_reason_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ask(prometheus(empty="dxe.log.size")) == 1
    assert "without a reason: dxe.log.size\n" in capsys.readouterr().err


def test_a_question_that_prometheus_does_not_understand_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ask(prometheus(error="dxe.log.size")) == 1
    assert "dxe.log.size: parse error" in capsys.readouterr().err


@pytest.mark.parametrize("rules", [[], [{**RULE, "health": "err"}]], ids=["none", "broken"])
def test_alerts_that_are_not_watched_are_no_success(rules: list[Mapping[str, Any]]) -> None:
    assert ask(prometheus(rules=rules)) == 1


def test_a_prometheus_that_is_away_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:1"]) == 1
    assert "http://127.0.0.1:1 does not answer" in capsys.readouterr().err


def test_what_is_empty_with_a_reason_and_what_fires_is_told_and_is_no_fault(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ask(prometheus(empty="dxe.log.tiles.lag", rules=[{**RULE, "state": "firing"}])) == 0
    said = capsys.readouterr().out
    assert "no answer  dxe.log.tiles.lag: not unless tiles are written to a folder\n" in said
    assert "fires      BackupOld: it is late\n" in said
