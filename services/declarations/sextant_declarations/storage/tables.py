"""The tables of this room, on metadata of their own so that several rooms fit in one process.

Rows of evidence are never changed after they are written, but for what delivering fills in
(`owed_*`) and for the newest version that a declaration shows. `access_log` is append-only by
triggers as well.
"""

from sqlalchemy import Index, MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.growing import BIG, partial
from sextant_shared.chassis.sidecar.tables import sidecar_tables

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of all rows."""


class InboxRow(_Row, table=True):
    """One envelope that was decided about, once: the evidence and the verdict.

    `refusal` is for officers alone; the sender learned only UNREADABLE. The container and the
    plaintext are files named by `manifest_digest`. `recipients` are party ids with spaces between;
    `thread` is the sender and id of the envelope that began it.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("sender", "envelope_id"),
        Index("ix_inbox_envelope_id", "envelope_id"),
        Index("ix_inbox_thread", "thread"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sender: str
    envelope_id: str
    manifest_digest: bytes
    nature: str
    type: str
    cty: str | None
    classification: str | None
    created: str | None
    period: str | None
    irt: str | None
    sup: str | None = None
    recipients: str = Field(default="", sa_column_kwargs={"server_default": ""})
    thread: str = Field(default="", sa_column_kwargs={"server_default": ""})
    facts: str | None = None
    verdict: str | None
    refusal_code: str | None
    refusal_detail: str | None
    manifest: bytes
    custody: bytes
    custody_index: int = Field(sa_type=BIG)
    custody_t: str
    registry_index: int = Field(sa_type=BIG)
    content_digest: bytes | None
    content_size: int | None = Field(sa_type=BIG)
    pack_version: str | None
    pack_digest: str | None
    stored_at: str
    traceparent: str | None


class AttachmentRow(_Row, table=True):
    """A document beside the message of an envelope: bytes of the package in the vault.

    `flaws`, one a line, say why an archive should not be opened.
    """

    __tablename__ = "attachments"

    inbox: int = Field(primary_key=True, foreign_key="inbox.id")
    n: int = Field(primary_key=True)
    name: str
    cty: str
    size: int = Field(sa_type=BIG)
    digest: bytes
    start: int = Field(sa_type=BIG)
    flaws: str


class RegistryProofRow(_Row, table=True):
    """A registry proof as the exchange handed it out, kept once for each party and position."""

    __tablename__ = "registry_proofs"

    party: str = Field(primary_key=True)
    at: int = Field(primary_key=True, sa_type=BIG)
    proof: bytes


class DeclarationRow(_Row, table=True):
    """One declaration with what its newest version says.

    `seq` orders lists for ever; `id` is what officers use. `submissions` counts all versions
    received, `registered` is the highest registered version, amendments counted, 0 for none;
    `withdrawn` says that it holds no more.
    """

    __tablename__ = "declarations"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("owner", "declaration_id"),
        Index("ix_declarations_owner_seq", "owner", "seq"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str
    owner: str
    declaration_id: str
    submissions: int
    registered: int
    registered_kind: str | None
    withdrawn: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    kind: str
    year: int
    is_nil: bool
    version: int
    verdict: str
    registration: str | None
    updated_at: str


class VersionRow(_Row, table=True):
    """One version received; `n` counts submissions under the declaration's id."""

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("declaration", "n"),
        UniqueConstraint("registration"),
        # A registered version stands alone: amendments never overwrite.
        Index(
            "uq_versions_registered",
            "declaration",
            "version",
            unique=True,
            **partial("registration IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    declaration: str = Field(foreign_key="declarations.id")
    n: int
    inbox: int = Field(foreign_key="inbox.id", unique=True)
    version: int
    state_code: str
    kind: str
    year: int
    is_nil: bool
    verdict: str
    registration: str | None
    canonical_digest: bytes | None


class ClosureRow(_Row, table=True):
    """A registered nil version closes a scope: the State has nothing to declare there that year."""

    __tablename__ = "closures"
    __table_args__ = (Index("ix_closures_owner_year_scope", "owner", "year", "scope"),)

    version: int = Field(foreign_key="versions.id", primary_key=True)
    scope: str = Field(primary_key=True)
    owner: str
    year: int


class FindingRow(_Row, table=True):
    """One finding about the content of one envelope."""

    __tablename__ = "findings"

    inbox: int = Field(foreign_key="inbox.id", primary_key=True)
    position: int = Field(primary_key=True)
    rule: str
    severity: str
    pointer: str
    message: str
    expected: str
    received: str
    fix: str
    law: str
    way: str = Field(default="", sa_column_kwargs={"server_default": ""})
    args: str = Field(default="{}", sa_column_kwargs={"server_default": "{}"})
    answer: str = Field(default="", sa_column_kwargs={"server_default": ""})
    document: str = Field(default="", sa_column_kwargs={"server_default": ""})


class ComparedRow(_Row, table=True):
    """A filing of the same State that the content of one envelope was compared with.

    With it the findings can be made again from what is stored, whatever was filed since.
    """

    __tablename__ = "compared"

    inbox: int = Field(foreign_key="inbox.id", primary_key=True)
    position: int = Field(primary_key=True)
    declaration_id: str
    version: int
    canonical_digest: bytes


class RevisionRow(_Row, table=True):
    """A registered amendment or withdrawal (`inbox`) of a declaration.

    `version` is the one it names, `result` the one that an amendment gives.
    """

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("declaration", "result"),)

    inbox: int = Field(foreign_key="inbox.id", primary_key=True)
    declaration: str = Field(foreign_key="declarations.id")
    version: int
    result: int | None
    site_code: str | None


class RegisterYearRow(_Row, table=True):
    """The last registration number given in a year."""

    __tablename__ = "register_years"

    year: int = Field(primary_key=True)
    last_number: int


class OwedEntryRow(_Row, table=True):
    """A log entry owed for an act; evidence once `log_index` and `proof` are filled in.

    `salt` and `detail` are empty: the sidecar has them. Rows of before it are moved at a start.
    """

    __tablename__ = "owed_entries"
    __table_args__ = (
        Index("ix_owed_entries_inbox", "inbox"),
        Index("ix_owed_entries_due", "again_at", **partial("log_index IS NULL")),
        Index("ix_owed_entries_log_index", "log_index"),
        Index("ix_owed_entries_open", "id", **partial("length(salt) > 0")),
    )

    id: int | None = Field(default=None, primary_key=True)
    inbox: int = Field(foreign_key="inbox.id")
    act: str
    leaf: bytes
    detail: bytes
    salt: bytes
    traceparent: str | None
    attempts: int = 0
    again_at: float = 0.0
    last_error: str | None = None
    log_index: int | None = Field(default=None, sa_type=BIG)
    proof: str | None = None


class OwedReplyRow(_Row, table=True):
    """A sealed reply owed to the sender; evidence once `custody` is filled in."""

    __tablename__ = "owed_replies"
    __table_args__ = (
        UniqueConstraint("envelope_id"),
        Index("ix_owed_replies_inbox", "inbox"),
        Index("ix_owed_replies_due", "again_at", **partial("custody IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    inbox: int = Field(foreign_key="inbox.id")
    envelope_id: str
    type: str
    party: str
    classification: str
    irt: str
    content: bytes
    container: bytes
    manifest_digest: bytes
    kpc: bytes
    traceparent: str | None
    attempts: int = 0
    again_at: float = 0.0
    last_error: str | None = None
    is_deposited: bool = False
    custody: bytes | None = None


class ActRow(_Row, table=True):
    """What an officer did or asked that gives no declared content. Written before the answer.

    Lines of earlier versions also tell of content; since then that is an access (`access_tables`).
    """

    __tablename__ = "access_log"
    __table_args__ = (Index("ix_access_log_subject", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    t: str
    client: str
    role: str
    action: str
    subject: str


class LogHeadRow(_Row, table=True):
    """The newest log head that was found consistent with everything seen before: one row."""

    __tablename__ = "log_head"

    id: int = Field(default=1, primary_key=True)
    size: int = Field(sa_type=BIG)
    root: bytes
    text: str


class LogAlarmRow(_Row, table=True):
    """A log head somebody showed us that does not fit ours: a fork, or a false claim."""

    __tablename__ = "log_alarms"

    id: int | None = Field(default=None, primary_key=True)
    t: str
    source: str
    size: int = Field(sa_type=BIG)
    root: bytes
    own_size: int = Field(sa_type=BIG)
    own_root: bytes
    detail: str


# The same tables as SQLAlchemy Core sees them: bulk statements cost a tenth of the ORM's.
SIDECAR = sidecar_tables(METADATA)
INBOX = METADATA.tables["inbox"]
REGISTRY_PROOFS = METADATA.tables["registry_proofs"]
DECLARATIONS = METADATA.tables["declarations"]
VERSIONS = METADATA.tables["versions"]
CLOSURES = METADATA.tables["closures"]
FINDINGS = METADATA.tables["findings"]
COMPARED = METADATA.tables["compared"]
REVISIONS = METADATA.tables["revisions"]
REGISTER_YEARS = METADATA.tables["register_years"]
OWED_ENTRIES = METADATA.tables["owed_entries"]
OWED_REPLIES = METADATA.tables["owed_replies"]
ACCESS_LOG = METADATA.tables["access_log"]
LOG_HEAD = METADATA.tables["log_head"]
ATTACHMENTS = METADATA.tables["attachments"]
LOG_ALARMS = METADATA.tables["log_alarms"]
