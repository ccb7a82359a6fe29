"""`sextant officer dossier`, `identities` and `same-site`, as officers read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.session import Session
from tests.support.command import Done, sextant

Asked = tuple[list[httpx.Request], dict[str, Any]]
WHY = ("--purpose", "inspection-preparation")
SIDE = {"operators": ["alba"], "place": "84 Harbour Road, Alstadt"}
PAIR = {
    "state": "XAL", "probability": "0.9987", "prior": "-2.25", "word": None,
    "older": {**SIDE, "code": "A-1", "names": {"Rosum Plant": 2015}, "first": 2015, "last": 2019},
    "newer": {**SIDE, "code": "A-9", "names": {"Rosum Site": 2020}, "first": 2020, "last": 2025},
    "parts": [{"question": "place", "level": "same", "weight": "+8.17", "m": "0.9", "u": "0.003"}],
}  # fmt: skip
DOSSIER = {
    "known_on": "2026-11-24", "sources": 3, "marking": "OPCW_PROTECTED",
    "codes": [{"code": "A-1", "names": {"Rosum Plant": 2015}, "first": 2015, "last": 2019}],
    "events": [{"on": "2015-12-31", "lane": "declarations", "known": "2016-03-01",
                "what": "S2_SITE_ADPA D-1 version 1"}],
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Answer each path with what stands under it; what was asked is in the list."""
    seen: list[httpx.Request] = []
    pages: dict[str, Any] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        page = pages[request.url.path]
        given = {"content": page} if isinstance(page, bytes) else {"json": page}
        return httpx.Response(200, headers={"ETag": '"3"'}, **given)

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="officer", signer=None, transport=transport)

    monkeypatch.setattr("sextant_client.cli.officer_sites.officers_session", session)
    return seen, pages


def officer(tmp_path: Path, *arguments: str | Path) -> Done:
    return sextant("officer", *arguments, *WHY, "--home", tmp_path)


def test_a_dossier_never_overwrites_a_picture(asked: Asked, tmp_path: Path) -> None:
    there = tmp_path / "there.svg"
    there.write_text("mine")
    assert officer(tmp_path, "dossier", "XAL", "A-1", "--picture", there).status != 0
    assert (there.read_text(), asked[0]) == ("mine", [])


def test_a_dossier_shows_events_by_time_and_writes_its_picture(
    asked: Asked, tmp_path: Path
) -> None:
    asked[1]["/v1/sites/XAL/A-1/dossier"] = DOSSIER
    asked[1]["/v1/sites/XAL/A-1/dossier/picture"] = b"<svg/>"
    file = tmp_path / "new.svg"
    done = officer(tmp_path, "dossier", "XAL", "A-1", "--picture", file)
    assert "filings read: 3, OPCW_PROTECTED" in done.stdout
    assert "S2_SITE_ADPA D-1 version 1" in done.stdout
    assert file.read_bytes() == b"<svg/>"


def test_each_proposal_shows_the_weight_of_each_answer(asked: Asked, tmp_path: Path) -> None:
    asked[1]["/v1/identities/XAL"] = {"fitted_on": "a world", "mark": "P", "proposals": [PAIR]}
    done = officer(tmp_path, "identities", "XAL")
    assert "A-1 and A-9: probability 0.9987, nothing said" in done.stdout
    assert "+8.17" in done.stdout


def test_a_word_is_said_on_what_was_seen_last(asked: Asked, tmp_path: Path) -> None:
    seen, pages = asked
    pages["/v1/identities/XAL/A-1/A-9"] = PAIR
    pages["/v1/identities/XAL/words"] = {**PAIR, "word": {"word": "CONFIRMED", "client": "me"}}
    done = officer(
        tmp_path, "same-site", "XAL", "A-1", "A-9", "--word", "confirmed", "--reason", "Told."
    )
    assert "CONFIRMED by me" in done.stdout
    assert seen[-1].headers["if-match"] == '"3"'
    assert b'"word":"CONFIRMED"' in seen[-1].read()
