"""The numbers of the log that an operator watches; read from what is in memory already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sextant_audit.app.opening import OpenLog
from sextant_audit.app.upkeep import Upkeep
from sextant_audit.domain.scrubbing import Scrubber
from sextant_audit.domain.static_tiles import StaticTiles
from sextant_audit.domain.timestamping import Timestamping
from sextant_shared.chassis.metrics import Metric, Metrics, Number
from sextant_shared.clock import Clock

SIZE = Metric("dxe.log.size", "{entry}", "entries under the published head")
LAG = Metric(
    "dxe.log.lag",
    "{entry}",
    "signed, and under no published head yet",
    "it does not fall to 0 within seconds",
)
HEAD_AGE = Metric(
    "dxe.log.head.age",
    "s",
    "since the published head was signed",
    "above an hour: heartbeats alone make one",
)
WITNESS_LAG = Metric(
    "dxe.log.witness.lag",
    "{entry}",
    "how far the newest cosignature of each witness is behind the published head",
    "it grows for an hour",
    by="witness",
)
WITNESS_FAULTS = Metric(
    "dxe.log.witness.faults", "{witness}", "witnesses at fault now", "above 0 for an hour"
)
WITNESSED_LAG = Metric(
    "dxe.log.witnessed.lag",
    "{entry}",
    "how far the newest head with a quorum is behind",
    "it grows: receipts stay at the level `logged`",
)
SCRUB_PASSES = Metric(
    "dxe.log.scrub.passes", "{pass}", "passes of the scrubber since the start", "it stands still"
)
SCRUB_AT = Metric("dxe.log.scrub.at", "{entry}", "where the running pass is")
SCRUB_THROUGH = Metric(
    "dxe.log.scrub.through",
    "{entry}",
    "how many entries the last sound pass found as they were",
    "far below the size",
)
SCRUB_LAST = Metric(
    "dxe.log.scrub.last_pass", "s", "POSIX time at which the last pass ended", "older than a day"
)
SCRUB_FAULTS = Metric(
    "dxe.log.scrub.faults", "{fault}", "things that are not what they were", "above 0"
)
TILES_LAG = Metric(
    "dxe.log.tiles.lag",
    "{entry}",
    "published and not in the folder of tiles yet",
    "above some thousand, or growing",
)
TILES_WRITTEN = Metric("dxe.log.tiles.written", "{file}", "files written since the start")
TILES_MENDED = Metric(
    "dxe.log.tiles.mended",
    "{file}",
    "lost or wrong files mended since the start",
    "above 0 after a quiet stop",
)
TILES_FAULTS = Metric("dxe.log.tiles.faults", "{round}", "rounds that failed", "growing")
TIMESTAMP_AGE = Metric(
    "dxe.log.timestamp.age",
    "s",
    "how old the newest time-stamp is",
    "above two days on a log that grows",
)
TIMESTAMP_FAILURES = Metric(
    "dxe.log.timestamp.failures",
    "{question}",
    "in a row, without a time-stamp",
    "above some",
)
METRICS = (
    *(SIZE, LAG, HEAD_AGE, WITNESS_LAG, WITNESS_FAULTS, WITNESSED_LAG),
    *(SCRUB_PASSES, SCRUB_AT, SCRUB_THROUGH, SCRUB_LAST, SCRUB_FAULTS),
    *(TILES_LAG, TILES_WRITTEN, TILES_MENDED, TILES_FAULTS, TIMESTAMP_AGE, TIMESTAMP_FAILURES),
)


@dataclass(frozen=True)
class Sources:
    """Who holds the numbers; the log and its upkeep are there while the service is open."""

    log: Callable[[], OpenLog | None]
    upkeep: Callable[[], Upkeep | None]
    timestamping: Timestamping
    clock: Clock

    def of_log(self, number: Callable[[OpenLog], float | Mapping[str, float] | None]) -> Number:
        """Return a number of the open log."""
        return lambda: number(log) if (log := self.log()) else None

    def of_scrubber(self, number: Callable[[Scrubber], float | None]) -> Number:
        """Return a number of the scrubber, if it runs."""
        return lambda: number(u.scrubber) if (u := self.upkeep()) and u.scrubber else None

    def of_tiles(self, number: Callable[[StaticTiles], float | None]) -> Number:
        """Return a number of the static tiles, if there are any."""
        return lambda: number(u.tiles) if (u := self.upkeep()) and u.tiles else None

    def head_age(self, log: OpenLog) -> float | None:
        """Return how long ago the published head was signed, in seconds."""
        head = log.publisher.head
        return max(0.0, self.clock() - head.time) if head else None


def observe(metrics: Metrics, of: Sources) -> None:
    """Have all numbers of the log sent."""
    for metric, number in {
        SIZE: of.of_log(lambda log: log.publisher.size),
        LAG: of.of_log(lambda log: log.publisher.signed_size - log.publisher.size),
        HEAD_AGE: of.of_log(of.head_age),
        WITNESS_LAG: of.of_log(_witness_lags),
        WITNESS_FAULTS: of.of_log(_witness_faults),
        WITNESSED_LAG: of.of_log(_witnessed_lag),
        SCRUB_PASSES: of.of_scrubber(lambda s: s.state.passes),
        SCRUB_AT: of.of_scrubber(lambda s: s.state.at),
        SCRUB_THROUGH: of.of_scrubber(lambda s: s.state.through),
        SCRUB_LAST: of.of_scrubber(lambda s: s.state.last_pass),
        SCRUB_FAULTS: of.of_scrubber(lambda s: s.state.count),
        TILES_LAG: of.of_tiles(lambda t: t.lag),
        TILES_WRITTEN: of.of_tiles(lambda t: t.state.written),
        TILES_MENDED: of.of_tiles(lambda t: t.state.mended),
        TILES_FAULTS: of.of_tiles(lambda t: t.state.faults),
        TIMESTAMP_AGE: of.timestamping.age_s,
        TIMESTAMP_FAILURES: of.timestamping.failures,
    }.items():
        metrics.observe(metric, number)


def _witness_lags(log: OpenLog) -> Mapping[str, float] | None:
    if log.witnessing is None:
        return None
    return {each.name: each.lag for each in log.witnessing.report().witnesses}


def _witness_faults(log: OpenLog) -> float | None:
    if log.witnessing is None:
        return None
    return sum(1 for each in log.witnessing.report().witnesses if each.fault)


def _witnessed_lag(log: OpenLog) -> float | None:
    if log.witnessing is None:
        return None
    report = log.witnessing.report()
    return report.size - report.witnessed_size
