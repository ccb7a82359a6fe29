"""The register: envelopes, declarations, what is owed, who read what."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import BIG, grows_only, partial

revision = "0001_register"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables; the access log refuses changes and removals."""
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index("ix_access_log_subject", "access_log", ["subject"], unique=False)
    op.create_table(
        "declarations",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("declaration_id", sa.String(), nullable=False),
        sa.Column("submissions", sa.Integer(), nullable=False),
        sa.Column("registered", sa.Integer(), nullable=False),
        sa.Column("registered_kind", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("is_nil", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("registration", sa.String(), nullable=True),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_declarations")),
        sa.UniqueConstraint("id", name=op.f("uq_declarations_id")),
        sa.UniqueConstraint(
            "owner", "declaration_id", name=op.f("uq_declarations_owner_declaration_id")
        ),
    )
    op.create_index("ix_declarations_owner_seq", "declarations", ["owner", "seq"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("envelope_id", sa.String(), nullable=False),
        sa.Column("manifest_digest", sa.LargeBinary(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("cty", sa.String(), nullable=True),
        sa.Column("classification", sa.String(), nullable=True),
        sa.Column("created", sa.String(), nullable=True),
        sa.Column("period", sa.String(), nullable=True),
        sa.Column("irt", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("refusal_code", sa.String(), nullable=True),
        sa.Column("refusal_detail", sa.String(), nullable=True),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("custody", sa.LargeBinary(), nullable=False),
        sa.Column("custody_index", BIG, nullable=False),
        sa.Column("custody_t", sa.String(), nullable=False),
        sa.Column("registry_index", BIG, nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=True),
        sa.Column("content_size", BIG, nullable=True),
        sa.Column("pack_version", sa.String(), nullable=True),
        sa.Column("pack_digest", sa.String(), nullable=True),
        sa.Column("stored_at", sa.String(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("sender", "envelope_id", name=op.f("uq_inbox_sender_envelope_id")),
    )
    op.create_table(
        "log_alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("own_size", BIG, nullable=False),
        sa.Column("own_root", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_alarms")),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.create_table(
        "register_years",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_register_years")),
    )
    op.create_table(
        "registry_proofs",
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("party", "at", name=op.f("pk_registry_proofs")),
    )
    op.create_table(
        "findings",
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("pointer", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("expected", sa.String(), nullable=False),
        sa.Column("received", sa.String(), nullable=False),
        sa.Column("fix", sa.String(), nullable=False),
        sa.Column("law", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_findings_inbox_inbox")),
        sa.PrimaryKeyConstraint("inbox", "position", name=op.f("pk_findings")),
    )
    op.create_table(
        "owed_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("again_at", sa.Float(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("log_index", BIG, nullable=True),
        sa.Column("proof", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_owed_entries_inbox_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owed_entries")),
    )
    op.create_index(
        "ix_owed_entries_due",
        "owed_entries",
        ["again_at"],
        unique=False,
        **partial("log_index IS NULL"),
    )
    op.create_index("ix_owed_entries_inbox", "owed_entries", ["inbox"], unique=False)
    op.create_table(
        "owed_replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("envelope_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("classification", sa.String(), nullable=False),
        sa.Column("irt", sa.String(), nullable=False),
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
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_owed_replies_inbox_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owed_replies")),
        sa.UniqueConstraint("envelope_id", name=op.f("uq_owed_replies_envelope_id")),
    )
    op.create_index(
        "ix_owed_replies_due",
        "owed_replies",
        ["again_at"],
        unique=False,
        **partial("custody IS NULL"),
    )
    op.create_index("ix_owed_replies_inbox", "owed_replies", ["inbox"], unique=False)
    op.create_table(
        "versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("declaration", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("is_nil", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("registration", sa.String(), nullable=True),
        sa.Column("canonical_digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["declaration"], ["declarations.id"], name=op.f("fk_versions_declaration_declarations")
        ),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_versions_inbox_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("declaration", "n", name=op.f("uq_versions_declaration_n")),
        sa.UniqueConstraint("inbox", name=op.f("uq_versions_inbox")),
        sa.UniqueConstraint("registration", name=op.f("uq_versions_registration")),
    )
    op.create_index(
        "uq_versions_registered",
        "versions",
        ["declaration", "version"],
        unique=True,
        **partial("registration IS NOT NULL"),
    )
    op.create_table(
        "closures",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["versions.id"], name=op.f("fk_closures_version_versions")
        ),
        sa.PrimaryKeyConstraint("version", "scope", name=op.f("pk_closures")),
    )
    op.create_index(
        "ix_closures_owner_year_scope", "closures", ["owner", "year", "scope"], unique=False
    )
    grows_only("access_log", "the access log is append-only")
