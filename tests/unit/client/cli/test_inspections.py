"""`sextant officer inspection`, as planners read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.session import Session
from tests.support.command import Done, sextant

Asked = tuple[list[httpx.Request], dict[str, Any]]
PICK = {
    "n": 1, "regime": "S2", "state": "XAL", "code": "XAL-PS-0007", "name": "Site", "drawn":
    "random", "probability": "0.250000", "among": 4, "score": 9, "declaration_id": "D-1",
    "parts": [{"name": "base", "points": 1}, {"name": "schedule", "points": 8}], "version": 1,
}  # fmt: skip
SELECTION = {
    "id": "s-1", "t": "2026-11-24T11:30:00.000Z", "client": "planner", "known_by": "2026",
    "marking": "OPCW_HIGHLY_PROTECTED", "digest": "d" * 64,
    "selection": {
        "year": 2026, "seed": "5e" * 32, "input_digest": "a" * 64, "picks": [PICK],
        "lists": [{"regime": "S2", "law": "VII.18-21", "declared": 9, "inspectable": 4,
                   "at_site_cap": 0, "at_state_cap": 0, "wanted": 2, "drawn": 1}],
    },
}  # fmt: skip
RECOMPUTED = {
    "holds": False, "policy_is_newest": False, "expected_inputs": "a" * 64,
    "found_inputs": "b" * 64, "expected_list": "d" * 64, "found_list": "d" * 64,
}  # fmt: skip
WHY = ("--purpose", "inspection-preparation")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Answer each path with what stands under it; what was asked is in the list."""
    seen: list[httpx.Request] = []
    pages: dict[str, Any] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=pages[request.url.path], headers={"ETag": '"1.0"'})

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="planner", signer=None, transport=transport)

    monkeypatch.setattr("sextant_client.cli.officer_inspections.officers_session", session)
    return seen, pages


def inspection(tmp_path: Path, *arguments: str | Path) -> Done:
    return sextant("officer", "inspection", *arguments, "--home", tmp_path)


def test_a_regime_that_is_none_is_refused_before_anything_is_asked(
    asked: Asked, tmp_path: Path
) -> None:
    done = inspection(tmp_path, "draw", "--year", "2026", "--want", "S4=1", *WHY)
    assert done.status == 2
    assert asked[0] == []


def test_a_draw_shows_how_likely_each_site_was_and_why(asked: Asked, tmp_path: Path) -> None:
    seen, pages = asked
    pages["/v1/selections"] = SELECTION
    done = inspection(tmp_path, "draw", "--year", "2026", "--want", "S2=2", *WHY)
    assert seen[0].read() == b'{"year":2026,"wanted":{"S2":2}}'
    assert done.stdout.startswith("OPCW_HIGHLY_PROTECTED")
    assert "0.250000 among 4" in done.stdout
    assert "9 = base 1 + schedule 8" in done.stdout
    assert "1 of 2 drawn" in done.stdout


def test_a_selection_that_cannot_be_drawn_again_ends_with_one(asked: Asked, tmp_path: Path) -> None:
    asked[1]["/v1/selections/s-1/verification"] = RECOMPUTED
    done = inspection(tmp_path, "verify", "s-1", *WHY)
    assert done.status == 1
    assert "DOES NOT HOLD" in done.stdout
    assert "inputs as registered then: bbbbbbbbbbbbbbbb, not aaaaaaaaaaaaaaaa" in done.stdout
    assert "weights have changed since" in done.stdout


def test_a_mandate_never_overwrites_a_file(asked: Asked, tmp_path: Path) -> None:
    there = tmp_path / "there.json"
    there.write_text("mine")
    done = inspection(tmp_path, "mandate", "INS-2026-0001", *WHY, "--out", there)
    assert done.status != 0
    assert (there.read_text(), asked[0]) == ("mine", [])
