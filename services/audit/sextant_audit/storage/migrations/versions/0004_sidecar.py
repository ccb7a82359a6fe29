"""What the log notes of itself, and sealed details: beside the log, not part of it."""

from alembic import op

from sextant_audit.storage.growing import grant_changes
from sextant_shared.chassis.sidecar.tables import create_sidecar

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables; these may change, the log's own may not."""
    create_sidecar(op)
    grant_changes("note", "detail", "shred_order", numbered=["note_position_seq"])
