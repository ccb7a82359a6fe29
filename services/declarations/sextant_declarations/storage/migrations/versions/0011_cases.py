"""Cases of differences, their pairs, steps and messages, and what was said in pre-matches."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import grows_only

revision = "0011_cases"
down_revision = "0010_anomalies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; cases of what is matched already are opened by the first run."""
    _create_cases()
    _create_steps()
    _create_prematches()
    for table in ("case_steps", "prematches"):
        grows_only(table, f"{table} is append-only")


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("opened", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("priority_is_set", sa.Boolean(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
    )
    op.create_index("ix_cases_state_since", "cases", ["state", "since"])
    op.create_table(
        "case_pairs",
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("seen", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pair"], ["transfers.id"], name=op.f("fk_case_pairs_pair_transfers")
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.number"], name=op.f("fk_case_pairs_case_cases")),
        sa.PrimaryKeyConstraint("pair", name=op.f("pk_case_pairs")),
    )
    op.create_index("ix_case_pairs_case", "case_pairs", ["case"])


def _create_steps() -> None:
    op.create_table(
        "case_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("priority", sa.String(), nullable=True),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.number"], name=op.f("fk_case_steps_case_cases")),
        sa.ForeignKeyConstraint(
            ["entry"], ["note.position"], name=op.f("fk_case_steps_entry_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_steps")),
        sa.UniqueConstraint("case", "position", name=op.f("uq_case_steps_case_position")),
    )
    op.create_table(
        "case_messages",
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message"],
            ["sent_messages.message_id"],
            name=op.f("fk_case_messages_message_sent_messages"),
        ),
        sa.ForeignKeyConstraint(
            ["case"], ["cases.number"], name=op.f("fk_case_messages_case_cases")
        ),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_case_messages")),
    )
    op.create_index("ix_case_messages_case", "case_messages", ["case"])


def _create_prematches() -> None:
    op.create_table(
        "prematches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("unanswered", sa.String(), nullable=True),
        sa.Column("t", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_prematches_inbox_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prematches")),
        sa.UniqueConstraint("inbox", "n", name=op.f("uq_prematches_inbox_n")),
    )
    op.create_index("ix_prematches_row", "prematches", ["state", "pair", "year"])
