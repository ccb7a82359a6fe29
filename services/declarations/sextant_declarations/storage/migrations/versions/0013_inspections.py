"""Selections, inspections with their steps and mandates, and words on the identity of sites."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import grows_only

revision = "0013_inspections"
down_revision = "0012_work"
branch_labels = None
depends_on = None

_GROW_ONLY = ("selections", "inspection_steps", "mandate_grants", "site_identities")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _entry(table: str) -> list[sa.schema.SchemaItem]:
    key = sa.ForeignKeyConstraint(["entry"], ["note.position"], name=op.f(f"fk_{table}_entry_note"))
    return [sa.Column("entry", sa.Integer(), nullable=False), key]


def _of_inspection(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_inspection_inspections")
    return sa.ForeignKeyConstraint(["inspection"], ["inspections.id"], name=name)


def upgrade() -> None:
    """Add five tables; four of them only grow."""
    _create_selections()
    _create_inspections()
    _create_steps()
    _create_grants()
    _create_identities()
    for table in _GROW_ONLY:
        grows_only(table, f"{table} is append-only")


def _create_selections() -> None:
    op.create_table(
        "selections",
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("id", "t", "client"),
        *(sa.Column(n, sa.LargeBinary(), nullable=False) for n in ("inputs", "policy", "document")),
        *_texts("digest"),
        *_entry("selections"),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_selections")),
        sa.UniqueConstraint("id", name=op.f("uq_selections_id")),
    )


def _create_inspections() -> None:
    op.create_table(
        "inspections",
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("id", "number", "state", "code", "regime", "kind"),
        sa.Column("year", sa.Integer(), nullable=False),
        *_texts("known_on"),
        sa.Column("selection", sa.String(), nullable=True),
        *_texts("status", "since"),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["selection"], ["selections.id"], name=op.f("fk_inspections_selection_selections")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_inspections")),
        sa.UniqueConstraint("id", name=op.f("uq_inspections_id")),
        sa.UniqueConstraint("number", name=op.f("uq_inspections_number")),
    )
    op.create_index("ix_inspections_state_code", "inspections", ["state", "code"])


def _create_steps() -> None:
    op.create_table(
        "inspection_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("inspection"),
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("step", "target", "client", "role", "reason", "t"),
        sa.Column("message", sa.String(), nullable=True),
        *_texts("facts", "requests"),
        *_entry("inspection_steps"),
        _of_inspection("inspection_steps"),
        sa.ForeignKeyConstraint(
            ["message"],
            ["sent_messages.message_id"],
            name=op.f("fk_inspection_steps_message_sent_messages"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_steps")),
        sa.UniqueConstraint(
            "inspection", "position", name=op.f("uq_inspection_steps_inspection_position")
        ),
    )


def _create_grants() -> None:
    op.create_table(
        "mandate_grants",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("inspection", "client", "until", "by", "t"),
        *_entry("mandate_grants"),
        _of_inspection("mandate_grants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_grants")),
    )
    op.create_index("ix_mandate_grants_inspection", "mandate_grants", ["inspection"])


def _create_identities() -> None:
    op.create_table(
        "site_identities",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("state", "older", "newer", "word", "reason", "client", "t", "explained"),
        *_entry("site_identities"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_identities")),
    )
    op.create_index("ix_site_identities_state", "site_identities", ["state"])
