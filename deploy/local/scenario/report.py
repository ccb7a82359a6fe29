"""What a run is judged by: counts and times of what was seen, a verdict, a picture.

Pure arithmetic on a `Seen`; it asks nobody. `run` and `checking` fill the `Seen`.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.local.scenario.plan import Plan

_BARS = " ▁▂▃▄▅▆▇█"
PICTURE_COLUMNS = 72
SHOWN_IDS = 3
KILLED, BACK = "x", "^"
OPENED, OUTCOME = "receipt.opened", "receipt.outcome"


@dataclass(frozen=True, slots=True)
class Sent:
    """One envelope; times are seconds from the start, `accepted_s` is None without a receipt.

    `due_s` starts its clock: an envelope that waits behind another of its State waits by it too.
    """

    id: str
    party: str
    due_s: float
    accepted_s: float | None
    rounds: int = 1
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """Services that were killed, and when they were ready again."""

    services: tuple[str, ...]
    killed_s: float
    ready_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that was seen of a run, by id of envelope: at the senders and, afterwards, elsewhere.

    `copies` counts deliveries to the Secretariat, `registered` lines in its register, `logged`
    entries of the log, `answers` replies by id and type. `other_receipt` got another receipt when
    they asked again. `log_flaw` says why the log does not verify.
    """

    sent: Sequence[Sent]
    at_exchange: frozenset[str] = frozenset()
    copies: Mapping[str, int] = field(default_factory=dict)
    queued: frozenset[str] = frozenset()
    registered: Mapping[str, int] = field(default_factory=dict)
    other_receipt: frozenset[str] = frozenset()
    logged: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[tuple[str, str], int] = field(default_factory=dict)
    log_size: int = 0
    log_flaw: str | None = None
    outages: Sequence[Outage] = ()
    oldest_queue_s: float = 0.0
    drained_s: float | None = None


