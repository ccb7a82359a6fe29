"""Epochs: one row for each opening by a writer; who is not the newest writes nothing any more.

The table only grows, like the log itself, so that nobody goes back to an epoch that is over.
"""

from sextant_audit.storage.growing import create, grant, only_grows

revision = "0004"
down_revision = "0003"

_TABLE = """
    CREATE TABLE epoch (
        number INTEGER NOT NULL PRIMARY KEY,
        taken INTEGER NOT NULL
    ) STRICT
    """
_WRONG = "NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM epoch)"


def upgrade() -> None:
    """Create the table, then forbid everything but the next row."""
    create(_TABLE)
    only_grows("epoch", _WRONG)
    grant("epoch")


def downgrade() -> None:
    """Refuse: a log is never taken back.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("a log is never taken back")
