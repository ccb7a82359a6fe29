"""`sextant officer clarify`, `clarifications` and `extend`, as an officer meets them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.session import Session
from sextant_shared.models.purposes import PURPOSE_HEADER
from tests.support.command import Done, sextant

DRAFT = {
    "declaration": "d-1", "n": 1, "to": "NA-XAL", "reason": "INCONSISTENT_FIGURES",
    "language": "es", "by_machine": True, "answer_by": "2027-01-23", "clock_source": "our proposal",
    "mark": "P", "questions": [{"pointer": "/records/0", "rule": "X4", "text": "El total.\nDiga."}],
}  # fmt: skip
LINE = {
    "id": "m-1", "envelope": "e-1", "to": "NA-XAL", "state": "XAL", "declaration": "d-1",
    "declaration_id": "XAL-2025-S2", "version": 1, "request": "m-1", "questions": 2,
    "until": "2027-01-24T00:00:00Z", "because": "extended",
    "law": "C-8/DEC.7", "evidence": "M", "extended": 1,
    "stands": "overdue", "days_over": 3,
}  # fmt: skip
LINES = [LINE, LINE | {"because": "policy", "extended": 0}]
SENT = {"message": {"message": "m-1", "to": "NA-XAL", "state": "owed"}, "life": "EVALUATION"}
ANSWERS: dict[tuple[str, str], Any] = {
    ("POST", "/v1/clarifications/drafts"): DRAFT,
    ("POST", "/v1/clarifications"): SENT,
    ("GET", "/v1/clarifications"): {"now": "", "clarifications": LINES, "next": "abc"},
    ("GET", "/v1/clarifications/m-1"): {},
    ("POST", "/v1/clarifications/m-1/extensions"): {"clarification": LINE},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """Answer the commands; what they asked is in the list."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        found = ANSWERS[request.method, request.url.path]
        return httpx.Response(200, json=found, headers={"ETag": '"1.0.open"'})

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="officer", signer=None, transport=transport)

    place = "sextant_client.cli.officer_clarifications.officers_session"
    monkeypatch.setattr(place, session)
    return seen


def officer(folder: Path, *arguments: str) -> Done:
    return sextant("officer", *arguments, "--home", folder)


def test_a_draft_is_shown_before_it_is_sent_and_alone_with_dry_run(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    command = ("clarify", "d-1", "--reason", "INCONSISTENT_FIGURES", "--finding", "X4:/records/0")
    shown = officer(tmp_path, *command, "--dry-run")
    assert shown.status == 0
    assert "to NA-XAL, in es; drafted by machine, unreviewed" in shown.stdout
    assert "answer by 2027-01-23 (our proposal) [P]" in shown.stdout
    assert [request.url.path for request in asked] == ["/v1/clarifications/drafts"]
    wanted = json.loads(asked[0].content)
    assert wanted["places"] == [{"rule": "X4", "pointer": "/records/0"}]

    sent = officer(tmp_path, *command, "--yes", "--key", "order-0001", "--answer-by", "2026-12-31")
    assert sent.status == 0
    order = json.loads(asked[-1].content)
    assert (order["answer_by"], order["questions"]) == ("2026-12-31", DRAFT["questions"])
    assert asked[-1].headers["Idempotency-Key"] == "order-0001"
    assert "life: EVALUATION" in sent.stdout


def test_own_words_without_one_place_are_refused_before_anything_is_asked(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    done = officer(tmp_path, "clarify", "d-1", "--reason", "MISSING_ITEMS", "--text", "Why?")
    assert done.status == 2
    assert asked == []


def test_the_list_says_what_is_overdue_by_how_much_and_what_the_time_rests_on(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    done = officer(tmp_path, "clarifications", "--overdue")
    assert asked[0].url.params["overdue"] == "true"
    assert "OVERDUE, 3 days late" in done.stdout
    assert "extended once" in done.stdout
    assert "C-8/DEC.7 [M]" in done.stdout
    assert "There are more: --cursor abc" in done.stdout


def test_more_time_is_given_on_what_was_read_last(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    given = ("--until", "2027-03-01", "--reason", "STATE_ASKED", "--asked-in", "e-9")
    done = officer(tmp_path, "extend", "m-1", *given, "--purpose", "clarification")
    assert done.status == 0
    assert json.loads(asked[-1].content) == {
        "until": "2027-03-01", "reason": "STATE_ASKED", "asked_in": "e-9",
    }  # fmt: skip
    assert asked[-1].headers["If-Match"] == '"1.0.open"'
    assert {request.headers[PURPOSE_HEADER] for request in asked} == {"clarification"}
