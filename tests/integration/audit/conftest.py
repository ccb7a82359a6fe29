"""The log's tests run on the embedded file, and on PostgreSQL as well when the run asks for it."""

from pathlib import Path

import pytest

from deploy.local.postgresql.server import PostgresqlServer
from tests.integration.audit.logs import AuditLog
from tests.support.postgresql import SERVER


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> PostgresqlServer:
    """Return a throw-away server with the log's roles."""
    return SERVER.required()


@pytest.fixture
def log(tmp_path: Path, postgresql: PostgresqlServer) -> AuditLog:
    return AuditLog(tmp_path, server=postgresql)
