"""What the domain needs from outside, one protocol a role; adapters are joined in `app`."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sextant_declarations.domain.deliveries import (
    Dossier,
    Examined,
    FiledVersion,
    Lease,
    LogHead,
    Stage,
)
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.owed import (
    DueEntry,
    DueReply,
    LoggedProof,
    Origin,
    Postponed,
    SealedReply,
    SealOrder,
)
from sextant_declarations.domain.reading import (
    Act,
    Alarm,
    DeclarationSummary,
    EntryEvidence,
    EnvelopeLine,
    Filters,
    OwedLine,
    ReplyEvidence,
    RevisionView,
    StoredEnvelope,
    VersionView,
)
from sextant_declarations.domain.records import Base, Record, Submission
from sextant_declarations.domain.register import DeclarationKey, Standing
from sextant_declarations.domain.threads import Known
from sextant_shared.models.acts import DiscardRequest
from sextant_shared.models.exchange import DeliveryPage
from sextant_shared.models.log import AppendAnswer

Step = Callable[[str], None]
"""Told the name of each durable step that was reached; a drill may end the process there."""

Submit = Callable[[Submission], Awaitable[None]]
"""Registers one envelope, together with whatever else is waiting; done when it is stored."""


class Leasing(Protocol):
    """Where deliveries are leased, and given back."""

    async def lease(self, limit: int, *, lease_s: int, wait_s: int) -> list[Lease]:
        """Return up to `limit` deliveries, ours for `lease_s`; wait for the first one."""
        ...

    async def release(self, token: str, *, error: str, delay_s: int, untried: bool = False) -> None:
        """Give the delivery back, to come again after `delay_s`; `untried` counts as no failure."""
        ...


class Mailbox(Leasing, Protocol):
    """The Secretariat's mailbox at the exchange: the verification queue.

    Every method may raise `E_UNAVAILABLE`; those that take a token raise `E_STATE` when it is
    stale, because somebody else leased the delivery meanwhile.
    """

    async def acknowledge(self, token: str) -> None:
        """End the delivery: its effect is stored here."""
        ...

    async def extend(self, token: str, *, lease_s: int) -> None:
        """Keep the delivery for another `lease_s`."""
        ...

    async def fetch(self, sender: str, id_: str, into: Path) -> None:
        """Write the container to the file `into`."""
        ...

    async def custody_receipt(self, sender: str, id_: str) -> bytes:
        """Return the custody receipt, byte for byte."""
        ...


class Queue(Protocol):
    """The verification queue as officers see it."""

    async def waiting(self, after: int, limit: int) -> DeliveryPage:
        """Return a page of our mailbox, in order of acceptance."""
        ...

    async def dead_letters(self, after: int, limit: int) -> DeliveryPage:
        """Return a page of the deliveries that failed too often."""
        ...

    async def replay(self, seq: int) -> None:
        """Let a dead letter come again."""
        ...

    async def discard(self, seq: int, request: DiscardRequest) -> None:
        """Give up a dead letter for good. Raises `E_STATE` when it is none."""
        ...


class Parties(Protocol):
    """The party registry at the exchange; nothing it says is believed unverified."""

    async def proof(self, party: str, at: int | None) -> bytes:
        """Return the registry proof at the party entry `at` of the log, None for the newest."""
        ...


class Dispatch(Protocol):
    """Gives our own envelopes to the exchange."""

    async def deposit(self, container: bytes) -> bytes | None:
        """Deposit; return the custody receipt, or None while it is pending. Safe to repeat."""
        ...

    async def receipt(self, id_: str) -> bytes | None:
        """Return the custody receipt of an envelope deposited before, None while it is pending."""
        ...


class Log(Protocol):
    """The transparency log."""

    async def append(self, leaves: Sequence[bytes]) -> AppendAnswer:
        """Append entries; safe to repeat, since an entry's id makes it idempotent."""
        ...


class Workshop(Protocol):
    """Where the private keys are: opens and checks, signs and seals, apart from the event loop."""

    async def examine(self, dossier: Dossier) -> Examined:
        """Verify, open and check one dossier."""
        ...

    async def seal(self, orders: Sequence[SealOrder]) -> list[SealedReply]:
        """Sign and seal replies, in order."""
        ...


class Vault(Protocol):
    """Files too large for rows: containers as received, and their plaintext."""

    def stage(self) -> AbstractContextManager[Stage]:
        """Return a private folder for one delivery, emptied when the context ends."""
        ...

    async def keep(self, stage: Stage, manifest_digest: bytes, *, with_content: bool) -> None:
        """Make the staged files durable under the name of the manifest digest; safe to repeat."""
        ...


class Register(Protocol):
    """What is stored of each envelope, in one transaction with what it makes us owe."""

    async def held(self, sender: str, id_: str) -> bytes | None:
        """Return the manifest digest under which this envelope is stored already."""
        ...

    async def standing(
        self,
        envelopes: Collection[tuple[str, str]],
        declarations: Collection[DeclarationKey],
        year: int,
    ) -> Standing:
        """Return what is held about these, and the last number given in `year`."""
        ...

    async def commit(self, records: Sequence[Record], base: Base) -> None:
        """Store all records, or none.

        Raises:
            PlatformError: `E_STATE` when the register moved on since `base` was read.
        """
        ...


