"""The log: entries, full tiles, published checkpoints, and the triggers that let them only grow.

`INSERT OR REPLACE` deletes the row in its way without firing DELETE triggers. So the INSERT
triggers refuse every key and every id that is already there, before SQLite looks at the conflict;
the rule that a key is the next one also leaves no gap.

Triggers slow an insider who holds the file and may drop them. What finds such a change is the
start-up check, `verify`, and every checkpoint held elsewhere.
"""

from sextant_audit.storage.growing import create, grant, grant_version, only_grows

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE entry (
        idx INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE CHECK (length(id) = 22),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        data BLOB NOT NULL CHECK (length(data) BETWEEN 1 AND 65535)
    ) STRICT
    """,
    """
    CREATE TABLE tile (
        level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
        idx INTEGER NOT NULL,
        hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
        PRIMARY KEY (level, idx)
    ) STRICT
    """,
    """
    CREATE TABLE checkpoint (
        size INTEGER NOT NULL PRIMARY KEY,
        root BLOB NOT NULL CHECK (length(root) = 32),
        note TEXT NOT NULL
    ) STRICT
    """,
)

# A level is 8 bits. They are shifted out in two halves: PostgreSQL takes a shift by 64 as one by 0.
_NEXT = {
    "entry": "NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM entry)"
    " OR EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)",
    "tile": "NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM tile WHERE level = NEW.level)"
    " OR NEW.idx >= (SELECT coalesce(max(idx) + 1, 0) FROM entry)"
    " >> CAST(4 * NEW.level + 4 AS INTEGER) >> CAST(4 * NEW.level + 4 AS INTEGER)",
    "checkpoint": "NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint)"
    " OR NEW.size > (SELECT coalesce(max(idx) + 1, 0) FROM entry)",
}


def upgrade() -> None:
    """Create the tables, then forbid everything but the next row."""
    create(*_TABLES)
    for table, wrong in _NEXT.items():
        only_grows(table, wrong)
    grant(*_NEXT)
    grant_version()


def downgrade() -> None:
    """Refuse: a log is never taken back.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("a log is never taken back")
