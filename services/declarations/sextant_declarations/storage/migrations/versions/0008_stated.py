"""What declarations say that matters for what their States owe."""

import sqlalchemy as sa
from alembic import op

revision = "0008_stated"
down_revision = "0007_lives"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one table; versions that are there already are read by their headings."""
    op.create_table(
        "stated",
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_stated_inbox_inbox")),
        sa.PrimaryKeyConstraint("inbox", name=op.f("pk_stated")),
    )
