"""Leaves of the log: what each type of entry says, and its one encoding.

Responsible for the shapes and the canonical bytes. Not responsible for the tree: the index of an
entry is bound by the tree and therefore stands in no leaf.

Rules:

* An entry holds digests, commitments and positions, never content, names of persons or anything
  that can be guessed: the fresh `nonce` makes the leaf hash hiding.
* One entry has one encoding, RFC 8785 JSON. What does not re-encode to itself is refused.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError

from sextant_shared.encoding import canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entry_members import (
    MAX_INDEX,
    Common,
    EnvelopeId,
    Index,
    InstantMs,
    Random128,
    Sha256,
)
from sextant_shared.models.service_entries import (
    BackupEntry,
    ConfigChangeEntry,
    HeartbeatEntry,
    KeyEventEntry,
    PolicyChangeEntry,
    RestoreEntry,
    ServiceEntry,
    ShredEntry,
)
from sextant_shared.models.strict import findings_of

MAX_ENTRY_BYTES = 4096  # the longest, genesis, carries an ML-DSA-44 key: about 2.2 KiB

# The members are imported from here by all who speak of entries.
__all__ = ["MAX_INDEX", "EnvelopeId", "Index", "InstantMs", "Random128", "Sha256"]


class GenesisEntry(Common):
    """Leaf 0: the origin and the keys the log began with."""

    writer: ClassVar[str] = "audit"
    type: Literal["genesis"]
    origin: Annotated[str, Field(min_length=1, max_length=255)]
    vkeys: Annotated[list[str], Field(min_length=2, max_length=2)]


class EnvelopeAcceptedEntry(Common):
    """The exchange holds an envelope: its id, SHA-256 of its manifest, the newest party entry."""

    writer: ClassVar[str] = "exchange"
    type: Literal["envelope.accepted"]
    env: EnvelopeId
    man: Sha256
    reg: Index


class EnvelopeRefusedEntry(Common):
    """The exchange refused a signed envelope: id, SHA-256 of its manifest, the code of the reason.

    `reg` is the newest party entry by which it was judged.
    """

    writer: ClassVar[str] = "exchange"
    type: Literal["envelope.refused"]
    env: EnvelopeId
    man: Sha256
    code: Annotated[str, Field(pattern=r"^E_[A-Z_]{1,30}$")]
    reg: Index


class PartyDocumentEntry(Common):
    """A party document took force: SHA-256 of its JWS and the registry's state root after it."""

    writer: ClassVar[str] = "exchange"
    type: Literal["party.document"]
    party: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
    ver: Annotated[int, Field(ge=1, le=MAX_INDEX)]
    doc: Sha256
    state: Sha256


class PartyRecoveryEntry(Common):
    """A document without the old root waits `wait_s` seconds in the open before it may count."""

    writer: ClassVar[str] = "exchange"
    type: Literal["party.recovery"]
    party: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
    ver: Annotated[int, Field(ge=2, le=MAX_INDEX)]
    doc: Sha256
    wait_s: Index


class PartyStatementEntry(Common):
    """A party repudiated or affirmed an envelope: SHA-256 of the signed note, the keys' `reg`."""

    writer: ClassVar[str] = "exchange"
    type: Literal["party.statement"]
    party: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
    doc: Sha256
    reg: Index


class _DeclarationEntry(Common):
    """An act of the Secretariat on an envelope: its id, the index of its custody entry.

    `commit` is a salted commitment to what was found; the salt stays with the detail.
    """

    writer: ClassVar[str] = "declarations"
    env: EnvelopeId
    ref: Index
    commit: Sha256


class DeclarationOpenedEntry(_DeclarationEntry):
    """The envelope was opened and its content read."""

    type: Literal["declaration.opened"]


class DeclarationOutcomeEntry(_DeclarationEntry):
    """The content was registered or returned."""

    type: Literal["declaration.outcome"]


class DeclarationRefusedEntry(_DeclarationEntry):
    """The envelope or its content could not be accepted."""

    type: Literal["declaration.refused"]


class AccessEntry(Common):
    """Declared content was given out, or examined: to whom, which and why is committed to.

    `env` and `ref` stand when one envelope is concerned: its id, the index of its custody entry.
    """

    writer: ClassVar[str] = "declarations"
    type: Literal["access"]
    env: EnvelopeId | None = None
    ref: Index | None = None
    commit: Sha256


class AccessRefusedEntry(Common):
    """Declared content was refused to somebody: to whom and what was asked is committed to."""

    writer: ClassVar[str] = "declarations"
    type: Literal["access.refused"]
    commit: Sha256


