"""The object store dies, stands still, or is cut off: large containers wait, small ones go on."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.grounds import Grounds
from tests.faults.leg import Ground, Leg, Meanwhile
from tests.faults.networks import tampered


@contextmanager
def store_killed(grounds: Grounds) -> Iterator[None]:
    """SIGKILL the store, and start it again."""
    grounds.store.kill()
    try:
        yield
    finally:
        grounds.store.start()


@contextmanager
def store_frozen(grounds: Grounds) -> Iterator[None]:
    """Let the store stand still: it takes connections and never answers."""
    grounds.store.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        grounds.store.signal(signal.SIGCONT)


def only_large_ones_wait(grounds: Grounds, meanwhile: Meanwhile) -> str:
    """Say what was wrong with the answers to deposits while the store was away."""
    answers = grounds.edge.answers(meanwhile.since, meanwhile.until)
    deposits = [answer for answer in answers if answer.is_deposit]
    if not any(one.is_large and one.asks_back for one in deposits):
        return "no large container was refused with Retry-After"
    if not any(one.is_accepted and not one.is_large for one in deposits):
        return "no small container was taken meanwhile"
    refused = [one.status for one in deposits if not one.is_large and not one.is_accepted]
    return f"a small container was answered {refused[0]}" if refused else ""


LEGS = (
    Leg(
        name="store",
        does="SIGKILL of the object store; away for 8 s",
        fault=store_killed,
        ground=Ground.SERVERS,
        holds_s=8.0,
        during=only_large_ones_wait,
    ),
    Leg(
        name="store-freeze",
        does="the object store stands still for 10 s, longer than a request to it may take (3 s)",
        fault=store_frozen,
        ground=Ground.SERVERS,
        holds_s=10.0,
        during=only_large_ones_wait,
    ),
    Leg(
        name="partition-store",
        does="no packet passes to or from the object store for 10 s",
        fault=tampered(lambda grounds: [grounds.store.ports["s3"]], "drop"),
        ground=Ground.SERVERS,
        holds_s=10.0,
        needs=("nft",),
        during=only_large_ones_wait,
    ),
)
