"""How the tests are spread over processes."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_PLATFORM = "tests/system/"


class OneProcessForThePlatform(LoadFileScheduling):
    """Gives out whole files, and all system tests to one process.

    They share one platform of real processes: it is started once, and what they do on it happens
    in the same order on every machine, so that a failure can be repeated.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _PLATFORM if nodeid.startswith(_PLATFORM) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Return who gives out the tests when they run in several processes."""
    is_spread = config.getoption("dist") == "loadfile"
    return OneProcessForThePlatform(config, log) if is_spread else None
