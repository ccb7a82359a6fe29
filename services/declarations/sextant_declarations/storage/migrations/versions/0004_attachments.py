"""Attachments: documents beside the message of an envelope."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import BIG

revision = "0004_attachments"
down_revision = "0003_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table."""
    op.create_table(
        "attachments",
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cty", sa.String(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("flaws", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_attachments_inbox_inbox")),
        sa.PrimaryKeyConstraint("inbox", "n", name=op.f("pk_attachments")),
    )
