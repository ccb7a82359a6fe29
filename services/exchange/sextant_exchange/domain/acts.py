"""What a logged act is: who did what to which copies, and the entry it owes to the log.

An act is written down in the same transaction that carries it out, with the bytes of its entry;
an acknowledgement alone gets its entry a little later (`acknowledging`).
The order of its durable steps is in `acting`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sextant_shared.clock import random_bytes, timestamp_ms
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.acts import (
    AcknowledgementDetail,
    RecallDetail,
    RecalledCopy,
    RecallOutcome,
)
from sextant_shared.models.entries import format_entry, parse_entry
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.acts import SALT_BYTES, commitment


class ActKind(StrEnum):
    """The acts, by the type of their entry."""

    RECALL = "envelope.recalled"
    ERASURE = "envelope.erased"
    ACKNOWLEDGEMENT = "delivery.acknowledged"
    REPLAY = "delivery.replayed"
    DISCARD = "delivery.discarded"


@dataclass(frozen=True, slots=True)
class Place:
    """The envelope acted on: its row, its id, and where its custody entry stands in the log."""

    number: int
    env: str
    ref: int


@dataclass(frozen=True, slots=True)
class MadeAct:
    """An act as it is written down; `party` acted, None for the exchange itself.

    `seq` is the delivery in that party's mailbox, None for an act on the whole envelope.
    `detail` and `salt` open the commitment of `entry`, None once they were destroyed; `statement`
    is what a sender signed.
    """

    kind: ActKind
    place: Place
    party: str | None
    seq: int | None
    happened: float
    entry: bytes
    detail: bytes | None
    salt: bytes | None
    statement: bytes | None


@dataclass(frozen=True, slots=True)
class StoredAct:
    """An act in the store; `index` and `proof` are None while it is owed to the log."""

    position: int
    made: MadeAct
    index: int | None
    proof: str | None


def make_act(
    kind: ActKind,
    place: Place,
    detail: Strict,
    now: float,
    *,
    party: str | None,
    seq: int | None = None,
    statement: bytes | None = None,
) -> MadeAct:
    """Return an act with its entry: fresh id, nonce and salt, so nothing of it can be guessed."""
    salt, data = random_bytes(SALT_BYTES), canonical_json(detail.model_dump(mode="json"))
    members = {
        "v": 1,
        "type": str(kind),
        "id": b64u(random_bytes(16)),
        "t": timestamp_ms(now),
        "nonce": b64u(random_bytes(16)),
        "env": place.env,
        "ref": place.ref,
        "commit": b64u(commitment(salt, data)),
    }
    if statement is not None:
        members["stmt"] = b64u(sha256(statement))
    entry = format_entry(parse_entry(canonical_json(members)))
    return MadeAct(kind, place, party, seq, now, entry, data, salt, statement)


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's copy as a recall finds it; touched once it was leased or fetched."""

    party: str
    seq: int
    is_touched: bool


@dataclass(frozen=True, slots=True)
class RecallOrder:
    """A verified statement of the sender about the envelope at `place`."""

    place: Place
    party: str
    statement: bytes
    reason: str
    now: float

    def act(self, copies: Sequence[Copy]) -> MadeAct:
        """Return the act for the copies as they stand now.

        Raises:
            PlatformError: `E_STATE`, with one finding for each recipient, when all have theirs.
        """
        outcomes = [
            RecallOutcome.TOO_LATE if copy.is_touched else RecallOutcome.RECALLED for copy in copies
        ]
        if RecallOutcome.RECALLED not in outcomes:
            raise _too_late(copies)
        detail = RecallDetail(
            recipients=[
                RecalledCopy(party=copy.party, outcome=outcome)
                for copy, outcome in zip(copies, outcomes, strict=True)
            ]
        )
        return make_act(
            ActKind.RECALL,
            self.place,
            detail,
            self.now,
            party=self.party,
            statement=self.statement,
        )


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A delivery that its recipient ended, at `happened`; its entry is not made yet."""

    place: Place
    party: str
    seq: int
    happened: float

    def act(self, now: float) -> MadeAct:
        """Return the act, whose entry is made now."""
        detail = AcknowledgementDetail(party=self.party, acknowledged=timestamp_ms(self.happened))
        made = make_act(
            ActKind.ACKNOWLEDGEMENT, self.place, detail, now, party=self.party, seq=self.seq
        )
        return replace(made, happened=self.happened)


@dataclass(frozen=True, slots=True)
class DeadLetterOrder:
    """What the owner of a mailbox wants done with a dead letter; `detail` is what is logged."""

    kind: ActKind
    party: str
    seq: int
    detail: Strict
    note: str
    now: float

    def act(self, place: Place) -> MadeAct:
        """Return the act for the envelope of that dead letter."""
        return make_act(self.kind, place, self.detail, self.now, party=self.party, seq=self.seq)


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """One envelope whose ciphertext may go, and the manifest that stays.

    `due` says, given when the last copy was closed, what the entry commits to; None when not yet.
    """

    place: Place
    manifest: bytes
    due: Callable[[float], Strict | None]
    now: float

    def act(self, closed: float) -> MadeAct | None:
        """Return the act, None when it is not due for an envelope closed at that time."""
        detail = self.due(closed)
        if detail is None:
            return None
        return make_act(ActKind.ERASURE, self.place, detail, self.now, party=None)


def recalled_error() -> PlatformError:
    """Return what a recipient is told that asks for a copy which its sender recalled."""
    return PlatformError(
        Code.GONE,
        "the sender recalled this envelope before you fetched it",
        fix="Its manifest, receipt and events stay; ask the sender.",
    )


def _too_late(copies: Sequence[Copy]) -> PlatformError:
    return PlatformError(
        Code.STATE,
        "too late: every recipient has the envelope",
        expected="a copy that was neither leased nor fetched",
        received=", ".join(copy.party for copy in copies),
        fix="Send an envelope that supersedes it, or ask the recipients.",
        findings=[
            Finding(
                rule="RECALL",
                severity=Severity.INFORMATION,
                pointer=f"/recipients/{position}",
                message=f"too late for {copy.party}",
            )
            for position, copy in enumerate(copies)
        ],
    )
