"""What a received message makes its reader owe, by what lies in the home alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from sextant_client.custody import owed_for
from sextant_client.home import Home
from sextant_client.received import Received
from sextant_client.sent import SentFolder
from sextant_shared.clock import parse_timestamp
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.models.messages import MESSAGE_CTY
from sextant_shared.protocol.envelope import SealRequest
from sextant_shared.protocol.receipts import format_custody
from tests.support.logs import MemoryLog, envelope_id, make_accepted
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
