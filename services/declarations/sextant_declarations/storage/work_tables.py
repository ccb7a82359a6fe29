"""The tables of the officers' queue and of grants: every act for ever, and where each thing stands.

Beside those of the register, on the same metadata (`tables`). Acts are never changed or deleted:
triggers refuse it. The other two follow from them; they are there so that lists are cheap.
"""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.growing import BIG, partial
from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class WorkItemRow(_Row, table=True):
    """Something that waits for a person, or did; `acts` changes with everything that is done.

    `why` and `makers` are lists with spaces between, `opinions` JSON: persons and outcomes. Times
    are texts that compare as times do. At most one item of a kind and reference is not done.
    """

    __tablename__ = "work_items"
    __table_args__ = (
        UniqueConstraint("id"),
        Index("ix_work_items_order", "status", "urgent", "since"),
        Index(
            "ux_work_items_open",
            "kind",
            "reference",
            unique=True,
            **partial("status <> 'done'"),
        ),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str
    kind: str
    reference: str
    owner: str
    subject: str
    year: int | None
    marking: str
    why: str
    since: str
    envelope: str | None
    custody: int | None = Field(sa_type=BIG)
    urgent: bool
    status: str
    holder: str | None
    until: str | None
    assignee: str | None
    opinions: str
    makers: str
    persons: int
    outcome: str | None
    acts: int


class WorkActRow(_Row, table=True):
    """One act on an item: by whom, why, and the note of its log entry if it has one."""

    __tablename__ = "work_acts"
    __table_args__ = (UniqueConstraint("item", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    item: int = Field(foreign_key="work_items.seq")
    position: int
    act: str
    client: str
    role: str
    reason: str
    to: str | None
    outcome: str | None
    reference: str | None
    t: str
    entry: int | None = Field(default=None, foreign_key="note.position")


class GrantRow(_Row, table=True):
    """What a person may know of a State's declarations, once two others said so.

    `number` stands for the person towards States; `kinds` are patterns with spaces between.
    `notice` is the message by which the State was told, `ended` when it was refused or taken back.
    """

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("id"),
        Index("ix_grants_person", "person"),
        Index("ix_grants_state", "state"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str
    person: str
    number: int
    function: str
    state: str
    kinds: str
    ceiling: str
    reason: str
    reference: str | None
    until: str
    requested_by: str
    requested: str
    approved_by: str | None
    approved: str | None
    notice: str | None
    ended: str | None
    status: str
    acts: int


class GrantActRow(_Row, table=True):
    """One act on a grant: by whom, why, and the note of its log entry."""

    __tablename__ = "grant_acts"
    __table_args__ = (UniqueConstraint("granted", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    granted: int = Field(foreign_key="grants.seq")
    position: int
    act: str
    client: str
    role: str
    reason: str
    t: str
    entry: int = Field(foreign_key="note.position")


WORK_ITEMS = METADATA.tables["work_items"]
WORK_ACTS = METADATA.tables["work_acts"]
GRANTS = METADATA.tables["grants"]
GRANT_ACTS = METADATA.tables["grant_acts"]
