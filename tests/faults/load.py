"""A steady load of real clients while a fault holds, and what must hold of it in the end.

Senders, sealing and the search for every envelope are those of `sextant scenario`; a leg adds its
fault, how soon all is ready again, and what the services themselves say.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from deploy.local.scenario.plan import Plan
from deploy.local.scenario.profiles import Profile
from deploy.local.scenario.report import Report
from deploy.local.scenario.run import look
from deploy.local.scenario.sending import Burst
from deploy.local.scenario.states import Ready, enrol, seal
from deploy.local.stack import PARTIES
from sextant_client.client import Client
from sextant_shared.clock import system_clock
from tests.faults.edge import rude
from tests.faults.grounds import Grounds
from tests.faults.leg import Ground, Leg, Meanwhile
from tests.faults.machinery import CannotRunError
from tests.faults.report import Outcome, Verdict, judged

STATES, EACH = 3, 8  # envelopes of one State in one leg
LARGE = {Ground.FILES: 0.25, Ground.SERVERS: 0.5}  # the part of them that is kept as an object
LEAD_S, TAIL_S = 1.5, 3.0
DRAIN_S = 120.0
OWED_S, NOTHING_OWED = 20.0, "acts owed to the log: 0\n"
READY_EVERY_S = 0.1
SEED = 5
ALREADY = tuple(party.id for party in PARTIES[1:])


@dataclass
class Supply:
    """Sealed envelopes of all States, handed out leg by leg."""

    plan: Plan
    clients: Sequence[Client]
    ready: list[list[Ready]]

    @classmethod
    def made(cls, grounds: Grounds, legs: int, large: float) -> "Supply":
        """Enrol the States and seal what all legs will send."""
        profile = Profile(name="faults", story="One fault.", each=EACH * legs, large=large)
        plan = Plan(profile, STATES, 1.0, SEED)
        folder = grounds.scratch / "made"
        folder.mkdir()
        # The two that the platform has come first; one has no key that class C3 needs.
        enrolled = replace(plan, parties=STATES + len(ALREADY))

        def unseen(_done: int, _total: int) -> None:
            pass

        clients = enrol(grounds.stack, enrolled, folder, unseen)
        fresh = [one for one in clients if one.config.party not in ALREADY]
        return cls(plan, fresh, seal(fresh, plan, folder, unseen))

    def take(self, length_s: float) -> list[list[Ready]]:
        """Return the next envelopes of every State, evenly over so many seconds."""
        taken = []
        for place, some in enumerate(self.ready):
            now, self.ready[place] = some[:EACH], some[EACH:]
            pause = length_s / EACH
            taken.append(
                [
                    replace(one, due=replace(one.due, at_s=number * pause, party=place))
                    for number, one in enumerate(now)
                ]
            )
        return taken


@dataclass(kw_only=True)
class Load(Burst):
    """The load of one leg, with its fault in the middle; times are seconds from its start."""

    leg: Leg
    grounds: Grounds
    struck_s: float = 0.0
    mended_s: float = 0.0
    mending_s: float = 0.0
    struck_at: float = 0.0
    mended_at: float = 0.0
    ready_s: float | None = None
    unready: str = ""

    def _fail(self) -> None:
        time.sleep(LEAD_S)
        with self.leg.fault(self.grounds):
            self.struck_s, self.struck_at = self.now_s(), system_clock()
            time.sleep(self.leg.holds_s)
            self.mended_s, self.mended_at = self.now_s(), system_clock()
        self.mending_s = self.now_s() - self.mended_s
        patience_s = self.now_s() + self.leg.back_s
        while unready := self.grounds.unready():
            self.unready = ", ".join(f"{name}: {why}" for name, why in unready.items())
            if self.now_s() > patience_s:
                return
            time.sleep(READY_EVERY_S)
        self.ready_s = self.now_s()

    @property
    def meanwhile(self) -> Meanwhile:
        """What was seen while the fault held."""
        times = [sent.accepted_s or 0.0 for sent in self.sent]
        accepted = sum(self.struck_s < at < self.mended_s for at in times)
        return Meanwhile(self.struck_at, self.mended_at, accepted)

    @property
    def back_s(self) -> float | None:
        """How long after the fault's end all services were ready."""
        return None if self.ready_s is None else self.ready_s - self.mended_s

    @property
    def accepted_again_s(self) -> float | None:
        """How long after the fault's end the next receipt came."""
        later = [s.accepted_s for s in self.sent if (s.accepted_s or 0) > self.mended_s]
        return min((s for s in later if s is not None), default=self.mended_s) - self.mended_s


@dataclass
class Spent:
    """Where the time of a leg goes, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count the time until the end to `what`."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[what] = round(time.monotonic() - begun, 1)


def attempt(grounds: Grounds, supply: Supply, leg: Leg) -> Outcome:
    """Try one leg; whatever it meets is an outcome."""
    begun, spent = time.monotonic(), Spent()
    try:
        verdict, saw = _attempt(grounds, supply, leg, spent)
    except CannotRunError as error:
        verdict, saw = Verdict.CANNOT, str(error)
    except Exception as error:  # noqa: BLE001 -- the next leg shall be tried all the same
        verdict, saw = Verdict.FAILED, f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - begun
    return Outcome(leg.name, leg.does, saw, verdict, seconds, spent.seconds)


def _attempt(grounds: Grounds, supply: Supply, leg: Leg, spent: Spent) -> tuple[Verdict, str]:
    length_s = LEAD_S + leg.holds_s + TAIL_S
    ready = supply.take(length_s)
    plan = replace(supply.plan, minutes=length_s / 60)
    load = Load(
        grounds.stack, plan, lambda _done, _total: None, leg.again, leg=leg, grounds=grounds
    )
    unexpected, begun_at = grounds.unexpected(), system_clock()
    with spent.on("load"):
        load.send(ready)
    with spent.on("queue"):
        drained_s = load.drain(DRAIN_S)
    with spent.on("search"):
        report = Report(plan, look(grounds.stack, supply.clients, ready, load, drained_s))
    with spent.on("verify"):
        unaccounted = _unaccounted(grounds)
    with spent.on("check"):
        checked = leg.check(grounds)
    flaws = [
        "" if report.holds else report.verdict(),
        *(f"refused: {sent.refused}" for sent in report.unaccepted[:1]),
        "" if load.ready_s else f"not ready {leg.back_s:.0f} s after: {load.unready}",
        "" if drained_s is not None else f"the queue was not empty {DRAIN_S:.0f} s later",
        unaccounted,
        "answered 500" if grounds.unexpected() > unexpected else "",
        checked,
        leg.during(grounds, load.meanwhile),
        rude(grounds.answers(begun_at)),
    ]
    verdict, flaw = judged(flaws)
    return verdict, flaw or _seen(report, load)


def _unaccounted(grounds: Grounds) -> str:
    """Say what the exchange cannot account for by its own command, or owes the log for long."""
    deadline = time.monotonic() + OWED_S
    while True:
        status, said = grounds.operate("verify")
        if status == 0 and NOTHING_OWED in said:
            return ""
        if status != 0 or time.monotonic() > deadline:
            return f"verify: {said.strip()}"
        time.sleep(READY_EVERY_S)


def _seen(report: Report, load: Load) -> str:
    told = report.members()
    return (
        f"{told['accepted']} of {told['sent']} accepted, {told['sent_again']} of them sent again,"
        f" longest wait {max(report.waits_s):.1f} s; ready {load.back_s:.1f} s"
        f" ({load.mending_s:.1f} s of them to mend) and next receipt"
        f" {load.accepted_again_s:.1f} s after the end; none lost, none twice, log verifies"
    )
