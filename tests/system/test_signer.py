"""The signer beside the log, as processes: an old ledger that is put back never goes on."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deploy.local.processes import ServiceFailedError
from deploy.local.stack import Stack
from sextant_audit.signer.remote import look
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_shared.encoding import b64
from sextant_shared.protocol.receipts import verify_custody

pytestmark = pytest.mark.processes

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NA-XAL" / "nil-2025.json"
TIMEOUT_S = 5.0


def back_up(database: Path, copy: Path) -> None:
    """Copy a ledger in use, as an operator does."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def put_back(copy: Path, database: Path) -> None:
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, database)


def deposit(client: Client, folder: Path, name: str) -> int:
    """Deposit a declaration; return the size of the head that its verified receipt is under."""
    content = folder / f"{name}.json"
    content.write_text(json.dumps({**json.loads(EXAMPLE.read_text()), "declaration_id": name}))
    envelope = client.seal(
        content,
        type_="declaration.annual",
        cty="application/vnd.sextant.declaration+json",
        classification="C2",
    )
    done = client.deposit(envelope)
    found = verify_custody(done.raw, envelope.digest, envelope.id, client.trust.log_keys)
    return found.checkpoint.size


def test_an_old_ledger_that_is_put_back_is_refused_by_what_the_signer_remembers(
    stack: Stack, tmp_path: Path
) -> None:
    audit, database = stack.services["audit"], stack.root / "data" / "audit" / "log.sqlite3"
    socket_path = stack.root / "signer.sock"
    assert not (database.parent / "signer").exists()  # the audit service owns no key
    with Client(Home(stack.home("NA-XAL"))) as client:
        back_up(database, tmp_path / "old")
        size = deposit(client, tmp_path, "XAL-SIGNER-1")
        audit.stop()
        back_up(database, tmp_path / "newest")
        keys, signed, root = look(socket_path, client.trust.log_keys.origin, TIMEOUT_S)
        assert keys == client.trust.log_keys
        put_back(tmp_path / "old", database)
        try:
            audit.start()
            with pytest.raises(ServiceFailedError):
                audit.wait_ready()
            lines = audit.log_path.read_text().splitlines()
            told = next(json.loads(line) for line in reversed(lines) if "refuses to open" in line)
        finally:
            audit.stop()
            put_back(tmp_path / "newest", database)
            audit.start()
            audit.wait_ready()
        assert told["code"] == "E_INTEGRITY"
        assert "restore the newest ledger" in told["fix"]
        assert told["evidence"]["signed"] == f"{signed}\n{b64(root)}"
        held = int(told["evidence"]["held"].partition("\n")[0])
        assert held < size <= signed
        lost = f"every receipt under a head of size {held + 1} to {signed}"
        assert told["evidence"]["missing"].endswith(lost)
        assert deposit(client, tmp_path, "XAL-SIGNER-2") > signed
