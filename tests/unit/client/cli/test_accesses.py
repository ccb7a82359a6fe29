"""`sextant officer accesses`, as an auditor reads it, and `--purpose`, as an officer meets it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.session import Session
from sextant_shared.models.purposes import PURPOSE_HEADER, PURPOSES
from tests.support.command import Done, sextant

LINE: dict[str, Any] = {
    "t": "2026-03-05T10:00:00.000Z",
    "type": "access",
    "client": "officer-1",
    "role": "officer",
    "purpose": "inspection-preparation",
    "gives": "content",
    "items": [
        {"sender": "NA-XAL", "envelope": "e-1", "custody": 4, "declaration": "d-1", "n": 2},
        {"sender": "NA-XAL", "envelope": "e-2", "custody": 9, "declaration": None, "n": None},
    ],
    "part": None,
    "refusals": None,
    "index": 17,
    "entry": "e30",
    "verifies": True,
    "shredded": False,
}
REFUSED = {
    **LINE,
    "type": "access.refused",
    "client": "auditor-1",
    "purpose": "",
    "items": [],
    "index": None,
    "verifies": False,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> tuple[list[httpx.Request], dict[str, Any]]:
    """Answer the command with `page`; what it asked is in the list."""
    seen: list[httpx.Request] = []
    page: dict[str, Any] = {"accesses": [], "next": None, "unlogged": 0}

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=page)

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="auditor", signer=None, transport=transport)

    for module in ("officer_accesses", "officer", "officer_messages"):
        monkeypatch.setattr(f"sextant_client.cli.{module}.officers_session", session)
    return seen, page


def accesses(tmp_path: Path, *options: str) -> Done:
    return sextant("officer", "accesses", *options, "--home", tmp_path)


def test_a_table_says_who_why_what_and_whether_the_log_holds_it(
    asked: tuple[list[httpx.Request], dict[str, Any]], tmp_path: Path
) -> None:
    seen, page = asked
    page |= {"accesses": [LINE, REFUSED], "next": "AAA", "unlogged": 3}
    done = accesses(tmp_path, "--plant-site", "XAL-7", "--from", "2026-03-01", "--to", "2026-03-31")
    assert dict(seen[0].url.params) == {
        "plant_site": "XAL-7",
        "from": "2026-03-01",
        "to": "2026-03-31",
        "limit": "50",
    }
    head, read, also, refused, waiting, more = done.stdout.splitlines()
    assert head.split()[:4] == ["when", "who", "role", "purpose"]
    assert "inspection-preparation  content" in read
    assert "NA-XAL e-1 (declaration d-1 n 2)" in read
    assert also.strip() == "NA-XAL e-2"  # a line for each thing: a picture may stand on hundreds
    assert read.endswith("17         holds")
    assert "REFUSED" in refused
    assert refused.endswith("waits      DOES NOT HOLD")
    assert waiting == "3 accesses wait for the log."
    assert more == "There are more: --cursor AAA"


def test_an_access_whose_detail_was_destroyed_says_so(
    asked: tuple[list[httpx.Request], dict[str, Any]], tmp_path: Path
) -> None:
    _, page = asked
    blank = dict.fromkeys(("client", "role", "purpose", "gives"), "")
    page |= {"accesses": [LINE | blank | {"items": [], "shredded": True}]}
    line = accesses(tmp_path).stdout.splitlines()[1]
    assert line.endswith("17         shredded")
    assert "REFUSED" not in line


def test_nobody_is_said_in_words_and_in_json(
    asked: tuple[list[httpx.Request], dict[str, Any]], tmp_path: Path
) -> None:
    _, page = asked
    assert accesses(tmp_path).stdout == "Nobody was given anything that fits.\n"
    assert accesses(tmp_path, "--json").json() == page


@pytest.mark.parametrize(
    "command", [("read", "d"), ("evidence", "d"), ("attachments", "d"), ("thread", "e")]
)
def test_who_reads_must_say_why_with_a_known_code(
    asked: tuple[list[httpx.Request], dict[str, Any]],
    tmp_path: Path,
    command: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, page = asked
    monkeypatch.delenv("SEXTANT_PURPOSE", raising=False)
    unsaid = sextant("officer", *command, "--home", tmp_path)
    unknown = sextant("officer", *command, "--purpose", "curiosity", "--home", tmp_path)
    assert (unsaid.status, unknown.status, seen) == (2, 2, [])
    assert all(code in unknown.stderr for code in PURPOSES)
    if command[0] != "thread":  # whose answer has a form of its own
        page.clear()
        monkeypatch.setenv("SEXTANT_PURPOSE", "support")
        assert sextant("officer", *command, "--home", tmp_path).status == 0
        assert seen[0].headers[PURPOSE_HEADER] == "support"
