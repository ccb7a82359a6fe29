"""The officers' queue and grants: acts that only grow, and where each item and grant stands."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import BIG, grows_only, partial

revision = "0012_work"
down_revision = "0011_cases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add four tables; what was registered before is not put into the queue after the fact."""
    _create_items()
    _create_acts("work_acts", "item", "work_items", _WORK_ACT, entry_needed=False)
    _create_grants()
    _create_acts("grant_acts", "granted", "grants", (), entry_needed=True)
    for table in ("work_acts", "grant_acts"):
        grows_only(table, "acts are append-only")


_WORK_ACT = ("to", "outcome", "reference")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _create_items() -> None:
    op.create_table(
        "work_items",
        _number("seq"),
        *map(_text, ("id", "kind", "reference", "owner", "subject")),
        _number("year", nullable=True),
        *map(_text, ("marking", "why", "since")),
        _text("envelope", nullable=True),
        sa.Column("custody", BIG, nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        _text("status"),
        *(_text(name, nullable=True) for name in ("holder", "until", "assignee")),
        *map(_text, ("opinions", "makers")),
        _number("persons"),
        _text("outcome", nullable=True),
        _number("acts"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_work_items")),
        sa.UniqueConstraint("id", name=op.f("uq_work_items_id")),
    )
    op.create_index("ix_work_items_order", "work_items", ["status", "urgent", "since"])
    op.create_index(
        "ux_work_items_open",
        "work_items",
        ["kind", "reference"],
        unique=True,
        **partial("status <> 'done'"),
    )


def _create_grants() -> None:
    op.create_table(
        "grants",
        _number("seq"),
        *map(_text, ("id", "person")),
        _number("number"),
        *map(_text, ("function", "state", "kinds", "ceiling", "reason")),
        _text("reference", nullable=True),
        *map(_text, ("until", "requested_by", "requested")),
        *(_text(name, nullable=True) for name in ("approved_by", "approved", "notice", "ended")),
        _text("status"),
        _number("acts"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_grants")),
        sa.UniqueConstraint("id", name=op.f("uq_grants_id")),
    )
    op.create_index("ix_grants_person", "grants", ["person"])
    op.create_index("ix_grants_state", "grants", ["state"])


def _create_acts(
    table: str, about: str, subject: str, more: tuple[str, ...], *, entry_needed: bool
) -> None:
    op.create_table(
        table,
        _number("id"),
        _number(about),
        _number("position"),
        *map(_text, ("act", "client", "role", "reason")),
        *(_text(name, nullable=True) for name in more),
        _text("t"),
        _number("entry", nullable=not entry_needed),
        sa.ForeignKeyConstraint(
            [about], [f"{subject}.seq"], name=op.f(f"fk_{table}_{about}_{subject}")
        ),
        sa.ForeignKeyConstraint(["entry"], ["note.position"], name=op.f(f"fk_{table}_entry_note")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(about, "position", name=op.f(f"uq_{table}_{about}_position")),
    )
