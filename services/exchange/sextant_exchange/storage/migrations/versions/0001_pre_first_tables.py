"""First tables: envelopes, contents, receipts, deliveries, events, party documents."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _envelopes()
    _deliveries()
    op.create_table(
        "party_document",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("party", sa.String, nullable=False),
        sa.Column("ver", sa.Integer, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("log_index", sa.Integer),
        sa.Column("proof", sa.String),
        sa.UniqueConstraint("party", "ver", name="uq_party_document_ver"),
    )


def _envelopes() -> None:
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
        sa.Column("held", sa.Float, nullable=False),
        sa.Column("logged", sa.Float),
        sa.Column("accepted", sa.Float),
        sa.Column("log_index", sa.Integer),
        sa.Column("traceparent", sa.String),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("id", "sender", name="uq_envelope_id_sender"),
    )
    op.create_index("ix_envelope_manifest", "envelope", ["manifest"])
    _partial("ix_envelope_held", "envelope", ["number"], "log_index IS NULL")
    _partial("ix_envelope_blob", "envelope", ["blob"], "blob IS NOT NULL")
    for name in ("content", "receipt"):
        op.create_table(
            name,
            sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), primary_key=True),
            sa.Column("data", sa.LargeBinary, nullable=False),
        )


def _deliveries() -> None:
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
    op.create_index("ix_delivery_number", "delivery", ["number"])
    op.create_index("ix_delivery_state", "delivery", ["party", "state", "seq"])
    _partial("ix_delivery_lease", "delivery", ["lease"], "lease IS NOT NULL")
    op.create_table(
        "event",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("envelope.number"), nullable=False),
        sa.Column("happened", sa.Float, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("party", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
    )
    op.create_index("ix_event_number", "event", ["number"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
