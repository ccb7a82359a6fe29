"""The tables of anomalies: runs, cards with the runs that found them, accepted explanations.

Beside those of the register, on the same metadata (`tables`). Runs and explanations cannot be made
again; a card is there once for all runs that found it unchanged.
"""

from sqlalchemy import Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class AnomalyRunRow(_Row, table=True):
    """One run of all methods; `state` is QUEUED, RUNNING, DONE or FAILED.

    `client` ordered it, this service where registrations had settled. `run` names input and
    methods: two runs of the same name gave the same cards. `facts` is the position of the newest
    fact it read. `counts` and `versions` are JSON.
    """

    __tablename__ = "anomaly_runs"

    position: int | None = Field(default=None, primary_key=True)
    state: str
    client: str
    ordered: str
    started: str | None = None
    ended: str | None = None
    facts: int = 0
    run: str | None = None
    input_digest: str | None = None
    policy_digest: str | None = None
    last_year: int | None = None
    counts: str | None = None
    versions: str | None = None
    error: str | None = None


class AnomalyCardRow(_Row, table=True):
    """A card as runs found it, from `from_run` until before `until_run`; null is in force.

    `kept` is OPEN, EXPLAINED by the analysis, or ASIDE: the control of false discoveries did not
    let it through. `substance` is what an acceptance is of. `states` have spaces between.
    """

    __tablename__ = "anomaly_cards"
    __table_args__ = (
        Index("ix_anomaly_cards_card", "card"),
        Index("ix_anomaly_cards_until_run", "until_run", "kept"),
    )

    position: int | None = Field(default=None, primary_key=True)
    card: str
    from_run: int = Field(foreign_key="anomaly_runs.position")
    until_run: int | None = Field(default=None, foreign_key="anomaly_runs.position")
    kept: str
    method: str
    version: int
    state: str
    year: int
    subject: str
    states: str
    score: float
    probability: float | None
    substance: str
    digest: bytes
    body: str


class AnomalyNoteRow(_Row, table=True):
    """What a run said beside its cards; the newest run's alone are kept."""

    __tablename__ = "anomaly_notes"

    position: int | None = Field(default=None, primary_key=True)
    run: int = Field(foreign_key="anomaly_runs.position")
    code: str
    state: str
    year: int
    body: str


class AnomalyExplanationRow(_Row, table=True):
    """An accepted explanation, or the withdrawal of one (`withdraws`); each with its log entry.

    Rows are never changed or deleted: triggers refuse it.
    """

    __tablename__ = "anomaly_explanations"
    __table_args__ = (Index("ix_anomaly_explanations_place", "state", "method", "subject"),)

    position: int | None = Field(default=None, primary_key=True)
    card: str
    state: str
    method: str
    subject: str
    year: int
    substance: str
    reason: str
    text: str
    client: str
    t: str
    withdraws: int | None = Field(
        default=None, foreign_key="anomaly_explanations.position", unique=True
    )
    entry: int = Field(foreign_key="note.position")


ANOMALY_RUNS = METADATA.tables["anomaly_runs"]
ANOMALY_CARDS = METADATA.tables["anomaly_cards"]
ANOMALY_NOTES = METADATA.tables["anomaly_notes"]
ANOMALY_EXPLANATIONS = METADATA.tables["anomaly_explanations"]
