"""What happens to an envelope, and what ETSI EN 319 522 calls it: one table.

The names are those of EN 319 522-3 V1.2.1, Table 2; an event is identified there by `URI_PREFIX`
and its name. Not every step of ours is an event there, and the standard knows relays and
notification channels that this exchange does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sextant_shared.models.receipts import (
    OPENED_TYPE,
    OUTCOME_TYPE,
    OpenedVerdict,
    OutcomeVerdict,
)

URI_PREFIX = "http://uri.etsi.org/19522/Event/"


@dataclass(frozen=True, slots=True)
class EventName:
    """One event: our word, the standard's (empty where it has none), and what happened."""

    name: str
    etsi: str
    meaning: str

    @property
    def uri(self) -> str:
        """The standard's identifier, empty where it has none."""
        return URI_PREFIX + self.etsi if self.etsi else ""


_ROWS = (
    EventName("deposited", "", "the container was read whole and passed every check"),
    EventName("held", "", "it is durable at the exchange, with the entry it owes to the log"),
    EventName("logged", "", "the log has its entry"),
    EventName("accepted", "SubmissionAcceptance", "the custody receipt is stored"),
    EventName("refused", "SubmissionRejection", "a check failed; the sender was told why"),
    EventName("delivered", "ContentConsignment", "a copy stands in a recipient's mailbox"),
    EventName("leased", "ConsignmentNotification", "a recipient's worker took the copy up"),
    EventName("fetched", "ContentAccessTracking", "a recipient fetched the sealed content"),
    EventName("released", "", "the worker gave the copy back; it comes again"),
    EventName(
        "acknowledged",
        "ContentHandover",
        "the recipient has it stored on its side; an entry of the log",
    ),
    EventName("dead", "ContentHandoverFailure", "the recipient gave the copy up"),
    EventName("replayed", "ConsignmentNotification", "a copy given up was made available again"),
    EventName("discarded", "ContentHandoverFailure", "the recipient gave the copy up for good"),
    EventName("recalled", "", "the sender took the copy back before anybody had it"),
    EventName("erased", "", "the ciphertext was erased by policy; the evidence stays"),
)
EVENTS: Mapping[str, EventName] = {row.name: row for row in _ROWS}

_OWN = "signed by the recipient itself"
_DECIDED = "the recipient's decision about the content"
_RECEIPT_ROWS = (
    (OpenedVerdict.OPENED, EventName(OPENED_TYPE, "ContentHandover", _OWN)),
    (OpenedVerdict.REJECTED, EventName(OPENED_TYPE, "ContentHandoverFailure", _OWN)),
    (OutcomeVerdict.REGISTERED, EventName(OUTCOME_TYPE, "", _DECIDED)),
    (OutcomeVerdict.RETURNED, EventName(OUTCOME_TYPE, "", _DECIDED)),
    (OutcomeVerdict.REJECTED, EventName(OUTCOME_TYPE, "", _DECIDED)),
)
RECEIPTS: Mapping[tuple[str, str], EventName] = {
    (row.name, verdict.value): row for verdict, row in _RECEIPT_ROWS
}
"""What the Secretariat's receipts prove, by their type and verdict."""


def etsi_of(event: str) -> str:
    """Return the standard's name of an event, empty where it has none."""
    found = EVENTS.get(event)
    return found.etsi if found else ""