class Threads(Protocol):
    """The envelopes of both directions, as others name them."""

    async def known(
        self, ids: Collection[tuple[str, str]], references: Collection[tuple[str, str]]
    ) -> Known:
        """Return what these parties name by envelope id, or by the number of a request."""
        ...


class FiledVersions(Protocol):
    """What States have registered, for comparing what they file next."""

    async def filed_by(self, owner: str, limit: int) -> list[FiledVersion]:
        """Return the newest registered version of each declaration, newest registration first."""
        ...


class EntryOutbox(Protocol):
    """Log entries that we owe, until they are in the log."""

    async def due_entries(self, limit: int, now: float) -> list[DueEntry]:
        """Return log entries to append, oldest first."""
        ...

    async def entries_logged(self, proofs: Sequence[LoggedProof]) -> None:
        """Keep where the entries stand and their proofs."""
        ...

    async def postpone_entries(self, postponed: Sequence[Postponed]) -> None:
        """Keep the reasons and come back later."""
        ...


class ReplyOutbox(Protocol):
    """Sealed replies that we owe, until the exchange has given a receipt for them."""

    async def due_replies(self, limit: int, now: float) -> list[DueReply]:
        """Return replies to deposit or whose custody receipt is still missing, oldest first."""
        ...

    async def reply_deposited(self, reply: int, custody: bytes | None, again_at: float) -> None:
        """Keep that the exchange has it; without a receipt it stays due, at `again_at`."""
        ...

    async def replace_reply(self, reply: int, sealed: SealedReply) -> None:
        """Keep a reply sealed anew in place of one that the exchange refused for good."""
        ...

    async def postpone_reply(self, postponed: Postponed) -> None:
        """Keep the reason and come back later."""
        ...


class Reading(Protocol):
    """The reading side, for officers."""

    async def page(
        self, filters: Filters, before: int | None, limit: int
    ) -> list[tuple[int, DeclarationSummary]]:
        """Return up to `limit` declarations below position `before`, newest first."""
        ...

    async def declaration(self, id_: str) -> DeclarationSummary | None:
        """Return what the newest version says, None for an unknown id."""
        ...

    async def versions(self, id_: str, access: Access) -> list[VersionView]:
        """Return the versions that the access covers, with their findings, oldest first."""
        ...

    async def revisions(self, id_: str, access: Access) -> list[RevisionView]:
        """Return what amended or withdrew a declaration, oldest first."""
        ...

    async def envelopes(
        self, nature: str | None, before: int | None, limit: int
    ) -> list[tuple[int, EnvelopeLine]]:
        """Return up to `limit` envelopes below position `before`, newest first."""
        ...

    async def note_act(self, act: Act) -> None:
        """Append to the log of officers' acts; done when it is stored."""
        ...


class EvidenceRows(Protocol):
    """What proves each envelope and what became of it, and what is still owed."""

    async def bringer(self, id_: str, n: int | None) -> StoredEnvelope | None:
        """Return the envelope that brought version `n` of a declaration, None for the newest."""
        ...

    async def envelope(self, sender: str, id_: str) -> StoredEnvelope | None:
        """Return one envelope."""
        ...

    async def registry_proofs(self, parties: Sequence[str], at: int) -> list[bytes]:
        """Return the proofs of these parties at log index `at`, in order."""
        ...

    async def entries(self, inbox: int, access: Access) -> list[EntryEvidence]:
        """Return the log entries of an envelope that the access covers."""
        ...

    async def replies(self, inbox: int, access: Access) -> list[ReplyEvidence]:
        """Return the replies to an envelope that the access covers."""
        ...

    async def owed(self, limit: int) -> tuple[int, list[OwedLine]]:
        """Return how much is owed in all, and the oldest lines."""
        ...

    async def alarms(self, limit: int) -> list[Alarm]:
        """Return the newest alarms about the log."""
        ...


class Files(Protocol):
    """Reads the vault, for who has leave to."""

    def container(self, manifest_digest: bytes, access: Access) -> Path:
        """Return where a container stands."""
        ...

    def content(self, manifest_digest: bytes, access: Access) -> Path:
        """Return where a plaintext stands."""
        ...


class HeadProofs(Protocol):
    """Consistency proofs, from whoever keeps the log; they are verified here."""

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the path that proves the tree of size `second` continues that of `first`."""
        ...


class HeadLedger(Protocol):
    """What we know of the log's heads."""

    async def newest(self) -> LogHead | None:
        """Return the newest head, None before the first."""
        ...

    async def keep(self, head: LogHead, over: LogHead | None) -> bool:
        """Move forward from `over` to `head`, never back; False when another one stands there."""
        ...

    async def alarm(
        self, t: str, source: str, head: tuple[int, bytes], own: LogHead | None, detail: str
    ) -> None:
        """Keep both heads and what does not fit between them."""
        ...


class Trace(Protocol):
    """Spans around the work; the domain knows no telemetry."""

    def processing(self, lease: Lease) -> AbstractContextManager[None]:
        """Continue the delivery's trace while it is processed."""
        ...

    def delivering(self, what: str, origins: Sequence[Origin]) -> AbstractContextManager[None]:
        """Continue the traces of outbox rows while they are delivered."""
        ...

    def inside(self, what: str) -> AbstractContextManager[None]:
        """Show a part of the work as a span of its own."""
        ...

    def current(self) -> str | None:
        """Return the traceparent of the span we are in."""
        ...
