"""Threads and lanes: what an envelope answers or supersedes, and which deliveries are urgent.

What came before keeps its lane: its type was not yet bound to one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name in ("irt", "sup"):
        op.add_column("envelope", sa.Column(name, sa.String))
        _partial(f"ix_envelope_{name}", "envelope", [name], f"{name} IS NOT NULL")
    for table in ("envelope", "delivery"):
        lane = sa.Column("priority", sa.String, nullable=False, server_default="normal")
        op.add_column(table, lane)
    _partial("ix_delivery_urgent", "delivery", ["party", "state", "seq"], "priority = 'urgent'")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
