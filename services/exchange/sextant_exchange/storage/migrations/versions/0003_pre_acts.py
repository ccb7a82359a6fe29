"""Logged acts: their table, the event's link to them, what stays of an erased envelope."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "act",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("party", sa.String),
        sa.Column("seq", sa.Integer),
        sa.Column("happened", sa.Float, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("detail", sa.LargeBinary, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("statement", sa.LargeBinary),
        sa.Column("log_index", sa.Integer),
        sa.Column("proof", sa.String),
    )
    op.create_index("ix_act_number", "act", ["number"])
    _partial("ix_act_owed", "act", ["position"], "log_index IS NULL")
    op.create_table(
        "manifest",
        sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.add_column("envelope", sa.Column("erased", sa.Float))
    _partial("ix_envelope_kept", "envelope", ["number"], "erased IS NULL")
    # A worker could give up a delivery without a word; now none is dead without a reason.
    op.execute(
        "UPDATE delivery SET last_error = 'given up without a word'"
        " WHERE state = 'dead' AND last_error = ''"
    )
    op.execute("ALTER TABLE event ADD COLUMN act_position INTEGER REFERENCES act (position)")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
