"""The tables of analyses: what is owed to them, their facts, and the pairs of transfers.

Beside those of the register, on the same metadata (`tables`). All of it follows from what is
registered and can be made again from it; only the history of pairs cannot.
"""

from sqlalchemy import Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class OwedAnalysisRow(_Row, table=True):
    """A declaration that moved since it was analysed: one row, whatever moved it how often.

    `turn` is larger with each move, over all rows: the oldest turn is read first.
    """

    __tablename__ = "owed_analyses"
    __table_args__ = (Index("ix_owed_analyses_turn", "turn"),)

    declaration: str = Field(primary_key=True, foreign_key="declarations.id")
    turn: int


class AnalysisRow(_Row, table=True):
    """An analysis, the method of its facts, and how far its results follow from them.

    `changes` counts how often its results changed.
    """

    __tablename__ = "analyses"

    name: str = Field(primary_key=True)
    method: str
    position: int
    changes: int


class FactRow(_Row, table=True):
    """What one analysis keeps of one version of a declaration; the newest position counts.

    `sources` are manifest digests in hexadecimal, with spaces between.
    """

    __tablename__ = "facts"
    __table_args__ = (
        Index("ix_facts_analysis_declaration", "analysis", "declaration", "position"),
        {"sqlite_autoincrement": True},  # a position is never given again
    )

    position: int | None = Field(default=None, primary_key=True)
    analysis: str
    method: str
    declaration: str = Field(foreign_key="declarations.id")
    version: int
    marking: str
    known: str
    said: str | None
    flaw: str | None
    sources: str


class TransferRow(_Row, table=True):
    """One pair of transfers as it stands; `body` is what both sides say, as JSON.

    `declarations` are ids of the register with spaces between, of all that it stands on.
    `in_force` says that somebody still declares it. `gap` and `span` are decimal kilograms; `more`
    is the State with the larger figure. `since` is when it came to say what it says.
    """

    __tablename__ = "transfers"
    __table_args__ = (
        Index("ix_transfers_exporter", "exporter", "year"),
        Index("ix_transfers_importer", "importer", "year"),
        Index("ix_transfers_class", "klass", "year"),
    )

    id: str = Field(primary_key=True)
    year: int
    chemical: str
    exporter: str
    importer: str
    schedule: str
    klass: str
    gap: str | None
    span: str | None
    more: str | None
    in_force: bool
    since: str
    declarations: str
    body: str
    digest: bytes


class TransferStepRow(_Row, table=True):
    """What a pair came to say at a time; `klass` is null when nobody declared it any more.

    `versions` are the versions of declarations that it stood on then, as JSON.
    """

    __tablename__ = "transfer_steps"
    __table_args__ = (Index("ix_transfer_steps_transfer", "transfer"),)

    position: int | None = Field(default=None, primary_key=True)
    transfer: str = Field(foreign_key="transfers.id")
    t: str
    klass: str | None
    gap: str | None
    span: str | None
    versions: str


OWED_ANALYSES = METADATA.tables["owed_analyses"]
ANALYSES = METADATA.tables["analyses"]
FACTS = METADATA.tables["facts"]
TRANSFERS = METADATA.tables["transfers"]
TRANSFER_STEPS = METADATA.tables["transfer_steps"]