@dataclass(frozen=True)
class Report:
    """The judgement of one run."""

    plan: Plan
    seen: Seen

    @property
    def accepted(self) -> list[Sent]:
        """Envelopes with a receipt: what the exchange has answered for."""
        return [sent for sent in self.seen.sent if sent.accepted_s is not None]

    @property
    def unaccepted(self) -> list[Sent]:
        """Envelopes that got no receipt in time, or a refusal."""
        return [sent for sent in self.seen.sent if sent.accepted_s is None]

    @property
    def lost(self) -> list[str]:
        """Acknowledged, and missing at the exchange, in the log, or at the Secretariat."""
        held = self.seen
        return [
            sent.id
            for sent in self.accepted
            if sent.id not in held.at_exchange
            or not held.logged.get(sent.id)
            or not (held.registered.get(sent.id) or sent.id in held.queued)
        ]

    @property
    def duplicates(self) -> list[str]:
        """Envelopes of which there is more than one of anything that must be one."""
        counts = (self.seen.copies, self.seen.registered, self.seen.logged)
        found = {id_ for count in counts for id_, number in count.items() if number > 1}
        found |= {id_ for (id_, _), number in self.seen.answers.items() if number > 1}
        return sorted((found | self.seen.other_receipt) & {sent.id for sent in self.seen.sent})

    @property
    def holds(self) -> bool:
        """Whether everything was accepted once, nothing was lost, and the log verifies."""
        flaws = (self.lost, self.duplicates, self.unaccepted, self.seen.log_flaw)
        return bool(self.seen.sent) and not any(flaws)

    @property
    def waits_s(self) -> list[float]:
        """From when an envelope was due to its receipt, shortest first."""
        return sorted(s.accepted_s - s.due_s for s in self.seen.sent if s.accepted_s is not None)

    def answered(self, type_: str) -> int:
        """Return how many envelopes of this run have an answer of a type."""
        return sum(bool(self.seen.answers.get((sent.id, type_))) for sent in self.seen.sent)

    def members(self) -> dict[str, Any]:
        """Return the report as JSON members."""
        seen, waits = self.seen, self.waits_s
        return {
            "scenario": self.plan.profile.name,
            "parties": self.plan.parties,
            "minutes": self.plan.minutes,
            "seed": self.plan.seed,
            "sent": len(seen.sent),
            "accepted": len(self.accepted),
            "unaccepted": [
                {"id": s.id, "party": s.party, "refused": s.refused} for s in self.unaccepted
            ],
            "lost": self.lost,
            "duplicates": self.duplicates,
            "p50_s": percentile(waits, 0.5),
            "p99_s": percentile(waits, 0.99),
            "sent_again": sum(1 for s in seen.sent if s.rounds > 1),
            "oldest_queue_s": round(seen.oldest_queue_s, 1),
            "drained_s": seen.drained_s,
            "queued": len(seen.queued),
            "killed": sum(len(outage.services) for outage in seen.outages),
            "outages": [
                {
                    "services": list(outage.services),
                    "killed_s": round(outage.killed_s, 1),
                    "ready_s": round(outage.ready_s, 1),
                }
                for outage in seen.outages
            ],
            "opened": self.answered(OPENED),
            "outcome": self.answered(OUTCOME),
            "log_size": seen.log_size,
            "log_flaw": seen.log_flaw,
            "holds": self.holds,
        }

    def rows(self) -> list[tuple[str, str]]:
        """Return the report as a table of two columns."""
        told, seen = self.members(), self.seen
        down = sum(outage.ready_s - outage.killed_s for outage in seen.outages)
        killed = f"{told['killed']} killed (SIGKILL) and started again, {down:.1f} s down in all"
        drained = "not emptied in time" if seen.drained_s is None else f"empty {seen.drained_s} s"
        after = drained if seen.drained_s is None else f"{drained} after the last receipt"
        log = seen.log_flaw or f"CONSISTENT, {seen.log_size:,} entries rebuilt from the first"
        return [
            ("accepted", f"{told['accepted']:,} of {told['sent']:,} by {self.plan.parties} States"),
            ("lost", _counted(self.lost)),
            ("duplicates", _counted(self.duplicates)),
            ("due to receipt", f"p50 {_time(told['p50_s'])}, p99 {_time(told['p99_s'])}"),
            ("sent again", f"{told['sent_again']:,} after a whole round of tries, the same bytes"),
            ("services", killed if told["killed"] else "none killed"),
            ("oldest in the queue", f"{told['oldest_queue_s']} s; {after}"),
            ("answers", f"{told['opened']:,} opened, {told['outcome']:,} outcome"),
            ("log", log),
        ]

    def verdict(self) -> str:
        """Return the one line that matters."""
        if self.holds:
            return "HELD: nothing lost, nothing doubled, and the log verifies."
        flaws = [
            (len(self.lost), "lost"),
            (len(self.duplicates), "doubled"),
            (len(self.unaccepted), "without a receipt"),
        ]
        told = [f"{number:,} {what}" for number, what in flaws if number]
        told += ["the log does not verify"] if self.seen.log_flaw else []
        return f"FAILED: {', '.join(told) or 'nothing was sent'}."

    def picture(self) -> list[str]:
        """Return acceptances over time as bars, and below them where services died and returned."""
        instants = [s.accepted_s for s in self.seen.sent if s.accepted_s is not None]
        end = max([self.plan.length_s, *instants, *(o.ready_s for o in self.seen.outages)])
        step = max(1.0, math.ceil(end / PICTURE_COLUMNS))
        columns = int(end // step) + 1
        counts = Counter(int(instant // step) for instant in instants)
        most = max(counts.values(), default=0)
        bars = "".join(_bar(counts[column], most) for column in range(columns))
        marks = [" "] * columns
        for outage in self.seen.outages:
            marks[int(outage.ready_s // step)] = BACK
        for outage in self.seen.outages:
            marks[int(outage.killed_s // step)] = KILLED
        scale = f"one column is {step:.0f} s, the highest {most / step:.0f} receipts a second"
        lines = [bars.rstrip(), "".join(marks).rstrip(), scale]
        if self.seen.outages:
            lines[-1] += f"; {KILLED} services die, {BACK} they are ready again"
        return [line for line in lines if line]


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value that `share` of the values do not pass (nearest rank); None of none."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(len(ordered) * share) - 1)], 3)


def _bar(count: int, most: int) -> str:
    return _BARS[math.ceil(count / most * (len(_BARS) - 1))] if count else _BARS[0]


def _counted(ids: Sequence[str]) -> str:
    if not ids:
        return "0"
    more = " …" if len(ids) > SHOWN_IDS else ""
    return f"{len(ids):,}: {', '.join(ids[:SHOWN_IDS])}{more}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "none"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
