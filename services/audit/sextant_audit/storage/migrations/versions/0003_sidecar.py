"""What the log notes of itself, and sealed details: beside the log, not part of it."""

from alembic import op

from sextant_audit.storage.growing import grant_changing, grant_numbers
from sextant_shared.chassis.sidecar.tables import create_sidecar

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables; these may change, the log's own may not."""
    create_sidecar(op)
    grant_changing("note", "log_index", "proof")
    grant_numbers("note_position_seq")
    grant_changing("detail", "sealed")
    grant_changing("shred_order", "authority", "reason", "note", "ordered")
