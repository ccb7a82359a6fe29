"""The envelope as the exchange knows it: sealed bytes with a verified head."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sextant_shared.models.exchange import EnvelopeState


@dataclass(frozen=True, slots=True)
class Acceptable:
    """An envelope that passed every check and is to be held.

    `content` is the whole container when it is small, else None and `blob` names its place.
    """

    sender: str
    id: str
    manifest_digest: bytes
    type: str
    classification: str
    size: int
    recipients: tuple[str, ...]
    content: bytes | None
    blob: str | None
    received: float
    entry: bytes
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """An envelope that is durable here but not yet in the log."""

    number: int
    sender: str
    id: str
    recipients: tuple[str, ...]
    entry: bytes
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Logged:
    """A held envelope whose entry stands in the log, with its receipt."""

    held: Held
    index: int
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an envelope."""

    number: int
    sender: str
    id: str
    manifest_digest: bytes
    type: str
    classification: str
    size: int
    recipients: tuple[str, ...]
    state: EnvelopeState
    received: float
    index: int | None
    receipt: bytes | None
    blob: str | None
    traceparent: str | None

    @property
    def parties(self) -> tuple[str, ...]:
        """Everybody the envelope belongs to: its sender and its recipients."""
        return (self.sender, *self.recipients)


class Repeat(StrEnum):
    """What a deposit found under its id."""

    NEW = "new"
    SAME = "same"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class HoldResult:
    """Answer of durable step A for one envelope."""

    repeat: Repeat
    held: Held | None
    receipt: bytes | None


@dataclass(frozen=True, slots=True)
class Event:
    """One act on an envelope."""

    number: int
    t: float
    event: str
    detail: str


def events_of(stored: Stored, acts: Sequence[Event], accepted: float | None) -> list[Event]:
    """Return the whole life of an envelope, oldest first; the first acts follow from its row."""
    life = [Event(stored.number, stored.received, "deposited", f"by {stored.sender}")]
    if accepted is not None:
        life.append(Event(stored.number, accepted, "accepted", f"log index {stored.index}"))
        life += [
            Event(stored.number, accepted, "delivered", f"to the mailbox of {party}")
            for party in stored.recipients
        ]
    return life + list(acts)
