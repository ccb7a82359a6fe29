"""Runs of the anomaly methods, cards with the runs that found them, accepted explanations."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import grows_only

revision = "0010_anomalies"
down_revision = "0009_transfers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the first run finds what is registered already."""
    _create_runs()
    _create_cards()
    _create_explanations()
    grows_only("anomaly_explanations", "explanations are append-only")


def _create_runs() -> None:
    op.create_table(
        "anomaly_runs",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("ordered", sa.String(), nullable=False),
        sa.Column("started", sa.String(), nullable=True),
        sa.Column("ended", sa.String(), nullable=True),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("input_digest", sa.String(), nullable=True),
        sa.Column("policy_digest", sa.String(), nullable=True),
        sa.Column("last_year", sa.Integer(), nullable=True),
        sa.Column("counts", sa.String(), nullable=True),
        sa.Column("versions", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_anomaly_runs")),
    )


def _create_cards() -> None:
    op.create_table(
        "anomaly_cards",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("from_run", sa.Integer(), nullable=False),
        sa.Column("until_run", sa.Integer(), nullable=True),
        sa.Column("kept", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("states", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("substance", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_run"],
            ["anomaly_runs.position"],
            name=op.f("fk_anomaly_cards_from_run_anomaly_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["until_run"],
            ["anomaly_runs.position"],
            name=op.f("fk_anomaly_cards_until_run_anomaly_runs"),
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_anomaly_cards")),
    )
    op.create_index("ix_anomaly_cards_card", "anomaly_cards", ["card"])
    op.create_index("ix_anomaly_cards_until_run", "anomaly_cards", ["until_run", "kept"])
    op.create_table(
        "anomaly_notes",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["anomaly_runs.position"], name=op.f("fk_anomaly_notes_run_anomaly_runs")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_anomaly_notes")),
    )


def _create_explanations() -> None:
    op.create_table(
        "anomaly_explanations",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("substance", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("withdraws", sa.Integer(), nullable=True),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["withdraws"],
            ["anomaly_explanations.position"],
            name=op.f("fk_anomaly_explanations_withdraws_anomaly_explanations"),
        ),
        sa.ForeignKeyConstraint(
            ["entry"], ["note.position"], name=op.f("fk_anomaly_explanations_entry_note")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_anomaly_explanations")),
        sa.UniqueConstraint("withdraws", name=op.f("uq_anomaly_explanations_withdraws")),
    )
    op.create_index(
        "ix_anomaly_explanations_place", "anomaly_explanations", ["state", "method", "subject"]
    )
