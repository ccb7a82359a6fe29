"""What is owed to the analyses, their facts, the pairs of transfers; extensions of times."""

import sqlalchemy as sa
from alembic import op

revision = "0009_transfers"
down_revision = "0008_stated"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; what is registered already is owed when the analyses first join."""
    op.create_table(
        "owed_analyses",
        sa.Column("declaration", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["declaration"],
            ["declarations.id"],
            name=op.f("fk_owed_analyses_declaration_declarations"),
        ),
        sa.PrimaryKeyConstraint("declaration", name=op.f("pk_owed_analyses")),
    )
    op.create_index("ix_owed_analyses_turn", "owed_analyses", ["turn"])
    op.create_table(
        "analyses",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_analyses")),
    )
    op.create_table(
        "facts",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("analysis", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("declaration", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("marking", sa.String(), nullable=False),
        sa.Column("known", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=True),
        sa.Column("flaw", sa.String(), nullable=True),
        sa.Column("sources", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["declaration"], ["declarations.id"], name=op.f("fk_facts_declaration_declarations")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_facts")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_facts_analysis_declaration", "facts", ["analysis", "declaration", "position"]
    )
    op.create_table(
        "transfers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("chemical", sa.String(), nullable=False),
        sa.Column("exporter", sa.String(), nullable=False),
        sa.Column("importer", sa.String(), nullable=False),
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("klass", sa.String(), nullable=False),
        sa.Column("gap", sa.String(), nullable=True),
        sa.Column("span", sa.String(), nullable=True),
        sa.Column("more", sa.String(), nullable=True),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("declarations", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
    )
    op.create_index("ix_transfers_exporter", "transfers", ["exporter", "year"])
    op.create_index("ix_transfers_importer", "transfers", ["importer", "year"])
    op.create_index("ix_transfers_class", "transfers", ["klass", "year"])
    op.create_table(
        "transfer_steps",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("transfer", sa.String(), nullable=False),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("klass", sa.String(), nullable=True),
        sa.Column("gap", sa.String(), nullable=True),
        sa.Column("span", sa.String(), nullable=True),
        sa.Column("versions", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer"], ["transfers.id"], name=op.f("fk_transfer_steps_transfer_transfers")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_transfer_steps")),
    )
    op.create_index("ix_transfer_steps_transfer", "transfer_steps", ["transfer"])
    op.create_table(
        "extensions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("before", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_in", sa.String(), nullable=True),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sent"], ["sent_messages.id"], name=op.f("fk_extensions_sent_sent_messages")
        ),
        sa.ForeignKeyConstraint(
            ["entry"], ["note.position"], name=op.f("fk_extensions_entry_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extensions")),
    )
    op.create_index("ix_extensions_sent", "extensions", ["sent"])
