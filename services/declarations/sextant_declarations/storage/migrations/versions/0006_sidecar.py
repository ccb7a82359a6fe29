"""Notes of the service about itself, and sealed details with the orders to destroy them."""

from alembic import op

from sextant_declarations.storage.growing import partial
from sextant_shared.chassis.sidecar.tables import create_sidecar

revision = "0006_sidecar"
down_revision = "0005_accesses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables, and find entries by their place in the log."""
    create_sidecar(op)
    op.create_index("ix_owed_entries_log_index", "owed_entries", ["log_index"], unique=False)
    op.create_index(
        "ix_owed_entries_open",
        "owed_entries",
        ["id"],
        unique=False,
        **partial("length(salt) > 0"),
    )
