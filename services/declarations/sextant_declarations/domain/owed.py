"""What an act of the Secretariat makes it owe: a log entry, and a sealed reply to the sender.

Plain values. `answers` composes them, the register stores them in the transaction of the act, and
`relay` delivers them afterwards.
"""

from dataclasses import dataclass

from sextant_declarations.domain.deliveries import LogHead
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntry:
    """An outbox row: a log entry that is not known to be in the log."""

    row: int
    leaf: bytes
    traceparent: str | None
    attempts: int


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
