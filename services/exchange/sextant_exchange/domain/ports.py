"""What the exchange's rules need from outside, one protocol per role."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sextant_exchange.domain.acts import (
    DeadLetterOrder,
    ErasureOrder,
    RecallOrder,
    StoredAct,
)
from sextant_exchange.domain.envelopes import (
    Acceptable,
    Claim,
    Event,
    Held,
    HoldResult,
    Logged,
    Stored,
)
from sextant_exchange.domain.retention import Candidate
from sextant_shared.errors import PlatformError
from sextant_shared.models.exchange import (
    Delivery,
    DeliveryState,
    Lease,
    Priority,
    RecipientStatus,
)
from sextant_shared.models.statements import LoggedStatement

Step = Callable[[str], None]
"""Told the name of each durable step that was reached; a drill may end the process there."""

Trouble = Callable[[PlatformError], None]
"""Told why owed entries could not be given to the log, once per try."""


@dataclass(frozen=True, slots=True)
class LoggedLeaf:
    """Where an entry stands and the tlog-proof text that shows it."""

    index: int
    proof: str


class Log(Protocol):
    """The transparency log."""

    async def append(
        self, entries: Sequence[bytes], traceparents: Sequence[str | None]
    ) -> list[LoggedLeaf]:
        """Append entries, verified proofs back; safe to repeat. Raises `E_UNAVAILABLE`."""
        ...


class Envelopes(Protocol):
    """Everything stored of envelopes."""

    async def known(self, claims: Sequence[Claim]) -> list[HoldResult | None]:
        """Say what already stands under each claim's id; None where nothing does."""
        ...

    async def hold(self, batch: Sequence[Acceptable], now: float) -> list[HoldResult]:
        """Durable step A for a batch, one commit. An id that stands already is not stored again."""
        ...

    async def accept(self, batch: Sequence[Logged], now: float) -> list[bytes]:
        """Durable step C for a batch, one commit: receipts stored, deliveries made available.

        Returns the receipts in force: one that was stored before stays, and delivers nothing again.
        """
        ...

    async def held(self, after: int, limit: int) -> list[Held]:
        """Return envelopes that wait for their log entry, by number, those after `after`."""
        ...

    async def find(self, sender: str, id_: str) -> Stored | None:
        """Return one envelope."""
        ...

    async def find_by_manifest(self, digest: bytes) -> Stored | None:
        """Return the envelope whose manifest has this digest."""
        ...

    async def recipients(self, number: int) -> list[RecipientStatus]:
        """Return each recipient's copy."""
        ...

    async def acts(self, number: int) -> list[Event]:
        """Return what happened in mailboxes, oldest first; the newest thousand."""
        ...

    async def note_fetched(self, number: int, party: str, now: float) -> None:
        """Store that a recipient fetched the content; the first time counts.

        Raises `E_GONE` when its sender recalled it first.
        """
        ...

    async def content(self, number: int) -> bytes | None:
        """Return a small container; None when it lies in the blob store."""
        ...

    async def manifest(self, number: int) -> bytes | None:
        """Return the manifest of an erased envelope; None while its container holds it."""
        ...

    async def blobs_among(self, names: Sequence[str]) -> set[str]:
        """Return those of these blobs that rows refer to."""
        ...


class Related(Protocol):
    """Envelopes by what others name: ids are unique per sender only, so one names several."""

    async def with_ids(self, ids: Sequence[str]) -> list[Stored]:
        """Return the envelopes with these ids, of any sender, by number."""
        ...

    async def naming(self, ids: Sequence[str], limit: int) -> list[Stored]:
        """Return up to `limit` envelopes that answer or supersede these ids, by number."""
        ...


class Erasable(Protocol):
    """What the retention policy looks at."""

    async def kept(self, after: int, limit: int, accepted_by: float) -> tuple[list[Candidate], int]:
        """Return envelopes after `after` whose ciphertext is kept, accepted by then.

        The second is the number to go on after, 0 when all were seen.
        """
        ...


class Mailboxes(Protocol):
    """Deliveries: one recipient's copies, in order."""

    async def page(self, party: str, after: int, limit: int, wanted: "Wanted") -> list[Delivery]:
        """Return deliveries after a cursor, oldest first."""
        ...

    async def newest(self, parties: Sequence[str]) -> dict[str, int]:
        """Return the number of the newest delivery of each of these mailboxes that has any."""
        ...

    async def lease(self, party: str, order: "LeaseOrder") -> list[Lease]:
        """Lease what is available, or whose lease ran out: urgent first, then oldest first."""
        ...

    async def acknowledge(self, party: str, token: str, now: float) -> None:
        """End a delivery. Raises `E_STATE` for a stale token."""
        ...

    async def release(self, party: str, token: str, release: "Release", now: float) -> None:
        """Give a delivery back or bury it. Raises `E_STATE` for a stale token."""
        ...

    async def extend(self, party: str, token: str, until: float, now: float) -> None:
        """Prolong a lease. Raises `E_STATE` for a stale token."""
        ...


class Acknowledgements(Protocol):
    """Deliveries that their recipients ended, whose entries are not made yet."""

    async def hold(self, limit: int, now: float) -> int:
        """Write down the acts of the oldest with their entries, one commit; return how many."""
        ...


