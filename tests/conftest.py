"""How the tests are spread over processes, and what each process ends with."""

import sys
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_PLATFORM = "tests/system/"
_ON_THEIR_OWN = ("test_machine.py", "test_published_interfaces.py", "test_routes.py")


@pytest.fixture(scope="session", autouse=True)
def _no_server_stays() -> Iterator[None]:
    """Stop the database server that tests of this process started, if any did."""
    yield
    if (support := sys.modules.get("tests.support.postgresql")) is not None:
        support.SERVER.close()


class OneProcessForThePlatform(LoadFileScheduling):
    """Gives out whole files, and to one process all that use the platform of the system tests.

    They share one platform of real processes: it is started once, and what they do on it happens
    in the same order on every machine, so that a failure can be repeated.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        shares = file.startswith(_PLATFORM) and not file.endswith(_ON_THEIR_OWN)
        return _PLATFORM if shares else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Return who gives out the tests when they run in several processes."""
    is_spread = config.getoption("dist") == "loadfile"
    return OneProcessForThePlatform(config, log) if is_spread else None
