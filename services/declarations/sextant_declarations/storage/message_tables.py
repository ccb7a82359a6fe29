"""The tables of messages that officers send, and of what messages of both directions demand.

Beside those of the register, on the same metadata (`tables`).
"""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.growing import BIG, partial
from sextant_declarations.storage.tables import METADATA

_IS_OPEN = "answered_by IS NULL AND superseded_by IS NULL"


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class SentRow(_Row, table=True):
    """A message that an officer sent, owed to the exchange until `custody` is filled in.

    `message_id` stays, `envelope_id` may not: a message that waited too long is sealed anew. `key`
    and `order_digest` make sending idempotent; `thread` is as in `inbox`.
    """

    __tablename__ = "sent_messages"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("message_id"),
        UniqueConstraint("envelope_id"),
        Index("ix_sent_messages_party_reference", "party", "reference"),
        Index("ix_sent_messages_thread", "thread"),
        Index("ix_sent_messages_due", "again_at", **partial("custody IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str
    order_digest: bytes
    message_id: str
    officer: str
    created_at: str
    envelope_id: str
    type: str
    cty: str
    party: str
    classification: str
    irt: str | None
    sup: str | None
    thread: str
    reference: str | None
    facts: str | None
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
    custody_index: int | None = Field(default=None, sa_type=BIG)
    custody_t: str | None = None


class DueRow(_Row, table=True):
    """An answer that a message demands: one that was sent, or one of the inbox.

    `until` is in unix seconds, null while the clock has not started, and never after `asked`, by
    when the message asks for the answer. `answered_by` is sender and id of the answer, with a space
    between, `superseded_by` of the message that took the place of the one that demands it.
    """

    __tablename__ = "dues"
    __table_args__ = (
        Index("ix_dues_sent", "sent"),
        Index("ix_dues_inbox", "inbox"),
        Index("ix_dues_thread", "thread"),
        Index("ix_dues_answered_by", "answered_by"),
        Index("ix_dues_open", "until", **partial(_IS_OPEN)),
    )

    id: int | None = Field(default=None, primary_key=True)
    sent: int | None = Field(default=None, foreign_key="sent_messages.id")
    inbox: int | None = Field(default=None, foreign_key="inbox.id")
    thread: str
    answer: str
    by: str
    within_s: int
    after: str
    until: float | None
    asked: float | None
    law: str
    evidence: str
    superseded_by: str | None = None
    answered_by: str | None = None
    answered_at: float | None = None


SENT = METADATA.tables["sent_messages"]
DUES = METADATA.tables["dues"]
