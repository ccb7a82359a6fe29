import pytest

from deploy.local.postgresql.server import PostgresqlServer
from tests.support.postgresql import SERVER


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> PostgresqlServer:
    """Return a throw-away server with the room's roles."""
    return SERVER.required()
