"""Announced recoveries of lost roots, and what parties say of their envelopes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "party_recovery",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("party", sa.String, nullable=False),
        sa.Column("ver", sa.Integer, nullable=False),
        *_owed(),
    )
    op.create_table(
        "statement",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), nullable=False),
        *_owed(),
    )
    op.create_index("ix_statement_number", "statement", ["number"])
    held = sa.text("log_index IS NULL")
    op.create_index(
        "ix_statement_held", "statement", ["position"], sqlite_where=held, postgresql_where=held
    )


def _owed() -> list[sa.Column[object]]:
    return [
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("log_index", sa.Integer),
        sa.Column("proof", sa.String),
    ]
