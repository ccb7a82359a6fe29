"""The tables of the life of declarations: every step for ever, and where each stands now.

Beside those of the register, on the same metadata (`tables`). Steps are never changed or deleted:
triggers refuse it. `lives` follows from them; it is there so that lists and counts are cheap.
"""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class LifeRow(_Row, table=True):
    """Where the newest registered version of a declaration stands, by its last step.

    `reason` is the one for which the state was entered, at `since`; `steps` counts all of them, so
    that it changes with each. `raised` is the marking that the Secretariat raised it to, if it did.
    `carried` says that a closing left it open on purpose.
    """

    __tablename__ = "lives"
    __table_args__ = (Index("ix_lives_state_since", "state", "since"),)

    declaration: str = Field(primary_key=True, foreign_key="declarations.id")
    version: int
    state: str
    reason: str
    since: str
    marking: str
    raised: str | None
    carried: bool
    steps: int


class StepRow(_Row, table=True):
    """One step of one version: by whom, why, and the note of its log entry if it has one.

    `source` is null at the beginning of a life. What the service does by itself has no entry of its
    own: it follows from what came, and the outcome's entry commits to that. `inbox` is the envelope
    that brought the version or caused the step.
    """

    __tablename__ = "steps"
    __table_args__ = (
        UniqueConstraint("declaration", "position"),
        Index("ix_steps_inbox", "inbox"),
    )

    id: int | None = Field(default=None, primary_key=True)
    declaration: str = Field(foreign_key="declarations.id")
    position: int
    version: int
    step: str
    source: str | None
    target: str
    client: str
    role: str
    reason: str
    reference: str | None
    marking: str | None
    t: str
    inbox: int = Field(foreign_key="inbox.id")
    entry: int | None = Field(default=None, foreign_key="note.position")


LIVES = METADATA.tables["lives"]
STEPS = METADATA.tables["steps"]
