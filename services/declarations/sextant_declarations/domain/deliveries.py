"""What travels through the intake: a leased delivery, its dossier, and what examining it found.

Plain values, cheap to hand to another process. Not responsible for deciding anything:
`examination` fills `Examined`, `register` decides what becomes of it.
"""

from dataclasses import dataclass
from pathlib import Path

from sextant_declarations.analysis.obligations.facts import Stated
from sextant_shared.errors import Code, Finding

DECLARATION_CTY = "application/vnd.sextant.declaration+json"
RECEIPT_TYPE_PREFIX = "receipt."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One delivery of the verification queue, ours until the lease runs out.

    `token` is stale once somebody else leased it; `traceparent` continues the sender's trace.
    """

    token: str
    seq: int
    sender: str
    id: str
    type: str
    size: int
    manifest: str
    attempts: int
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A private folder for one delivery: the container as fetched, the plaintext as opened.

    Where several documents came in one package, `content` is the message and `package` the whole.
    """

    container: Path
    content: Path

    @property
    def package(self) -> Path:
        """Where a package stands, if one came."""
        return self.content.with_name("package")


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledVersion:
    """One registered version that a State filed, as the register knows it.

    `digest` is SHA-256 of its canonical form, `content_digest` of its bytes; `revises` is the
    State's number of the declaration that it amends or withdraws.
    """

    declaration_id: str
    version: int
    kind: str
    year: int
    digest: bytes
    content_digest: bytes
    size: int
    manifest_digest: bytes
    revises: str | None = None


@dataclass(frozen=True, slots=True)
class StateFilings:
    """What a State has registered so far, newest first, each with the file of its plaintext.

    `is_cut` says that there are older ones that are not here.
    """

    filed: tuple[tuple[FiledVersion, Path], ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All the evidence an examination needs; nothing the exchange gave is believed yet.

    `sender` and `id` are what the exchange says the delivery is. The plaintext is written to the
    stage; whoever made the stage empties it.
    """

    sender: str
    id: str
    stage: Stage
    custody: bytes
    sender_proof: bytes
    own_proof: bytes
    filings: StateFilings = StateFilings()


@dataclass(frozen=True, slots=True)
class LogHead:
    """A tree head that both keys of the pinned log signed."""

    size: int
    root: bytes
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """What the verified custody receipt says: log position, time, registry position, tree head."""

    index: int
    t: str
    reg: int
    head: LogHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The visible head of an envelope, as its sender signed it.

    `beacon` is the log head (size, root) the sender had verified when it sealed; `to` are all
    recipients, `irt` what it answers, `sup` what it takes the place of.
    """

    type: str
    cty: str
    classification: str
    created: str
    period: str | None
    irt: str | None
    beacon: tuple[int, bytes] | None
    to: tuple[str, ...] = ()
    sup: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an amendment or withdrawal does to another declaration of the same State.

    `version` is the one that it names; `site_code` is the one site that is withdrawn, if not all.
    """

    declaration_id: str
    version: int
    withdraws: bool
    site_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the register keeps about the content of a declaration.

    `closes` are the scopes for which a nil declaration says that there is nothing to declare;
    `files` the names and digests (hexadecimal) of the files that it says come with it; `stated` is
    what matters for what the State owes.
    """

    declaration_id: str
    version: int
    state_code: str
    kind: str
    year: int
    is_nil: bool
    closes: tuple[str, ...] = ()
    revises: Revision | None = None
    files: tuple[tuple[str, str], ...] = ()
    stated: Stated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Which rules were applied: version and SHA-256 (base64url)."""

    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the rules say about one content.

    `facts` is None when it does not fit the model of its kind, and then cannot be filed;
    `is_declaration` is False when it is no declaration of any kind. `compared` are the filings of
    the State that it was compared with, `sites` the codes of the sites that it declares, `marking`
    the highest mark that the State gave to the whole or a part.
    """

    is_declaration: bool
    facts: Facts | None
    findings: tuple[Finding, ...]
    pack: Pack
    canonical_digest: bytes | None
    compared: tuple[FiledVersion, ...] = ()
    sites: tuple[str, ...] = ()
    marking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What the register keeps of a message that is no declaration: what binds it to others.

    `reference` is the number of the request or the inspection, `concerns` the declaration and
    version asked about, `numbers` those of its questions or replies, `version` that of a report;
    `ended` is the end of an inspection, `asked` the time by which an answer is asked for, both in
    unix seconds.
    """

    reference: str | None = None
    concerns: tuple[str, int] | None = None
    numbers: tuple[int, ...] = ()
    version: int | None = None
    ended: float | None = None
    asked: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCheck:
    """What is wrong with a message, by its own head and content; `facts` if the model fits."""

    facts: MessageFacts | None
    findings: tuple[Finding, ...]
    pack: Pack
    canonical_digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document beside the message: bytes `offset` to `offset + size` of the package.

    `flaws` say why an archive among them should not be opened.
    """

    n: int
    name: str
    cty: str
    size: int
    digest: bytes
    offset: int
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An opened content: size and SHA-256 of the message.

    `check` stands for declarations only, `message` for all else but receipts; of a package that
    cannot be read, `check` says why.
    """

    size: int
    digest: bytes
    check: Check | None
    message: MessageCheck | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the envelope was refused. Kept for officers; the sender learns only UNREADABLE."""

    code: Code
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What examining a dossier found: a refusal, or content that may be believed.

    `manifest` is the signed head as received. `head` is None when the sender signed nothing that
    could be read.
    """

    sender: str
    id: str
    manifest: bytes
    manifest_digest: bytes
    custody: Custody
    head: Head | None
    result: Content | Refusal


def is_receipt(type_: str) -> bool:
    """Return whether envelopes of this type are receipts: answering those would never end."""
    return type_.startswith(RECEIPT_TYPE_PREFIX)
