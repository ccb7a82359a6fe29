"""The server of all rooms dies, stands still or is cut off; one of two exchanges dies."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.deaths import killed
from tests.faults.grounds import Grounds
from tests.faults.leg import Ground, Leg, Meanwhile
from tests.faults.neighbours import database_down
from tests.faults.networks import tampered
from tests.faults.servers import PORT

AWAY_S = 12.0  # longer than the lease of what one exchange does for all


@contextmanager
def server_killed(grounds: Grounds) -> Iterator[None]:
    """SIGKILL the server and each of its processes, and start it again."""
    grounds.server.kill()
    try:
        yield
    finally:
        grounds.server.start()


@contextmanager
def server_frozen(grounds: Grounds) -> Iterator[None]:
    """Let the server and each of its processes stand still, with all connections open."""
    grounds.server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        grounds.server.signal(signal.SIGCONT)


def the_other_goes_on(_grounds: Grounds, meanwhile: Meanwhile) -> str:
    """Say whether the exchange that is left took deposits."""
    return "" if meanwhile.accepted else "the other exchange gave no receipt meanwhile"


LEGS = (
    Leg(
        name="database-stop",
        does="the server of all three rooms stops at once and is away for 4 s",
        fault=database_down,
        ground=Ground.SERVERS,
    ),
    Leg(
        name="database-kill",
        does="SIGKILL of the server of all three rooms and of its processes; away for 4 s",
        fault=server_killed,
        ground=Ground.SERVERS,
    ),
    Leg(
        name="database-freeze",
        does="the server of all rooms stands still for 8 s, longer than a statement may take (3 s)",
        fault=server_frozen,
        ground=Ground.SERVERS,
        holds_s=8.0,
    ),
    Leg(
        name="partition-database",
        does="no packet passes to or from the server of all rooms for 8 s",
        fault=tampered(lambda _grounds: [PORT], "drop"),
        ground=Ground.SERVERS,
        holds_s=8.0,
        needs=("nft",),
    ),
    Leg(
        name="kill-one",
        does="SIGKILL of one of two exchanges; away for 12 s",
        fault=killed("exchange"),
        ground=Ground.SERVERS,
        holds_s=AWAY_S,
        during=the_other_goes_on,
    ),
)
