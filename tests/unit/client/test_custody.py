"""What messages make parties owe: of a thread as the exchange tells it, and by the home alone."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sextant_client.answers import RECEIPT_CTY
from sextant_client.custody import (
    custody_of,
    owed_document,
    owed_for,
    owed_line,
    owed_of,
    refusal_of,
)
from sextant_client.home import Home
from sextant_client.received import Received
from sextant_client.sent import SentEnvelope, SentFolder
from sextant_shared.clock import parse_timestamp
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import b64u
from sextant_shared.errors import PlatformError
from sextant_shared.models.entries import EnvelopeRefusedEntry
from sextant_shared.models.exchange import EnvelopeThread, ThreadMember
from sextant_shared.models.messages import MESSAGE_CTY
from sextant_shared.protocol.envelope import SealRequest
from sextant_shared.protocol.owing import Seen, owed_in
from sextant_shared.protocol.receipts import format_custody
from sextant_shared.protocol.refusals import format_refusal
from tests.support.logs import (
    INSTANT,
    MemoryLog,
    envelope_id,
    log_keys,
    make_accepted,
    random128,
)
from tests.support.messages import MESSAGES
from tests.support.parties import PartyKeys

XAL, SEC = "NA-XAL", "SEC"
HOUR = 3600.0


@pytest.fixture
def received(tmp_path: Path) -> Any:
    """Return a function that gives a message of the Secretariat as it lies in the inbox."""

    def make(type_: str, **changes: Any) -> Received:
        content = tmp_path / "content.json"
        content.write_text(json.dumps({**MESSAGES[type_], **changes}))
        sealed = SentFolder(Home(tmp_path).sent).seal(
            content,
            SealRequest(
                id=envelope_id(1),
                sender=SEC,
                signers=PartyKeys(SEC).sig,
                recipients=[(XAL, SealingKey.from_jwk(PartyKeys(XAL).seal.jwk))],
                type=type_,
                cty=MESSAGE_CTY,
                classification="C1",
                created="2026-11-24T12:00:00Z",
            ),
        )
        log = MemoryLog()
        log.append(make_accepted(0))
        log.append(make_accepted(1))
        sealed.receipt.write_bytes(format_custody(log.leaves[1], log.proof(1)))
        return Received(sealed.folder)

    return make


def test_a_message_that_does_not_fit_its_type_is_kept_and_told(received: Any) -> None:
    assert "/subject" in received("correspondence", subject=7).flaw()


def test_a_message_that_fits_has_no_flaw(received: Any) -> None:
    assert received("inspection.report").flaw() == ""


def test_comments_are_owed_from_the_end_that_the_report_states(received: Any) -> None:
    (owed,) = owed_for(received("inspection.report"))
    assert owed.until == parse_timestamp("2026-11-20T15:00:00Z") + 30 * 24 * HOUR


def test_a_report_that_cannot_be_read_leaves_the_time_open(received: Any) -> None:
    (owed,) = owed_for(received("inspection.report", ended="soon"))
    assert (owed.answer, owed.until) == ("inspection.comments", None)


def test_a_question_is_answered_by_the_day_that_it_asks_for(received: Any) -> None:
    (early,) = owed_for(received("clarification.request", answer_by="2026-12-01"))
    assert early.until == parse_timestamp("2026-12-01T23:00:00Z")  # the day ends in The Hague


# --- threads --------------------------------------------------------------------------------------

ACCEPTED = "2026-11-24T12:00:00Z"
NOON = parse_timestamp(ACCEPTED)


def member(number: int, type_: str, sender: str = XAL, **changes: Any) -> ThreadMember:
    fields = {
        "sender": sender,
        "id": envelope_id(number),
        "type": type_,
        "class": "C1",
        "priority": "normal",
        "irt": None,
        "sup": None,
        "recipients": [SEC if sender == XAL else XAL],
        "received": "2026-11-24T11:00:00Z",
        "accepted": ACCEPTED,
        "index": number,
    }
    return ThreadMember.model_validate({**fields, **changes})


def owed(home: Home, *members: ThreadMember, secretariat: str = SEC) -> list[tuple[Any, ...]]:
    """Return (answer, by, until, answered) of all that is owed in a thread."""
    thread = EnvelopeThread(members=list(members), is_cut=False)
    found = owed_of(thread, home, secretariat)
    return [(one.answer, one.by, one.until, one.answered) for one in found]


def keep(
    home: Home, number: int, type_: str, content: object, *, sender: str = SEC, **changes: Any
) -> None:
    """Let an envelope lie in the home, as what was sent or received."""
    path = home.path / "content.json"
    path.write_text(json.dumps(content))
    other = SEC if sender == XAL else XAL
    request = SealRequest(
        id=envelope_id(number),
        sender=sender,
        signers=PartyKeys(sender).sig,
        recipients=[(other, SealingKey.from_jwk(PartyKeys(other).seal.jwk))],
        type=type_,
        cty=changes.pop("cty", MESSAGE_CTY),
        classification="C1",
        created=ACCEPTED,
        **changes,
    )
    sealed = SentFolder(home.sent).seal(path, request)
    if sender != XAL:
        home.inbox.mkdir(exist_ok=True)
        sealed.folder.rename(home.inbox / str(number))


OPENED_BY, OUTCOME_BY = NOON + 24 * HOUR, NOON + 72 * HOUR


def test_a_declaration_is_owed_two_answers_from_its_acceptance_on(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert owed(home, member(1, "declaration.annual")) == [
        ("receipt.opened", SEC, OPENED_BY, None),
        ("receipt.outcome", SEC, OUTCOME_BY, None),
    ]
    assert owed(home, member(1, "declaration.annual", accepted=None)) == []
    assert owed(home, member(1, "declaration.annual"), secretariat="OTHER") == []


def test_what_was_superseded_is_owed_nothing(tmp_path: Path) -> None:
    old, new = member(1, "declaration.annual"), member(2, "declaration.annual", sup=envelope_id(1))
    assert len(owed(Home(tmp_path), old, new)) == 2


def refusing(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "kind": "opened",
        "t": INSTANT,
        "env": envelope_id(number),
        "man": "A" * 43,
        "custody": number,
        "verdict": "REJECTED",
        "reason": "UNREADABLE",
        **changes,
    }


@pytest.mark.parametrize(
    ("answer", "settled"),
    [
        (refusing(1), envelope_id(2)),
        (refusing(1, verdict="OPENED", reason=None), None),
        (None, None),
    ],
)
def test_what_cannot_be_opened_has_no_outcome_to_wait_for(
    answer: object, settled: str | None, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    if answer:
        keep(home, 2, "receipt.opened", answer, cty=RECEIPT_CTY, irt=envelope_id(1))
        keep(home, 9, "receipt.opened", refusing(8), cty=RECEIPT_CTY, irt=envelope_id(8))
    thread = (
        member(1, "declaration.annual"),
        member(2, "receipt.opened", SEC, irt=envelope_id(1)),
        member(3, "declaration.annual"),
    )
    assert owed(home, *thread) == [
        ("receipt.opened", SEC, OPENED_BY, envelope_id(2)),
        ("receipt.outcome", SEC, OUTCOME_BY, settled),
        ("receipt.opened", SEC, OPENED_BY, None),
        ("receipt.outcome", SEC, OUTCOME_BY, None),
    ]


def test_an_outcome_that_came_stays_the_answer(tmp_path: Path) -> None:
    home = Home(tmp_path)
    keep(home, 2, "receipt.opened", refusing(1), cty=RECEIPT_CTY, irt=envelope_id(1))
    thread = (
        member(1, "declaration.annual"),
        member(2, "receipt.opened", SEC, irt=envelope_id(1)),
        member(4, "receipt.outcome", SEC, irt=envelope_id(1)),
    )
    assert owed(home, *thread)[1][3] == envelope_id(4)


@pytest.mark.parametrize("sender", [SEC, XAL])
def test_a_thread_asks_for_an_answer_by_the_day_that_a_content_in_the_home_names(
    sender: str, tmp_path: Path
) -> None:
    home, type_ = Home(tmp_path), "clarification.request"
    asked = {**MESSAGES[type_], "answer_by": "2026-12-01"}
    keep(home, 1, type_, asked, sender=sender)
    changes = {"recipients": ["NA-XBO"]}
    by_law = ("clarification.reply", "NA-XBO", NOON + 90 * 24 * HOUR, None)
    [found] = owed(home, member(1, type_, sender, **changes))
    assert found[2] == parse_timestamp("2026-12-01T23:00:00Z")
    # Another's envelope of that id, and one that does not lie here, have no day but the law's.
    assert owed(home, member(1, type_, "NA-XCE", **changes)) == [by_law]
    assert owed(home, member(2, type_, sender, **changes)) == [by_law]
    assert owed(home, member(1, "consultation.request", sender, **changes))[0][2] == (
        NOON + 10 * 24 * HOUR
    )


def test_a_question_that_asks_for_no_day_has_the_days_of_the_law(received: Any) -> None:
    (found,) = owed_for(received("clarification.request", answer_by=None))
    assert found.until == parse_timestamp("2026-11-24T11:28:00.123Z") + 90 * 24 * HOUR


def test_a_report_in_another_form_starts_no_clock(tmp_path: Path) -> None:
    home = Home(tmp_path)
    keep(home, 1, "inspection.report", MESSAGES["inspection.report"], cty="text/plain")
    assert owed(home, member(1, "inspection.report", SEC))[0][2] is None


def test_what_is_owed_is_told_to_people_and_programs() -> None:
    opened, outcome = owed_in(
        [Seen(XAL, envelope_id(1), "declaration.annual", (SEC,), accepted=NOON)]
    )
    words = "receipt.opened by SEC until 2026-11-25T12:00:00Z (no law, P)"
    assert owed_line(opened, OPENED_BY) == words
    assert owed_line(opened, OPENED_BY + 1) == f"{words}  LATE"
    assert owed_line(outcome, NOON) == (
        "receipt.outcome by SEC until 2026-11-27T12:00:00Z (VIII(40), P)"
    )
    assert owed_document(outcome, NOON) == {
        "message": envelope_id(1),
        "answer": "receipt.outcome",
        "by": SEC,
        "until": "2026-11-27T12:00:00Z",
        "late": False,
        "answered": None,
        "within": "3 days after receipt",
        "law": "VIII(40)",
        "evidence": "P",
    }
    [report] = owed_in([Seen(SEC, envelope_id(1), "inspection.report", (XAL,), accepted=NOON)])
    assert owed_line(report, NOON) == (
        "inspection.comments by NA-XAL 30 days after end of inspection (II.63, T)"
    )
    assert owed_document(report, NOON)["until"] is None


# --- one envelope, by exchange and home -----------------------------------------------------------


def test_the_story_of_an_envelope_is_asked_for_by_its_sender_and_holds_what_it_is_owed(
    tmp_path: Path,
) -> None:
    thread = EnvelopeThread(
        members=[member(1, "declaration.annual"), member(2, "declaration.annual")], is_cut=False
    )
    asked: list[tuple[str, ...]] = []

    def answer(name: str, value: object) -> Any:
        def asking(*about: str) -> object:
            asked.append((name, *about))
            return value

        return asking

    client: Any = SimpleNamespace(
        thread=answer("thread", thread),
        status=answer("status", "the status"),
        events=answer("events", "the events"),
        home=Home(tmp_path),
        config=SimpleNamespace(secretariat=SEC),
    )
    story = custody_of(client, envelope_id(2), XAL)
    told: list[object] = [story.thread, story.status, story.events]
    assert told == [thread, "the status", "the events"]
    assert {one.message for one in story.owed} == {envelope_id(2)}
    assert sorted(asked) == [(name, envelope_id(2), XAL) for name in ("events", "status", "thread")]


def test_a_refusal_is_verified_before_it_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path)
    keep(home, 1, "declaration.annual", {}, sender=XAL)
    sent = SentEnvelope(home.sent / envelope_id(1))
    refused = EnvelopeRefusedEntry(
        v=1,
        type="envelope.refused",
        id=random128(1),
        t=INSTANT,
        nonce=random128(2),
        env=sent.id,
        man=b64u(sent.digest),
        code="E_REPLAY",
        reg=0,
    )
    log = MemoryLog([])
    log.append(refused)
    client: Any = SimpleNamespace(home=home, trust=SimpleNamespace(log_keys=log.keys))
    assert refusal_of(client, sent.id) is None
    sent.refusal.write_bytes(format_refusal(log.leaves[0], log.proof(0)))
    found = refusal_of(client, sent.id)
    assert found is not None
    assert (found.code, found.index, found.t) == ("E_REPLAY", 0, INSTANT)
    client.trust.log_keys = log_keys(label="other")
    with pytest.raises(PlatformError, match="E_KEY"):
        refusal_of(client, sent.id)
