"""What an act of the Secretariat makes it owe: a log entry, and a sealed reply to the sender.

Plain values. `answers` composes them, the register stores them in the transaction of the act, and
`relay` delivers them afterwards.
"""

from dataclasses import dataclass

from sextant_declarations.domain.deliveries import LogHead
from sextant_shared.clock import parse_timestamp
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.receipts import RECEIPT_CTY


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedEntry:
    """A log entry: its bytes, and the detail and salt that its commitment hides."""

    act: str
    leaf: bytes
    detail: bytes
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A party and the sealing key its newest document lists."""

    party: str
    jwk: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """An answer that a message makes somebody owe: of which type, by whom, within which time.

    The time runs `after` the receipt of the message or the end of the inspection, and is over when
    the message `asked` for the answer, if that is sooner. `until` and `asked` are in unix seconds,
    None while not known.
    """

    answer: str
    by: str
    within_s: int
    after: str
    until: float | None
    law: str
    evidence: str
    asked: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealOrder:
    """One reply or message to sign and seal; `beacon` is a log head we verified."""

    id: str
    type: str
    content: bytes
    to: Address
    classification: str
    created: str
    irt: str | None
    beacon: LogHead | None
    cty: str = RECEIPT_CTY
    sup: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedReply:
    """A reply sealed to its order; `kpc` later proves its content to others without any key."""

    order: SealOrder
    container: bytes
    manifest_digest: bytes
    kpc: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """The trace that made an outbox row; of a row that is tried again, also when that was."""

    traceparent: str | None
    retried_since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntry:
    """An outbox row: a log entry that is not known to be in the log."""

    row: int
    leaf: bytes
    traceparent: str | None
    attempts: int

    @property
    def origin(self) -> Origin:
        """Which trace it belongs to."""
        since = parse_timestamp(parse_entry(self.leaf).t) if self.attempts else None
        return Origin(self.traceparent, since)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReply:
    """An outbox row: a reply whose custody receipt we do not hold.

    `is_deposited` says that the exchange has it already. The rest is what it was sealed from.
    """

    row: int
    id: str
    type: str
    content: bytes
    party: str
    classification: str
    irt: str | None
    container: bytes
    manifest_digest: bytes
    is_deposited: bool
    traceparent: str | None
    attempts: int
    cty: str = RECEIPT_CTY
    sup: str | None = None

    @property
    def origin(self) -> Origin:
        """Which trace it belongs to."""
        return Origin(self.traceparent, made_at(self.id) if self.attempts else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedProof:
    """Where the entry of an outbox row stands, with its tlog-proof."""

    row: int
    index: int
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """An outbox row that could not be delivered: why, and when to try again."""

    row: int
    error: str
    again_at: float


def made_at(envelope_id: str) -> float:
    """Return the time inside an envelope's id (RFC 9562 §5.7): its sender's, good for telemetry."""
    return int(envelope_id.replace("-", "")[:12], 16) / 1000
