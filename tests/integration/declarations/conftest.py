import pytest

from tests.support.postgresql import SERVER, PostgresqlServer


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> PostgresqlServer:
    """Return a throw-away server with the room's roles."""
    return SERVER.required()
