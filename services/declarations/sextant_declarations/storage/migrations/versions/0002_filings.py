"""Filings beside filings: what was compared, what was amended, and the answers to findings."""

import sqlalchemy as sa
from alembic import op

revision = "0002_filings"
down_revision = "0001_register"
branch_labels = None
depends_on = None

_TEXTS = {"way": "", "args": "{}", "answer": "", "document": ""}


def upgrade() -> None:
    """Add columns with their empty values, and two tables."""
    op.add_column(
        "declarations", sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default="0")
    )
    for name, empty in _TEXTS.items():
        op.add_column(
            "findings", sa.Column(name, sa.String(), nullable=False, server_default=empty)
        )
    op.create_table(
        "compared",
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("declaration_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("canonical_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_compared_inbox_inbox")),
        sa.PrimaryKeyConstraint("inbox", "position", name=op.f("pk_compared")),
    )
    op.create_table(
        "revisions",
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("declaration", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("result", sa.Integer(), nullable=True),
        sa.Column("site_code", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_revisions_inbox_inbox")),
        sa.ForeignKeyConstraint(
            ["declaration"],
            ["declarations.id"],
            name=op.f("fk_revisions_declaration_declarations"),
        ),
        sa.PrimaryKeyConstraint("inbox", name=op.f("pk_revisions")),
        sa.UniqueConstraint("declaration", "result", name=op.f("uq_revisions_declaration_result")),
    )
