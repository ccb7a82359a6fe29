"""`sextant officer work` and `grants`: what they ask, and what an officer reads."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.session import Session
from tests.support.command import sextant

ITEM: dict[str, Any] = {
    "id": "i-1",
    "kind": "examination",
    "reference": "d-1",
    "state": "XAL",
    "subject": "S2_AND",
    "year": 2026,
    "marking": "OPCW_HIGHLY_PROTECTED",
    "why": ["FIRST_OF_KIND"],
    "since": "2027-01-05T10:00:00.000Z",
    "due": "2027-03-06",
    "overdue": True,
    "urgent": True,
    "status": "claimed",
    "holder": "anna",
    "until": "2027-01-05T18:00:00.000Z",
    "assignee": None,
    "persons": 2,
    "decided": 1,
    "outcome": None,
    "tag": "7.3",
}
GRANT: dict[str, Any] = {
    "id": "g-1",
    "person": "anna",
    "number": 4,
    "function": "evaluator",
    "state": "XAL",
    "kinds": ["S2_*"],
    "ceiling": "OPCW_PROTECTED",
    "begins": None,
    "until": "2027-12-31",
    "standing": "pending",
}
Asked = list[httpx.Request]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Answer the commands; what they asked is in the list."""
    seen: Asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        path = request.url.path
        headers = {"ETag": '"7.3"'}
        if path == "/v1/work":
            return httpx.Response(200, json={"items": [ITEM], "next": "AAA"})
        if path == "/v1/work/next":
            return httpx.Response(200, json={"item": None})
        if path.startswith("/v1/work"):
            return httpx.Response(200, json={"item": ITEM, "acts": []}, headers=headers)
        if path == "/v1/grants/cleared/XAL":
            return httpx.Response(200, json={"state": "XAL", "day": "x", "cleared": [GRANT]})
        return httpx.Response(200, json=GRANT, headers=headers)

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="officer", signer=None, transport=transport)

    for module in ("officer_work", "officer_grants"):
        monkeypatch.setattr(f"sextant_client.cli.{module}.officers_session", session)
    return seen


def test_the_list_says_what_is_urgent_overdue_held_and_half_decided(
    asked: Asked, tmp_path: Path
) -> None:
    options = ("--mine", "--state", "XAL", "--home", tmp_path)
    done = sextant("officer", "work", "list", *options)
    assert dict(asked[0].url.params) == {"state": "XAL", "limit": "50", "mine": "true"}
    line = done.stdout.splitlines()[1]
    for said in ("OVERDUE", "URGENT claimed by anna until 2027-01-05T18:00", "1 of 2 decided"):
        assert said in line
    assert "--cursor AAA" in done.stdout


def test_deciding_names_what_was_seen_last_and_sends_no_more_than_was_said(
    asked: Asked, tmp_path: Path
) -> None:
    given = ("i-1", "settled", "--reason", "EXPLAINED", "--home", tmp_path)
    assert sextant("officer", "work", "decide", *given).status == 0
    read, sent = asked
    assert (read.method, sent.headers["if-match"]) == ("GET", '"7.3"')
    order = {"act": "decide", "reason": "EXPLAINED", "outcome": "settled"}
    assert json.loads(sent.content) == order


def test_where_nothing_waits_the_command_says_so(asked: Asked, tmp_path: Path) -> None:
    done = sextant("officer", "work", "next", "--home", tmp_path)
    assert (done.status, done.stdout.strip()) == (0, "Nothing waits for you.")
    assert asked[0].method == "POST"


def test_the_list_for_a_state_names_numbers_and_no_persons(asked: Asked, tmp_path: Path) -> None:
    done = sextant("officer", "grants", "cleared", "XAL", "--home", tmp_path)
    assert "evaluator" in done.stdout
    assert "anna" not in done.stdout
    assert asked[0].method == "GET"


def test_approving_says_since_when_it_will_hold(asked: Asked, tmp_path: Path) -> None:
    given = ("g-1", "--reason", "DUTY", "--home", tmp_path)
    done = sextant("officer", "grants", "approve", *given)
    assert done.stdout.startswith("PENDING  g-1  anna (no. 4)")
    assert json.loads(asked[1].content) == {"act": "approve", "reason": "DUTY"}
