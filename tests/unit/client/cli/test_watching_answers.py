"""`submit --watch`: what it says and how it ends when answers refuse, or do not come."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sextant_client.cli import envelopes
from tests.support.command import Done, sextant

ID = "01a20d9e-5a79-74d1-96a9-f8c901f813f5"
OPENED = ("opened", "OPENED")
REGISTERED = ("outcome", "REGISTERED")


class Answers:
    """A client whose envelope is deposited, and answered with what it is given."""

    def __init__(self, *answers: tuple[str, str], kept: object = None) -> None:
        self.answers, self.kept = answers, kept
        envelope = SimpleNamespace(
            id=ID, container=Path("container"), header=SimpleNamespace(to=[])
        )
        self.sent = SimpleNamespace(unfinished=lambda: [envelope])

    @contextmanager
    def opened(self, _home: object) -> Iterator["Answers"]:
        yield self

    def deposit(self, envelope: Any, _progress: object) -> Any:
        return SimpleNamespace(envelope=envelope)

    def follow(self, _id: str, _limit_s: float) -> Iterator[Any]:
        for kind, verdict in self.answers:
            answer = SimpleNamespace(kind=kind, verdict=verdict)
            yield SimpleNamespace(answer=lambda answer=answer: answer)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr(envelopes, "deposit_document", lambda _deposit: {})
    monkeypatch.setattr(envelopes, "deposit_lines", lambda _deposit: [])
    monkeypatch.setattr(
        envelopes, "answer_lines", lambda answer: [f"{answer.kind} {answer.verdict}"]
    )
    monkeypatch.setattr(envelopes, "_tell_ages", lambda *_: None)

    def submit(*answers: tuple[str, str], flags: tuple[str, ...] = (), **options: Any) -> Done:
        monkeypatch.setattr(envelopes, "Client", Answers(*answers, **options).opened)
        return sextant("submit", "--resume", "--watch", *flags, "--home", tmp_path)

    return submit


def test_an_envelope_that_could_not_be_opened_must_be_mended(watched: Any) -> None:
    done = watched(("opened", "REJECTED"))
    assert done.status == 1
    assert "no outcome" not in done.stderr.lower()  # a refused one has none to wait for


def test_an_outcome_that_did_not_come_is_said_and_is_no_success(watched: Any) -> None:
    done = watched(OPENED)
    assert done.status == 5
    assert "No outcome receipt within 120 s" in done.stderr
    assert "sextant inbox" in done.stderr
    (envelope,) = watched(OPENED, flags=("--json",)).json()["envelopes"]
    assert envelope["awaited"] == ["outcome"]


def test_no_answer_at_all_names_both(watched: Any) -> None:
    done = watched()
    assert done.status == 5
    assert "No opened and no outcome receipt" in done.stderr


def test_a_home_without_a_network_says_that_nothing_was_waited_for(watched: Any) -> None:
    done = watched(OPENED, REGISTERED, kept=object())
    assert done.status == 0
    assert "nothing was sent" in done.stderr.lower()


def test_returned_needs_mending_and_registered_is_done(watched: Any) -> None:
    assert watched(OPENED, ("outcome", "RETURNED")).status == 1
    done = watched(REGISTERED, OPENED, flags=("--json",))  # either may come first
    assert done.status == 0
    assert "awaited" not in done.json()["envelopes"][0]
