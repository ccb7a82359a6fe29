"""The tables of the exchange. They never leave this folder; times are unix seconds.

What grows for ever is reached by keys alone, never scanned: a test reads the query plans.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from sextant_shared.chassis.leading import lease_table
from sextant_shared.chassis.proofs import proofs_seen_table
from sextant_shared.chassis.sidecar.tables import sidecar_tables

_IS_HELD = text("log_index IS NULL")
_IS_OPEN = text("length(salt) > 0")
_HAS_BLOB = text("blob IS NOT NULL")
_IS_KEPT = text("erased IS NULL")
_HAS_LEASE = text("lease IS NOT NULL")
_HAS_IRT = text("irt IS NOT NULL")
_HAS_SUP = text("sup IS NOT NULL")
_IS_URGENT = text("priority = 'urgent'")
IS_UNWRITTEN = "act = 'acknowledged' AND act_position IS NULL"


def _priority() -> "Column[str]":
    return Column(String, nullable=False, server_default="normal")


class EnvelopeRow(SQLModel, table=True):
    """One envelope; `recipients` is a space-separated list of party ids, in header order."""

    __tablename__ = "envelope"
    __table_args__ = (
        # Ids are UUIDv7: new ones go to the right edge, and a batch is found by id alone.
        UniqueConstraint("id", "sender", name="uq_envelope_id_sender"),
        Index("ix_envelope_manifest", "manifest"),
        Index("ix_envelope_held", "number", sqlite_where=_IS_HELD, postgresql_where=_IS_HELD),
        Index("ix_envelope_blob", "blob", sqlite_where=_HAS_BLOB, postgresql_where=_HAS_BLOB),
        Index("ix_envelope_irt", "irt", sqlite_where=_HAS_IRT, postgresql_where=_HAS_IRT),
        Index("ix_envelope_sup", "sup", sqlite_where=_HAS_SUP, postgresql_where=_HAS_SUP),
        Index("ix_envelope_index", "log_index"),
        Index("ix_envelope_kept", "number", sqlite_where=_IS_KEPT, postgresql_where=_IS_KEPT),
    )

    number: int = Field(primary_key=True)
    sender: str
    id: str
    manifest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    type: str
    classification: str
    size: int
    recipients: str
    blob: str | None = None
    received: float
    held: float
    logged: float | None = None
    accepted: float | None = None
    log_index: int | None = None
    traceparent: str | None = None
    irt: str | None = None
    sup: str | None = None
    priority: str = Field(sa_column=_priority())
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    erased: float | None = None


class ContentRow(SQLModel, table=True):
    """A container small enough for a row: it shares the commit of its envelope."""

    __tablename__ = "content"

    number: int = Field(primary_key=True, foreign_key="envelope.number")
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ReceiptRow(SQLModel, table=True):
    """A custody receipt, byte for byte as it is handed out; written once."""

    __tablename__ = "receipt"

    number: int = Field(primary_key=True, foreign_key="envelope.number")
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ManifestRow(SQLModel, table=True):
    """The signed head of an envelope whose ciphertext is erased: evidence, kept for ever."""

    __tablename__ = "manifest"

    number: int = Field(primary_key=True, foreign_key="envelope.number")
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ActRow(SQLModel, table=True):
    """A logged act; `party` is null for the exchange's own, `seq` for one on a whole envelope.

    `detail` and `salt` are empty: the sidecar has them. Rows of before it are moved at a start.
    """

    __tablename__ = "act"
    __table_args__ = (
        Index("ix_act_owed", "position", sqlite_where=_IS_HELD, postgresql_where=_IS_HELD),
        Index("ix_act_index", "log_index"),
        Index("ix_act_open", "position", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    )

    position: int | None = Field(default=None, primary_key=True)
    number: int = Field(foreign_key="envelope.number", index=True)
    kind: str
    party: str | None = None
    seq: int | None = None
    happened: float
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    detail: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    statement: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    log_index: int | None = None
    proof: str | None = None


class DeliveryRow(SQLModel, table=True):
    """One recipient's copy."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_number", "number"),
        Index("ix_delivery_state", "party", "state", "seq"),
        # Urgent deliveries are few: their lane costs the others nothing.
        Index(
            "ix_delivery_urgent",
            "party",
            "state",
            "seq",
            sqlite_where=_IS_URGENT,
            postgresql_where=_IS_URGENT,
        ),
        Index("ix_delivery_lease", "lease", sqlite_where=_HAS_LEASE, postgresql_where=_HAS_LEASE),
    )

    party: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    number: int = Field(foreign_key="envelope.number")
    state: str
    attempts: int
    not_before: float
    lease: str | None = None
    lease_until: float | None = None
    last_error: str
    priority: str = Field(sa_column=_priority())


class EventRow(SQLModel, table=True):
    """One act on an envelope after its acceptance, in one party's mailbox; empty for in none.

    `act_position` is the logged act that it is part of; an acknowledgement without one owes it.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index(
            "ix_event_unwritten",
            "position",
            sqlite_where=text(IS_UNWRITTEN),
            postgresql_where=text(IS_UNWRITTEN),
        ),
    )

    position: int | None = Field(default=None, primary_key=True)
    number: int = Field(foreign_key="envelope.number", index=True)
    happened: float
    act: str
    party: str
    detail: str
    act_position: int | None = Field(default=None, foreign_key="act.position")


class PartyRow(SQLModel, table=True):
    """One version of a party document; in force once it has an index."""

    __tablename__ = "party_document"
    __table_args__ = (
        UniqueConstraint("party", "ver", name="uq_party_document_ver"),
        Index("ix_party_document_index", "log_index"),
    )

    position: int | None = Field(default=None, primary_key=True)
    party: str
    ver: int
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    log_index: int | None = None
    proof: str | None = None


class PartyUseRow(SQLModel, table=True):
    """What one party has used; `day` is days since 1970 in UTC."""

    __tablename__ = "party_use"

    party: str = Field(primary_key=True)
    day: int
    day_bytes: int = Field(sa_column=Column(BigInteger, nullable=False))
    stored_bytes: int = Field(sa_column=Column(BigInteger, nullable=False))
    untaken: int


class RecoveryRow(SQLModel, table=True):
    """A document without the old root that was announced; the wait runs once it has an index."""

    __tablename__ = "party_recovery"

    position: int | None = Field(default=None, primary_key=True)
    party: str
    ver: int
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    log_index: int | None = None
    proof: str | None = None


class StatementRow(SQLModel, table=True):
    """What a sender said of one envelope; handed out once it has an index."""

    __tablename__ = "statement"
    __table_args__ = (
        Index("ix_statement_number", "number"),
        Index("ix_statement_index", "log_index"),
        Index("ix_statement_held", "position", sqlite_where=_IS_HELD, postgresql_where=_IS_HELD),
    )

    position: int | None = Field(default=None, primary_key=True)
    number: int = Field(foreign_key="envelope.number")
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    log_index: int | None = None
    proof: str | None = None


SIDECAR = sidecar_tables(SQLModel.metadata)
LEASES = lease_table(SQLModel.metadata)
PROOFS_SEEN = proofs_seen_table(SQLModel.metadata)
