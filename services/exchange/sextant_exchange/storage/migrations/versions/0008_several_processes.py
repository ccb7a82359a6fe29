"""What several processes on one server's database need, and who may do what there.

What is written once is only added: receipts, heads of erased envelopes, versions of documents keep
their bytes. Only ciphertext that may go is removed, and what is remembered for minutes.
"""

from alembic import op

from sextant_exchange.storage.roles import ROLES
from sextant_shared.chassis.leading import create_leases
from sextant_shared.chassis.proofs import create_proofs_seen

revision = "0008"
down_revision = "0007"
contract = (
    "a reader that does not say for whom it reads finds no row, and programs of before do not"
)

_ADDS, _CHANGES, _REMOVES = "SELECT, INSERT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, DELETE"
_MAY = {
    "envelope": _CHANGES,
    "content": _REMOVES,
    "receipt": _ADDS,
    "manifest": _ADDS,
    "act": f"{_ADDS}, UPDATE (log_index, proof, detail, salt)",
    "delivery": _CHANGES,
    "event": f"{_ADDS}, UPDATE (act_position)",
    "party_document": f"{_ADDS}, UPDATE (log_index, proof)",
    "party_use": _CHANGES,
    "party_recovery": f"{_ADDS}, UPDATE (log_index, proof)",
    "statement": f"{_ADDS}, UPDATE (log_index, proof)",
    "note": f"{_ADDS}, UPDATE (log_index, proof)",
    "detail": f"{_ADDS}, UPDATE (sealed)",
    "shred_order": _CHANGES,
    "task_lease": _CHANGES,
    "proof_seen": _REMOVES,
    "alembic_version": "SELECT",
}
# What the reader finds while a party's request is answered, whatever the statement forgets.
_PARTY = "current_setting('sextant.party', true)"
_IS_FOR = f"{_PARTY} = ANY (string_to_array(recipients, ' '))"
_ENVELOPE = "EXISTS (SELECT 1 FROM envelope AS e WHERE e.number = {}.number"
_SEES = {
    "envelope": f"sender = {_PARTY} OR {_IS_FOR}",
    "delivery": f"party = {_PARTY} OR {_ENVELOPE.format('delivery')} AND e.sender = {_PARTY})",
    **{
        table: _ENVELOPE.format(table) + ")"
        for table in ("content", "receipt", "manifest", "act", "event", "statement")
    },
}


def upgrade() -> None:
    create_leases(op)
    create_proofs_seen(op)
    if op.get_bind().dialect.name == "postgresql":
        ROLES.grant(op.execute, _MAY)
        for table, sees in _SEES.items():
            _narrow(table, sees)


def _narrow(table: str, sees: str) -> None:
    """Let the reader see all rows for the service itself, a party's for a party, else none."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_written ON {table} TO {ROLES.writer} USING (true)")
    op.execute(
        f"CREATE POLICY {table}_seen ON {table} FOR SELECT TO {ROLES.reader}"
        f" USING ({_PARTY} = '*' OR {sees})"
    )