class DecisionEntry(Common):
    """An officer decided: the envelope (or item, or grant) it is about, its custody's index if any.

    `commit` is a salted commitment to what was decided and by whom.
    """

    writer: ClassVar[str] = "declarations"
    type: Literal["decision"]
    env: EnvelopeId
    ref: Index | None = None
    commit: Sha256


class ActEntry(Common):
    """An act of the exchange on an envelope: its id, the index of its custody entry.

    `commit` is a salted commitment to the detail; who is concerned holds the salt.
    """

    writer: ClassVar[str] = "exchange"
    env: EnvelopeId
    ref: Index
    commit: Sha256


class EnvelopeRecalledEntry(ActEntry):
    """The sender recalled an envelope: SHA-256 of its signed statement, what it did committed."""

    type: Literal["envelope.recalled"]
    stmt: Sha256


class EnvelopeErasedEntry(ActEntry):
    """The ciphertext was erased by policy; manifest, receipt and this entry stay."""

    type: Literal["envelope.erased"]


class DeliveryAcknowledgedEntry(ActEntry):
    """A recipient ended its delivery: which one, and when, is committed to."""

    type: Literal["delivery.acknowledged"]


class DeliveryReplayedEntry(ActEntry):
    """A dead letter was made available again by the mailbox's owner."""

    type: Literal["delivery.replayed"]


class DeliveryDiscardedEntry(ActEntry):
    """A dead letter was given up for good by the mailbox's owner."""

    type: Literal["delivery.discarded"]


Entry = (
    GenesisEntry
    | EnvelopeAcceptedEntry
    | EnvelopeRefusedEntry
    | PartyDocumentEntry
    | PartyRecoveryEntry
    | PartyStatementEntry
    | DeclarationOpenedEntry
    | DeclarationOutcomeEntry
    | DeclarationRefusedEntry
    | AccessEntry
    | AccessRefusedEntry
    | EnvelopeRecalledEntry
    | EnvelopeErasedEntry
    | DeliveryAcknowledgedEntry
    | DeliveryReplayedEntry
    | DeliveryDiscardedEntry
    | DecisionEntry
    | KeyEventEntry
    | PolicyChangeEntry
    | ConfigChangeEntry
    | BackupEntry
    | RestoreEntry
    | HeartbeatEntry
    | ShredEntry
)
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="type")])


def writer_of(entry: Entry) -> str:
    """Return the service that alone may give this entry to the log."""
    return entry.service if isinstance(entry, ServiceEntry) else entry.writer


def format_entry(entry: Entry) -> bytes:
    """Return the one encoding of an entry: the bytes the tree hashes; None is left out."""
    return canonical_json(entry.model_dump(mode="json", exclude_none=True))


def format_accepted(*, id_: str, t: str, nonce: str, env: str, man: str, reg: int) -> bytes:
    """Return the encoding of an `EnvelopeAcceptedEntry` whose members are known to fit.

    For the hot path, where the writer has just made or checked each of them: the same bytes as
    `format_entry` gives, which the tests hold it to, at a fifth of the cost.
    """
    return (
        f'{{"env":"{env}","id":"{id_}","man":"{man}","nonce":"{nonce}","reg":{reg},"t":"{t}"'
        ',"type":"envelope.accepted","v":1}'
    ).encode("ascii")


def parse_entry(data: bytes) -> Entry:
    """Return the entry whose encoding is `data`.

    Raises:
        PlatformError: `E_TOO_LARGE`; `E_MALFORMED`, with one finding for each place, when no
            entry type fits or the bytes are not the entry's one encoding.
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise PlatformError(
            Code.TOO_LARGE,
            "an entry is too long",
            expected=f"at most {MAX_ENTRY_BYTES} bytes",
            received=str(len(data)),
        )
    try:
        entry = _ENTRY.validate_json(data, strict=True)
    except ValidationError as error:
        findings = findings_of(error)
        raise PlatformError(
            Code.MALFORMED,
            f"an entry does not fit its model: {findings[0].pointer or '/'}: {findings[0].message}",
            findings=findings,
            fix="Correct every place that the findings name.",
        ) from error
    # Equal bytes also rule out repeated members, other spellings of numbers and blanks.
    if format_entry(entry) != data:
        raise PlatformError(
            Code.MALFORMED,
            "an entry is not in its canonical encoding",
            expected="RFC 8785 JSON",
            fix="Encode the entry with format_entry.",
        )
    return entry
