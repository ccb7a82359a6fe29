"""Accesses: who was given declared content, each with its log entry; sites of contents."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import BIG, grows_only, partial

revision = "0005_accesses"
down_revision = "0004_attachments"
branch_labels = None
depends_on = None

_FIXED = "t, type, client, role, purpose, gives, leaf"


def upgrade() -> None:
    """Add four tables that only grow, but for where an entry stands, and destroyed details."""
    _create_accesses()
    _create_details()
    _create_items()
    _create_sites()
    for table, verb in (
        ("accesses", f"UPDATE OF {_FIXED}"),
        ("accesses", "DELETE"),
        ("access_details", "UPDATE"),
        ("access_items", "UPDATE"),
        ("access_items", "DELETE"),
        ("content_sites", "UPDATE"),
        ("content_sites", "DELETE"),
    ):
        grows_only(table, "accesses are append-only", verb)


def _create_accesses() -> None:
    op.create_table(
        "accesses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("gives", sa.String(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("again_at", sa.Float(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("log_index", BIG, nullable=True),
        sa.Column("proof", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
    )
    op.create_index("ix_accesses_due", "accesses", ["again_at"], **partial("log_index IS NULL"))
    op.create_index(
        "ix_accesses_unlogged",
        "accesses",
        ["id"],
        **partial("log_index IS NULL AND role <> 'service'"),
    )
    op.create_index("ix_accesses_client", "accesses", ["client"])
    op.create_index("ix_accesses_t", "accesses", ["t"])


def _create_details() -> None:
    op.create_table(
        "access_details",
        sa.Column("access", sa.Integer(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access"], ["accesses.id"], name=op.f("fk_access_details_access_accesses")
        ),
        sa.PrimaryKeyConstraint("access", name=op.f("pk_access_details")),
    )


def _create_items() -> None:
    op.create_table(
        "access_items",
        sa.Column("access", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("inbox", sa.Integer(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("envelope_id", sa.String(), nullable=False),
        sa.Column("declaration", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["access"], ["accesses.id"], name=op.f("fk_access_items_access_accesses")
        ),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_access_items_inbox_inbox")),
        sa.PrimaryKeyConstraint("access", "position", name=op.f("pk_access_items")),
    )
    op.create_index("ix_access_items_inbox", "access_items", ["inbox"])
    op.create_index("ix_access_items_declaration", "access_items", ["declaration"])
    op.create_index("ix_access_items_sender_envelope", "access_items", ["sender", "envelope_id"])


def _create_sites() -> None:
    op.create_table(
        "content_sites",
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_content_sites_inbox_inbox")),
        sa.PrimaryKeyConstraint("inbox", "site", name=op.f("pk_content_sites")),
    )
    op.create_index("ix_content_sites_site", "content_sites", ["site"])
