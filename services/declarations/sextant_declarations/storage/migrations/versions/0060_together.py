"""What several processes on one server's database need, to agree who does what."""

import sqlalchemy as sa
from alembic import op

from sextant_declarations.storage.growing import BIG
from sextant_shared.chassis.leading import create_leases
from sextant_shared.chassis.proofs import create_proofs_seen

revision = "0060_together"
down_revision = "0015_accesses_sealed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables."""
    create_leases(op)
    create_proofs_seen(op)
    op.create_table(
        "places",
        sa.Column("seq", BIG, nullable=False, autoincrement=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_places")),
    )
    op.create_index("ix_places_sender", "places", ["sender"])
