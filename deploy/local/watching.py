"""What operators watch, out of the services' own tables of metrics: the page."""

from collections.abc import Mapping, Sequence

import sextant_audit.app.metrics
import sextant_declarations.app.metrics
import sextant_exchange.app.metrics
from sextant_shared.chassis.exposition import prometheus_name
from sextant_shared.chassis.metrics import OF_EVERY_SERVICE, Metric

# What a PostgreSQL server says of itself: deploy/postgresql/watch.sql has the same names and words.
SERVER = (
    Metric(
        "sextant.server.asked.time",
        "s",
        "POSIX time at which the server answered last",
        "older than some minutes",
    ),
    Metric(
        "sextant.server.commits.wait",
        "1",
        "1 while each commit waits for a receiver, else 0",
        "it is 0: what is answered may be lost with the machine",
        across="min",
    ),
    Metric(
        "sextant.server.receivers",
        "{receiver}",
        "receivers that confirm commits now",
        "it is 0: no commit ends, so nothing is taken in",
        across="min",
    ),
    Metric(
        "sextant.server.commit.oldest",
        "s",
        "how long the oldest commit has waited for its receiver",
        "above some seconds: the receiver or its disk is slow",
    ),
    Metric(
        "sextant.server.slot.held",
        "By",
        "WAL that is kept for each slot",
        "it grows: whoever has that slot is away",
        by="slot",
    ),
    Metric(
        "sextant.server.wal",
        "By",
        "all WAL on the disk of the server",
        "far above `max_wal_size`: a slot or the archive keeps it; a full disk ends the server",
    ),
    Metric(
        "sextant.server.archive.failing",
        "1",
        "1 while the newest attempt to archive a piece of WAL failed, else 0",
        "it is 1: `pgbackrest check` says why",
    ),
    Metric(
        "sextant.server.archive.waiting",
        "{piece}",
        "pieces of WAL that wait for the archive",
        "above 0 for minutes",
    ),
)
METRICS: Mapping[str, Sequence[Metric]] = {
    "every service": OF_EVERY_SERVICE,
    "exchange": sextant_exchange.app.metrics.METRICS,
    "log": sextant_audit.app.metrics.METRICS,
    "declarations": sextant_declarations.app.metrics.METRICS,
    "server": SERVER,
}

INTRO = """\
A service gives its metrics to a Prometheus that asks it (`SEXTANT_<ROOM>_METRICS_PORT`: `/metrics`
on 127.0.0.1 at that port, each process its own), sends them to a collector
(`…_OTLP_METRICS_ENDPOINT`: OTLP over HTTP, `…/v1/metrics`, every `METRICS_INTERVAL_S`, 60), or
both; without either nothing is counted. A collector that is down costs numbers and nothing else. No
number names a party, and none tells of content; those of one request carry its trace as an
exemplar, if it is recorded.

What waits in a database is asked for once in an interval, through indexes of what is open. A store
that does not answer leaves a gap, and a gap is an alarm too.

[`deploy/monitoring/alerts.yaml`](../deploy/monitoring/alerts.yaml) has alerts for Prometheus, each
with what to do, and [`dashboard.json`](../deploy/monitoring/dashboard.json) a dashboard for Grafana
with all metrics of this page, first the questions of a morning, each red where its alert begins;
import it and choose the data source, or [have it provisioned](operations/server.md#watch). Both use
the names that Prometheus gives (`dxe.log.lag` is `dxe_log_lag`) and the label `job` as
`sextant/exchange`, as its OTLP receiver and the collectors do, and as
[`prometheus.yml`](../deploy/monitoring/prometheus.yml) does. `promtool` tests the alerts, and
`make operator` puts every question of the dashboard to a real Prometheus; no Grafana has opened it
here."""
OF_THE_SERVER = """\
Of a PostgreSQL server. Services cannot tell: [`watch.sql`](../deploy/postgresql/watch.sql) asks the
server itself, each minute by `sextant-watch.timer`, and writes a file for the textfile collector of
Prometheus' node exporter ([set up](operations/server.md#watch)). Numbers of a server that does not
answer stay as they were and grow old."""
BACKUPS = """\
## Backups

No service makes them, so none counts them: `sextant ops backup` and `verify-backup` write these
with `--textfile FILE.prom`, for the textfile collector of Prometheus' node exporter.

| metric | what it tells | look when |
| --- | --- | --- |
| `sextant_backup_time_seconds` | when the newest backup was made | older than a day, or absent |
| `sextant_backup_verified_time_seconds` | when one was last checked whole | older than a week |
| `sextant_backup_log_size` | entries of the log in it | far below `dxe.log.size` |"""
NOTE = "Generated from the code by `make docs-tables`; do not edit."


def metrics_page() -> str:
    """Return the table of all metrics."""
    lines = ["# Metrics", "", NOTE, "", *INTRO.splitlines()]
    for room, metrics in METRICS.items():
        lines += ["", f"## {room[0].upper()}{room[1:]}", ""]
        lines += [*OF_THE_SERVER.splitlines(), ""] if metrics is SERVER else []
        lines += ["| metric | unit | by | what it tells | look when |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        for one in metrics:
            by = f"`{one.by}`" if one.by else ""
            lines.append(f"| `{one.name}` | {one.unit} | {by} | {one.tells} | {one.look} |")
    spread = [f"`{one.name}`" for metrics in METRICS.values() for one in metrics if one.is_spread]
    grows = [f"`{one.name}`" for metrics in METRICS.values() for one in metrics if one.grows]
    kinds = f"Histograms: {_listed(spread)}. Counters: {_listed(grows)}. All others are gauges."
    lines += ["", kinds]
    lines += ["", *BACKUPS.splitlines()]
    return "\n".join(lines) + "\n"


def name_in_prometheus(metric: Metric) -> str:
    """Return the name under which Prometheus keeps a metric."""
    return prometheus_name(metric.name, metric.unit, grows=metric.grows)


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
