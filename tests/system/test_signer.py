"""The signer beside the log, as processes: an old ledger that is put back never goes on."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import make_url

from deploy.local.postgresql.server import PostgresqlServer
from deploy.local.processes import ServiceFailedError, ServiceProcess
from deploy.local.stack import Stack
from sextant_audit.signer.remote import look
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_shared.encoding import b64
from sextant_shared.protocol.receipts import verify_custody
from tests.support.postgresql import SERVER

pytestmark = pytest.mark.processes

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NA-XAL" / "nil-2025.json"
TIMEOUT_S = 5.0
_PLACE = "SEXTANT_AUDIT_DATABASE_URL"


@dataclass
class Ledger:
    """Where the log is kept, and what an operator does with it beside the service."""

    audit: ServiceProcess
    file: Path
    kept: Path

    def back_up(self) -> None:
        """Copy the ledger in use."""
        self._copy_to(self.kept)

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Let the copy be the ledger; after the block it is the newest again."""
        newest = self.kept.with_name("newest")
        self._copy_to(newest)
        self._lay(self.kept)
        try:
            yield
        finally:
            self.audit.stop()
            self._lay(newest)

    def _copy_to(self, copy: Path) -> None:
        with (
            closing(sqlite3.connect(self.file)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)

    def _lay(self, copy: Path) -> None:
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copy(copy, self.file)


@dataclass
class LedgerOnServer(Ledger):
    """The same with a database: its copy is another database of the server."""

    server: PostgresqlServer = field(kw_only=True)
    copy: str = ""

    def back_up(self) -> None:
        self.audit.stop()  # a server copies a database that nobody uses
        self.copy = self.server.copy_of(make_url(self.audit.settings[_PLACE]).database or "")
        self.audit.start()
        self.audit.wait_ready()

    @contextmanager
    def put_back(self) -> Iterator[None]:
        newest = self.audit.settings
        old = {name.upper(): url for name, url in self.server.settings(self.copy).items()}
        prefix = "SEXTANT_AUDIT_"
        self.audit.settings = {**newest, **{f"{prefix}{name}": url for name, url in old.items()}}
        try:
            yield
        finally:
            self.audit.stop()
            self.audit.settings = newest


def ledger_of(stack: Stack, folder: Path) -> Ledger:
    audit, file = stack.services["audit"], stack.root / "data" / "audit" / "log.sqlite3"
    server = SERVER.if_wanted()
    if server is None:
        return Ledger(audit, file, folder / "old")
    return LedgerOnServer(audit, file, folder / "old", server=server)


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
    audit, ledger = stack.services["audit"], ledger_of(stack, tmp_path)
    socket_path = stack.root / "signer.sock"
    assert not (ledger.file.parent / "signer").exists()  # the audit service owns no key
    with Client(Home(stack.home("NA-XAL"))) as client:
        ledger.back_up()
        size = deposit(client, tmp_path, "XAL-SIGNER-1")
        audit.stop()
        keys, signed, root = look(socket_path, client.trust.log_keys.origin, TIMEOUT_S)
        assert keys == client.trust.log_keys
        try:
            with ledger.put_back():
                audit.start()
                with pytest.raises(ServiceFailedError):
                    audit.wait_ready()
            lines = audit.log_path.read_text().splitlines()
            told = next(json.loads(line) for line in reversed(lines) if "refuses to open" in line)
        finally:
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
