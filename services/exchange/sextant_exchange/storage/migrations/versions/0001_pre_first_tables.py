"""First tables: envelopes, their content, deliveries, events, party documents."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "envelope",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String, nullable=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("classification", sa.String, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("recipients", sa.String, nullable=False),
        sa.Column("blob", sa.String),
        sa.Column("received", sa.Float, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.String),
        sa.Column("log_index", sa.Integer),
        sa.Column("receipt", sa.LargeBinary),
        sa.Column("accepted", sa.Float),
        sa.UniqueConstraint("sender", "id", name="uq_envelope_sender_id"),
    )
    op.create_index("ix_envelope_manifest", "envelope", ["manifest"])
    op.create_index(
        "ix_envelope_held", "envelope", ["number"], sqlite_where=sa.text("log_index IS NULL")
    )
    op.create_table(
        "content",
        sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "delivery",
        sa.Column("party", sa.String, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Float, nullable=False),
        sa.Column("lease", sa.String),
        sa.Column("lease_until", sa.Float),
        sa.Column("last_error", sa.String, nullable=False),
    )
    op.create_index("ix_delivery_due", "delivery", ["party", "state", "seq"])
    op.create_index("ix_delivery_number", "delivery", ["number"])
    op.create_index("ix_delivery_lease", "delivery", ["lease"])
    op.create_table(
        "event",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), nullable=False),
        sa.Column("t", sa.Float, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
    )
    op.create_index("ix_event_number", "event", ["number"])
    op.create_table(
        "party_document",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("party", sa.String, nullable=False),
        sa.Column("ver", sa.Integer, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("log_index", sa.Integer),
        sa.Column("proof", sa.Text),
        sa.UniqueConstraint("party", "ver", name="uq_party_document_ver"),
    )
