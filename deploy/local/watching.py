"""What operators watch, out of the services' own tables of metrics: a page, and a dashboard."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sextant_audit.app.metrics
import sextant_declarations.app.metrics
import sextant_exchange.app.metrics
from sextant_shared.chassis.exposition import prometheus_name
from sextant_shared.chassis.metrics import OF_EVERY_SERVICE, REQUESTS, Metric

METRICS: Mapping[str, Sequence[Metric]] = {
    "every service": OF_EVERY_SERVICE,
    "exchange": sextant_exchange.app.metrics.METRICS,
    "log": sextant_audit.app.metrics.METRICS,
    "declarations": sextant_declarations.app.metrics.METRICS,
}
_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 3

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
with all metrics of this page; import it and choose the data source, or
[have it provisioned](operations/server.md#watch). Both use the names that Prometheus gives
(`dxe.log.lag` is `dxe_log_lag`) and the label `job` as `sextant/exchange`, as its OTLP receiver and
the collectors do, and as [`prometheus.yml`](../deploy/monitoring/prometheus.yml) does. `promtool`
tests the alerts, and `make operator` puts every question of the dashboard to a real Prometheus; no
Grafana has opened it here."""
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


def dashboard_text() -> str:
    """Return the dashboard: the first questions, then everything, a row for each service."""
    panels = list(_panels())
    board = {
        "title": "Sextant",
        "uid": "sextant",
        "tags": ["sextant"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def _panels() -> Iterator[dict[str, Any]]:
    count = f"{name_in_prometheus(REQUESTS)}_count"
    bucket = f"{name_in_prometheus(REQUESTS)}_bucket"
    deposits = 'http_request_method="POST",http_route="/v1/envelopes"'
    taken = f'{count}{{{deposits},http_response_status_code=~"201|202"}}'
    failed = f'sum by (job) (rate({count}{{http_response_status_code=~"5.."}}[5m]))'
    answered = f"sum by (job) (rate({count}[5m]))"
    first = [
        ("Deposits taken in, per minute", f"60 * sum(rate({taken}[5m]))", "short"),
        (
            "Deposits: 99 of 100 are answered within",
            f"histogram_quantile(0.99, sum by (le) (rate({bucket}{{{deposits}}}[5m])))",
            "s",
        ),
        ("Answers 5xx, share", f"({failed} or 0 * {answered}) / {answered}", "percentunit"),
    ]
    row = 0
    yield _row("First questions", row)
    for place, (title, query, unit) in enumerate(first):
        yield _panel(title, query, unit, (row + 1, place), "")
    row += 1 + _HEIGHT
    for room, metrics in METRICS.items():
        shown = [metric for metric in metrics if metric is not REQUESTS]
        yield _row(f"{room[0].upper()}{room[1:]}", row)
        for place, metric in enumerate(shown):
            by = f"job, {metric.by}" if metric.by else "job"
            name = name_in_prometheus(metric)
            number = f"rate({name}[5m])" if metric.grows else name
            title, query = metric.name, f"max by ({by}) ({number})"
            if metric.is_spread:
                spread = f"sum by (job, le) (rate({name}_bucket[5m]))"
                title += ": 95 of 100 are below"
                query = f"histogram_quantile(0.95, {spread})"
            unit = {"s": "s", "By": "bytes"}.get(metric.unit, "short")
            at = (row + 1 + place // _COLUMNS * _HEIGHT, place % _COLUMNS)
            yield _panel(title, query, unit, at, _described(metric))
        row += 1 + -(-len(shown) // _COLUMNS) * _HEIGHT


def _described(metric: Metric) -> str:
    look = f" Look when: {metric.look}." if metric.look else ""
    return f"{metric.tells[0].upper()}{metric.tells[1:]}.{look}"


def _row(title: str, y: int) -> dict[str, Any]:
    return {"type": "row", "title": title, "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}}


def _panel(title: str, query: str, unit: str, at: tuple[int, int], told: str) -> dict[str, Any]:
    y, column = at
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "type": "timeseries",
        "title": title,
        "description": told,
        "datasource": source,
        "gridPos": {"h": _HEIGHT, "w": _WIDTH, "x": column * _WIDTH, "y": y},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": source, "expr": query}],
    }


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
