"""The dashboard for Grafana: the first questions with the bounds of the alerts, then every metric.

What several processes say of one thing is put together as the metric's own table says.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.local.watching import METRICS, name_in_prometheus
from sextant_shared.chassis.metrics import REQUESTS, Metric

_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 3
_SMALL, _LOW, _ABREAST = 4, 4, 6
_DAY = 86_400
_DISK = 'fstype!~"tmpfs|ramfs|squashfs|iso9660|fuse.*"'


@dataclass(frozen=True, slots=True)
class Question:
    """One number to look at first: red from where its alert fires, `above` or `below` a bound."""

    title: str
    query: str
    unit: str
    alert: str
    above: float | None = None
    below: float | None = None

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Colours by value, each from where it begins."""
        if self.below is not None:
            low, high = "red", "green"
            bound = self.below
        else:
            low, high = "green", "red"
            # Grafana turns at the bound, an alert above it: what is counted turns at one more.
            bound = (self.above or 0) + (1 if self.unit == "short" else 0)
        return [{"color": low, "value": None}, {"color": high, "value": bound}]


FIRST = (
    Question(
        "Oldest delivery not acknowledged",
        "max(dxe_exchange_deliveries_oldest_seconds)",
        "s",
        "DeliveriesOld",
        above=_DAY,
    ),
    Question(
        "Dead letters",
        'max(dxe_exchange_deliveries{state="dead"})',
        "short",
        "DeadLetters",
        above=0,
    ),
    Question(
        "Oldest receipt owed",
        "max(dxe_exchange_receipts_oldest_seconds)",
        "s",
        "ReceiptsOwed",
        above=600,
    ),
    Question(
        "Log: signed, not published",
        "max(min_over_time(dxe_log_lag[5m]))",
        "short",
        "LogLags",
        above=0,
    ),
    Question(
        "Log: not witnessed by a quorum",
        "max(min_over_time(dxe_log_witnessed_lag[1h]))",
        "short",
        "NotWitnessed",
        above=0,
    ),
    Question(
        "Room for deposits before the reserve",
        "min(dxe_exchange_room_bytes)",
        "bytes",
        "NoRoomForDeposits",
        below=0,
    ),
    Question(
        "First certificate to end holds for",
        "min(dxe_service_certificate_left_seconds)",
        "s",
        "CertificateEnds",
        below=14 * _DAY,
    ),
    Question(
        "Oldest signing key of a party",
        'max(dxe_exchange_keys_oldest_seconds{use="sig"})',
        "s",
        "KeysOld",
        above=400 * _DAY,
    ),
    Question(
        "Oldest sealing or access key",
        'max(dxe_exchange_keys_oldest_seconds{use=~"seal|api"})',
        "s",
        "KeysOld",
        above=120 * _DAY,
    ),
    Question(
        "Receivers that commits wait for",
        "min(sextant_server_receivers * sextant_server_commits_wait_ratio)",
        "short",
        "ReceiverAway",
        below=1,
    ),
    Question(
        "WAL that waits for the archive, pieces",
        "max(min_over_time(sextant_server_archive_waiting[15m]))",
        "short",
        "ArchiveFails",
        above=0,
    ),
    Question(
        "Fullest disk: free",
        f"min(node_filesystem_avail_bytes{{{_DISK}}} / node_filesystem_size_bytes)",
        "percentunit",
        "DiskEnds",
        below=0.05,
    ),
)


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
    row = 0
    yield _row("First questions", row)
    row += 1
    for place, question in enumerate(FIRST):
        down, across = divmod(place, _ABREAST)
        yield _stat(question, across * _SMALL, row + down * _LOW)
    row += -(-len(FIRST) // _ABREAST) * _LOW
    for place, (title, query, unit) in enumerate(_rates()):
        yield _panel(title, query, unit, (row, place), "")
    row += _HEIGHT
    for room, metrics in METRICS.items():
        shown = [metric for metric in metrics if metric is not REQUESTS]
        yield _row(f"{room[0].upper()}{room[1:]}", row)
        for place, metric in enumerate(shown):
            title, query = _asked(metric)
            unit = {"s": "s", "By": "bytes"}.get(metric.unit, "short")
            at = (row + 1 + place // _COLUMNS * _HEIGHT, place % _COLUMNS)
            yield _panel(title, query, unit, at, _described(metric))
        row += 1 + -(-len(shown) // _COLUMNS) * _HEIGHT


def _rates() -> Iterator[tuple[str, str, str]]:
    count = f"{name_in_prometheus(REQUESTS)}_count"
    bucket = f"{name_in_prometheus(REQUESTS)}_bucket"
    deposits = 'http_request_method="POST",http_route="/v1/envelopes"'
    taken = f'{count}{{{deposits},http_response_status_code=~"201|202"}}'
    failed = f'sum by (job) (rate({count}{{http_response_status_code=~"5.."}}[5m]))'
    answered = f"sum by (job) (rate({count}[5m]))"
    yield "Deposits taken in, per minute", f"60 * sum(rate({taken}[5m]))", "short"
    yield (
        "Deposits: 99 of 100 are answered within",
        f"histogram_quantile(0.99, sum by (le) (rate({bucket}{{{deposits}}}[5m])))",
        "s",
    )
    yield "Answers 5xx, share", f"({failed} or 0 * {answered}) / {answered}", "percentunit"


def _asked(metric: Metric) -> tuple[str, str]:
    """Return title and query of one metric."""
    name = name_in_prometheus(metric)
    if metric.is_spread:
        spread = f"sum by (job, le) (rate({name}_bucket[5m]))"
        return f"{metric.name}: 95 of 100 are below", f"histogram_quantile(0.95, {spread})"
    by = f"job, {metric.by}" if metric.by else "job"
    number = f"rate({name}[5m])" if metric.grows else name
    return metric.name, f"{metric.across} by ({by}) ({number})"


def _described(metric: Metric) -> str:
    look = f" Look when: {metric.look}." if metric.look else ""
    return f"{metric.tells[0].upper()}{metric.tells[1:]}.{look}"


def _row(title: str, y: int) -> dict[str, Any]:
    return {"type": "row", "title": title, "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}}


def _panel(title: str, query: str, unit: str, at: tuple[int, int], told: str) -> dict[str, Any]:
    y, column = at
    target = _target(query)
    if "_bucket" in query:
        target["exemplar"] = True  # the traces of slow ones, where they were recorded
    return {
        "type": "timeseries",
        "title": title,
        "description": told,
        "datasource": target["datasource"],
        "gridPos": {"h": _HEIGHT, "w": _WIDTH, "x": column * _WIDTH, "y": y},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [target],
    }


def _stat(question: Question, x: int, y: int) -> dict[str, Any]:
    target = _target(question.query) | {"instant": True}
    thresholds = {"mode": "absolute", "steps": question.steps}
    defaults = {"unit": question.unit, "thresholds": thresholds}
    return {
        "type": "stat",
        "title": question.title,
        "description": f"Red is where the alert {question.alert} begins.",
        "datasource": target["datasource"],
        "gridPos": {"h": _LOW, "w": _SMALL, "x": x, "y": y},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background"},
        "targets": [target],
    }


def _target(query: str) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {"refId": "A", "datasource": source, "expr": query}
