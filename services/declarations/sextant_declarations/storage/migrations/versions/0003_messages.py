"""Messages beside declarations: what was sent, threads, and who owes which answer."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import BIG, partial

revision = "0003_messages"
down_revision = "0002_filings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and two tables; each envelope held so far begins a thread of its own."""
    op.add_column("inbox", sa.Column("sup", sa.String(), nullable=True))
    op.add_column("inbox", sa.Column("facts", sa.String(), nullable=True))
    for name in ("recipients", "thread"):
        op.add_column("inbox", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE inbox SET thread = sender || ' ' || envelope_id")
    op.create_index("ix_inbox_envelope_id", "inbox", ["envelope_id"], unique=False)
    op.create_index("ix_inbox_thread", "inbox", ["thread"], unique=False)
    _create_sent_messages()
    _create_dues()


def _create_sent_messages() -> None:
    op.create_table(
        "sent_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("order_digest", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("envelope_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("cty", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("classification", sa.String(), nullable=False),
        sa.Column("irt", sa.String(), nullable=True),
        sa.Column("sup", sa.String(), nullable=True),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("facts", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("container", sa.LargeBinary(), nullable=False),
        sa.Column("manifest_digest", sa.LargeBinary(), nullable=False),
        sa.Column("kpc", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("again_at", sa.Float(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("is_deposited", sa.Boolean(), nullable=False),
        sa.Column("custody", sa.LargeBinary(), nullable=True),
        sa.Column("custody_index", BIG, nullable=True),
        sa.Column("custody_t", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_sent_messages_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_sent_messages_message_id")),
        sa.UniqueConstraint("envelope_id", name=op.f("uq_sent_messages_envelope_id")),
    )
    op.create_index(
        "ix_sent_messages_party_reference", "sent_messages", ["party", "reference"], unique=False
    )
    op.create_index("ix_sent_messages_thread", "sent_messages", ["thread"], unique=False)
    op.create_index(
        "ix_sent_messages_due",
        "sent_messages",
        ["again_at"],
        unique=False,
        **partial("custody IS NULL"),
    )


def _create_dues() -> None:
    op.create_table(
        "dues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("inbox", sa.Integer(), nullable=True),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("within_s", sa.Integer(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("until", sa.Float(), nullable=True),
        sa.Column("asked", sa.Float(), nullable=True),
        sa.Column("law", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sent"], ["sent_messages.id"], name=op.f("fk_dues_sent_sent_messages")
        ),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_dues_inbox_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dues")),
    )
    for name in ("sent", "inbox", "thread", "answered_by"):
        op.create_index(f"ix_dues_{name}", "dues", [name], unique=False)
    op.create_index(
        "ix_dues_open",
        "dues",
        ["until"],
        unique=False,
        **partial("answered_by IS NULL AND superseded_by IS NULL"),
    )
