"""The table of what declarations say that matters for what their States owe.

Beside those of the register, on the same metadata (`tables`). What is owed is reckoned from these
rows when it is asked for, and never stored.
"""

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class StatedRow(_Row, table=True):
    """What one registered version says of itself, as JSON; written once, with the version."""

    __tablename__ = "stated"

    inbox: int = Field(foreign_key="inbox.id", primary_key=True)
    said: str


STATED = METADATA.tables["stated"]
