"""The burst: every State sends when its envelopes are due, while services are killed and return.

Senders are the SDK's own clients: the same bytes again after a lost answer or a 503, with its
back-off; a whole round of tries that fails is followed by the next. One thread a State.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from deploy.local.scenario.plan import Plan
from deploy.local.scenario.report import Outage, Sent
from deploy.local.scenario.states import Ready
from deploy.local.stack import Stack
from sextant_client.home import Home
from sextant_client.session import Session
from sextant_shared.clock import parse_timestamp, system_clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import MAX_PAGE, DeliveryState

LATEST_S = 180.0  # after the end of the burst: then an envelope counts as not accepted
ROUND_PAUSE_S = 1.0
SAMPLE_S = 1.0
DRAIN_EVERY_S = 0.25
WAITING = (DeliveryState.AVAILABLE, DeliveryState.LEASED)
AGAIN = (Code.UNAVAILABLE, Code.RATE)
Progress = Callable[[int, int], None]


@dataclass
class Burst:
    """One burst on a running platform; its clock starts with `send`."""

    stack: Stack
    plan: Plan
    progress: Progress
    again: tuple[Code, ...] = AGAIN
    outages: list[Outage] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    oldest_queue_s: float = 0.0
    _started: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def send(self, ready: Sequence[Sequence[Ready]]) -> list[Sent]:
        """Send everything; return when all have their receipts and all services are up."""
        total = sum(map(len, ready))
        self._started = time.monotonic()
        with ThreadPoolExecutor(max(1, len(ready)) + 1) as pool, self._watched():
            failing = pool.submit(self._fail)
            senders = [pool.submit(self._send_state, some, total) for some in ready]
            for sender in senders:
                sender.result()
            failing.result()
        return self.sent

    def now_s(self) -> float:
        """Return seconds since the start."""
        return time.monotonic() - self._started

    def _send_state(self, some: Sequence[Ready], total: int) -> None:
        for one in some:
            time.sleep(max(0.0, one.due.at_s - self.now_s()))
            self.sent.append(self._send_one(one))
            self.progress(len(self.sent), total)

    def _send_one(self, one: Ready) -> Sent:
        rounds, refused = 0, None
        while self.now_s() < self.plan.length_s + LATEST_S:
            rounds += 1
            try:
                one.client.deposit(one.envelope)
            except PlatformError as error:
                refused = f"{error.code}: {error.detail}"
                if error.code not in self.again:
                    break
                time.sleep(ROUND_PAUSE_S)
            else:
                return Sent(one.envelope.id, one.party, one.due.at_s, self.now_s(), rounds)
        return Sent(one.envelope.id, one.party, one.due.at_s, None, rounds, refused)

    def _fail(self) -> None:
        """Kill services when the profile says so, and start them again."""
        for stop in self.plan.stops():
            time.sleep(max(0.0, stop.at * self.plan.length_s - self.now_s()))
            killed_s = self.now_s()
            for name in stop.services:
                self.stack.processes[name].kill()
            time.sleep(stop.away * self.plan.length_s)
            self.stack.start(*stop.services)
            self.outages.append(Outage(stop.services, killed_s, self.now_s()))

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Remember the age of the oldest delivery in the Secretariat's queue, meanwhile."""
        self._over.clear()
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self) -> None:
        with secretariat(self.stack) as session:
            queue = Queue(session)
            while not self._over.wait(SAMPLE_S):
                with suppress(PlatformError):  # also the service that is asked may be down
                    queue.look()
                    self.oldest_queue_s = queue.oldest_s

    def drain(self, limit_s: float) -> float | None:
        """Wait until nothing waits and nothing is owed; return after how long, None if never."""
        begun = time.monotonic()
        with secretariat(self.stack) as session:
            queue = Queue(session)
            while (waited := time.monotonic() - begun) < limit_s:
                with suppress(PlatformError):
                    is_idle = queue.look()
                    self.oldest_queue_s = max(self.oldest_queue_s, queue.oldest_s)
                    if is_idle:
                        return round(waited, 1)
                time.sleep(DRAIN_EVERY_S)
        return None


@contextmanager
def secretariat(stack: Stack) -> Iterator[Session]:
    """Yield an officer's session with the declarations service; nothing in it is tried again."""
    signer = Home(stack.home("officer")).keys.api_signer()
    session = Session(stack.services["declarations"].url, client_id="officer", signer=signer)
    try:
        yield session
    finally:
        session.close()


@dataclass
class Queue:
    """The Secretariat's queue as its officer sees it; what was acknowledged is passed over."""

    session: Session
    oldest_s: float = 0.0
    _after: int = 0

    def look(self) -> bool:
        """Remember the age of the oldest delivery that waits; return whether nothing is to do.

        Raises:
            PlatformError: when the service does not answer, or cannot see its queue.
        """
        while True:
            params = {"after": self._after, "limit": MAX_PAGE}
            view = self.session.request("GET", "/v1/queue", params=params, repeatable=False).json()
            if view["unreachable"]:
                raise PlatformError(Code.UNAVAILABLE, view["unreachable"])
            for one in view["deliveries"]:
                if one["state"] in WAITING:
                    age = system_clock() - parse_timestamp(one["deposited"])
                    self.oldest_s = max(self.oldest_s, age)
                    return False
                self._after = one["seq"]
            if not view["deliveries"]:
                return not (view["intake"]["in_flight"] or view["intake"]["owed_total"])
