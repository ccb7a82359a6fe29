"""The log's tests run on the embedded file, and on PostgreSQL as well when the run asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.audit.logs import SERVER, AuditLog
from tests.support.postgresql import (
    EVERYWHERE,
    NoPostgresqlError,
    PostgresqlServer,
    skip_or_fail,
    started_server,
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """Return a throw-away server with the log's roles."""
    try:
        with started_server() as server:
            yield server
    except NoPostgresqlError as error:
        skip_or_fail(error)


@pytest.fixture(scope="session", autouse=True)
def _ledgers_where_the_run_wants_them(request: pytest.FixtureRequest) -> Iterator[None]:
    if EVERYWHERE:
        SERVER.one = request.getfixturevalue("postgresql")
    yield
    SERVER.one = None


@pytest.fixture
def log(tmp_path: Path, postgresql: PostgresqlServer) -> AuditLog:
    return AuditLog(tmp_path, server=postgresql)
