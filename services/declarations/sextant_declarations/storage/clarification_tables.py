"""The table of extensions: how the time for an answer to a clarification was moved.

Beside those of messages, on the same metadata (`tables`). Lines are only added; the time that holds
stands with what is owed (`message_tables`).
"""

from sqlalchemy import Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class ExtensionRow(_Row, table=True):
    """One extension, and the note of its log entry; times in unix seconds.

    `asked_in` is the id of the envelope in which the State asked for it.
    """

    __tablename__ = "extensions"
    __table_args__ = (Index("ix_extensions_sent", "sent"),)

    id: int | None = Field(default=None, primary_key=True)
    sent: int = Field(foreign_key="sent_messages.id")
    before: float
    until: float
    reason: str
    asked_in: str | None
    officer: str
    t: str
    entry: int = Field(foreign_key="note.position")


EXTENSIONS = METADATA.tables["extensions"]
