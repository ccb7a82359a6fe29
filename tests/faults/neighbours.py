"""What services lean on goes away: the database server, the collector, a witness."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.faults.deaths import killed
from tests.faults.grounds import Grounds
from tests.faults.leg import Leg

WITNESS_S = 30.0


@contextmanager
def database_down(grounds: Grounds) -> Iterator[None]:
    """Crash the database server of the log, and start it again."""
    grounds.server.stop("immediate")
    try:
        yield
    finally:
        grounds.server.start()


@contextmanager
def collector_down(grounds: Grounds) -> Iterator[None]:
    """Close the collector of spans."""
    grounds.collector.stop()
    try:
        yield
    finally:
        grounds.collector.start()
        grounds.collector.calls = 0


def spans_come_again(grounds: Grounds) -> str:
    """Say whether spans are sent again; exporters send every five seconds."""
    return _within(15.0, lambda: grounds.collector.calls > 0, "no span came again")


def witnesses_follow(grounds: Grounds) -> str:
    """Say whether every witness has signed the newest head."""
    return _within(WITNESS_S, lambda: grounds.witnesses_lag() == 0, "a witness still lags")


def _within(seconds: float, is_true: Callable[[], bool], flaw: str) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return ""
        time.sleep(0.2)
    return f"{flaw} after {seconds:.0f} s"


LEGS = (
    Leg(
        name="database",
        does="the PostgreSQL server of the log crashes and is away for 4 s",
        fault=database_down,
    ),
    Leg(
        name="collector",
        does="the collector of spans is away for 6 s",
        fault=collector_down,
        holds_s=6.0,
        check=spans_come_again,
    ),
    Leg(
        name="witness",
        does="a witness that the log's policy asks for is killed and away for 4 s",
        fault=killed("witness-XAL"),
        check=witnesses_follow,
    ),
)
