"""`sextant officer shred`: what is asked of the service, and what the officer is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from sextant_client.cli import shredding
from sextant_client.cli.officer import app
from sextant_client.officers import Room
from sextant_client.session import Session

COMMIT = "A" * 43


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Room, httpx.Request]]:
    """Stand in for the services: the first order waits, the second is carried out."""
    seen: list[tuple[Room, httpx.Request]] = []

    @contextmanager
    def joined(_home: object, room: Room) -> Iterator[Session]:
        def answer(request: httpx.Request) -> httpx.Response:
            seen.append((room, request))
            state = ("waiting", "shredded")[len(seen) - 1]
            found = {"state": state, "ref": 7, "commit": COMMIT, "persons": len(seen), "needed": 2}
            done = {"entry": "e30", "index": 9, "proof": "p"} if state == "shredded" else {}
            return httpx.Response(200, json={**found, **done})

        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="officer", signer=None, transport=transport)

    monkeypatch.setattr(shredding, "officers_session", joined)
    return seen


def shred(home: Path, **options: Any) -> str:
    order = {"authority": "NA-XAL", "reason": "court_order", **options}
    flags = [part for name, value in order.items() for part in (f"--{name}", str(value))]
    result = CliRunner().invoke(app, ["shred", "7", *flags, "--home", str(home)])
    return result.output if result.exit_code == 0 else f"REFUSED {result.exception}"


def test_an_order_that_does_not_fit_is_told_before_anything_is_sent(
    asked: list[tuple[Room, httpx.Request]], tmp_path: Path
) -> None:
    assert "E_MALFORMED" in shred(tmp_path, authority="nobody in particular")
    assert asked == []


def test_the_first_person_waits_for_the_second(
    asked: list[tuple[Room, httpx.Request]], tmp_path: Path
) -> None:
    first = shred(tmp_path, note="case 12", at="exchange")
    assert "WAITING  1 of 2 persons" in first
    second = shred(tmp_path)
    assert "SHREDDED  detail of entry 7; entry 9" in second
    assert COMMIT in second
    assert [(room, request.url.path) for room, request in asked] == [
        (Room.EXCHANGE, "/v1/entries/7/shred"),
        (Room.DECLARATIONS, "/v1/entries/7/shred"),
    ]
    assert json.loads(asked[0][1].content) == {
        "authority": "NA-XAL",
        "reason": "COURT_ORDER",
        "note": "case 12",
    }