class Acts(Protocol):
    """Logged acts: step A of each kind, what is owed, step C."""

    async def recall(self, order: RecallOrder) -> StoredAct:
        """Recall what no recipient touched. The same statement gives the act it made before.

        Raises `E_STATE` when all have it, or another statement recalled it.
        """
        ...

    async def recall_of(self, number: int) -> StoredAct | None:
        """Return the recall of an envelope."""
        ...

    async def replay(self, order: DeadLetterOrder) -> StoredAct:
        """Make a dead letter available again. Raises `E_STATE` when it is none."""
        ...

    async def discard(self, order: DeadLetterOrder) -> StoredAct:
        """Give up a dead letter. One that is given up gives its act. Raises `E_STATE`."""
        ...

    async def erase(self, order: ErasureOrder) -> StoredAct | None:
        """Keep the manifest and owe the entry; None when a copy is open, or it is not due."""
        ...

    async def owed(self, after: int, limit: int) -> list[StoredAct]:
        """Return acts that wait for their entry, by position, those after `after`."""
        ...

    async def prove(
        self, proved: Sequence[tuple[StoredAct, LoggedLeaf]]
    ) -> tuple[list[StoredAct], list[str]]:
        """Durable step C, one commit; return the acts and the blobs that no row names any more."""
        ...

    async def of(self, number: int) -> list[StoredAct]:
        """Return all acts on an envelope, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries of a mailbox: in one state, of one lane, or all."""

    state: DeliveryState | None = None
    priority: Priority | None = None


ALL = Wanted()


@dataclass(frozen=True, slots=True)
class LeaseOrder:
    """Up to `limit` deliveries until `until`; one leased `max_attempts` times in vain is dead."""

    limit: int
    until: float
    now: float
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Release:
    """How a delivery comes back: `pause` gives the seconds to wait from the attempts so far.

    A lease in which it was `untried` is no attempt.
    """

    error: str
    pause: Callable[[int], float]
    max_attempts: int
    dead: bool
    untried: bool = False


@dataclass(frozen=True, slots=True)
class PartyVersion:
    """One version of a party document and the entry that it owes, or owed, to the log."""

    party: str
    ver: int
    raw: bytes
    entry: bytes


class Parties(Protocol):
    """The party registry's rows."""

    async def newest(self) -> int:
        """Return where the newest version in force stands in the log; -1 before the first."""
        ...

    async def since(self, index: int) -> list[tuple[PartyVersion, LoggedLeaf | None]]:
        """Return versions in force behind a place of the log, in order; None for one that waits."""
        ...

    async def hold(self, version: PartyVersion, after: int) -> bool:
        """Store a version that is not yet in the log; False when another came since `after`."""
        ...

    async def enforce(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        """Store where a version stands in the log; it is in force from then on."""
        ...


class Announcements(Protocol):
    """Recoveries of lost roots that were announced; a row is a version and the entry it owes."""

    async def announcements(self) -> list[tuple[PartyVersion, LoggedLeaf | None]]:
        """Return all, in order of acceptance; None while the log owes the place."""
        ...

    async def hold(self, version: PartyVersion) -> None:
        """Store one that is not yet in the log; the same document twice is one."""
        ...

    async def place(self, version: PartyVersion, leaf: LoggedLeaf) -> None:
        """Store where one stands in the log."""
        ...


@dataclass(frozen=True, slots=True)
class HeldStatement:
    """A party's statement on envelope `number` and the entry it owes, or owed, to the log."""

    number: int
    raw: bytes
    entry: bytes


class StatementStore(Protocol):
    """What parties said of their envelopes."""

    async def hold(self, held: HeldStatement) -> None:
        """Store one that is not yet in the log; the same statement twice is one."""
        ...

    async def pending(self) -> list[HeldStatement]:
        """Return those that owe their entry, oldest first."""
        ...

    async def place(self, held: HeldStatement, leaf: LoggedLeaf) -> None:
        """Store where one stands in the log."""
        ...

    async def of(self, number: int) -> list[LoggedStatement]:
        """Return those on one envelope that stand in the log, oldest first."""
        ...


class Blobs(Protocol):
    """Containers too large for a row; a manifest's digest says which bytes are a container's."""

    def free_bytes(self) -> int:
        """Return how much room is left for containers and rows."""
        ...

    async def require(self) -> None:
        """Return if the store took what it was given last, or answers now.

        Raises `E_UNAVAILABLE`: then a body need not be read.
        """
        ...

    async def put(self, arrived: Path, manifest_digest: bytes) -> str:
        """Store the file that arrived; return its name once it is durable.

        Raises `E_UNAVAILABLE`.
        """
        ...

    async def open(
        self,
        name: str,
        manifest_digest: bytes | None = None,
        *,
        start: int = 0,
        end: int | None = None,
    ) -> AsyncIterator[bytes]:
        """Return a container's pieces; with a digest, the last only when all are as deposited.

        Without a digest also those of a range.

        Raises `E_INTEGRITY` when it is gone, `E_UNAVAILABLE`.
        """
        ...

    async def delete(self, names: Sequence[str]) -> None:
        """Remove what nothing refers to any more: as soon as the store lets it. Never raises."""
        ...

    async def remove(self, names: Sequence[str]) -> None:
        """Remove blobs; one that is gone already is no error. Raises `E_UNAVAILABLE`."""
        ...

    def names(self, age_s: float) -> AsyncIterator[list[str]]:
        """Yield the names of blobs that are as old as that, page by page."""
        ...

    async def unfinished(self, age_s: float, *, remove: bool) -> int:
        """Return how many puts older than that nobody ended; remove what they left."""
        ...
