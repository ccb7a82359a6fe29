"""The tables of the exchange. They never leave this folder; times are unix seconds."""

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class EnvelopeRow(SQLModel, table=True):
    """One envelope; `recipients` is a space-separated list of party ids, in header order."""

    __tablename__ = "envelope"
    __table_args__ = (
        UniqueConstraint("sender", "id", name="uq_envelope_sender_id"),
        Index("ix_envelope_manifest", "manifest"),
        Index("ix_envelope_held", "number", sqlite_where=Column("log_index") == None),  # noqa: E711
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
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    traceparent: str | None = None
    log_index: int | None = None
    receipt: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    accepted: float | None = None


class ContentRow(SQLModel, table=True):
    """A container small enough for a row: one durable write instead of two."""

    __tablename__ = "content"

    number: int = Field(primary_key=True, foreign_key="envelope.number")
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DeliveryRow(SQLModel, table=True):
    """One recipient's copy."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_due", "party", "state", "seq"),)

    party: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    number: int = Field(foreign_key="envelope.number", index=True)
    state: str
    attempts: int = 0
    not_before: float = 0.0
    lease: str | None = Field(default=None, index=True)
    lease_until: float | None = None
    last_error: str = ""


class EventRow(SQLModel, table=True):
    """One act on an envelope after its acceptance."""

    __tablename__ = "event"

    position: int | None = Field(default=None, primary_key=True)
    number: int = Field(foreign_key="envelope.number", index=True)
    t: float
    event: str
    detail: str


class PartyRow(SQLModel, table=True):
    """One version of a party document; in force once it has an index."""

    __tablename__ = "party_document"

    position: int | None = Field(default=None, primary_key=True)
    party: str
    ver: int
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    log_index: int | None = None
    proof: str | None = None

    __table_args__ = (UniqueConstraint("party", "ver", name="uq_party_document_ver"),)
