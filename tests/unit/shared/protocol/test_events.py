"""The names of events are those of ETSI EN 319 522, and each event and receipt has its row."""

import pytest

from sextant_exchange.domain.envelopes import Act
from sextant_shared.models.receipts import (
    OPENED_TYPE,
    OUTCOME_TYPE,
    OpenedVerdict,
    OutcomeVerdict,
)
from sextant_shared.protocol.events import EVENTS, RECEIPTS, EventName, etsi_of

STANDARD = {  # EN 319 522-3 V1.2.1, Table 2
    "SubmissionAcceptance",
    "SubmissionRejection",
    "RelayAcceptance",
    "RelayRejection",
    "RelayFailure",
    "NotificationForAcceptance",
    "NotificationForAcceptanceFailure",
    "NotificationDelivered",
    "NotificationAccessTracking",
    "ConsignmentAcceptance",
    "ConsignmentRejection",
    "AcceptanceRejectionExpiry",
    "ContentConsignment",
    "ContentConsignmentFailure",
    "ConsignmentNotification",
    "ConsignmentNotificationFailure",
    "ContentAccessTracking",
    "ContentHandover",
    "ContentHandoverFailure",
    "RelayToNonERDS",
    "RelayToNonERDSFailure",
    "ReceivedFromNonERDS",
}
REFUSED = "refused"  # it happens to what never became an envelope: an entry, and no act
ROWS = [*EVENTS.values(), *RECEIPTS.values()]
EVIDENCE = {  # the word in the standard of what a party can prove, and to whom
    "accepted": "SubmissionAcceptance",
    "refused": "SubmissionRejection",
    "delivered": "ContentConsignment",
    "leased": "ConsignmentNotification",
    "fetched": "ContentAccessTracking",
    "acknowledged": "ContentHandover",
    "dead": "ContentHandoverFailure",
    "replayed": "ConsignmentNotification",
    "discarded": "ContentHandoverFailure",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_name_in_the_standard_is_one_of_its_names(row: EventName) -> None:
    assert row.etsi in STANDARD | {""}
    assert row.uri == (f"http://uri.etsi.org/19522/Event/{row.etsi}" if row.etsi else "")
    assert row.meaning


def test_a_word_that_is_no_event_of_ours_has_no_name_there() -> None:
    assert etsi_of("ContentHandover") == etsi_of("") == ""


def test_each_event_that_a_party_can_prove_has_the_name_that_was_agreed() -> None:
    assert {name: etsi for name in EVENTS if (etsi := etsi_of(name))} == EVIDENCE


def test_what_can_happen_to_an_envelope_is_the_table_and_nothing_else_stands_there() -> None:
    assert set(EVENTS) == {act.value for act in Act} | {REFUSED}


def test_each_receipt_of_the_secretariat_has_a_row_by_its_type_and_verdict() -> None:
    opened = {(OPENED_TYPE, verdict.value) for verdict in OpenedVerdict}
    outcomes = {(OUTCOME_TYPE, verdict.value) for verdict in OutcomeVerdict}
    assert set(RECEIPTS) == opened | outcomes
    assert all(row.name == type_ for (type_, _), row in RECEIPTS.items())


def test_only_who_opened_an_envelope_proves_that_its_content_was_handed_over() -> None:
    proven = {key: row.etsi for key, row in RECEIPTS.items() if row.etsi}
    assert proven == {
        (OPENED_TYPE, "OPENED"): "ContentHandover",
        (OPENED_TYPE, "REJECTED"): "ContentHandoverFailure",
    }
