"""Messages of every direction over real services: sent, urgent, owed, answered, followed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.support.command import Done, sextant
from tests.support.messages import MESSAGES

pytestmark = pytest.mark.processes

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SEC, XAL, XBO = "SEC", "NA-XAL", "NA-XBO"
Run = Callable[..., Done]


@pytest.fixture
def run(stack: Stack) -> Run:
    def call(party: str, *arguments: str | Path) -> Done:
        return sextant(*arguments, "--json", "--home", stack.home(party))

    return call


@pytest.fixture
def content(tmp_path: Path) -> Callable[..., Path]:
    def write(type_: str, **changes: Any) -> Path:
        path = tmp_path / f"{type_}.json"
        path.write_text(json.dumps({**MESSAGES[type_], **changes}))
        return path

    return write


def sent(done: Done) -> str:
    (envelope,) = done.json()["envelopes"]
    return str(envelope["id"])


def test_what_the_catalogue_does_not_allow_is_refused_before_anything_is_sealed(
    stack: Stack, run: Run, content: Callable[..., Path]
) -> None:
    before = sorted((stack.home(XAL) / "sent").glob("*"))
    file = content("inspection.notification")
    done = run(XAL, "send", "inspection.notification", file, "--to", SEC)
    assert done.status == 3
    found = done.json()["error"]["findings"]
    assert [finding["pointer"] for finding in found] == ["/from", "/to"]
    bad = content("correspondence", subject=7, extra=1)
    done = run(XAL, "send", "correspondence", bad)
    pointers = {finding["pointer"] for finding in done.json()["error"]["findings"]}
    assert (done.status, pointers) == (3, {"/subject", "/extra"})
    declaration = EXAMPLES / "NA-XAL" / "nil-2025.json"
    done = run(XAL, "send", "declaration.annual", declaration)
    assert "sextant submit" in done.json()["error"]["fix"]
    assert run(XAL, "send", "correspondence", declaration.with_suffix(".zip")).status == 3
    assert sorted((stack.home(XAL) / "sent").glob("*")) == before


def test_an_inspection_is_notified_first_acknowledged_in_time_and_followed(
    run: Run, content: Callable[..., Path], tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Nothing urgent.")
    run(SEC, "send", "correspondence", letter, "--to", XAL)
    notice = sent(
        run(SEC, "send", "inspection.notification", content("inspection.notification"), "--to", XAL)
    )
    new = [one for one in run(XAL, "inbox").json()["new"] if one["from"] == SEC]
    first = new[0]
    assert (first["id"], first["priority"]) == (notice, "urgent")
    (owed,) = first["owed"]
    assert (owed["answer"], owed["by"], owed["law"]) == ("inspection.acknowledgement", XAL, "II.33")
    assert not owed["late"]
    assert any(one["type"] == "correspondence" for one in new[1:])

    wrong = run(XAL, "reply", notice, content("inspection.comments"), "--type", "correspondence")
    assert wrong.status == 3
    done = run(XAL, "reply", notice, content("inspection.acknowledgement"))
    assert done.json()["envelopes"][0]["type"] == "inspection.acknowledgement"
    acknowledgement = sent(done)

    status = run(SEC, "status", notice).json()
    settled = {one["answer"]: one["answered"] for one in status["owed"]}
    assert settled["inspection.acknowledgement"] == acknowledgement
    assert settled["inspection.report"] is None
    etsi = [event["etsi"] for event in status["events"] if event["etsi"]]
    assert etsi[:2] == ["SubmissionAcceptance", "ContentConsignment"]
    assert "ContentAccessTracking" in etsi

    thread = run(XAL, "thread", notice, "--sender", SEC).json()
    assert [one["id"] for one in thread["members"]][:2] == [notice, acknowledgement]


def test_the_clock_of_comments_runs_from_the_end_that_the_report_tells(
    run: Run, content: Callable[..., Path]
) -> None:
    notice = sent(
        run(SEC, "send", "inspection.notification", content("inspection.notification"), "--to", XBO)
    )
    options = ("--to", XBO, "--reply-to", notice)
    report = sent(run(SEC, "send", "inspection.report", content("inspection.report"), *options))
    new = {one["id"]: one for one in run(XBO, "inbox").json()["new"]}
    (owed,) = new[report]["owed"]
    assert (owed["answer"], owed["until"]) == ("inspection.comments", "2026-12-20T15:00:00Z")
    status = run(XBO, "status", report, "--sender", SEC).json()
    assert status["owed"][0]["until"] == "2026-12-20T15:00:00Z"


def test_a_refused_message_has_its_proof_beside_it(
    stack: Stack, run: Run, content: Callable[..., Path]
) -> None:
    letter = content("correspondence")
    unseen = "01a20d9e-5a79-74d1-96a9-f8c901f813f5"
    done = run(XAL, "send", "correspondence", letter, "--reply-to", unseen)
    assert done.json()["error"]["code"] == "E_POLICY"
    (kept,) = (stack.home(XAL) / "sent").glob("*/refused.json")
    status = run(XAL, "status", kept.parent.name).json()
    assert (status["state"], status["code"]) == ("refused", "E_POLICY")
    assert status["events"][0]["etsi"] == "SubmissionRejection"
    kept.write_bytes(kept.read_bytes().replace(b"index ", b"index 1"))
    assert run(XAL, "status", kept.parent.name).status in {3, 4}


def test_a_notice_of_a_transfer_reaches_the_other_state_too(stack: Stack, run: Run) -> None:
    done = run(XAL, "submit", EXAMPLES / "kinds" / "S1_TRANSFER_NOTIF.json", "--with-findings")
    notice = sent(done)
    status = run(XAL, "status", notice).json()
    assert (status["type"], status["priority"]) == ("transfer.notice", "urgent")
    assert {copy["party"] for copy in status["recipients"]} == {SEC, XBO}
    assert notice in {one["id"] for one in run(XBO, "inbox").json()["new"]}
    lines = sextant("status", notice, "--home", stack.home(XAL)).stdout
    assert "SubmissionAcceptance" in lines
    assert "receipt.opened by SEC" in lines
