"""The life of declarations: steps that only grow, and where each stands; made for what is there."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import grows_only

revision = "0007_lives"
down_revision = "0006_sidecar"
branch_labels = None
depends_on = None

# What was registered before was examined by the same rules: it waits for an officer.
_STATE = (
    "CASE WHEN d.withdrawn THEN 'WITHDRAWN' WHEN d.registered = 0 THEN 'RETURNED'"
    " WHEN d.registered_kind IN ('AMENDMENT', 'WITHDRAWAL') THEN 'REGISTERED'"
    " ELSE 'EVALUATION' END"
)
_LAST = "(SELECT max(w.id) FROM versions w WHERE w.declaration = d.id)"
_MARKING = (
    "CASE i.classification WHEN 'C0' THEN 'UNCLASSIFIED' WHEN 'C2' THEN 'OPCW_PROTECTED'"
    " WHEN 'C3' THEN 'OPCW_HIGHLY_PROTECTED' ELSE 'OPCW_RESTRICTED' END"
)
_FROM = f"FROM declarations d JOIN versions v ON v.id = {_LAST} JOIN inbox i ON i.id = v.inbox"
_VERSION = "CASE WHEN d.registered = 0 THEN v.version ELSE d.registered END"


def upgrade() -> None:
    """Add the two tables, and one step for each declaration that is there already."""
    _create_lives()
    _create_steps()
    op.execute(
        "INSERT INTO steps (declaration, position, version, step, source, target, client, role,"
        f" reason, marking, t, inbox) SELECT d.id, 1, {_VERSION}, 'take-over', NULL, {_STATE},"
        f" 'declarations', 'service', 'BY_RULE', {_MARKING}, d.updated_at, i.id {_FROM}"
    )
    op.execute(
        "INSERT INTO lives (declaration, version, state, reason, since, marking, carried, steps)"
        f" SELECT d.id, {_VERSION}, {_STATE}, 'BY_RULE', d.updated_at, {_MARKING}, false, 1 {_FROM}"
    )
    grows_only("steps", "steps are append-only")


def _create_lives() -> None:
    op.create_table(
        "lives",
        sa.Column("declaration", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("marking", sa.String(), nullable=False),
        sa.Column("raised", sa.String(), nullable=True),
        sa.Column("carried", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["declaration"], ["declarations.id"], name=op.f("fk_lives_declaration_declarations")
        ),
        sa.PrimaryKeyConstraint("declaration", name=op.f("pk_lives")),
    )
    op.create_index("ix_lives_state_since", "lives", ["state", "since"])


def _create_steps() -> None:
    op.create_table(
        "steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("declaration", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("marking", sa.String(), nullable=True),
        sa.Column("t", sa.String(), nullable=False),
        sa.Column("inbox", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["declaration"], ["declarations.id"], name=op.f("fk_steps_declaration_declarations")
        ),
        sa.ForeignKeyConstraint(["inbox"], ["inbox.id"], name=op.f("fk_steps_inbox_inbox")),
        sa.ForeignKeyConstraint(["entry"], ["note.position"], name=op.f("fk_steps_entry_note")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
        sa.UniqueConstraint("declaration", "position", name=op.f("uq_steps_declaration_position")),
    )
    op.create_index("ix_steps_inbox", "steps", ["inbox"])
