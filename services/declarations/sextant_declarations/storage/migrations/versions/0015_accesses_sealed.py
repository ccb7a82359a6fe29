"""Details of accesses go into the sidecar; of a row, who read and why may be blanked, for good."""

from alembic import op

from sextant_declarations.storage.growing import grow_again, grows_only

revision = "0015_accesses_sealed"
down_revision = "0014_exports"
branch_labels = None
depends_on = None
loosens = (
    "its trigger refuses less than that of before: a row whose detail was destroyed is blanked"
)

_FIXED = "t, type, client, role, purpose, gives, leaf"
_BLANKED = (
    "OLD.log_index IS NOT NULL AND NEW.t = OLD.t AND NEW.type = OLD.type AND NEW.leaf = OLD.leaf"
    " AND NEW.client = '' AND NEW.role = '' AND NEW.purpose = '' AND NEW.gives = ''"
)


def upgrade() -> None:
    """Let destroying a detail blank the columns that repeat it, and find accesses by their place.

    The open details are moved by the next start, which has the keys; the log is not asked.
    """
    grow_again("accesses", "UPDATE")
    refused = f"UPDATE OF {_FIXED}"
    grows_only("accesses", "accesses are append-only", refused, when=f"NOT ({_BLANKED})")
    op.create_index("ix_accesses_log_index", "accesses", ["log_index"])
