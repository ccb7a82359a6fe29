"""Notes of the service about itself, sealed details, and look-ups by place in the log."""

import sqlalchemy as sa
from alembic import op

from sextant_shared.chassis.sidecar.tables import create_sidecar

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    create_sidecar(op)
    for table in ("act", "envelope", "party_document", "statement"):
        op.create_index(f"ix_{table}_index", table, ["log_index"])
    is_open = sa.text("length(salt) > 0")
    op.create_index(
        "ix_act_open", "act", ["position"], sqlite_where=is_open, postgresql_where=is_open
    )
