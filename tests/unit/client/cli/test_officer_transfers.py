"""What an officer reads of transfers on a terminal, from what the service gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.cli.officer_transfers import detail_lines, notice_lines, pair_lines
from sextant_client.session import Session
from sextant_declarations.domain.pairs import body_of, line_of
from sextant_declarations.domain.transfers import PairPage, PairStep, PairView, UnreadView
from sextant_shared.models.purposes import PURPOSE_HEADER
from tests.support.command import sextant
from tests.unit.declarations.analysis.transfers.stating import only

SAID = ("2025 XAL exports to XBO 12400 kg", "2025 XBO imports from XAL 1240 kg, 50 % solution")
NOTICE = {
    "state": "XAL", "declaration_id": "XAL-N1", "version": 1, "kg": "0.002",
    "day": "2025-05-20", "received": "2025-04-25", "last_day": "2025-04-20",
}  # fmt: skip


def view(*sentences: str) -> dict[str, Any]:
    """Return one pair as the service gives it."""
    pair = only("111-48-8", *sentences)
    line = line_of(pair, "2026-05-01T00:00:00.000Z")
    step: dict[str, Any] = {
        "t": line.since,
        "class": line.class_,
        "gap": None,
        "span": None,
        "versions": [],
    }
    shown = PairView(
        pair=line,
        body=body_of(pair),
        steps=[PairStep.model_validate(step)],
        marking="OPCW_PROTECTED",
    )
    return shown.model_dump(mode="json", by_alias=True)


def test_a_pair_shows_both_rows_with_their_places_and_what_would_explain_it() -> None:
    lines = detail_lines(view(*SAID))
    told = "\n".join(lines)
    assert lines[0].startswith("QUANTITY_MISMATCH  2025.111-48-8.XAL.XBO  Thiodiglycol")
    assert "XAL exports: 12400 kg (FILED, between 12350 and 12450 kg)" in told
    assert "EXACT 1240, 50 % solution  [XBO-2025-S2 version 1 /records/0/imports/0]" in told
    assert lines[-1] == "To be handled as OPCW_PROTECTED."
    assert "TYPO: closes the difference, 0 kg would be left" in told


def test_a_side_that_is_silent_is_told_from_one_that_declares_nothing() -> None:
    told = "\n".join(detail_lines(view(SAID[0])))
    assert "XBO imports: no row (NOT_FILED)" in told
    told = "\n".join(detail_lines(view(SAID[0], "2025 XBO files S2")))
    assert "XBO imports: no row (FILED, between 0 and 1000 kg)" in told


def test_a_list_says_what_is_not_compared_yet_and_where_it_goes_on() -> None:
    lost = UnreadView(declaration="d", state="XAL", declaration_id="XAL-9", why="it is too large")
    page = PairPage(method="m", owed=2, unread=[lost], pairs=[], next="abc", marking="")
    empty = pair_lines(page.model_dump(by_alias=True))
    assert empty[0] == "Nothing is declared that fits."
    assert empty[-1] == "There are more: --cursor abc"
    assert empty[1:3] == [
        "2 declarations are not compared yet.",
        "XAL XAL-9 is not compared: it is too large",
    ]
    listed = pair_lines(
        {"owed": 0, "unread": [], "next": None, "marking": "", "pairs": [view(*SAID)["pair"]]}
    )
    assert len(listed) == 2
    assert "QUANTITY_MISMATCH" in listed[1]


def test_a_late_notice_and_a_silent_state_are_named() -> None:
    one = {
        "sender": "XAL", "receiver": "XBO", "chemical": "9009-86-3", "sent": NOTICE,
        "received": None, "findings": ["SENDER_LATE", "RECEIVER_SILENT"],
    }  # fmt: skip
    told = notice_lines({"notices": [one], "next": None, "marking": ""})[1]
    assert "0.002 kg on 2025-05-20, late" in told
    assert "silent" in told


def test_the_command_asks_for_what_is_wanted_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[httpx.Request] = []
    page = {"method": "m", "owed": 0, "unread": [], "pairs": [view(*SAID)["pair"]], "next": None}
    page["marking"] = "OPCW_RESTRICTED"

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=page)

    @contextmanager
    def session(_home: object) -> Iterator[Session]:
        transport = httpx.MockTransport(answer)
        yield Session("http://sec", client_id="officer", signer=None, transport=transport)

    monkeypatch.setattr("sextant_client.cli.officer_transfers.officers_session", session)
    command = ("officer", "transfers", "list", "--class", "QUANTITY_MISMATCH", "--home", tmp_path)
    assert sextant(*command).status == 2  # nothing is read without a purpose
    assert seen == []
    done = sextant(*command, "--purpose", "reconciliation", "--json")
    assert (done.status, done.json()) == (0, page)
    assert dict(seen[0].url.params) == {"class": "QUANTITY_MISMATCH", "limit": "50"}
    assert seen[0].headers[PURPOSE_HEADER] == "reconciliation"
