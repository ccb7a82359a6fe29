"""How the tests are spread over processes, what each leaves alone, and what it ends with."""

import gc
import signal
import sys
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from deploy.local.postgresql.programs import WANTED

_PLATFORM = "tests/system/"
_ON_THEIR_OWN = ("test_machine.py", "test_published_interfaces.py", "test_routes.py")
_LONG = (_PLATFORM, "tests/integration/", "tests/unit/client/")
"""What is given out first: by the number of their tests the longest files would come last."""


@pytest.fixture(scope="session", autouse=True)
def _no_server_stays() -> Iterator[None]:
    """Stop the servers that tests of this process started, if any did."""
    yield
    if (objects := sys.modules.get("tests.support.objects")) is not None:
        objects.S3.close()
    if (support := sys.modules.get("tests.support.postgresql")) is not None:
        support.SERVER.close()


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_what_tests_start() -> None:
    """Hear SIGINT: a shell that runs the tests behind has it ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class OneProcessForThePlatform(LoadFileScheduling):
    """Gives out whole files, and to one process all that use the platform of the system tests.

    They share one platform of real processes: it is started once, and what they do on it happens
    in the same order on every machine, so that a failure can be repeated. What takes long is given
    out first, so that no process waits at the end for another's long file.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        shares = file.startswith(_PLATFORM) and not file.endswith(_ON_THEIR_OWN)
        return _PLATFORM if shares else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = min(self.workqueue, key=_rank)  # of equal ones the one with the most tests
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


def _rank(scope: str) -> int:
    return next((n for n, long in enumerate(_LONG) if scope.startswith(long)), len(_LONG))


def pytest_configure(config: pytest.Config) -> None:
    """Have the engines of tests counted, and marked what has one, where a run is about them."""
    if WANTED or "database" in config.getoption("markexpr"):
        from tests.support import engines  # noqa: PLC0415 -- it loads all rooms

        config.pluginmanager.register(engines)


def pytest_collection_finish() -> None:
    """Spare the search for garbage the tests themselves: there are thousands, and all stay.

    Else a tenth of a run goes into looking at them again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Return who gives out the tests when they run in several processes."""
    is_spread = config.getoption("dist") == "loadfile"
    return OneProcessForThePlatform(config, log) if is_spread else None
