"""Acknowledgements that owe their entry are found by a small index of their own.

Those of before owe theirs too: they are logged from the next start on, each with its own time.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    owed = sa.text("act = 'acknowledged' AND act_position IS NULL")
    op.create_index(
        "ix_event_unwritten", "event", ["position"], sqlite_where=owed, postgresql_where=owed
    )
