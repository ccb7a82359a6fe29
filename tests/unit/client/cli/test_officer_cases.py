"""`sextant officer cases`, as an officer reads and uses it."""

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

NUMBER = "TD-2025-000001"
PAIR: dict[str, Any] = {
    "id": "2025.111-48-8.XAL.XBO",
    "year": 2025,
    "chemical": "111-48-8",
    "schedule": "2B",
    "threshold_kg": "1000",
    "exporter": "XAL",
    "importer": "XBO",
    "sense": "MORE_EXPORTED",
    "export": {"state": "XAL", "is_shown": False, "has_row": None, "kg": None, "filed": None},
    "import_": {"state": "XBO", "is_shown": True, "has_row": True, "kg": "1240", "filed": "FILED"},
    "class_": "QUANTITY_MISMATCH",
    "explanations": [{"kind": "TYPO", "closes": True}],
}
CASE: dict[str, Any] = {
    "number": NUMBER,
    "state": "OPENED",
    "since": "2026-05-01",
    "due": "2026-05-31",
    "states": ["XAL", "XBO"],
    "pairs": [PAIR],
    "priority": "HIGH",
    "restricted": False,
}
FULL: dict[str, Any] = {
    "case": CASE,
    "meaning": "figures differ",
    "clock": {"due": "2026-05-31", "overdue": True, "mark": "P", "source": "our proposal"},
    "next": [{"step": "triage", "reasons": {"EXPLANATIONS_READ": "read"}}],
    "together": [
        {"kind": "TRANSIT", "pair": "a", "other": "b", "third": "XBO", "case": "TD-2025-000002"}
    ],
}
SENT = {"sent": [{"to": "NA-XAL", "type": "clarification.request", "message": "m-1"}]}
GIVEN: dict[tuple[str, str], dict[str, Any]] = {
    ("GET", "/v1/cases"): {"cases": [CASE], "next": "abc"},
    ("GET", f"/v1/cases/{NUMBER}"): FULL,
    ("GET", f"/v1/cases/{NUMBER}/views/XBO"): {**CASE, "priority": None},
    ("GET", "/v1/cases/statistics"): {
        "years": [
            {
                "year": 2025,
                "opened": 7,
                "closed": 4,
                "in_time": 3,
                "running": 2,
                "unresolved": 1,
                "again": 1,
                "causes": {"TYPO": 3, "UNIT": 1},
            }
        ]
    },
    ("POST", f"/v1/cases/{NUMBER}/steps"): {"case": NUMBER, "step": "triage"},
    ("POST", f"/v1/cases/{NUMBER}/requests"): SENT,
    ("POST", f"/v1/cases/{NUMBER}/messages"): SENT,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """Answer the command as the service would; what it asked is in the list."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path.endswith("/export"):
            return httpx.Response(200, content=b"case,state\n")
        body = GIVEN[request.method, request.url.path]
        return httpx.Response(200, json=body, headers={"ETag": '"TD.1"'})

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="officer", signer=None, transport=transport)

    monkeypatch.setattr("sextant_client.cli.officer_cases.officers_session", session)
    return seen


def cases(tmp_path: Path, *arguments: str | Path) -> Done:
    purpose = ("--purpose", "reconciliation")
    return sextant("officer", "cases", *arguments, *purpose, "--home", tmp_path)


@pytest.mark.usefixtures("asked")
def test_the_list_names_states_class_and_urgency_and_how_to_go_on(tmp_path: Path) -> None:
    done = cases(tmp_path, "list", "--open")
    for word in (
        NUMBER,
        "XAL to XBO",
        "Thiodiglycol",
        "QUANTITY_MISMATCH",
        "2026-05-31",
        "HIGH",
        "--cursor abc",
    ):
        assert word in done.stdout


def test_open_and_closed_are_asked_as_the_service_knows_them(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    for option, expected in (("--open", "true"), ("--closed", "false")):
        cases(tmp_path, "list", option)
        assert asked[-1].url.params["open"] == expected
    assert asked[-1].headers[PURPOSE_HEADER] == "reconciliation"


@pytest.mark.usefixtures("asked")
def test_a_case_shows_both_sides_what_is_overdue_and_what_may_follow(tmp_path: Path) -> None:
    shown = cases(tmp_path, "show", NUMBER).stdout
    for word in ("XAL not shown", "XBO 1240 kg", "(Schedule 2B)", "more exported",
                 "TYPO, closes it", "OVERDUE", "TD-2025-000002",
                 "next: triage (EXPLANATIONS_READ)"):  # fmt: skip
        assert word in shown
    assert "next:" not in cases(tmp_path, "show", NUMBER, "--as", "XBO").stdout


def test_a_step_names_what_was_seen_last(asked: list[httpx.Request], tmp_path: Path) -> None:
    done = cases(tmp_path, "step", NUMBER, "triage", "--reason", "EXPLANATIONS_READ")
    assert done.status == 0
    assert asked[-1].headers["If-Match"] == '"TD.1"'
    assert json.loads(asked[-1].content) == {"step": "triage", "reason": "EXPLANATIONS_READ"}


def test_asking_and_writing_name_the_states_that_are_written_to(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    assert "NA-XAL" in cases(tmp_path, "ask", NUMBER, "--to", "XAL").stdout
    assert json.loads(asked[-1].content) == {"reason": "EXPLANATION_WANTED", "to": ["XAL"]}
    letter = ("--subject", "Thanks", "--text", "We wait.", "--key", "letter-0001")
    assert "message m-1" in cases(tmp_path, "write", NUMBER, *letter).stdout
    assert asked[-1].headers["Idempotency-Key"] == "letter-0001"


def test_the_table_of_a_state_is_written_in_the_form_of_its_file(
    asked: list[httpx.Request], tmp_path: Path
) -> None:
    out = tmp_path / "cases.csv"
    assert cases(tmp_path, "export", "XAL", "--out", out).status == 0
    assert out.read_bytes() == b"case,state\n"
    assert dict(asked[-1].url.params) == {"state": "XAL", "format": "csv"}
    assert cases(tmp_path, "export", "XAL", "--out", tmp_path / "cases.pdf").status != 0


@pytest.mark.usefixtures("asked")
def test_counts_are_shown_by_year_with_their_causes(tmp_path: Path) -> None:
    done = sextant("officer", "cases", "statistics", "--home", tmp_path)
    assert "2025" in done.stdout
    assert "TYPO 3, UNIT 1" in done.stdout
