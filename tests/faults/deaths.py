"""Processes that die, and processes that freeze and go on as if nothing had happened."""

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.faults.grounds import Grounds
from tests.faults.leg import Fault, Leg


def killed(*names: str) -> Fault:
    """Return the fault that kills processes together, as a power cut does."""

    @contextmanager
    def fault(grounds: Grounds) -> Iterator[None]:
        for name in names:
            grounds.process(name).kill()
        yield
        grounds.stack.start(*names)

    return fault


def frozen(name: str) -> Fault:
    """Return the fault that stops a process in the middle of whatever it does."""

    @contextmanager
    def fault(grounds: Grounds) -> Iterator[None]:
        os.kill(grounds.pid(name), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(grounds.pid(name), signal.SIGCONT)

    return fault


def _one_after_another(grounds: Grounds) -> AbstractContextManager[None]:
    @contextmanager
    def fault() -> Iterator[None]:
        for name in ("signer", "exchange", "declarations", "audit"):
            grounds.process(name).kill()
            grounds.stack.start(name)
        yield

    return fault()


LEGS = (
    Leg(
        name="kill",
        does="SIGKILL of signer, exchange, Secretariat and log, one after another",
        fault=_one_after_another,
        holds_s=0.0,
    ),
    Leg(
        name="kill-all",
        does="SIGKILL of all four processes at once; started again after 3 s",
        fault=killed("signer", "exchange", "declarations", "audit"),
        holds_s=3.0,
    ),
    Leg(
        name="freeze-exchange",
        does="the exchange stands still (SIGSTOP) for 6 s",
        fault=frozen("exchange"),
        holds_s=6.0,
    ),
    Leg(
        name="freeze-secretariat",
        does="the Secretariat stands still for 8 s, longer than its leases last (6 s)",
        fault=frozen("declarations"),
        holds_s=8.0,
    ),
)
