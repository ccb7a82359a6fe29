"""The tables of cases: where each stands, its pairs, every step for ever, and its messages.

Beside those of the register, on the same metadata (`tables`). Steps and answers of pre-matches are
never changed or deleted: triggers refuse it.
"""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class CaseRow(_Row, table=True):
    """Where a case stands, by its last step.

    `reason` is the one for which the state was entered, at `since`; `steps` counts all of them, so
    that it changes with each. `priority_is_set` says that an officer set it.
    """

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("number"), Index("ix_cases_state_since", "state", "since"))

    position: int = Field(primary_key=True)
    number: str
    year: int
    state: str
    reason: str
    since: str
    opened: str
    cause: str | None
    priority: str
    priority_is_set: bool
    restricted: bool
    merged_into: str | None
    steps: int


class CasePairRow(_Row, table=True):
    """A pair of transfers, and the case that it belongs to; `seen` is what it said then."""

    __tablename__ = "case_pairs"
    __table_args__ = (Index("ix_case_pairs_case", "case"),)

    pair: str = Field(primary_key=True, foreign_key="transfers.id")
    case: str = Field(foreign_key="cases.number")
    seen: str


class CaseStepRow(_Row, table=True):
    """One step of one case: by whom, why, and the note of its log entry."""

    __tablename__ = "case_steps"
    __table_args__ = (UniqueConstraint("case", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    case: str = Field(foreign_key="cases.number")
    position: int
    step: str
    source: str | None
    target: str
    client: str
    role: str
    reason: str
    reference: str | None
    cause: str | None
    priority: str | None
    t: str
    entry: int = Field(foreign_key="note.position")


class CaseMessageRow(_Row, table=True):
    """A message of ours that belongs to a case, by the step that it was sent with."""

    __tablename__ = "case_messages"
    __table_args__ = (Index("ix_case_messages_case", "case"),)

    message: str = Field(primary_key=True, foreign_key="sent_messages.message_id")
    case: str = Field(foreign_key="cases.number")
    step: int


class PrematchRow(_Row, table=True):
    """What was said of one row in one pre-match; `outcome` is null where nothing was.

    `year` is the calendar year of asking, for the bound on answers; `inbox` the ask.
    """

    __tablename__ = "prematches"
    __table_args__ = (
        UniqueConstraint("inbox", "n"),
        Index("ix_prematches_row", "state", "pair", "year"),
    )

    id: int | None = Field(default=None, primary_key=True)
    inbox: int = Field(foreign_key="inbox.id")
    n: int
    state: str
    pair: str
    year: int
    outcome: str | None
    unanswered: str | None
    t: str


CASES = METADATA.tables["cases"]
CASE_PAIRS = METADATA.tables["case_pairs"]
CASE_STEPS = METADATA.tables["case_steps"]
CASE_MESSAGES = METADATA.tables["case_messages"]
PREMATCHES = METADATA.tables["prematches"]
