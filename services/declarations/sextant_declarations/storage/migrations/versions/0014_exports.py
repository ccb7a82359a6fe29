"""Exports that officers ordered."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import BIG

revision = "0014_exports"
down_revision = "0013_inspections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "exports",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("ordered", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("rows", BIG, nullable=True),
        sa.Column("size", BIG, nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("expires", sa.Float(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_exports")),
        sa.UniqueConstraint("id", name=op.f("uq_exports_id")),
    )
    op.create_index("ix_exports_client", "exports", ["client"])
    op.create_index("ix_exports_state", "exports", ["state"])
