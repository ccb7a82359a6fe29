"""`sextant log report`: what an operator tells the log, and the answer that is held to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from sextant_client.cli import reporting_copies
from sextant_client.cli.log import app
from sextant_client.officers import Room
from sextant_client.session import Session
from sextant_shared.encoding import b64u
from sextant_shared.models.entries import parse_entry
from sextant_shared.protocol.notes import make_note
from tests.support.logs import NOW, MemoryLog, make_accepted
from tests.support.platform_files import registrars_document


class Answering:
    """The log: it appends what it is told, or answers about something else."""

    def __init__(self) -> None:
        self.log = MemoryLog([])
        self.log.append(make_accepted(1))
        self.seen: list[dict[str, Any]] = []
        self.tells: dict[str, Any] = {}  # members that the entry has instead
        self.lies: dict[str, Any] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        told = json.loads(request.content)
        self.seen.append(told)
        members = {"of": told["of"], "size": told["size"], **self.tells}
        detail = {"by": "operator", "note": told["note"], "digest": told["digest"]}
        note = make_note(told["act"], members, NOW, owner="audit", detail=detail)
        index = self.log.append(parse_entry(note.entry))
        found = {
            "entry": b64u(note.entry),
            "index": index,
            "proof": self.log.proof(index),
            "detail": b64u(note.detail or b""),
            "salt": b64u(note.salt or b""),
        }
        return httpx.Response(200, json={**found, **self.lies})


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Answering:
    """Stand in for the log, pinned in the home's trust file."""
    answering = Answering()
    keys = answering.log.keys
    log = {"origin": keys.origin, "vkeys": list(keys.vkeys)}
    trust = {"v": 1, "registrars": registrars_document(), "log": log, "checkpoint": None}
    (tmp_path / "trust.json").write_text(json.dumps(trust))

    @contextmanager
    def joined(_home: object, room: Room) -> Iterator[Session]:
        assert room is Room.AUDIT
        transport = httpx.MockTransport(answering.answer)
        yield Session("http://log", client_id="operator", signer=None, transport=transport)

    monkeypatch.setattr(reporting_copies, "officers_session", joined)
    return answering


def report(home: Path, *arguments: str) -> str:
    given = ["report", *arguments, "--home", str(home)]
    result = CliRunner().invoke(app, given)
    return result.output if result.exit_code == 0 else f"REFUSED {result.exception}"


def test_what_does_not_fit_is_told_before_anything_is_sent(
    served: Answering, tmp_path: Path
) -> None:
    whole = ("backup", "--of", "exchange", "--size", "1")
    assert "E_MALFORMED" in report(tmp_path, *whole, "--note", "x" * 501)
    assert "E_MALFORMED" in report(tmp_path, *whole, "--file", str(tmp_path / "none"))
    assert report(tmp_path, "copy", *whole[1:]).startswith("REFUSED")
    assert served.seen == []


@pytest.mark.parametrize(
    ("tells", "lies", "code"),
    [
        ({"of": "declarations"}, {}, "E_INTEGRITY"),
        ({"size": 2}, {}, "E_INTEGRITY"),
        ({}, {"salt": "A" * 43}, "E_DIGEST"),
        ({}, {"detail": b64u(b"{}")}, "E_DIGEST"),
    ],
)
def test_an_answer_about_something_else_is_not_believed(
    served: Answering, tmp_path: Path, tells: dict[str, Any], lies: dict[str, Any], code: str
) -> None:
    served.tells, served.lies = tells, lies
    assert code in report(tmp_path, "backup", "--of", "exchange", "--size", "1")


def test_a_backup_is_reported_with_its_digest_and_its_proof_is_kept(
    served: Answering, tmp_path: Path
) -> None:
    backup, kept = tmp_path / "exchange.tar", tmp_path / "answer.json"
    backup.write_bytes(b"synthetic")
    said = report(
        tmp_path,
        *("backup", "--of", "exchange", "--size", "1", "--note", "nightly"),
        *("--file", str(backup), "--out", str(kept)),
    )
    assert "BACKUP  of exchange, log of 1; entry 1" in said
    assert served.seen == [
        {
            "act": "backup",
            "of": "exchange",
            "size": 1,
            "digest": b64u(sha256(b"synthetic").digest()),
            "note": "nightly",
        }
    ]
    assert json.loads(kept.read_text())["index"] == 1
    assert "RESTORE  of audit, log of 0; entry 2" in report(
        tmp_path, "restore", "--of", "audit", "--size", "0"
    )
