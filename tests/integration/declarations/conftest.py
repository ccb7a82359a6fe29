import pytest

from tests.support.postgresql import SERVER, NoPostgresqlError, PostgresqlServer, skip_or_fail


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> PostgresqlServer:
    """Return a throw-away server with the room's roles."""
    try:
        return SERVER.started()
    except NoPostgresqlError as error:
        skip_or_fail(error)
        raise
