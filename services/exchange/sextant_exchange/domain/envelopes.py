"""The envelope as the exchange knows it: sealed bytes with a verified head, and its life."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sextant_shared.models.exchange import EnvelopeState, Priority


@dataclass(frozen=True, slots=True)
class Claim:
    """What makes two deposits the same: sender, id, and the SHA-256 of the manifest."""

    sender: str
    id: str
    manifest_digest: bytes


@dataclass(frozen=True, slots=True)
class Links:
    """What the header says of other messages, and the lane: `irt` answers, `sup` supersedes."""

    irt: str | None = None
    sup: str | None = None
    priority: Priority = Priority.NORMAL


NO_LINKS = Links()


@dataclass(frozen=True, slots=True)
class Acceptable:
    """An envelope that passed every check and is to be held.

    `content` is the whole container when it is small, else None and `blob` names its place.
    `registry` is the place in the log of the party entry by which it was judged.
    """

    claim: Claim
    type: str
    classification: str
    size: int
    recipients: tuple[str, ...]
    content: bytes | None
    blob: str | None
    received: float
    entry: bytes
    traceparent: str | None
    links: Links = NO_LINKS
    registry: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """An envelope that is durable here but not yet in the log, and the entry it owes."""

    number: int
    recipients: tuple[str, ...]
    entry: bytes
    traceparent: str | None
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class Logged:
    """A held envelope whose entry stands in the log since `t`, with its receipt."""

    held: Held
    index: int
    receipt: bytes
    t: float


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an envelope; times are unix seconds, None before they came."""

    number: int
    claim: Claim
    type: str
    classification: str
    size: int
    recipients: tuple[str, ...]
    received: float
    held: float
    logged: float | None
    accepted: float | None
    index: int | None
    receipt: bytes | None
    blob: str | None
    traceparent: str | None
    links: Links = NO_LINKS
    erased: float | None = None

    @property
    def state(self) -> EnvelopeState:
        """Accepted once the log has its entry."""
        return EnvelopeState.PENDING if self.index is None else EnvelopeState.ACCEPTED

    @property
    def visible_to(self) -> tuple[str, ...]:
        """Its sender; its recipients too, once it is accepted."""
        if self.state is EnvelopeState.PENDING:
            return (self.claim.sender,)
        return (self.claim.sender, *self.recipients)


class Repeat(StrEnum):
    """What a deposit found under its id; `STALE`: it was judged by documents of before."""

    NEW = "new"
    STALE = "stale"
    SAME = "same"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class HoldResult:
    """What stands under a claim's id: its receipt, or the held envelope that still owes one."""

    repeat: Repeat
    held: Held | None
    receipt: bytes | None


class Act(StrEnum):
    """What can happen to an envelope; `sextant_shared.protocol.events` has the standard's names."""

    DEPOSITED = "deposited"
    HELD = "held"
    LOGGED = "logged"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    LEASED = "leased"
    FETCHED = "fetched"
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    DEAD = "dead"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    RECALLED = "recalled"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Event:
    """One act on an envelope; `party` is whose mailbox it happened in, None for the exchange's.

    What a party says in `detail` is for that party alone: to tell the sender why a recipient could
    not work would make the recipient an oracle about what it can open.
    """

    t: float
    act: Act
    party: str | None
    detail: str
    index: int | None = None


def events_of(stored: Stored, acts: Sequence[Event]) -> list[Event]:
    """Return the whole life of an envelope, oldest first; the first acts follow from its row."""
    life = [
        Event(stored.received, Act.DEPOSITED, None, f"by {stored.claim.sender}"),
        Event(stored.held, Act.HELD, None, ""),
    ]
    if stored.logged is not None and stored.accepted is not None:
        life.append(Event(stored.logged, Act.LOGGED, None, f"log index {stored.index}"))
        life.append(Event(stored.accepted, Act.ACCEPTED, None, ""))
        life += [
            Event(stored.accepted, Act.DELIVERED, None, f"to the mailbox of {party}")
            for party in stored.recipients
        ]
    return life + list(acts)
