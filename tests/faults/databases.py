"""The server of all rooms dies, stands still or is cut off, or its receiver; an exchange dies."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.local.postgresql.receiver import Receiver
from tests.faults.deaths import killed
from tests.faults.grounds import Grounds
from tests.faults.leg import Ground, Leg, Meanwhile
from tests.faults.neighbours import database_down
from tests.faults.networks import tampered
from tests.faults.servers import PORT

RECEIVER_S = 15.0  # so long that each room meets a commit that does not end, and says so
SETTLED_S = 1.0  # what the second site had just before is answered by then
READINESS_S = 15.0
RECEIPT = {200, 201}
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


@dataclass
class FrozenReceiver:
    """The second site confirms every commit, and then stands still, with its line open."""

    ready: set[str] = field(default_factory=set)

    @contextmanager
    def fault(self, grounds: Grounds) -> Iterator[None]:
        """Stop it; note which rooms never say that they cannot commit."""
        local = grounds.server.local
        into = grounds.server.folder / "received"
        into.mkdir(exist_ok=True)
        receiver = Receiver(local, local.runner.own(into), grounds.scratch / "receiver.log")
        try:
            receiver.start()
            receiver.freeze()
            try:
                yield
                self._look(grounds)
            finally:
                receiver.go_on()
        finally:
            receiver.let_go()

    def refused_in_time(self, grounds: Grounds, meanwhile: Meanwhile) -> str:
        """Say which receipt one site alone had, or which room did not say how it stands."""
        given = grounds.answers(meanwhile.since)
        told = [one for one in given if one.is_deposit and one.at < meanwhile.until]
        if [one for one in told if one.status in RECEIPT and one.at > meanwhile.since + SETTLED_S]:
            return "a receipt was given that the second site did not have"
        if not any(one.asks_back for one in told):
            return "no deposit was refused while the receiver was away"
        return f"ready all the time: {', '.join(sorted(self.ready))}" if self.ready else ""

    def _look(self, grounds: Grounds) -> None:
        # A log that is given nothing meanwhile commits nothing, and may be ready.
        self.ready = {name for name in grounds.stack.services if name != "audit"}
        deadline = time.monotonic() + READINESS_S
        while self.ready and time.monotonic() < deadline:
            self.ready -= {name for name, why in grounds.unready().items() if "commit" in why}
            time.sleep(0.2)


RECEIVER = FrozenReceiver()


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
        name="receiver-away",
        does="the receiver of WAL at the second site stands still for 15 s; a statement may take 3",
        fault=RECEIVER.fault,
        ground=Ground.SERVERS,
        holds_s=RECEIVER_S,
        during=RECEIVER.refused_in_time,
        needs=("pg_receivewal",),
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
