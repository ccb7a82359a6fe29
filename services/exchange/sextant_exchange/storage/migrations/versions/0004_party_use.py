"""What each party has used; counted once from what stands already."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BACKFILL = """
INSERT INTO party_use (party, day, day_bytes, stored_bytes, untaken)
SELECT sender, 0, 0, SUM(size), SUM(
  (SELECT COUNT(*) FROM delivery WHERE delivery.number = envelope.number)
  - (SELECT COUNT(DISTINCT event.party) FROM event
     WHERE event.number = envelope.number AND event.act = 'fetched'))
FROM envelope GROUP BY sender
"""


def upgrade() -> None:
    op.create_table(
        "party_use",
        sa.Column("party", sa.String, primary_key=True),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("day_bytes", sa.BigInteger, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("untaken", sa.Integer, nullable=False),
    )
    op.execute(_BACKFILL)
