"""`sextant officer anomalies`: what an officer types, and what is shown of a card."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.session import Session
from sextant_shared.models.purposes import PURPOSE_HEADER
from tests.support.command import sextant

ID = "AN-0123456789abcdef"
LINE: dict[str, Any] = {
    "id": ID, "method": "SLIP", "version": 1, "law": "VII.1", "mark": "P", "state": "XAL",
    "states": ["XAL", "XBO"], "year": 2024, "kept": "OPEN", "rank": 0.855, "probability": None,
    "accepted_before": 1, "since_run": 3, "pick": "RANDOM",
}  # fmt: skip
PLACE = {"state": "XAL", "declaration_id": "XAL-2024-S2", "version": 2, "pointer": "/records/0"}
CARD: dict[str, Any] = {
    "line": LINE,
    "card": {
        "id": ID, "method": "SLIP", "version": 1, "state": "XAL", "states": ["XAL", "XBO"],
        "year": 2024, "subject": "111-48-8", "sentence": "The two figures differ.",
        "figures": [{"name": "2024", "owner": "XAL", "text": "12400 kg", "place": PLACE}],
        "tolerance": "1 t", "tried": [{"name": "rounding", "closes": False, "left": "11.16 t"}],
        "clears": "the other figure", "places": [PLACE], "severity": 0.9, "confidence": 0.95,
        "weight": 1.0, "probability": None, "also": ["HISTORY"],
    },
    "history": [],
    "explanations": [
        {"number": 4, "card": "AN-1", "year": 2022, "reason": "VOYAGE", "meaning": "", "text":
         "At sea.", "client": "officer-1", "t": "", "holds": False, "withdrawn": None}
    ],
    "reasons": {"VOYAGE": "at sea"},
    "marking": "OPCW_PROTECTED",
}  # fmt: skip
RUN = {"number": 3, "state": "DONE", "counts": {"read": 9, "open": 2}, "error": None}
PAGES: dict[str, Any] = {
    f"GET /v1/anomalies/{ID}": CARD,
    "GET /v1/anomalies": {"run": 3, "anomalies": [LINE], "next": "AAA"},
    f"POST /v1/anomalies/{ID}/explanations": {**LINE, "kept": "ACCEPTED"},
    f"POST /v1/anomalies/{ID}/explanations/4/withdrawal": LINE,
    "POST /v1/anomalies/runs": RUN,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, list[httpx.Request]]]:
    """Return what runs a command, and gives what it printed and asked."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        page = PAGES[f"{request.method} {request.url.path}"]
        return httpx.Response(200, json=page, headers={"ETag": '"7.1.0"'})

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="officer-1", signer=None, transport=transport)

    monkeypatch.setattr("sextant_client.cli.officer_anomalies.officers_session", session)
    monkeypatch.delenv("SEXTANT_PURPOSE", raising=False)

    def run(*words: str | Path) -> tuple[str, list[httpx.Request]]:
        done = sextant("officer", "anomalies", *words)
        assert done.status == 0, done.stderr
        return done.stdout, seen

    return run


Asked = Callable[..., tuple[str, list[httpx.Request]]]


def test_the_list_marks_what_chance_drew_and_what_was_accepted_before(
    asked: Asked, tmp_path: Path
) -> None:
    said, seen = asked("list", "--state", "XAL", "--capacity", "40", "--home", tmp_path)
    assert dict(seen[0].url.params) == {
        "state": "XAL", "kept": "OPEN", "capacity": "40", "limit": "50",
    }  # fmt: skip
    _, line, more = said.splitlines()
    assert line.split()[:6] == [ID, "0.85", "XAL", "2024", "SLIP", "XBO"]
    assert line.endswith("by chance")
    assert more == "More with --cursor AAA"


def test_a_card_shows_places_what_was_tried_and_what_was_accepted(
    asked: Asked, tmp_path: Path
) -> None:
    said, seen = asked("show", ID, "--purpose", "examination", "--home", tmp_path)
    assert seen[0].headers[PURPOSE_HEADER] == "examination"
    for text in (
        "2024 of XAL: 12400 kg  XAL-2024-S2 v2 /records/0",
        "OPCW_PROTECTED",
        "tried: rounding: leaves 11.16 t",
        "would clear it: the other figure",
        "also found by HISTORY",
        "accepted 4: VOYAGE (of 2022): At sea.",
    ):
        assert text in said


def test_acceptance_and_withdrawal_name_the_card_as_it_was_read(
    asked: Asked, tmp_path: Path
) -> None:
    why = ("--text", "At sea.", "--purpose", "clarification", "--home", tmp_path)
    said, seen = asked("accept", ID, "--reason", "VOYAGE", *why)
    assert said == f"{ID}: ACCEPTED\n"
    assert seen[-1].headers["If-Match"] == '"7.1.0"'
    said, _ = asked("withdraw", ID, "4", *why)
    assert said == f"{ID}: OPEN\n"


def test_an_ordered_run_says_what_it_read_and_found(asked: Asked, tmp_path: Path) -> None:
    said, _ = asked("run", "--home", tmp_path)
    assert said == "Run 3: DONE, 9 declarations read, 2 differences to explain\n"
