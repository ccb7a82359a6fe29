"""The tables of selections, inspections, mandates and identities of sites.

Beside those of the register, on the same metadata (`tables`). All but `inspections` only grow:
triggers refuse to change or delete their rows. The status of an inspection follows from its steps;
it is there so that lists are cheap.
"""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.tables import METADATA

APPEND_ONLY = ("selections", "inspection_steps", "mandate_grants", "site_identities")


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class SelectionRow(_Row, table=True):
    """A selection: the bytes it was drawn from, with which policy, and the list, as JSON."""

    __tablename__ = "selections"
    __table_args__ = (UniqueConstraint("id"),)

    position: int | None = Field(default=None, primary_key=True)
    id: str
    t: str
    client: str
    inputs: bytes
    policy: bytes
    document: bytes
    digest: str
    entry: int = Field(foreign_key="note.position")


class InspectionRow(_Row, table=True):
    """An inspection, with its status by its last step; `id` names it in the log."""

    __tablename__ = "inspections"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("number"),
        Index("ix_inspections_state_code", "state", "code"),
    )

    position: int | None = Field(default=None, primary_key=True)
    id: str
    number: str
    state: str
    code: str
    regime: str
    kind: str
    year: int
    known_on: str
    selection: str | None = Field(default=None, foreign_key="selections.id")
    status: str
    since: str
    steps: int


class InspectionStepRow(_Row, table=True):
    """One step: by whom, why, what it sent, and the note of its log entry.

    `facts` are for the table that planners see; `requests` those to amend declarations; both JSON.
    """

    __tablename__ = "inspection_steps"
    __table_args__ = (UniqueConstraint("inspection", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    inspection: str = Field(foreign_key="inspections.id")
    position: int
    step: str
    target: str
    client: str
    role: str
    reason: str
    t: str
    message: str | None = Field(default=None, foreign_key="sent_messages.message_id")
    facts: str
    requests: str
    entry: int = Field(foreign_key="note.position")


class MandateGrantRow(_Row, table=True):
    """Leave for one client to read the mandate package; the newest of a client counts."""

    __tablename__ = "mandate_grants"
    __table_args__ = (Index("ix_mandate_grants_inspection", "inspection"),)

    id: int | None = Field(default=None, primary_key=True)
    inspection: str = Field(foreign_key="inspections.id")
    client: str
    until: str
    by: str
    t: str
    entry: int = Field(foreign_key="note.position")


class SiteIdentityRow(_Row, table=True):
    """A person's word on whether two codes of a State are one site; the newest of a pair counts.

    `explained` are the weights that the person was shown, as JSON.
    """

    __tablename__ = "site_identities"
    __table_args__ = (Index("ix_site_identities_state", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    state: str
    older: str
    newer: str
    word: str
    reason: str
    client: str
    t: str
    explained: str
    entry: int = Field(foreign_key="note.position")


SELECTIONS = METADATA.tables["selections"]
INSPECTIONS = METADATA.tables["inspections"]
INSPECTION_STEPS = METADATA.tables["inspection_steps"]
MANDATE_GRANTS = METADATA.tables["mandate_grants"]
SITE_IDENTITIES = METADATA.tables["site_identities"]
