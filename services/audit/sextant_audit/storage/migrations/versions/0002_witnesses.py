"""Witnesses: their cosignatures of published checkpoints, and the calls they refused.

Both tables only grow, by the same means as the log itself: a row takes the next number, and nothing
is changed or removed. A cosignature stands on a published checkpoint of its size.
"""

from sextant_audit.storage.growing import create, grant, only_grows

revision = "0002"
down_revision = "0001"

_TABLES = (
    """
    CREATE TABLE cosig (
        seq INTEGER NOT NULL PRIMARY KEY,
        size INTEGER NOT NULL,
        name TEXT NOT NULL CHECK (length(name) > 0),
        key_id TEXT NOT NULL CHECK (length(key_id) = 8),
        time INTEGER NOT NULL CHECK (time > 0),
        line TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX cosig_by_key ON cosig (name, key_id, size, time)",
    "CREATE INDEX cosig_by_size ON cosig (size)",
    """
    CREATE TABLE refused (
        seq INTEGER NOT NULL PRIMARY KEY,
        time INTEGER NOT NULL,
        url TEXT NOT NULL,
        status INTEGER NOT NULL,
        size INTEGER NOT NULL,
        old INTEGER NOT NULL,
        detail TEXT NOT NULL,
        request TEXT NOT NULL
    ) STRICT
    """,
)
_NEXT = {
    "cosig": "NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM cosig)"
    " OR NOT EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size)",
    "refused": "NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM refused)",
}


def upgrade() -> None:
    """Create the tables, then forbid everything but the next row."""
    create(*_TABLES)
    for table, wrong in _NEXT.items():
        only_grows(table, wrong)
    grant(*_NEXT)


def downgrade() -> None:
    """Refuse: a log is never taken back.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("a log is never taken back")
