"""The numbers of the exchange that an operator watches."""

from collections.abc import Mapping
from dataclasses import dataclass

from sextant_exchange.app.keeping import Job, Sweeping
from sextant_exchange.domain.mailboxes import Bells
from sextant_exchange.domain.quota import Room
from sextant_exchange.domain.registration import Registration
from sextant_exchange.storage.blobs import BlobStore
from sextant_exchange.storage.waiting import SqlWaiting, Waiting
from sextant_shared.chassis.metrics import Metric, Metrics, Snapshot
from sextant_shared.clock import Clock, parse_timestamp
from sextant_shared.models.party import KeyStatus

DELIVERIES = Metric(
    "dxe.exchange.deliveries",
    "{delivery}",
    "copies that are available, leased or dead letters",
    "a dead letter that was not there before; available ones that only grow",
    by="state",
)
OLDEST_DELIVERY = Metric(
    "dxe.exchange.deliveries.oldest",
    "s",
    "since the acceptance of the oldest copy that its recipient has not acknowledged",
    "above a day",
)
RECEIPTS = Metric(
    "dxe.exchange.receipts.owed",
    "{envelope}",
    "envelopes taken in that wait for their log entry, and so for their receipt",
    "above 0 for minutes: the log is away or refuses",
)
OLDEST_RECEIPT = Metric(
    "dxe.exchange.receipts.oldest", "s", "since the oldest of them came", "above ten minutes"
)
ACTS = Metric(
    "dxe.exchange.acts.owed",
    "{act}",
    "logged acts that wait for their entry",
    "above 0 for minutes",
)
ROOM = Metric(
    "dxe.exchange.room",
    "By",
    "what deposits may still take: free, less what uploads were promised, less the reserve",
    "less than a busy day brings; below 0 deposits are 503",
    across="min",
)
WAITERS = Metric(
    "dxe.exchange.waiters",
    "{client}",
    "clients that wait for news",
    "near `MAX_POLLERS`",
    across="sum",
)
OLDEST_KEY = Metric(
    "dxe.exchange.keys.oldest",
    "s",
    "age of the oldest active key of any party, by use",
    "older than what the parties agreed on: ask them for `sextant keys due`",
    by="use",
)
BLOBS = Metric(
    "dxe.exchange.blobs.answers",
    "1",
    "1 while the store of blobs answers, else 0",
    "it is 0: large deposits are 503, small ones go on",
    across="min",
)
SWEPT = Metric(
    "dxe.exchange.blobs.swept",
    "{blob}",
    "removed since the start: blobs that no envelope has, puts that nobody ended",
    "it grows: deposits stop midway",
    by="kind",
    across="sum",
)
METRICS = (
    DELIVERIES,
    OLDEST_DELIVERY,
    RECEIPTS,
    OLDEST_RECEIPT,
    ACTS,
    ROOM,
    WAITERS,
    OLDEST_KEY,
    BLOBS,
    SWEPT,
)


@dataclass(frozen=True)
class Sources:
    """Who holds the numbers."""

    waiting: SqlWaiting
    registration: Registration
    room: Room
    bells: Bells
    clock: Clock
    blobs: BlobStore
    sweeping: Sweeping

    async def look(self) -> Waiting:
        """Ask the store what waits."""
        return await self.waiting.look(sorted(self.registration.registry.parties))

    def since(self, instant: float | None) -> float:
        """Return the seconds since then, 0 when there is nothing."""
        return 0.0 if instant is None else max(0.0, self.clock() - instant)

    def swept(self) -> Mapping[str, float]:
        """Return what was swept, by kind."""
        removed = self.sweeping.removed
        return {"orphan": removed.orphans, "unfinished": removed.unfinished}

    def key_ages(self) -> Mapping[str, float]:
        """Return the age of the oldest active key of each use."""
        added: dict[str, float] = {}
        for party in self.registration.registry.parties.values():
            for key in party.document.keys:
                if key.status is KeyStatus.ACTIVE:
                    use = str(key.use)
                    added[use] = min(parse_timestamp(key.added), added.get(use, float("inf")))
        return {use: self.since(instant) for use, instant in added.items()}


def observe(metrics: Metrics, of: Sources) -> list[Job]:
    """Have all numbers of the exchange sent; return the job that asks the store."""
    seen = Snapshot(metrics, of.look)
    seen.observe(DELIVERIES, lambda waiting: waiting.deliveries)
    seen.observe(OLDEST_DELIVERY, lambda waiting: of.since(waiting.oldest_delivery))
    seen.observe(RECEIPTS, lambda waiting: waiting.receipts)
    seen.observe(OLDEST_RECEIPT, lambda waiting: of.since(waiting.oldest_receipt))
    seen.observe(ACTS, lambda waiting: waiting.acts)
    metrics.observe(ROOM, of.room.left)
    metrics.observe(WAITERS, lambda: of.bells.waiting)
    metrics.observe(OLDEST_KEY, of.key_ages)
    metrics.observe(BLOBS, lambda: int(not of.blobs.trouble))
    metrics.observe(SWEPT, of.swept)
    return [(seen.refresh, metrics.interval_s)] if metrics.is_sent else []
