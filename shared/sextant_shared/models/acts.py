"""Logged acts of the exchange beyond acceptance: acknowledgement, recall, replay, discard, erasure.

Responsible for the shapes: what a sender signs to recall, what the owner of a mailbox asks for,
what an entry commits to, and the receipt of an act. `sextant_shared.protocol.recalls` and
`sextant_shared.protocol.acts` decide what is valid.

The detail of an act is what its entry commits to with a salt. It is shown to whom it belongs:
others get the same entry and proof without it, and cannot guess it.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.entries import EnvelopeId, InstantMs, Sha256
from sextant_shared.models.party import Instant, PartyId
from sextant_shared.models.receipts import Level
from sextant_shared.models.strict import Strict, Version1

RECALL_TYP = "dxe-recall+json"
MAX_RECALL_BYTES = 16_384  # the larger pair of signatures takes about 6.4 KiB
MAX_REASON_CHARS = 500
MAX_ACT_RECEIPT_BYTES = 65_536
MAX_RECIPIENTS = 16

_Reason = Annotated[str, Field(max_length=MAX_REASON_CHARS)]


class RecallStatement(Strict):
    """What a sender signs: which envelope, by the digest of its manifest, why and when."""

    v: Version1
    env: EnvelopeId
    man: Sha256
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON_CHARS)]
    created: Instant


class RecallRequest(Strict):
    """The statement as it was signed: a JWS."""

    statement: Annotated[str, Field(max_length=MAX_RECALL_BYTES)]


class RecallOutcome(StrEnum):
    """What a recall did to one recipient's copy.

    Too late is what the recipient was given: leased once, or fetched, whatever came after.
    """

    RECALLED = "recalled"
    TOO_LATE = "too-late"


class DiscardReason(StrEnum):
    """Why the owner of a mailbox gives up a dead letter for good."""

    UNREADABLE = "UNREADABLE"
    MISDIRECTED = "MISDIRECTED"
    SUPERSEDED = "SUPERSEDED"
    HANDLED_OTHERWISE = "HANDLED_OTHERWISE"
    OTHER = "OTHER"


class ReplayRequest(Strict):
    """Why a dead letter may come again; its cause is mended, for example."""

    reason: _Reason = ""


class DiscardRequest(Strict):
    """Why a dead letter is given up for good, as a code and in words."""

    reason: Annotated[DiscardReason, Field(strict=False)]
    note: _Reason = ""


class RecalledCopy(Strict):
    """One recipient's copy and what the recall did to it."""

    party: PartyId
    outcome: Annotated[RecallOutcome, Field(strict=False)]


class RecallDetail(Strict):
    """What the entry of a recall commits to; the reason stands in the signed statement."""

    recipients: Annotated[list[RecalledCopy], Field(min_length=1, max_length=MAX_RECIPIENTS)]


class AcknowledgementDetail(Strict):
    """What the entry of an acknowledgement commits to: who has the envelope, since when.

    The recipient and the sender are given it, so it says nothing of the recipient's own affairs.
    """

    party: PartyId
    acknowledged: InstantMs


class ReplayDetail(Strict):
    """What the entry of a replay commits to: whose delivery, which one, by whom, why."""

    party: PartyId
    seq: Annotated[int, Field(ge=1)]
    by: str
    reason: _Reason


class DiscardDetail(Strict):
    """What the entry of a discard commits to: whose delivery, which one, by whom, why."""

    party: PartyId
    seq: Annotated[int, Field(ge=1)]
    by: str
    reason: Annotated[DiscardReason, Field(strict=False)]
    note: _Reason


class ErasureDetail(Strict):
    """What the entry of an erasure commits to: the rule, its days, when the envelope was closed."""

    rule: str
    days: Annotated[int, Field(ge=0)]
    why: str
    closed: InstantMs


class ActReceipt(Strict):
    """The receipt of an act as it travels; `detail` and `salt` are null for those it is not for.

    Like a custody receipt it has no signature of its own: the log's stand in the proof.
    """

    v: Version1
    kind: Literal["act"]
    level: Annotated[Level, Field(strict=False)]
    entry: str
    proof: str
    detail: str | None
    salt: str | None


class ActView(Strict):
    """One act on an envelope, for one of those it concerns.

    `party` is who acted, null for the exchange itself; `statement` is what a sender signed;
    `index` and `receipt` are null while the log owes the proof.
    """

    type: str
    t: str
    party: str | None
    index: int | None
    receipt: ActReceipt | None
    detail: dict[str, object] | None
    statement: str | None


class ActPage(Strict):
    """All acts on an envelope that concern the caller, oldest first."""

    acts: list[ActView]
